//! What happens in a room is a line for each member: live, by catching up, in pages and in the list.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use shared::{
    ids::{Rev, RoomId},
    messages::MessagePage,
    paths,
    problem::Code,
    rooms::{MyRoom, Room, RoomEvent, RoomEventKind as Kind, RoomEvents},
    users::UserRef,
};

use crate::fixture::{Fixture, LiveSocket, Person, changes};

fn at(template: &str, room: RoomId) -> String {
    paths::fill(template, &[&room])
}

/// Creates a private room.
async fn found(host: &Person, history: &str) -> RoomId {
    let new = json!({"name": "Cellar", "kind": "private", "history": history});
    host.post(paths::ROOMS, new).await.expect_json::<Room>(201).id
}

async fn add(host: &Person, room: RoomId, person: &Person) {
    let member = paths::fill(paths::MEMBER, &[&room, &person.user.id]);
    host.put(&member, Value::Null).await.expect_status(200);
}

async fn patch(host: &Person, room: RoomId, change: Value) {
    host.patch(&at(paths::ROOM, room), change).await.expect_status(200);
}

/// All events by the list, oldest first, in pages of two.
async fn listed(person: &Person, room: RoomId) -> Vec<RoomEvent> {
    let mut all = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let path = at(paths::EVENTS, room) + &query;
        let page: RoomEvents = person.get(&path).await.expect_json(200);
        all.extend(page.events);
        let Some(before) = page.next else { break };
        query = format!("?limit=2&before_rev={before}");
    }
    all.reverse();
    all
}

/// The events of the newest page of messages.
async fn in_page(person: &Person, room: RoomId) -> Vec<RoomEvent> {
    person.get(&at(paths::MESSAGES, room)).await.expect_json::<MessagePage>(200).events
}

/// The events of the changes since a rev, by the socket.
async fn caught_up(person: &Person, room: RoomId, after: i64) -> Vec<RoomEvent> {
    let missed = LiveSocket::open(person).await.subscribe(room, Some(Rev(after))).await;
    missed.into_iter().filter_map(|change| change.event).map(|event| *event).collect()
}

fn kinds(events: &[RoomEvent]) -> Vec<Kind> {
    events.iter().map(|event| event.kind).collect()
}

/// Does everything that is an event in a room of the fixture's member, except for deleting it; returns what
/// it should be.
async fn do_everything(fixture: &Fixture, room: RoomId) -> Vec<(Kind, UserRef, Option<UserRef>)> {
    let Fixture { member: host, outsider, admin, .. } = fixture;
    let carla = fixture.server.register("carla").await;
    let of = |template, person: &Person| paths::fill(template, &[&room, &person.user.id]);
    add(host, room, outsider).await;
    host.post_message(room, "hello").await;
    let role = json!({"role": "host"});
    host.patch(&of(paths::MEMBER, outsider), role).await.expect_status(200);
    // Other roles, policies and the history are no events.
    let role = json!({"role": "reader"});
    host.patch(&of(paths::MEMBER, outsider), role).await.expect_status(200);
    patch(host, room, json!({"policies": {"post": "reader"}, "history": "all"})).await;
    patch(host, room, json!({"name": "Vault", "topic": "Deep"})).await;
    admin.post(&at(paths::ADMIN_ROOM_ENTER, room), Value::Null).await.expect_status(200);
    patch(host, room, json!({"archived": true})).await;
    patch(host, room, json!({"archived": false})).await;
    patch(host, room, json!({"kind": "open", "open_from": 1})).await;
    carla.put(&at(paths::MEMBERSHIP, room), Value::Null).await.expect_status(200);
    patch(host, room, json!({"kind": "private"})).await;
    carla.delete(&at(paths::MEMBERSHIP, room)).await.expect_status(204);
    host.delete(&of(paths::MEMBER, admin)).await.expect_status(204);
    let [host, outsider, admin, carla] =
        [host, outsider, admin, &carla].map(|person| person.user.short());
    vec![
        (Kind::Added, host.clone(), Some(outsider.clone())),
        (Kind::MadeHost, host.clone(), Some(outsider)),
        (Kind::Renamed, host.clone(), None),
        (Kind::TopicChanged, host.clone(), None),
        (Kind::Entered, admin.clone(), None),
        (Kind::Archived, host.clone(), None),
        (Kind::Unarchived, host.clone(), None),
        (Kind::MadeOpen, host.clone(), None),
        (Kind::Joined, carla.clone(), None),
        (Kind::MadePrivate, host.clone(), None),
        (Kind::Left, carla, None),
        (Kind::Removed, host, Some(admin)),
    ]
}

