//! Nodes that stop behind a proxy under load.

use std::time::Duration;

use rig::services::{Proxy, Service};
use shared::live::CloseCode;

use super::{Cluster, Fault};
use crate::{
    delivery::new_client_id,
    fixture::{LiveSocket, all_messages},
    senders::{Senders, SentLog, check_stored_messages},
};

/// A cluster, a proxy before it, and senders that use the proxy.
async fn cluster_under_load() -> (Cluster, Proxy, Senders) {
    let cluster = Cluster::with_shared_database().await;
    cluster.add_outsider().await;
    let nodes = [cluster.nodes[0].address(), cluster.nodes[1].address()];
    let proxy = Proxy::start(nodes[0].ip(), &nodes).await.unwrap();
    let people = cluster.seed.as_ref().unwrap().people(proxy.address());
    let senders = Senders::start(people, cluster.room());
    senders.wait_progress().await;
    assert!(
        proxy.connections().iter().all(|connections| *connections > 0),
        "all connections are on one node"
    );
    (cluster, proxy, senders)
}

/// Checks that both nodes have all acked messages.
async fn check_nothing_lost(cluster: &Cluster, sent: &[SentLog]) {
    let views = [
        all_messages(&cluster.admin(0), cluster.room()).await,
        all_messages(&cluster.admin(1), cluster.room()).await,
    ];
    assert!(views[0] == views[1], "the nodes return different messages");
    check_stored_messages(sent, &views[0], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn clients_of_a_killed_node_continue_on_the_other() {
    let (cluster, _proxy, senders) = cluster_under_load().await;
    for node in 0..2 {
        cluster.nodes[node].kill().unwrap();
        let elapsed = senders.wait_progress().await;
        assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
        cluster.nodes[node].restart().await.unwrap();
        cluster.wait_linked().await;
        // Wait until the proxy sends new connections to the restarted node.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let sent = senders.finish().await;
    assert!(sent.iter().any(|sent| !sent.closes.is_empty()), "no connection was interrupted");
    check_nothing_lost(&cluster, &sent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_rolling_restart_loses_no_message_and_says_goaway() {
    let (cluster, _proxy, senders) = cluster_under_load().await;
    for node in [0, 1, 0, 1] {
        let exit = cluster.nodes[node].terminate().await.unwrap();
        assert_eq!(exit.code, Some(0));
        assert!(exit.took < Duration::from_secs(10), "{exit:?}");
        cluster.nodes[node].restart().await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        senders.wait_progress().await;
    }
    let sent = senders.finish().await;
    let closes: Vec<_> = sent.iter().flat_map(|sent| &sent.closes).collect();
    assert!(closes.len() >= 4, "too few sockets were closed: {closes:?}");
    let in_order = Some((CloseCode::Restart as u16, true));
    assert!(closes.iter().all(|close| **close == in_order), "{closes:?}");
    check_nothing_lost(&cluster, &sent).await;
}

/// The limit is 10 s, because supervisors then kill the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_node_stops_in_time_with_paused_database_and_redis() {
    let cluster = Cluster::with_own_database().await;
    let mut live = LiveSocket::in_room(&cluster.member(0), cluster.room()).await;
    cluster.inject(Fault::Paused).await;
    cluster.database.as_ref().unwrap().pause().unwrap();
    live.send_message(cluster.room(), new_client_id(), "during the outage").await;
    let exit = cluster.nodes[0].terminate().await.unwrap();
    assert_eq!(exit.code, Some(0));
    assert!(exit.took < Duration::from_secs(10), "{exit:?}");
    assert_eq!(live.socket.wait_close().await, Some(CloseCode::Restart as u16));
}
