//! Time-outs: a member reads and does not post.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use shared::{
    ids::ClientId, live::ServerFrame, messages::Message, paths, problem::Code, rooms::Member,
};
use uuid::Uuid;

use super::{about, join, leave};
use crate::fixture::{Fixture, LiveSocket};

#[tokio::test]
async fn a_member_reads_but_neither_posts_nor_edits_until_the_end() {
    let fixture = Fixture::start().await;
    let (path, messages) =
        (about(&fixture, paths::TIME_OUT, &fixture.member), fixture.path(paths::MESSAGES));
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let minutes = json!({"minutes": 10});
    let member: Member = fixture.admin.put(&path, minutes).await.expect_json(200);
    let left = member.timed_out_until.unwrap() - Utc::now();
    assert!(left > TimeDelta::minutes(9) && left <= TimeDelta::minutes(10), "{left}");
    // It is a change of the member, which everybody gets.
    let changed = live.expect(|frame| match frame {
        ServerFrame::Member { member, .. } => Some(member.clone()),
        _ => None,
    });
    assert_eq!(changed.await, member);
    let listed = LiveSocket::open(&fixture.member).await;
    assert_eq!(listed.rooms[0].timed_out_until, member.timed_out_until);
    let post = async || fixture.member.post(&messages, json!({"content": "hm"})).await;
    let refused = post().await;
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((540..=600).contains(&wait), "{wait}");
    let problem = refused.expect_problem(Code::TimedOut);
    let end = member.timed_out_until.unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    assert!(problem.detail.contains(&end), "{problem:?}");
    let edit = json!({"content": "hm"});
    fixture.member.patch(&fixture.message_path(1), edit).await.expect_problem(Code::TimedOut);
    fixture.member.get(&messages).await.expect_status(200);
    fixture.member.put(&fixture.path(paths::READ), json!({"seq": 2})).await.expect_status(200);
    fixture.member.delete(&fixture.message_path(1)).await.expect_status(204);
    // It outlasts leaving and joining again.
    leave(&fixture.member, fixture.room).await;
    join(&fixture.member, fixture.room).await;
    post().await.expect_problem(Code::TimedOut);
    fixture.admin.delete(&path).await.expect_status(204);
    post().await.expect_status(201);
    fixture.admin.delete(&path).await.expect_status(204);
}

#[tokio::test]
async fn those_who_manage_the_room_are_protected() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, outsider, .. } = &fixture;
    let minutes = || json!({"minutes": 10});
    let of = |person| about(&fixture, paths::TIME_OUT, person);
    let role = json!({"role": "host"});
    let path = about(&fixture, paths::MEMBER, member);
    admin.patch(&path, role).await.expect_status(200);
    for person in [admin, member] {
        for by in [admin, member] {
            by.put(&of(person), minutes()).await.expect_problem(Code::HostProtected);
            let ban = format!("{}?ban=true", about(&fixture, paths::MEMBER, person));
            by.delete(&ban).await.expect_problem(Code::HostProtected);
        }
    }
    join(outsider, fixture.room).await;
    member.put(&of(outsider), minutes()).await.expect_status(200);
    outsider.put(&of(member), minutes()).await.expect_problem(Code::HostsOnly);
    outsider.delete(&of(outsider)).await.expect_problem(Code::HostsOnly);
}

#[tokio::test]
async fn a_new_host_is_not_timed_out_any_more() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, room, .. } = &fixture;
    let path = about(&fixture, paths::TIME_OUT, member);
    admin.put(&path, json!({"minutes": 10})).await.expect_status(200);
    let role = about(&fixture, paths::MEMBER, member);
    let host: Member = admin.patch(&role, json!({"role": "host"})).await.expect_json(200);
    assert_eq!(host.timed_out_until, None);
    member.post_message(*room, "I manage this room").await;
    // Nor after they were host.
    admin.patch(&role, json!({"role": "member"})).await.expect_status(200);
    member.post_message(*room, "hm").await;
}

