//! Favourites and muted rooms: the same on all devices of a member, and seen by nobody else.

use serde_json::{Value, json};
use shared::{
    ids::RoomId,
    live::ServerFrame,
    paths,
    problem::Code,
    rooms::{MyRoom, Room},
};

use crate::fixture::{Fixture, LiveSocket, Person, Response, changes, last_rev};

/// The room of a `preferences` frame, its position among the favourites, and whether it is muted.
type Preferences = (RoomId, Option<i64>, bool);

fn preferences(frame: &ServerFrame) -> Option<Preferences> {
    match frame {
        ServerFrame::Preferences { room, favourite, muted } => Some((*room, *favourite, *muted)),
        _ => None,
    }
}

fn joined(frame: &ServerFrame) -> Option<Preferences> {
    match frame {
        ServerFrame::Joined { room } => Some((room.id, room.favourite, room.muted)),
        _ => None,
    }
}

/// A room in the `welcome` of a new socket.
async fn in_welcome(person: &Person, room: RoomId) -> Preferences {
    let rooms = LiveSocket::open(person).await.rooms;
    let mine: &MyRoom = rooms.iter().find(|mine| mine.id == room).unwrap();
    (mine.id, mine.favourite, mine.muted)
}

async fn mute(person: &Person, room: RoomId, muted: bool) -> Response {
    person.patch(&paths::fill(paths::PREFERENCES, &[&room]), json!({"muted": muted})).await
}

async fn set_favourites(person: &Person, rooms: &[RoomId]) -> Response {
    person.put(paths::FAVOURITES, json!({"rooms": rooms})).await
}

async fn private_room(person: &Person, name: &str) -> RoomId {
    let new = json!({"name": name, "kind": "private"});
    person.post(paths::ROOMS, new).await.expect_json::<Room>(201).id
}

#[tokio::test]
async fn all_devices_learn_the_preferences_of_a_member() {
    let fixture = Fixture::start().await;
    let (member, room) = (&fixture.member, fixture.room);
    let den = private_room(member, "Den").await;
    let other_device = fixture.server.sign_in("member").await;
    let mut devices = [LiveSocket::open(member).await, LiveSocket::open(&other_device).await];
    assert_eq!(in_welcome(member, room).await, (room, None, false));

    mute(member, room, true).await.expect_status(204);
    set_favourites(member, &[den, room]).await.expect_status(204);
    // Only the rooms whose positions change.
    set_favourites(member, &[den, room]).await.expect_status(204);
    set_favourites(member, &[room, den]).await.expect_status(204);
    mute(member, room, false).await.expect_status(204);
    set_favourites(member, &[room]).await.expect_status(204);
    for device in &mut devices {
        assert_eq!(device.expect(preferences).await, (room, None, true));
        for positions in [[2, 1], [1, 2]] {
            let both = [device.expect(preferences).await, device.expect(preferences).await];
            let [of_room, of_den] = positions;
            assert_eq!(both, [(room, Some(of_room), true), (den, Some(of_den), false)]);
        }
        assert_eq!(device.expect(preferences).await, (room, Some(1), false));
        assert_eq!(device.expect(preferences).await, (den, None, false));
    }
    mute(member, room, true).await.expect_status(204);
    assert_eq!(in_welcome(&other_device, room).await, (room, Some(1), true));
    assert_eq!(in_welcome(&other_device, den).await, (den, None, false));
    // A request without the field changes nothing.
    let path = fixture.path(paths::PREFERENCES);
    member.patch(&path, json!({})).await.expect_status(204);
    assert_eq!(in_welcome(member, room).await, (room, Some(1), true));
    set_favourites(member, &[]).await.expect_status(204);
    assert_eq!(in_welcome(member, room).await, (room, None, true));
}

#[tokio::test]
async fn nobody_else_sees_the_preferences() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, room, .. } = &fixture;
    let mut of_admin = LiveSocket::in_room(admin, *room).await;
    let rev = last_rev(admin, *room).await;
    mute(member, *room, true).await.expect_status(204);
    set_favourites(member, &[*room]).await.expect_status(204);
    assert_eq!(last_rev(admin, *room).await, rev, "they are no change of the room");
    assert_eq!(in_welcome(admin, *room).await, (*room, None, false));
    for path in [paths::ROOM, paths::MEMBERS, paths::CHANGES] {
        let text = admin.get(&fixture.path(path)).await.expect_status(200).to_string();
        assert!(!text.contains("muted") && !text.contains("favourite"), "{path}: {text}");
    }
    let posted = admin.post_message(*room, "anything else?").await;
    let arrived = of_admin.expect(|frame| match frame {
        ServerFrame::Preferences { .. } => panic!("{frame:?}"),
        ServerFrame::Message { message, .. } => Some(message.seq),
        _ => None,
    });
    assert_eq!(arrived.await, posted.seq);
    // The unread count of a muted room is that of any other.
    let rooms = LiveSocket::open(member).await.rooms;
    assert_eq!(rooms[0].read.unread, 2);
}

