//! A revocation on one node ends sessions and sockets on the other within 2 s, even right after a fault
//! of Redis.

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
use crate::fixture::{LiveSocket, Person, REVOCATION_MAX_DELAY, register, sign_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn revocations_reach_the_other_node() {
    check_revocations(Fault::None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn revocations_reach_the_other_node_with_redis_killed() {
    check_revocations(Fault::Killed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB or PostgreSQL"]
async fn revocations_reach_the_other_node_with_redis_paused() {
    check_revocations(Fault::Paused).await;
}

async fn check_revocations(fault: Fault) {
    let cluster = Cluster::with_shared_database().await;
    check_removed_member(&cluster, fault).await;
    cluster.end_fault(fault).await;
    check_sign_out(&cluster, fault).await;
    cluster.end_fault(fault).await;
    check_disabled_account(&cluster, fault).await;
    cluster.end_fault(fault).await;
    check_demoted_admin(&cluster, fault).await;
    cluster.end_fault(fault).await;
    check_deleted_room(&cluster, fault).await;
}

/// Fails if `work` takes longer than [`REVOCATION_MAX_DELAY`].
async fn in_time<T>(label: &str, work: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let output = work.await;
    assert!(start.elapsed() < REVOCATION_MAX_DELAY, "{label}: {:?}", start.elapsed());
    output
}

fn removed(frame: &ServerFrame) -> Option<RemovedReason> {
    match frame {
        ServerFrame::Removed { reason, .. } => Some(*reason),
        _ => None,
    }
}

async fn check_removed_member(cluster: &Cluster, fault: Fault) {
    let (admin, member) = (cluster.admin(0), cluster.member(1));
    let mut live = LiveSocket::in_room(&member, cluster.room()).await;
    let message = |text: &str| json!({"content": text});
    admin.post(&cluster.path(paths::MESSAGES), message("heard")).await.expect_status(201);
    live.next_change().await;
    cluster.inject(fault).await;
    let path = paths::fill(paths::MEMBER, &[&cluster.room(), &member.user.id]);
    admin.delete(&path).await.expect_status(204);
    let reason = in_time("removed", live.expect(removed)).await;
    assert_eq!(reason, RemovedReason::Removed);
    member.get(&cluster.path(paths::MESSAGES)).await.expect_status(403);
    admin
        .post(&cluster.path(paths::MESSAGES), message("behind your back"))
        .await
        .expect_status(201);
    // Longer than the interval of any poll.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    member.put(&cluster.path(paths::MEMBERSHIP), Value::Null).await.expect_status(200);
    let joined = live.expect(|frame| match frame {
        ServerFrame::Joined { .. } => Some(()),
        frame => frame.clone().into_change().map(|change| panic!("{change:?} was sent")),
    });
    joined.await;
}

async fn check_sign_out(cluster: &Cluster, fault: Fault) {
    let on_first_node = sign_in(&cluster.anon(0), "member").await;
    let on_second_node = same_session_on(cluster, 1, &on_first_node);
    let mut live = LiveSocket::in_room(&on_second_node, cluster.room()).await;
    let mut other = LiveSocket::in_room(&cluster.member(1), cluster.room()).await;
    cluster.inject(fault).await;
    on_first_node.delete("/api/v1/sessions/current").await.expect_status(204);
    let closed = in_time("signed out", live.socket.wait_close());
    let refused =
        in_time("signed out, by REST", wait_refused(&on_second_node, "GET", paths::ME, 401));
    let (code, ()) = tokio::join!(closed, refused);
    assert_eq!(code, Some(CloseCode::SessionEnded as u16));
    cluster
        .admin(0)
        .post(&cluster.path(paths::MESSAGES), json!({"content": "on"}))
        .await
        .expect_status(201);
    other.next_change().await;
}

async fn check_disabled_account(cluster: &Cluster, fault: Fault) {
    let on_first_node = register(&cluster.anon(0), "guest").await;
    let on_second_node = same_session_on(cluster, 1, &on_first_node);
    let mut live = LiveSocket::open(&on_second_node).await;
    on_second_node.get(paths::ME).await.expect_status(200);
    cluster.inject(fault).await;
    let path = paths::fill(paths::USER, &[&on_first_node.user.id]);
    cluster.admin(0).patch(&path, json!({"is_disabled": true})).await.expect_status(200);
    let closed = in_time("disabled", live.socket.wait_close());
    let refused =
        in_time("disabled, by REST", wait_refused(&on_second_node, "GET", paths::ME, 401));
    let (code, ()) = tokio::join!(closed, refused);
    assert_eq!(code, Some(CloseCode::SessionEnded as u16));
}

async fn check_demoted_admin(cluster: &Cluster, fault: Fault) {
    let on_first_node = register(&cluster.anon(0), "deputy").await;
    let on_second_node = same_session_on(cluster, 1, &on_first_node);
    let path = paths::fill(paths::USER, &[&on_first_node.user.id]);
    cluster.admin(0).patch(&path, json!({"is_admin": true})).await.expect_status(200);
    on_second_node.get(paths::ME).await.expect_status(200);
    tokio::time::sleep(REVOCATION_MAX_DELAY).await;
    let room = json!({"name": "Theirs"});
    on_second_node.post(paths::ROOMS, room.clone()).await.expect_status(201);
    cluster.inject(fault).await;
    cluster.admin(0).patch(&path, json!({"is_admin": false})).await.expect_status(200);
    // The name is taken, so retries create no further room.
    in_time("lost admin", wait_refused(&on_second_node, "POST", paths::ROOMS, 403)).await;
}

async fn check_deleted_room(cluster: &Cluster, fault: Fault) {
    let mut live = LiveSocket::in_room(&cluster.member(1), cluster.room()).await;
    cluster.inject(fault).await;
    cluster.admin(0).delete(&cluster.path(paths::ROOM)).await.expect_status(204);
    let reason = in_time("deleted", live.expect(removed)).await;
    assert_eq!(reason, RemovedReason::RoomDeleted);
    cluster.member(1).get(&cluster.path(paths::MESSAGES)).await.expect_status(404);
}

/// The same session on another node.
fn same_session_on(cluster: &Cluster, node: usize, person: &Person) -> Person {
    let (user, token) = (person.user.clone(), person.token.clone());
    Person::new(cluster.nodes[node].address(), user, person.session, token)
}

/// Repeats a request until it gets this status.
async fn wait_refused(person: &Person, method: &str, path: &str, status: u16) {
    let body = if method == "GET" { Value::Null } else { json!({"name": "Theirs"}) };
    while person.call(method, path, body.clone()).await.status != status {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
