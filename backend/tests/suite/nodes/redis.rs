//! Losing Redis costs a moment, and never a change.

use std::time::{Duration, Instant};

use shared::{
    ids::{ClientId, UserId},
    live::{ClientFrame, ServerFrame},
    messages::{Change, Row},
};
use tokio::time::timeout;

use super::{Cluster, Fault};
use crate::{
    actors::{LiveSocket, PATIENCE, all},
    delivery::name,
};

const WORDS: usize = 15;
/// What the way from ack to reader may take without Redis.
const LATE: Duration = Duration::from_millis(1_500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn killed() {
    tormented(Fault::Killed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn paused() {
    tormented(Fault::Paused).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn flushed() {
    tormented(Fault::Flushed).await;
}

async fn tormented(fault: Fault) {
    let cluster = Cluster::assemble().await;
    let room = cluster.room();
    let mut here = LiveSocket::in_room(&cluster.admin(0), room).await;
    let mut there = LiveSocket::in_room(&cluster.member(1), room).await;
    let mut said = Vec::new();
    for fault in [Fault::None, fault, Fault::None, fault] {
        cluster.torment(fault).await;
        said.extend(talk(&mut here, &mut there, room, fault).await);
        cluster.relieve(fault).await;
        // Subscribed again: what is only ever told by the link comes.
        until_typing_crosses(&cluster, &mut here, &mut there).await;
    }
    for node in 0..2 {
        let kept: Vec<_> = all(&cluster.admin(node), room).await;
        assert!(kept[2..].iter().map(|message| message.client_id).eq(said.iter().copied()));
    }
}

/// One says words, the other hears them: all, in order, and none late.
async fn talk(
    here: &mut LiveSocket,
    there: &mut LiveSocket,
    room: shared::ids::RoomId,
    fault: Fault,
) -> Vec<ClientId> {
    let speaker = async {
        let mut acked = Vec::new();
        for nth in 0..WORDS {
            let (id, since) = (name(), Instant::now());
            here.say(room, id, &format!("word {nth}")).await;
            here.ack(id).await;
            assert!(since.elapsed() < Duration::from_secs(1), "{fault:?}: {:?}", since.elapsed());
            acked.push((id, Instant::now()));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        acked
    };
    let reader = async {
        let mut heard: Vec<(Change, Instant)> = Vec::new();
        while heard.len() < WORDS {
            heard.push((there.change().await, Instant::now()));
        }
        heard
    };
    let (acked, heard) = tokio::join!(speaker, reader);
    for ((id, acked), (change, heard)) in acked.iter().zip(&heard) {
        let Row::Message(message) = &change.row else { panic!("{change:?}") };
        assert_eq!(message.client_id, *id, "{fault:?}");
        let late = heard.saturating_duration_since(*acked);
        assert!(late < LATE, "{fault:?}: {} came {late:?} after its ack", message.content);
    }
    assert!(heard.windows(2).all(|pair| pair[1].0.rev == pair[0].0.rev.next()));
    acked.into_iter().map(|(id, _)| id).collect()
}

/// The sign of typing is passed on once in a few seconds, and only by those who have their way in.
async fn until_typing_crosses(cluster: &Cluster, here: &mut LiveSocket, there: &mut LiveSocket) {
    let member = cluster.member(1).user.id;
    let typed = |frame: &ServerFrame| match frame {
        ServerFrame::Typing { user, .. } => Some(user.id),
        _ => None,
    };
    let crosses = async {
        loop {
            there.send(&ClientFrame::Typing { room: cluster.room() }).await;
            let heard: Result<UserId, _> =
                timeout(Duration::from_secs(1), here.expect(typed)).await;
            if heard.is_ok_and(|who| who == member) {
                return;
            }
        }
    };
    timeout(PATIENCE, crosses).await.expect("the link is up, and nothing passes");
}
