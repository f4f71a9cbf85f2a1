//! Typing: only those are shown who could post.

use std::time::Duration;

use serde_json::{Value, json};
use shared::{
    ids::RoomId,
    live::{ClientFrame, ServerFrame},
    paths,
    rooms::MyRoom,
};

use crate::fixture::{Fixture, LiveSocket, Person, TIMEOUT};

/// Checks whether `reader` gets to know that `writer` types in a room.
async fn expect_shown(is_shown: bool, (writer, reader, room): (&Person, &Person, RoomId)) {
    let mut readers = LiveSocket::in_room(reader, room).await;
    // A new socket, because each sends typing only once per interval.
    let mut writers = LiveSocket::in_room(writer, room).await;
    writers.send(&ClientFrame::Typing { room }).await;
    let typing = readers.expect(|frame| match frame {
        ServerFrame::Typing { user, .. } => (user.id == writer.user.id).then_some(()),
        _ => None,
    });
    let wait = if is_shown { TIMEOUT } else { Duration::from_millis(700) };
    let shown = tokio::time::timeout(wait, typing).await.is_ok();
    assert_eq!(shown, is_shown, "{} in room {room}", writer.user.username);
}

#[tokio::test]
async fn a_member_who_may_not_post_is_not_shown() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, room, .. } = &fixture;
    expect_shown(true, (member, admin, *room)).await;
    let time_out = paths::fill(paths::TIME_OUT, &[room, &member.user.id]);
    admin.put(&time_out, json!({"minutes": 10})).await.expect_status(200);
    expect_shown(false, (member, admin, *room)).await;
    expect_shown(true, (admin, member, *room)).await;
    admin.delete(&time_out).await.expect_status(204);
    expect_shown(true, (member, admin, *room)).await;
    let hosts_post = json!({"policies": {"post": "host"}});
    admin.patch(&fixture.path(paths::ROOM), hosts_post).await.expect_status(200);
    expect_shown(false, (member, admin, *room)).await;
    expect_shown(true, (admin, member, *room)).await;
}

#[tokio::test]
async fn neither_is_shown_in_a_room_of_two_with_a_block() {
    let Fixture { server: _server, admin, member, outsider, .. } = &Fixture::start().await;
    let direct = async |others: &[&Person]| {
        let users: Vec<_> = others.iter().map(|person| person.user.id).collect();
        let request = json!({ "users": users });
        member.post(paths::DIRECT, request).await.expect_json::<MyRoom>(201).id
    };
    let (pair, trio) = (direct(&[admin]).await, direct(&[admin, outsider]).await);
    expect_shown(true, (admin, member, pair)).await;
    let block = paths::fill(paths::BLOCK, &[&admin.user.id]);
    member.put(&block, Value::Null).await.expect_status(204);
    expect_shown(false, (admin, member, pair)).await;
    expect_shown(false, (member, admin, pair)).await;
    expect_shown(true, (admin, member, trio)).await;
}
