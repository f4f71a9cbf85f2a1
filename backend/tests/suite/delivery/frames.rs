//! Sizes of frames in both directions, and the close frames at the end of sockets.

use hallway::{
    realtime::hub::Credential,
    tables::{Stored, members, rooms},
};
use sea_orm::{ActiveModelTrait, ActiveValue::NotSet, EntityTrait, IntoActiveModel};
use serde_json::json;
use shared::{
    access::{Rank, Role},
    ids::{RoomId, Seq, UserId},
    live::{ClientFrame, CloseCode, ServerFrame},
    paths,
    rooms::ReadState,
    rules::{CONTENT_MAX_BYTES, FRAME_MAX_BYTES},
};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{
        CloseFrame,
        frame::{
            Frame,
            coding::{CloseCode as WireCode, Data, OpCode},
        },
    },
};

use super::new_client_id;
use crate::fixture::{Fixture, LiveSocket, Person, Socket, TIMEOUT, all_messages};

/// Adds a user to new rooms, by direct inserts, because thousands of requests would take minutes.
async fn join_new_rooms(fixture: &Fixture, user: UserId, names: &[String], topic: &str) {
    let db = &fixture.server.database().writer;
    let model = rooms::Entity::find_by_id(fixture.room.0).one(db).await.unwrap().unwrap();
    for chunk in names.chunks(400) {
        let first = rooms::Entity::find().all(db).await.unwrap().into_iter().map(|room| room.id);
        let first = first.max().unwrap() + 1;
        let room = |name: &String| {
            let (name_key, sort_key) = (Some(name.to_lowercase()), name.to_lowercase());
            let (name, topic) = (name.clone(), topic.to_owned());
            let room =
                rooms::Model { name, name_key, sort_key, topic, last_seq: 0, ..model.clone() };
            let mut room = rooms::Model { member_count: 1, ..room }.into_active_model();
            room.id = NotSet;
            room.reset_all()
        };
        rooms::Entity::insert_many(chunk.iter().map(room)).exec(db).await.unwrap();
        let ids = rooms::Entity::find().all(db).await.unwrap().into_iter().map(|room| room.id);
        let member = |room_id| {
            let member = members::Model {
                room_id,
                user_id: user.0,
                joined_at: model.created_at,
                has_left: false,
                left_seq: None,
                read_seq: 0,
                rev: 1,
                role: Stored(Role::Member),
                rank: Stored(Rank::Member),
                visible_from: 1,
                hidden_seq: None,
                published_profile: 0,
                favourite: None,
                is_muted: false,
                timed_out_until: None,
                last_post_at: None,
            };
            member.into_active_model().reset_all()
        };
        let joined = ids.filter(|id| *id >= first).map(member);
        members::Entity::insert_many(joined).exec(db).await.unwrap();
    }
}

/// Opens a socket of somebody with many rooms: all of them arrive, by name, and can be subscribed to.
async fn check_many_rooms(names: Vec<String>, topic: &str) {
    let fixture = Fixture::start().await;
    join_new_rooms(&fixture, fixture.outsider.user.id, &names, topic).await;
    let mut live = LiveSocket::open(&fixture.outsider).await;
    let received: Vec<_> = live.rooms.iter().map(|room| &*room.name).collect();
    assert_eq!(received, names.iter().map(|name| &**name).collect::<Vec<_>>());
    let rooms: Vec<RoomId> = live.rooms.iter().map(|room| room.id).collect();
    for room in &rooms {
        let frame = ClientFrame::Subscribe { room: *room, after_rev: None };
        live.socket.queue_text(&serde_json::to_string(&frame).unwrap()).await;
    }
    live.socket.flush().await;
    for room in rooms {
        let subscribed = |frame: &ServerFrame| match frame {
            ServerFrame::Subscribed { room, .. } => Some(*room),
            _ => None,
        };
        assert_eq!(live.expect(subscribed).await, room);
    }
    let id = new_client_id();
    let room = live.rooms[live.rooms.len() - 1].id;
    live.send_message(room, id, "in the last room").await;
    live.wait_ack(id).await;
}

#[tokio::test]
async fn somebody_in_eight_thousand_rooms_connects() {
    check_many_rooms((0..8_000).map(|nth| format!("room {nth:04}")).collect(), "What we do").await;
}

#[tokio::test]
async fn somebody_in_five_hundred_rooms_with_the_longest_names_connects() {
    let name = |nth| format!("{nth:03}{}", "\u{1f600}".repeat(252));
    check_many_rooms((0..500).map(name).collect(), &"\u{1f600}".repeat(255)).await;
}

/// A JSON string in which every character is escaped.
fn escaped(text: &str) -> String {
    let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
    format!("\"{}\"", units.collect::<String>())
}

