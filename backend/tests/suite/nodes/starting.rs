//! Nodes that start at the same time, and concurrent changes of accounts on both.

use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::json;
use shared::{paths, users::User};

use super::Cluster;
use crate::fixture::{Fixture, PASSWORD, Person, sign_in};

/// One node migrates the empty database while the other waits, and exactly one account becomes admin.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn two_nodes_start_on_an_empty_database_with_one_first_admin() {
    let cluster = Cluster::empty().await;
    let people = (0..8).map(|nth| {
        let anon = cluster.anon(nth % 2);
        async move {
            let new = json!({"username": format!("person{nth}"), "password": PASSWORD});
            anon.post(paths::USERS, new).await.expect_json::<User>(201)
        }
    });
    let people = join_all(people).await;
    let admins = people.iter().filter(|user| user.is_admin).count();
    assert_eq!(admins, 1, "{people:?}");
    // One account per name.
    let duplicates = (0..6).map(|nth| {
        let anon = cluster.anon(nth % 2);
        async move {
            let new = json!({"username": "Twin", "password": PASSWORD});
            anon.post(paths::USERS, new).await.status
        }
    });
    let mut responses = join_all(duplicates).await;
    responses.sort();
    assert_eq!(responses, [201, 409, 409, 409, 409, 409]);
}

/// A node of another version begins to index anew while this one adds the position of a room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn a_rebuild_begins_while_another_node_adds_a_position() {
    let fixture = Fixture::start().await;
    fixture.server.wait_until_indexed().await;
    let adding = fixture.server.database().begin().await.unwrap();
    let add =
        format!("INSERT INTO search_positions (room_id, indexed_seq) VALUES ({}, 0)", fixture.room);
    for sql in ["DELETE FROM search_positions", &add] {
        adding.execute_unprepared(sql).await.unwrap();
    }
    let commit = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        adding.commit().await.unwrap();
    };
    tokio::join!(fixture.server.begin_rebuild(), commit);
    fixture.server.wait_until_indexed().await;
}

/// Two owners, one on each node.
async fn two_owners(cluster: &Cluster) -> [Person; 2] {
    let path = paths::fill(paths::USER, &[&cluster.member(0).user.id]);
    cluster.admin(0).patch(&path, json!({"rank": "owner"})).await.expect_status(200);
    tokio::time::sleep(crate::fixture::REVOCATION_MAX_DELAY).await;
    [cluster.admin(0), cluster.member(1)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn two_owners_who_demote_each_other_leave_one() {
    let cluster = Cluster::with_shared_database().await;
    let [first, second] = two_owners(&cluster).await;
    for round in 0..10 {
        let demote = |admin: &Person, target: &Person| {
            let (admin, path) = (admin.clone(), paths::fill(paths::USER, &[&target.user.id]));
            async move { admin.patch(&path, json!({"is_admin": false})).await.status }
        };
        let (one, other) = tokio::join!(demote(&first, &second), demote(&second, &first));
        let (winner, loser, refusal) = match (one, other) {
            (200, refusal) => (&first, &second, refusal),
            (refusal, 200) => (&second, &first, refusal),
            both => panic!("round {round}: {both:?}"),
        };
        assert!([403, 409].contains(&refusal), "round {round}: {refusal}");
        let path = paths::fill(paths::USER, &[&loser.user.id]);
        winner.patch(&path, json!({"rank": "owner"})).await.expect_status(200);
        let own = paths::fill(paths::USER, &[&winner.user.id]);
        assert!(loser.get(&own).await.expect_json::<User>(200).is_admin);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn concurrent_changes_of_an_account_are_both_kept() {
    let cluster = Cluster::with_shared_database().await;
    let [first, second] = two_owners(&cluster).await;
    let path = paths::fill(paths::USER, &[&cluster.outsider(0).user.id]);
    for round in 0..20 {
        let (one, other) = tokio::join!(
            first.patch(&path, json!({"is_disabled": true})),
            second.patch(&path, json!({"is_admin": true})),
        );
        assert_eq!((one.status, other.status), (200, 200), "{} {}", one.text, other.text);
        let user: User = first.get(&path).await.expect_json(200);
        assert!(user.is_disabled && user.is_admin, "round {round}: {user:?}");
        let back = json!({"is_disabled": false, "is_admin": false});
        first.patch(&path, back).await.expect_status(200);
    }
    sign_in(&cluster.anon(1), "outsider").await;
}
