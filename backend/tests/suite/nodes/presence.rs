//! Typing and presence across nodes.

use std::time::{Duration, Instant};

use rig::services::Service;
use shared::{
    ids::UserId,
    live::{ClientFrame, ServerFrame},
};

use super::Cluster;
use crate::fixture::{LiveSocket, Person};

fn came_online(who: UserId) -> impl Fn(&ServerFrame) -> Option<()> {
    move |frame| match frame {
        ServerFrame::Presence { online, .. } => online.contains(&who).then_some(()),
        _ => None,
    }
}

fn went_offline(who: UserId) -> impl Fn(&ServerFrame) -> Option<()> {
    move |frame| match frame {
        ServerFrame::Presence { offline, .. } => offline.contains(&who).then_some(()),
        _ => None,
    }
}

/// Opens the admin's socket on one node and the member's on the other; waits until each sees the other
/// online.
async fn two_users_on_two_nodes(cluster: &Cluster) -> (LiveSocket, LiveSocket, Person) {
    let (admin, member) = (cluster.admin(0), cluster.member(1));
    let mut here = LiveSocket::in_room(&admin, cluster.room()).await;
    let mut there = LiveSocket::in_room(&member, cluster.room()).await;
    here.expect(came_online(member.user.id)).await;
    there.expect(came_online(admin.user.id)).await;
    (here, there, member)
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn typing_and_presence_reach_the_other_node() {
    let cluster = Cluster::with_shared_database().await;
    let (mut here, mut there, member) = two_users_on_two_nodes(&cluster).await;
    there.send(&ClientFrame::Typing { room: cluster.room() }).await;
    let typed = here.expect(|frame| match frame {
        ServerFrame::Typing { user, .. } => Some(user.id),
        _ => None,
    });
    assert_eq!(typed.await, member.user.id);
    drop(there);
    let start = Instant::now();
    here.expect(went_offline(member.user.id)).await;
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_reconnecting_user_sees_who_is_online_on_the_other_node() {
    let cluster = Cluster::with_shared_database().await;
    let (here, _there, member) = two_users_on_two_nodes(&cluster).await;
    drop(here);
    let mut again = LiveSocket::in_room(&cluster.admin(0), cluster.room()).await;
    again.expect(came_online(member.user.id)).await;
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn the_users_of_a_killed_node_go_offline() {
    let cluster = Cluster::with_shared_database().await;
    let (mut here, _there, member) = two_users_on_two_nodes(&cluster).await;
    cluster.nodes[1].kill().unwrap();
    let start = Instant::now();
    here.expect(went_offline(member.user.id)).await;
    assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn the_users_of_a_stopping_node_go_offline_at_once() {
    let cluster = Cluster::with_shared_database().await;
    let (mut here, _there, member) = two_users_on_two_nodes(&cluster).await;
    let start = Instant::now();
    let stops = tokio::spawn(async move {
        let exit = cluster.nodes[1].terminate().await.unwrap();
        (exit, cluster)
    });
    here.expect(went_offline(member.user.id)).await;
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert_eq!(stops.await.unwrap().0.code, Some(0));
}
