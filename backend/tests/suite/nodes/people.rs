//! Who types and who is there, across nodes.

use std::time::{Duration, Instant};

use rig::services::Service;
use shared::{
    ids::UserId,
    live::{ClientFrame, ServerFrame},
};

use super::Cluster;
use crate::actors::{LiveSocket, Person};

fn came(who: UserId) -> impl Fn(&ServerFrame) -> Option<()> {
    move |frame| match frame {
        ServerFrame::Presence { online, .. } => online.contains(&who).then_some(()),
        _ => None,
    }
}

fn went(who: UserId) -> impl Fn(&ServerFrame) -> Option<()> {
    move |frame| match frame {
        ServerFrame::Presence { offline, .. } => offline.contains(&who).then_some(()),
        _ => None,
    }
}

/// Somebody here who sees somebody come on the other node.
async fn company(cluster: &Cluster) -> (LiveSocket, LiveSocket, Person) {
    let (admin, member) = (cluster.admin(0), cluster.member(1));
    let mut here = LiveSocket::in_room(&admin, cluster.room()).await;
    let mut there = LiveSocket::in_room(&member, cluster.room()).await;
    here.expect(came(member.user.id)).await;
    there.expect(came(admin.user.id)).await;
    (here, there, member)
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn typing_and_coming_and_going_cross() {
    let cluster = Cluster::assemble().await;
    let (mut here, mut there, member) = company(&cluster).await;
    there.send(&ClientFrame::Typing { room: cluster.room() }).await;
    let typed = here.expect(|frame| match frame {
        ServerFrame::Typing { user, .. } => Some(user.id),
        _ => None,
    });
    assert_eq!(typed.await, member.user.id);
    drop(there);
    let since = Instant::now();
    here.expect(went(member.user.id)).await;
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn whoever_comes_back_at_once_sees_who_is_on_the_other_node() {
    let cluster = Cluster::assemble().await;
    let (here, _there, member) = company(&cluster).await;
    drop(here);
    let mut again = LiveSocket::in_room(&cluster.admin(0), cluster.room()).await;
    again.expect(came(member.user.id)).await;
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn the_people_of_a_killed_node_are_gone() {
    let cluster = Cluster::assemble().await;
    let (mut here, _there, member) = company(&cluster).await;
    cluster.nodes[1].kill().unwrap();
    let since = Instant::now();
    here.expect(went(member.user.id)).await;
    assert!(since.elapsed() < Duration::from_secs(12), "{:?}", since.elapsed());
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn the_people_of_a_node_that_stops_are_gone_at_once() {
    let cluster = Cluster::assemble().await;
    let (mut here, _there, member) = company(&cluster).await;
    let since = Instant::now();
    let stops = tokio::spawn(async move {
        let exit = cluster.nodes[1].terminate().await.unwrap();
        (exit, cluster)
    });
    here.expect(went(member.user.id)).await;
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
    assert_eq!(stops.await.unwrap().0.code, Some(0));
}
