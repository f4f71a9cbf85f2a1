//! Typing and presence across nodes.

use std::time::{Duration, Instant};

use rig::services::Service;
use shared::{
    ids::UserId,
    live::{ClientFrame, ServerFrame},
};

use super::Cluster;
use crate::fixture::{LiveSocket, Person};

fn came_online(user_id: UserId) -> impl Fn(&ServerFrame) -> Option<()> {
    move |frame| match frame {
        ServerFrame::Presence { online, .. } => online.contains(&user_id).then_some(()),
        _ => None,
    }
}

fn went_offline(user_id: UserId) -> impl Fn(&ServerFrame) -> Option<()> {
    move |frame| match frame {
        ServerFrame::Presence { offline, .. } => offline.contains(&user_id).then_some(()),
        _ => None,
    }
}

/// Opens the admin's socket on one node and the member's on the other; waits until each sees the other
/// online.
async fn two_users_on_two_nodes(cluster: &Cluster) -> (LiveSocket, LiveSocket, Person) {
    let (admin, member) = (cluster.admin(0), cluster.member(1));
    let mut admin_socket = LiveSocket::in_room(&admin, cluster.room()).await;
    let mut member_socket = LiveSocket::in_room(&member, cluster.room()).await;
    admin_socket.expect(came_online(member.user.id)).await;
    member_socket.expect(came_online(admin.user.id)).await;
    (admin_socket, member_socket, member)
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn typing_and_presence_reach_the_other_node() {
    let cluster = Cluster::with_shared_database().await;
    let (mut admin_socket, mut member_socket, member) = two_users_on_two_nodes(&cluster).await;
    member_socket.send(&ClientFrame::Typing { room: cluster.room() }).await;
    let typed = admin_socket.expect(|frame| match frame {
        ServerFrame::Typing { user, .. } => Some(user.id),
        _ => None,
    });
    assert_eq!(typed.await, member.user.id);
    drop(member_socket);
    let start = Instant::now();
    admin_socket.expect(went_offline(member.user.id)).await;
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_reconnecting_user_sees_who_is_online_on_the_other_node() {
    let cluster = Cluster::with_shared_database().await;
    let (admin_socket, _member_socket, member) = two_users_on_two_nodes(&cluster).await;
    drop(admin_socket);
    let mut reconnected = LiveSocket::in_room(&cluster.admin(0), cluster.room()).await;
    reconnected.expect(came_online(member.user.id)).await;
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn the_users_of_a_killed_node_go_offline() {
    let cluster = Cluster::with_shared_database().await;
    let (mut admin_socket, _member_socket, member) = two_users_on_two_nodes(&cluster).await;
    cluster.nodes[1].kill().unwrap();
    let start = Instant::now();
    admin_socket.expect(went_offline(member.user.id)).await;
    assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
}

#[tokio::test]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn the_users_of_a_stopping_node_go_offline_at_once() {
    let cluster = Cluster::with_shared_database().await;
    let (mut admin_socket, _member_socket, member) = two_users_on_two_nodes(&cluster).await;
    let start = Instant::now();
    let stopping = tokio::spawn(async move {
        let exit = cluster.nodes[1].terminate().await.unwrap();
        (exit, cluster)
    });
    admin_socket.expect(went_offline(member.user.id)).await;
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert_eq!(stopping.await.unwrap().0.code, Some(0));
}
