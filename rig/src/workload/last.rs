//! What every node gives by REST when all is said.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use shared::{ids::RoomId, messages::Message};
use tokio::time::{Instant, sleep};

use super::{
    crew::Crew,
    rest::{Rest, Way},
    stage::Account,
};
use crate::history::{Event, Final, RIG};

/// Reads all rooms from all nodes and writes that down; gives what the first node said. What a
/// frozen node still had in hand may be written meanwhile: then all is read again.
pub async fn read_all(
    crew: &Crew,
    reader: &Account,
    rooms: &[RoomId],
    until: Instant,
) -> Result<BTreeMap<RoomId, Arc<Final>>> {
    loop {
        let failure = match read_once(crew, reader, rooms).await {
            Ok(finals) if is_settled(crew, reader, &finals).await => {
                let first = finals.iter().rev().map(|last| (last.room, last.clone())).collect();
                for last in finals {
                    crew.record(RIG, Event::Final(last));
                }
                return Ok(first);
            }
            Ok(_) => None,
            Err(error) => Some(error),
        };
        if Instant::now() >= until {
            return Err(failure.unwrap_or_else(|| anyhow!("the rooms do not come to rest")));
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// By node, then by room.
async fn read_once(crew: &Crew, reader: &Account, rooms: &[RoomId]) -> Result<Vec<Arc<Final>>> {
    let nodes = crew.nodes.all();
    if nodes.is_empty() {
        bail!("there is no node to read from");
    }
    let mut finals: Vec<Arc<Final>> = Vec::new();
    for (node, address) in nodes.into_iter().enumerate() {
        let way = Way { address, token: &reader.token };
        for room in rooms {
            let known = finals.iter().find(|last| last.room == *room).cloned();
            let last = read_room(&crew.rest, way, node as u32, *room, known).await;
            finals.push(last.with_context(|| format!("room {room} of {address}"))?);
        }
    }
    Ok(finals)
}

async fn read_room(
    rest: &Rest,
    way: Way<'_>,
    node: u32,
    room: RoomId,
    known: Option<Arc<Final>>,
) -> Result<Arc<Final>> {
    let (messages, _) = rest.all(way, room).await.done().context("no messages")?;
    let members = rest.members(way, room).await.done().context("no members")?;
    let row = rest.room(way, room).await.done().context("no room")?;
    // What two nodes give alike is held once.
    let known = known.as_ref().map_or(&[][..], |known| &known.messages);
    let share = |(nth, message): (usize, Message)| {
        let same = known.get(nth).filter(|same| ***same == message);
        same.cloned().unwrap_or_else(|| Arc::new(message))
    };
    let messages = messages.into_iter().enumerate().map(share).collect();
    let (last_seq, last_rev) = (row.last_seq, row.last_rev);
    Ok(Arc::new(Final { node, room, last_seq, last_rev, messages, members }))
}

/// Whether nothing has changed since.
async fn is_settled(crew: &Crew, reader: &Account, finals: &[Arc<Final>]) -> bool {
    let nodes = crew.nodes.all();
    for last in finals {
        let Some(address) = nodes.get(last.node as usize) else { return false };
        let way = Way { address: *address, token: &reader.token };
        let row = crew.rest.room(way, last.room).await.done();
        if row.is_none_or(|row| (row.last_seq, row.last_rev) != (last.last_seq, last.last_rev)) {
            return false;
        }
    }
    true
}