#[tokio::test]
async fn invalid_favourites_are_refused_alike() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, room, .. } = &fixture;
    set_favourites(member, &[*room]).await.expect_status(204);
    let hidden = private_room(admin, "Den").await;
    let refusal = async |id: RoomId| {
        let response = set_favourites(member, &[*room, id]).await;
        let mut problem = response.expect_problem(Code::InvalidFields);
        problem.request_id = None;
        serde_json::to_string(&problem).unwrap().replace(&format!("one is {id}"), "one is ID")
    };
    let unknown = refusal(RoomId(987_654)).await;
    assert!(unknown.contains("must be rooms that you are in"), "{unknown}");
    assert_eq!(refusal(hidden).await, unknown);
    let left = private_room(member, "Left").await;
    member.delete(&paths::fill(paths::MEMBERSHIP, &[&left])).await.expect_status(204);
    assert_eq!(refusal(left).await, unknown);
    let deleted = private_room(member, "Deleted").await;
    member.delete(&paths::fill(paths::ROOM, &[&deleted])).await.expect_status(204);
    assert_eq!(refusal(deleted).await, unknown);

    set_favourites(member, &[*room, *room])
        .await
        .expect_field_error("rooms", &format!("each room once, but name {room} twice"));
    let many: Vec<_> = (1..=101).map(RoomId).collect();
    let response = set_favourites(member, &many).await;
    response.expect_field_error("rooms", "must be at most 100 rooms, but are 101");
    member.put(paths::FAVOURITES, json!({})).await.expect_field_error("rooms", "is missing");
    assert_eq!(in_welcome(member, *room).await, (*room, Some(1), false), "nothing changed");

    mute(&fixture.outsider, *room, true).await.expect_problem(Code::NotAMember);
    mute(member, hidden, true).await.expect_problem(Code::NotFound);
    mute(member, RoomId(987_654), true).await.expect_problem(Code::NotFound);
}

#[tokio::test]
async fn leaving_a_room_forgets_the_preferences_and_restoring_it_does_not() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, room, .. } = &fixture;
    let mut live = LiveSocket::open(member).await;
    let prefer = async || {
        mute(member, *room, true).await.expect_status(204);
        set_favourites(member, &[*room]).await.expect_status(204);
        assert_eq!(in_welcome(member, *room).await, (*room, Some(1), true));
    };
    prefer().await;
    admin.delete(&fixture.path(paths::ROOM)).await.expect_status(204);
    // Their list does not have the room now, and replacing it must not lose the room's place.
    set_favourites(member, &[]).await.expect_status(204);
    admin.post(&fixture.path(paths::RESTORE), Value::Null).await.expect_status(200);
    assert_eq!(live.expect(joined).await, (*room, Some(1), true));

    let of_member = paths::fill(paths::MEMBER, &[room, &member.user.id]);
    let membership = fixture.path(paths::MEMBERSHIP);
    for by in [member, admin] {
        prefer().await;
        let path = if by.user.id == member.user.id { &membership } else { &of_member };
        by.delete(path).await.expect_status(204);
        member.put(&membership, Value::Null).await.expect_status(200);
        assert_eq!(live.expect(joined).await, (*room, None, false));
        assert_eq!(in_welcome(member, *room).await, (*room, None, false));
    }
    assert!(!json!(changes(admin, *room, 0).await).to_string().contains("favourite"));
}

/// Two lists that a member sends at once do not mix.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_lists_do_not_mix() {
    let fixture = Fixture::start().await;
    let (member, room) = (&fixture.member, fixture.room);
    let den = private_room(member, "Den").await;
    for _ in 0..10 {
        let (lists, none) = ([[room, den], [den, room]], []);
        set_favourites(member, &none).await.expect_status(204);
        let (first, second) =
            tokio::join!(set_favourites(member, &lists[0]), set_favourites(member, &lists[1]));
        first.expect_status(204);
        second.expect_status(204);
        let rooms = LiveSocket::open(member).await.rooms;
        let mut order: Vec<_> = rooms.iter().map(|mine| (mine.favourite, mine.id)).collect();
        order.sort_unstable();
        assert!([order[0].0, order[1].0] == [Some(1), Some(2)], "{order:?}");
    }
}
