//! Nodes that end, behind a proxy, while people speak.

use std::time::Duration;

use rig::services::{Proxy, Service};
use shared::live::CloseCode;

use super::{Cluster, Fault};
use crate::{
    actors::{LiveSocket, all},
    delivery::name,
    senders::{Said, Senders, check},
};

/// A cluster, a proxy before it, and people who speak through it.
async fn speaking() -> (Cluster, Proxy, Senders) {
    let cluster = Cluster::assemble().await;
    cluster.admit().await;
    let nodes = [cluster.nodes[0].address(), cluster.nodes[1].address()];
    let proxy = Proxy::start(nodes[0].ip(), &nodes).await.unwrap();
    let people = cluster.scene.as_ref().unwrap().people(proxy.address());
    let senders = Senders::start(people, cluster.room());
    senders.progress().await;
    assert!(proxy.connections().iter().all(|connections| *connections > 0), "all on one node");
    (cluster, proxy, senders)
}

/// On both nodes is what was said.
async fn nothing_is_lost(cluster: &Cluster, said: &[Said]) {
    let views = [
        all(&cluster.admin(0), cluster.room()).await,
        all(&cluster.admin(1), cluster.room()).await,
    ];
    assert!(views[0] == views[1], "the nodes do not agree");
    check(said, &views[0], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn when_a_node_is_killed_all_go_on_at_the_other() {
    let (cluster, _proxy, senders) = speaking().await;
    for node in 0..2 {
        cluster.nodes[node].kill().unwrap();
        let took = senders.progress().await;
        assert!(took < Duration::from_secs(5), "{took:?}");
        cluster.nodes[node].restart().await.unwrap();
        cluster.linked().await;
        // The proxy sees it and gives new ones to it.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let said = senders.finish().await;
    assert!(said.iter().any(|said| !said.ends.is_empty()), "nobody was cut off");
    nothing_is_lost(&cluster, &said).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_rolling_restart_loses_nothing_and_breaks_no_socket() {
    let (cluster, _proxy, senders) = speaking().await;
    for node in [0, 1, 0, 1] {
        let exit = cluster.nodes[node].terminate().await.unwrap();
        assert_eq!(exit.code, Some(0));
        assert!(exit.took < Duration::from_secs(10), "{exit:?}");
        cluster.nodes[node].restart().await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        senders.progress().await;
    }
    let said = senders.finish().await;
    let ends: Vec<_> = said.iter().flat_map(|said| &said.ends).collect();
    assert!(ends.len() >= 4, "too few were sent away: {ends:?}");
    let in_order = Some((CloseCode::Restart as u16, true));
    assert!(ends.iter().all(|end| **end == in_order), "{ends:?}");
    nothing_is_lost(&cluster, &said).await;
}

/// A supervisor waits ten seconds, whatever else has broken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_node_stops_in_time_with_everything_around_it_paused() {
    let cluster = Cluster::alone().await;
    let mut live = LiveSocket::in_room(&cluster.member(0), cluster.room()).await;
    cluster.torment(Fault::Paused).await;
    cluster.database.as_ref().unwrap().pause().unwrap();
    live.say(cluster.room(), name(), "into the void").await;
    let exit = cluster.nodes[0].terminate().await.unwrap();
    assert_eq!(exit.code, Some(0));
    assert!(exit.took < Duration::from_secs(10), "{exit:?}");
    assert_eq!(live.socket.end().await, Some(CloseCode::Restart as u16));
}
