//! Names that two nodes want at the same time.

use super::Cluster;
use crate::database::{
    direct,
    names::{race, rooms_to_rename},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn one_of_many_concurrent_rooms_on_two_nodes_gets_a_name() {
    let cluster = Cluster::with_shared_database().await;
    let admins = [cluster.admin(0), cluster.admin(1)];
    let rooms = rooms_to_rename(&admins[0]).await;
    for name in ["attic", "cellar", "garden", "porch", "roof"] {
        race(&admins, &rooms, name).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn people_on_two_nodes_get_one_direct_room() {
    let cluster = Cluster::with_shared_database().await;
    let on_both = |person: fn(&Cluster, usize) -> _| vec![person(&cluster, 0), person(&cluster, 1)];
    direct::race(&[on_both(Cluster::admin), on_both(Cluster::member)]).await;
}