#[tokio::test]
async fn each_kind_is_shown_live_by_catching_up_in_a_page_and_in_the_list() {
    let fixture = Fixture::start().await;
    let host = &fixture.member;
    let room = found(host, "all").await;
    let mut socket = LiveSocket::in_room(host, room).await;
    let expected = do_everything(&fixture, room).await;
    let mut live = Vec::new();
    while live.len() < expected.len() {
        let change = socket.next_change().await;
        if let Some(event) = change.event {
            assert_eq!(event.rev, change.rev);
            live.push(*event);
        }
    }
    let seen = live.iter().map(|event| (event.kind, event.by.clone(), event.user.clone()));
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    let after: Vec<i64> = live.iter().map(|event| event.after_seq.0).collect();
    assert_eq!((after[0], &after[1..]), (0, &[1_i64; 11][..]));
    let names = (live[2].from.as_deref(), live[2].to.as_deref());
    assert_eq!(names, (Some("Cellar"), Some("Vault")));
    let others = live.iter().filter(|event| event.kind != Kind::Renamed);
    assert_eq!(others.filter(|event| event.from.is_some() || event.to.is_some()).count(), 0);

    assert_eq!(caught_up(host, room, 0).await, live);
    assert_eq!(in_page(host, room).await, live);
    assert_eq!(listed(host, room).await, live);
    let by_rest = changes(host, room, 0).await.changes;
    assert!(by_rest.is_sorted_by(|one, other| one.rev < other.rev), "{by_rest:?}");
    let by_rest = by_rest.into_iter().filter_map(|change| change.event).map(|event| *event);
    assert_eq!(by_rest.collect::<Vec<_>>(), live);
    let middle = live[5].rev.0;
    assert_eq!(caught_up(host, room, middle).await, live[6..]);

    host.delete(&at(paths::ROOM, room)).await.expect_status(204);
    host.get(&at(paths::EVENTS, room)).await.expect_problem(Code::NotFound);
    host.post(&at(paths::RESTORE, room), Value::Null).await.expect_status(200);
    let restored = listed(host, room).await.pop().unwrap();
    assert_eq!((restored.kind, restored.by), (Kind::Restored, host.user.short()));
}

#[tokio::test]
async fn events_before_the_first_message_of_a_reader_are_not_shown() {
    let fixture = Fixture::start().await;
    let Fixture { member: host, outsider: late, admin, .. } = &fixture;
    let room = found(host, "joining").await;
    patch(host, room, json!({"name": "Secret"})).await;
    host.post_message(room, "one").await;
    host.post_message(room, "two").await;
    // No message stands between this and the join.
    patch(host, room, json!({"name": "Lunch"})).await;
    add(host, room, late).await;
    host.post_message(room, "three").await;
    add(host, room, admin).await;
    // What happened since they joined, with their own join.
    let expected = [Kind::Added, Kind::Added];
    assert_eq!(kinds(&listed(late, room).await), expected);
    assert_eq!(kinds(&in_page(late, room).await), expected);
    assert_eq!(kinds(&caught_up(late, room, 0).await), expected);
    assert_eq!(kinds(&in_page(host, room).await)[0], Kind::Renamed);
    let text = json!(changes(late, room, 0).await.changes).to_string();
    assert!(!text.contains("\"renamed\"") && !text.contains("Secret"), "{text}");
    // Pages have the events around their own messages.
    let first = format!("{}?anchor=seq:1&after=0", at(paths::MESSAGES, room));
    let first: MessagePage = host.get(&first).await.expect_json(200);
    assert_eq!(kinds(&first.events), [Kind::Renamed]);
    let last = format!("{}?anchor=seq:3&before=0", at(paths::MESSAGES, room));
    let last: MessagePage = host.get(&last).await.expect_json(200);
    assert_eq!(kinds(&last.events), [Kind::Renamed, Kind::Added, Kind::Added]);
    let path = at(paths::EVENTS, room) + "?limit=0";
    host.get(&path).await.expect_field_error("limit", "must be 1 to 200");

    // Whoever left sees nothing, and later only from then on.
    late.delete(&at(paths::MEMBERSHIP, room)).await.expect_status(204);
    late.get(&at(paths::EVENTS, room)).await.expect_problem(Code::NotFound);
    host.post_message(room, "four").await;
    add(host, room, late).await;
    assert_eq!(kinds(&listed(late, room).await), [Kind::Added]);
}