#[tokio::test]
async fn the_time_out_of_a_new_admin_can_be_ended() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, room, .. } = &fixture;
    let (path, minutes) = (about(&fixture, paths::TIME_OUT, member), json!({"minutes": 10}));
    let timed_out: Member = admin.put(&path, minutes.clone()).await.expect_json(200);
    let account = paths::fill(paths::USER, &[&member.user.id]);
    admin.patch(&account, json!({"rank": "admin"})).await.expect_status(200);
    member.post_message(*room, "I manage this room").await;
    admin.put(&path, minutes).await.expect_problem(Code::HostProtected);
    let listed = async || LiveSocket::open(member).await.rooms[0].timed_out_until;
    assert_eq!(listed().await, timed_out.timed_out_until);
    admin.delete(&path).await.expect_status(204);
    assert_eq!(listed().await, None);
}

#[tokio::test]
async fn a_retry_of_a_stored_message_gets_the_original() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, room, .. } = &fixture;
    let mut live = LiveSocket::in_room(member, *room).await;
    let [first, second] = [(); 2].map(|()| ClientId(Uuid::now_v7()));
    live.send_message(*room, first, "one").await;
    let stored = live.wait_ack(first).await;
    let path = about(&fixture, paths::TIME_OUT, member);
    admin.put(&path, json!({"minutes": 10})).await.expect_status(200);
    let post = async |content: &str, client_id: ClientId| {
        let message = json!({"content": content, "client_id": client_id});
        member.post(&fixture.path(paths::MESSAGES), message).await
    };
    let retried: Message = post("one", first).await.expect_json(200);
    assert_eq!(retried, stored);
    live.send_message(*room, first, "one").await;
    assert_eq!(live.wait_ack(first).await, stored);
    post("two", first).await.expect_problem(Code::ClientIdReused);
    post("two", second).await.expect_problem(Code::TimedOut);
}

#[tokio::test]
async fn a_member_does_not_change_the_topic_until_the_end() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, .. } = &fixture;
    let room = fixture.path(paths::ROOM);
    let policies = json!({"policies": {"topic": "member"}});
    admin.patch(&room, policies).await.expect_status(200);
    let change = async |topic: &str| member.patch(&room, json!({ "topic": topic })).await;
    change("before").await.expect_status(200);
    let path = about(&fixture, paths::TIME_OUT, member);
    admin.put(&path, json!({"minutes": 10})).await.expect_status(200);
    change("during").await.expect_problem(Code::TimedOut);
    admin.patch(&room, json!({"topic": "by a host"})).await.expect_status(200);
    admin.delete(&path).await.expect_status(204);
    change("after").await.expect_status(200);
}

#[tokio::test]
async fn lengths_and_members_are_checked() {
    let fixture = Fixture::start().await;
    let path = about(&fixture, paths::TIME_OUT, &fixture.member);
    for minutes in [0, 40_321] {
        let refused = fixture.admin.put(&path, json!({"minutes": minutes})).await;
        refused.expect_field_error("minutes", "40320");
    }
    let minutes = json!({"minutes": 40_320});
    fixture.admin.put(&path, minutes.clone()).await.expect_status(200);
    // Not a member.
    let path = about(&fixture, paths::TIME_OUT, &fixture.outsider);
    fixture.admin.put(&path, minutes.clone()).await.expect_problem(Code::NotFound);
    join(&fixture.outsider, fixture.room).await;
    leave(&fixture.outsider, fixture.room).await;
    fixture.admin.put(&path, minutes).await.expect_problem(Code::NotFound);
    let entries: Value = fixture.admin.get(paths::AUDIT).await.expect_status(200);
    let entry = &entries["entries"][0];
    assert_eq!(entry["action"], "member_timed_out", "{entry}");
    assert_eq!((&entry["to"], &entry["user"]["username"]), (&json!("40320"), &json!("member")));
}
