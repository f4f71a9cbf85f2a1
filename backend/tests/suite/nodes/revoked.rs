//! Promise 8 across nodes: what is revoked on one ends on the other within two seconds, whatever has
//! just happened to the link between them.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use shared::{
    live::{CloseCode, RemovedReason, ServerFrame},
    paths,
};

use super::{Cluster, Fault};
use crate::actors::{AT_ONCE, LiveSocket, Person, register, sign_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn by_the_link() {
    all_are_out(Fault::None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn with_redis_killed_just_now() {
    all_are_out(Fault::Killed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn with_redis_paused_just_now() {
    all_are_out(Fault::Paused).await;
}

async fn all_are_out(fault: Fault) {
    let cluster = Cluster::assemble().await;
    removed_member(&cluster, fault).await;
    cluster.relieve(fault).await;
    signed_out(&cluster, fault).await;
    cluster.relieve(fault).await;
    shut_account(&cluster, fault).await;
    cluster.relieve(fault).await;
    lost_admin(&cluster, fault).await;
    cluster.relieve(fault).await;
    deleted_room(&cluster, fault).await;
}

/// Whoever waits longer than that is not out at once.
async fn at_once<T>(what: &str, work: impl Future<Output = T>) -> T {
    let since = Instant::now();
    let done = work.await;
    assert!(since.elapsed() < AT_ONCE, "{what}: {:?}", since.elapsed());
    done
}

fn removed(frame: &ServerFrame) -> Option<RemovedReason> {
    match frame {
        ServerFrame::Removed { reason, .. } => Some(*reason),
        _ => None,
    }
}

async fn removed_member(cluster: &Cluster, fault: Fault) {
    let (admin, member) = (cluster.admin(0), cluster.member(1));
    let mut live = LiveSocket::in_room(&member, cluster.room()).await;
    let word = |text: &str| json!({"content": text});
    admin.post(&cluster.at(paths::MESSAGES), word("heard")).await.is(201);
    live.change().await;
    cluster.torment(fault).await;
    let path = paths::fill(paths::MEMBER, &[&cluster.room(), &member.user.id]);
    admin.delete(&path).await.is(204);
    let reason = at_once("removed", live.expect(removed)).await;
    assert_eq!(reason, RemovedReason::Removed);
    member.get(&cluster.at(paths::MESSAGES)).await.is(403);
    admin.post(&cluster.at(paths::MESSAGES), word("behind your back")).await.is(201);
    // Longer than any look into the database.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    member.put(&cluster.at(paths::MEMBERSHIP), Value::Null).await.is(200);
    let joined = live.expect(|frame| match frame {
        ServerFrame::Joined { .. } => Some(()),
        frame => frame.clone().into_change().map(|change| panic!("{change:?} was sent")),
    });
    joined.await;
}

async fn signed_out(cluster: &Cluster, fault: Fault) {
    let here = sign_in(&cluster.anon(0), "member").await;
    let there = at(cluster, 1, &here);
    let mut live = LiveSocket::in_room(&there, cluster.room()).await;
    let mut other = LiveSocket::in_room(&cluster.member(1), cluster.room()).await;
    cluster.torment(fault).await;
    here.delete("/api/v1/sessions/current").await.is(204);
    let out = at_once("signed out", live.socket.end());
    let refused = at_once("signed out, by REST", refused(&there, "GET", paths::ME, 401));
    let (code, ()) = tokio::join!(out, refused);
    assert_eq!(code, Some(CloseCode::SessionEnded as u16));
    cluster.admin(0).post(&cluster.at(paths::MESSAGES), json!({"content": "on"})).await.is(201);
    other.change().await;
}

async fn shut_account(cluster: &Cluster, fault: Fault) {
    let here = register(&cluster.anon(0), "guest").await;
    let there = at(cluster, 1, &here);
    let mut live = LiveSocket::open(&there).await;
    there.get(paths::ME).await.is(200);
    cluster.torment(fault).await;
    let path = paths::fill(paths::USER, &[&here.user.id]);
    cluster.admin(0).patch(&path, json!({"is_disabled": true})).await.is(200);
    let out = at_once("shut", live.socket.end());
    let refused = at_once("shut, by REST", refused(&there, "GET", paths::ME, 401));
    let (code, ()) = tokio::join!(out, refused);
    assert_eq!(code, Some(CloseCode::SessionEnded as u16));
}

async fn lost_admin(cluster: &Cluster, fault: Fault) {
    let here = register(&cluster.anon(0), "deputy").await;
    let there = at(cluster, 1, &here);
    let path = paths::fill(paths::USER, &[&here.user.id]);
    cluster.admin(0).patch(&path, json!({"is_admin": true})).await.is(200);
    there.get(paths::ME).await.is(200);
    tokio::time::sleep(AT_ONCE).await;
    let room = json!({"name": "Theirs"});
    there.post(paths::ROOMS, room.clone()).await.is(201);
    cluster.torment(fault).await;
    cluster.admin(0).patch(&path, json!({"is_admin": false})).await.is(200);
    // The name is taken by now, so nothing more is made meanwhile.
    at_once("lost admin", refused(&there, "POST", paths::ROOMS, 403)).await;
}

async fn deleted_room(cluster: &Cluster, fault: Fault) {
    let mut live = LiveSocket::in_room(&cluster.member(1), cluster.room()).await;
    cluster.torment(fault).await;
    cluster.admin(0).delete(&cluster.at(paths::ROOM)).await.is(204);
    let reason = at_once("deleted", live.expect(removed)).await;
    assert_eq!(reason, RemovedReason::RoomDeleted);
    cluster.member(1).get(&cluster.at(paths::MESSAGES)).await.is(404);
}

/// The same session at another node.
fn at(cluster: &Cluster, node: usize, person: &Person) -> Person {
    let (user, token) = (person.user.clone(), person.token.clone());
    Person::new(cluster.nodes[node].address(), user, person.session, token)
}

/// Asks until the answer is this one.
async fn refused(person: &Person, method: &str, path: &str, status: u16) {
    let body = if method == "GET" { Value::Null } else { json!({"name": "Theirs"}) };
    while person.call(method, path, body.clone()).await.status != status {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