#[tokio::test]
async fn the_longest_text_fits_however_it_is_written() {
    let fixture = Fixture::start().await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let headers = [("authorization", &*format!("Bearer {}", fixture.member.token))];
    let classic = format!("/ws/chat/{}/", fixture.room);
    let mut classic = Socket::open(fixture.server.address, &classic, &headers).await.ok().unwrap();
    let less = "<".repeat(CONTENT_MAX_BYTES);
    let lines = format!("a{}b", "\r\n".repeat(CONTENT_MAX_BYTES - 2));
    for (count, text) in [(6, less), (10, lines)] {
        let (id, text) = (new_client_id(), escaped(&text));
        let frame = format!(
            "{{\"type\":\"send\",\"room\":{},\"client_id\":\"{}\",\"content\":{text}}}",
            fixture.room, id.0
        );
        live.socket.send_text(&frame).await;
        assert_eq!(live.wait_ack(id).await.content.len(), CONTENT_MAX_BYTES);
        for (method, path) in [
            ("POST", fixture.path(paths::MESSAGES)),
            ("POST", format!("/messages/create/{}/", fixture.room)),
            ("PATCH", fixture.message_path(1)),
        ] {
            let request = fixture.member.request(method, &path);
            let request = request.header("content-type", "application/json");
            let response = request.body(format!("{{\"content\":{text}}}")).send().await.unwrap();
            assert!(response.status().is_success(), "{path}: {}", response.status());
        }
        classic.send_text(&format!("{{\"message\":{text}}}")).await;
        let stored =
            async { while all_messages(&fixture.member, fixture.room).await.len() < count {} };
        tokio::time::timeout(TIMEOUT, stored).await.expect("four messages in time");
    }
    let messages = all_messages(&fixture.member, fixture.room).await;
    let long = messages.iter().filter(|message| message.content.len() == CONTENT_MAX_BYTES);
    assert_eq!(long.count(), 9);
}

async fn open_both(fixture: &Fixture, person: &Person) -> [Socket; 2] {
    let headers = [("authorization", &*format!("Bearer {}", person.token))];
    let classic = format!("/ws/chat/{}/", fixture.room);
    let classic = Socket::open(fixture.server.address, &classic, &headers).await.ok().unwrap();
    [LiveSocket::open(person).await.socket, classic]
}

#[tokio::test]
async fn a_frame_that_is_too_large_is_answered_by_a_close_frame() {
    let fixture = Fixture::start().await;
    for mut socket in open_both(&fixture, &fixture.member).await {
        socket.send_text(&"x".repeat(FRAME_MAX_BYTES + 1)).await;
        assert_eq!(socket.wait_close().await, Some(CloseCode::TooLarge as u16));
    }
}

#[tokio::test]
async fn a_broken_frame_is_answered_by_a_close_frame() {
    let fixture = Fixture::start().await;
    for mut socket in open_both(&fixture, &fixture.member).await {
        let invalid = Frame::message(vec![0xff], OpCode::Data(Data::Text), true);
        socket.send(Message::Frame(invalid)).await;
        assert_eq!(socket.wait_close().await, Some(CloseCode::InvalidText as u16));
    }
    for mut socket in open_both(&fixture, &fixture.member).await {
        let reserved = Frame::message(vec![1], OpCode::Data(Data::Continue), true);
        socket.send(Message::Frame(reserved)).await;
        assert_eq!(socket.wait_close().await, Some(CloseCode::ProtocolError as u16));
    }
}

#[tokio::test]
async fn a_close_frame_is_answered() {
    let fixture = Fixture::start().await;
    for mut socket in open_both(&fixture, &fixture.member).await {
        let close = CloseFrame { code: WireCode::Away, reason: "".into() };
        socket.send(Message::Close(Some(close))).await;
        assert_eq!(socket.wait_close().await, Some(WireCode::Away.into()));
    }
}

#[tokio::test]
async fn a_stopping_server_closes_sockets_that_are_not_authenticated_yet() {
    let fixture = Fixture::start().await;
    let mut socket = Socket::open(fixture.server.address, paths::LIVE, &[]).await.ok().unwrap();
    drop(fixture.server);
    assert_eq!(socket.wait_close().await, Some(CloseCode::Restart as u16));
}

/// Somebody who is not a member of a room is not online there, not even until the server has checked.
#[tokio::test]
async fn an_outsider_who_subscribes_is_not_online() {
    let fixture = Fixture::start().await;
    let (hub, outsider) = (fixture.server.hub(), fixture.outsider.user.id);
    let credential = Credential { user: outsider, session: None, generation: 0, expires_at: None };
    let inbox = hub.connect(credential, 1).unwrap();
    inbox.subscribe(fixture.room);
    assert!(!hub.online_users(fixture.room).contains(&outsider));
    inbox.confirm_member(fixture.room);
    assert!(hub.online_users(fixture.room).contains(&outsider));
    drop(inbox);
    let mut live = LiveSocket::open(&fixture.outsider).await;
    live.send(&ClientFrame::Subscribe { room: fixture.room, after_rev: None }).await;
    let removed = |frame: &ServerFrame| matches!(frame, ServerFrame::Removed { .. }).then_some(());
    live.expect(removed).await;
    assert!(!hub.online_users(fixture.room).contains(&outsider));
}

/// As by REST: `exact` sets the mark whatever the client believed.
#[tokio::test]
async fn an_exact_read_mark_ignores_the_expected_one() {
    let fixture = Fixture::start().await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let path = fixture.path(paths::READ);
    let mark = |seq: i64, exact: bool| json!({"seq": seq, "exact": exact, "if_read_seq": 77});
    let read = |frame: &ServerFrame| match frame {
        ServerFrame::Read { read, exact, .. } => Some((read.read_seq.0, *exact)),
        _ => None,
    };
    let state: ReadState = fixture.member.put(&path, mark(2, true)).await.expect_json(200);
    assert_eq!((state.read_seq, live.expect(read).await), (Seq(2), (2, true)));
    let send = |seq, exact| ClientFrame::Read {
        room: fixture.room,
        seq: Seq(seq),
        exact,
        if_read_seq: Some(Seq(77)),
    };
    live.send(&send(0, true)).await;
    assert_eq!(live.expect(read).await, (0, true));
    // Without `exact`, the mark stays, and the device gets the actual one.
    live.send(&send(2, false)).await;
    assert_eq!(live.expect(read).await.0, 0);
    let state: ReadState = fixture.member.put(&path, mark(2, false)).await.expect_json(200);
    assert_eq!(state.read_seq, Seq(0));
}
