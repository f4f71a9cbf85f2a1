//! Reads the final state of every room from every node by REST.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, anyhow, ensure};
use shared::{ids::RoomId, messages::Message};
use tokio::time::{Instant, sleep};

use super::context::Context;
use crate::{
    accounts::Account,
    api::{Api, Session},
    history::{Event, NodeState, RIG},
};

/// Reads all rooms from all nodes, records the states, and returns those of the first node. After a
/// pause, a node may still commit messages that it had in memory; then everything is read again.
/// Fails if the rooms still change at the deadline.
pub async fn read_final_states(
    context: &Context,
    reader: &Account,
    rooms: &[RoomId],
    deadline: Instant,
) -> Result<BTreeMap<RoomId, Arc<NodeState>>> {
    loop {
        let failure = match read_once(context, reader, rooms).await {
            Ok(states) if are_unchanged(context, reader, &states).await => {
                // In reverse, so that the first node's states replace the others.
                let first = states.iter().rev().map(|state| (state.room, state.clone())).collect();
                for state in states {
                    context.record(RIG, Event::NodeState(state));
                }
                return Ok(first);
            }
            Ok(_) => None,
            Err(error) => Some(error),
        };
        if Instant::now() >= deadline {
            return Err(failure.unwrap_or_else(|| anyhow!("the rooms keep changing")));
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// Reads every room from every node once. The states are ordered by node, then by room.
async fn read_once(
    context: &Context,
    reader: &Account,
    rooms: &[RoomId],
) -> Result<Vec<Arc<NodeState>>> {
    let nodes = context.nodes.all();
    ensure!(!nodes.is_empty(), "there is no node to read from");
    let mut states: Vec<Arc<NodeState>> = Vec::new();
    for (node, address) in nodes.into_iter().enumerate() {
        for room in rooms {
            let earlier = states.iter().find(|state| state.room == *room).cloned();
            let state =
                read_room(&context.api, reader.session_at(address), node as u32, *room, earlier)
                    .await;
            states.push(state.with_context(|| format!("room {room} of {address}"))?);
        }
    }
    Ok(states)
}

/// Reads the state of a room from a node. `earlier` is the state that another node returned.
async fn read_room(
    api: &Api,
    session: Session<'_>,
    node: u32,
    room: RoomId,
    earlier: Option<Arc<NodeState>>,
) -> Result<Arc<NodeState>> {
    let messages = api.all_messages(session, room).await.required("reading all messages")?;
    let members = api.members(session, room).await.required("reading the members")?;
    let found = api.all_hits(session, room).await.required("searching the room")?;
    let room_row = api.room(session, room).await.required("reading the room")?;
    // Nodes that agree share the messages in memory.
    let earlier = earlier.as_ref().map_or(&[][..], |earlier| &earlier.messages);
    let share = |(nth, message): (usize, Message)| {
        let same = earlier.get(nth).filter(|same| ***same == message);
        same.cloned().unwrap_or_else(|| Arc::new(message))
    };
    let messages = messages.into_iter().enumerate().map(share).collect();
    let (last_seq, last_rev) = (room_row.last_seq, room_row.last_rev);
    Ok(Arc::new(NodeState { node, room, last_seq, last_rev, messages, found, members }))
}

/// Whether the counters of all rooms are still those of these states.
async fn are_unchanged(context: &Context, reader: &Account, states: &[Arc<NodeState>]) -> bool {
    let nodes = context.nodes.all();
    for state in states {
        let Some(address) = nodes.get(state.node as usize) else { return false };
        let room = context.api.room(reader.session_at(*address), state.room).await.ok();
        let counters = room.map(|room| (room.last_seq, room.last_rev));
        if counters != Some((state.last_seq, state.last_rev)) {
            return false;
        }
    }
    true
}