/// The clock of the node that wrote the events before the join may be fast, and that of the next slow.
#[tokio::test]
async fn the_clocks_of_nodes_do_not_decide_which_events_a_reader_sees() {
    let fixture = Fixture::start().await;
    let Fixture { server, member: host, outsider: late, admin, .. } = &fixture;
    let room = found(host, "joining").await;
    host.post_message(room, "one").await;
    // They were there before: only the last join counts.
    add(host, room, late).await;
    late.delete(&at(paths::MEMBERSHIP, room)).await.expect_status(204);
    patch(host, room, json!({"name": "Secret"})).await;
    add(host, room, late).await;
    add(host, room, admin).await;
    let join = listed(host, room).await[3].rev.0;
    for (shift, condition) in [("+ 60000000", "<"), ("- 60000000", ">=")] {
        let sql = format!(
            "UPDATE room_events SET created_at = created_at {shift} \
             WHERE room_id = {room} AND rev {condition} {join}"
        );
        server.database().writer.execute_unprepared(&sql).await.unwrap();
    }
    let all = [Kind::Added, Kind::Left, Kind::Renamed, Kind::Added, Kind::Added];
    assert_eq!(kinds(&listed(host, room).await), all);
    let expected = [Kind::Added, Kind::Added];
    assert_eq!(kinds(&listed(late, room).await), expected);
    assert_eq!(kinds(&in_page(late, room).await), expected);
    assert_eq!(kinds(&caught_up(late, room, 0).await), expected);
}

#[tokio::test]
async fn direct_rooms_show_only_who_was_added() {
    let Fixture { server: _server, admin, member, outsider, .. } = &Fixture::start().await;
    let users = |people: &[&Person]| people.iter().map(|p| p.user.id).collect::<Vec<_>>();
    let new = json!({"users": users(&[admin])});
    let room: MyRoom = member.post(paths::DIRECT, new).await.expect_json(201);
    assert_eq!(listed(member, room.id).await, []);
    let more = json!({"users": users(&[admin, member, outsider]), "from": room.id});
    admin.post(paths::DIRECT, more).await.expect_status(200);
    let added = listed(member, room.id).await;
    assert_eq!(kinds(&added), [Kind::Added]);
    assert_eq!((&added[0].by, &added[0].user), (&admin.user.short(), &Some(outsider.user.short())));
}

#[tokio::test]
async fn a_host_who_leaves_makes_another_one_host() {
    let Fixture { server: _server, member: host, outsider, .. } = &Fixture::start().await;
    let room = found(host, "all").await;
    add(host, room, outsider).await;
    host.delete(&at(paths::MEMBERSHIP, room)).await.expect_status(204);
    let events = listed(outsider, room).await;
    assert_eq!(kinds(&events), [Kind::Added, Kind::Left, Kind::MadeHost]);
    assert_eq!(events[2].user, Some(outsider.user.short()));
}
