//! Nodes that begin at once, and accounts that are made and changed on both at once.

use futures_util::future::join_all;
use serde_json::json;
use shared::{paths, users::User};

use super::Cluster;
use crate::actors::{PASSWORD, Person, sign_in};

/// An empty database is brought up to date by one while the other waits, and whoever is first is the
/// admin, alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn two_nodes_begin_on_an_empty_database_and_one_account_is_the_first() {
    let cluster = Cluster::empty().await;
    let people = (0..8).map(|nth| {
        let anon = cluster.anon(nth % 2);
        async move {
            let new = json!({"username": format!("person{nth}"), "password": PASSWORD});
            anon.post(paths::USERS, new).await.read::<User>(201)
        }
    });
    let people = join_all(people).await;
    let admins = people.iter().filter(|user| user.is_admin).count();
    assert_eq!(admins, 1, "{people:?}");
    // Nor two accounts of one name.
    let twins = (0..6).map(|nth| {
        let anon = cluster.anon(nth % 2);
        async move {
            let new = json!({"username": "Twin", "password": PASSWORD});
            anon.post(paths::USERS, new).await.status
        }
    });
    let mut answers = join_all(twins).await;
    answers.sort();
    assert_eq!(answers, [201, 409, 409, 409, 409, 409]);
}

/// Both admins, one at each node.
async fn admins(cluster: &Cluster) -> [Person; 2] {
    let path = paths::fill(paths::USER, &[&cluster.member(0).user.id]);
    cluster.admin(0).patch(&path, json!({"is_admin": true})).await.is(200);
    tokio::time::sleep(crate::actors::AT_ONCE).await;
    [cluster.admin(0), cluster.member(1)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn two_admins_who_unmake_each_other_leave_one() {
    let cluster = Cluster::assemble().await;
    let [first, second] = admins(&cluster).await;
    for round in 0..10 {
        let unmake = |by: &Person, whom: &Person| {
            let (by, path) = (by.clone(), paths::fill(paths::USER, &[&whom.user.id]));
            async move { by.patch(&path, json!({"is_admin": false})).await.status }
        };
        let (one, other) = tokio::join!(unmake(&first, &second), unmake(&second, &first));
        let (winner, loser, refusal) = match (one, other) {
            (200, refusal) => (&first, &second, refusal),
            (refusal, 200) => (&second, &first, refusal),
            both => panic!("round {round}: {both:?}"),
        };
        assert!([403, 409].contains(&refusal), "round {round}: {refusal}");
        let path = paths::fill(paths::USER, &[&loser.user.id]);
        winner.patch(&path, json!({"is_admin": true})).await.is(200);
        let own = paths::fill(paths::USER, &[&winner.user.id]);
        assert!(loser.get(&own).await.read::<User>(200).is_admin);
    }
}

/// Two changes of one account at once are both made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn two_changes_of_an_account_at_once_are_both_made() {
    let cluster = Cluster::assemble().await;
    let [first, second] = admins(&cluster).await;
    let path = paths::fill(paths::USER, &[&cluster.outsider(0).user.id]);
    for round in 0..20 {
        let (one, other) = tokio::join!(
            first.patch(&path, json!({"is_disabled": true})),
            second.patch(&path, json!({"is_admin": true})),
        );
        assert_eq!((one.status, other.status), (200, 200), "{} {}", one.text, other.text);
        let user: User = first.get(&path).await.read(200);
        assert!(user.is_disabled && user.is_admin, "round {round}: {user:?}");
        let back = json!({"is_disabled": false, "is_admin": false});
        first.patch(&path, back).await.is(200);
    }
    sign_in(&cluster.anon(1), "outsider").await;
}
