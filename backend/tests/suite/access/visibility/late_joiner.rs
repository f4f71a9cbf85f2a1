//! A member of a room whose history begins when one joins: nothing tells of what was said before.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::{
    access::Rank,
    ids::RoomId,
    live::ServerFrame,
    messages::{Message, Row},
    paths,
    rooms::MyRoom,
};

use crate::fixture::{LiveSocket, PASSWORD, Person, Server, Socket, SocketEvent, changes};

/// A private room with three early messages and two later ones.
struct Room {
    server: Server,
    host: Person,
    late: Person,
    room: RoomId,
    early: Vec<Message>,
    later: Vec<Message>,
}

impl Room {
    async fn start() -> Self {
        let server = Server::start().await;
        let host = server.person("host", Rank::Member).await;
        let late = server.person("late", Rank::Member).await;
        let new = json!({"name": "Cellar", "kind": "private", "history": "joining"});
        let room = host.post(paths::ROOMS, new).await.expect_status(201);
        let room = RoomId(room["id"].as_i64().unwrap());
        let mut early = Vec::new();
        for text in ["early one", "early two", "early three"] {
            early.push(host.post_message(room, text).await);
        }
        let mut this = Self { server, host, late, room, early, later: Vec::new() };
        this.add_late().await;
        for text in ["later one", "later two"] {
            this.later.push(this.host.post_message(room, text).await);
        }
        this
    }

    async fn add_late(&self) {
        let member = paths::fill(paths::MEMBER, &[&self.room, &self.late.user.id]);
        self.host.put(&member, Value::Null).await.expect_status(200);
    }

    fn path(&self, template: &str, query: &str) -> String {
        paths::fill(template, &[&self.room]) + query
    }

    fn message_path(&self, seq: i64) -> String {
        paths::fill(paths::MESSAGE, &[&self.room, &seq])
    }

    async fn get(&self, template: &str, query: &str) -> Value {
        self.late.get(&self.path(template, query)).await.expect_status(200)
    }

    /// The only room of the late joiner.
    async fn in_welcome(&self) -> MyRoom {
        let rooms = LiveSocket::open(&self.late).await.rooms;
        assert_eq!(rooms.len(), 1);
        rooms[0].clone()
    }

    async fn edit(&self, seq: i64, content: &str) {
        let edit = json!({"content": content});
        self.host.patch(&self.message_path(seq), edit).await.expect_status(200);
    }
}

fn seqs(page: &Value) -> Vec<i64> {
    let messages = page["messages"].as_array().unwrap();
    messages.iter().map(|message| message["seq"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn pages_begin_at_the_first_message_that_they_may_read() {
    let room = Room::start().await;
    let (early_id, later_id) = (room.early[1].id, room.later[1].id);
    let queries = [
        String::new(),
        "?anchor=oldest".into(),
        "?anchor=seq:1&before=200&after=200".into(),
        "?anchor=seq:5&before=200".into(),
        "?anchor=date:2020-01-01&before=9&after=9".into(),
        "?anchor=last_read&before=9&after=9".into(),
        format!("?anchor=id:{early_id}&before=9&after=9"),
        format!("?anchor=id:{later_id}&before=9&after=9"),
        "?q=early OR later&anchor=seq:1&before=9&after=9".into(),
    ];
    for query in queries {
        let page = room.get(paths::MESSAGES, &query.replace(' ', "%20")).await;
        assert_eq!(seqs(&page), [4, 5], "{query}");
        assert_eq!((&page["has_older"], &page["has_newer"]), (&json!(false), &json!(false)));
        assert!(page["older"].is_null() || page["older"] == 4, "{page}");
    }
    let page = room.get(paths::MESSAGES, "?anchor=seq:2").await;
    assert_eq!(page["anchor"]["reason"], "before_oldest", "{page}");
    let page = room.get(paths::MESSAGES, &format!("?anchor=id:{early_id}")).await;
    assert_eq!(page["anchor"]["reason"], "unknown", "{page}");
    for (method, body) in [("GET", Value::Null), ("PATCH", json!({"content": "x"}))] {
        for seq in [1, 3, 99] {
            room.late.call(method, &room.message_path(seq), body.clone()).await.expect_status(404);
        }
    }
}

#[tokio::test]
async fn counts_and_cursors_begin_there_too() {
    let room = Room::start().await;
    let calendar = room.get(paths::CALENDAR, "").await;
    let days = calendar["days"].as_array().unwrap().iter();
    assert_eq!(days.map(|day| day["count"].as_i64().unwrap()).sum::<i64>(), 2);
    assert_eq!(calendar["earlier"], Value::Null);
    assert_eq!(room.get(paths::INSIGHTS, "").await["total"], 2);
    let map = room.get(paths::MAP, "").await;
    assert_eq!((&map["months"][0]["first_seq"], &map["mentions"]), (&json!(4), &json!([])));
    let hits = room.get(paths::MAP_HITS, "?q=from:host").await;
    assert_eq!((&hits["hits"], &hits["older"]), (&json!([4, 5]), &Value::Null), "{hits}");
    let hits = room.get(paths::MAP_HITS, "?q=&up_to=3").await;
    assert_eq!((&hits["hits"], &hits["older"]), (&json!([]), &Value::Null), "{hits}");
    let summary = room.late.get(paths::SUMMARY).await.expect_status(200);
    assert_eq!((&summary["total"], &summary["rooms"][0]["count"]), (&json!(2), &json!(2)));
    let export = room.late.get(&room.path(paths::EXPORT, "?from_seq=1")).await;
    assert_eq!(export.header("hallway-messages"), "2");
    let export = room.late.get(&room.path(paths::EXPORT, "?from_seq=1&to_seq=3")).await;
    assert_eq!((export.header("hallway-messages"), &*export.text), ("0", ""));
    // A cursor could be the id of a message that they do not see.
    let first = format!("id:{}", room.later[0].id.0 - 1);
    for (query, older) in [
        ("q=near:2", Value::Null),
        ("q=near:3%20in:Cellar", Value::Null),
        ("anchor=date:2020-01-01", json!(first)),
    ] {
        let path = format!("{}?{query}&before=0&after=0", paths::SEARCH);
        let found = room.late.get(&path).await.expect_status(200);
        assert_eq!(found["older"], older, "{query}: {found}");
    }
    let mine = room.in_welcome().await;
    assert_eq!((mine.read.unread, mine.read.mentions, mine.visible_from.0), (2, 0, 4));
    let read = room.path(paths::READ, "");
    room.late.put(&read, json!({"seq": 2, "exact": true})).await.expect_status(422);
    let read = room.late.put(&read, json!({"seq": 3, "exact": true})).await.expect_status(200);
    assert_eq!(read["unread"], 2);
}

#[tokio::test]
async fn what_happens_to_early_messages_is_skipped() {
    let room = Room::start().await;
    let mut live = LiveSocket::in_room(&room.late, room.room).await;
    let authorization = format!("Bearer {}", room.late.token);
    let path = format!("/ws/chat/{}/", room.room);
    let headers = [("authorization", &*authorization)];
    let mut classic = Socket::open(room.server.address, &path, &headers).await.unwrap();
    let before = shared_rev(&room).await;
    // With a mention that counts for nobody who may not read it.
    room.edit(1, "early @late").await;
    room.host.delete(&room.message_path(2)).await.expect_status(204);
    room.host.post_message(room.room, "now").await;
    let is_presence = |frame: &ServerFrame| matches!(frame, ServerFrame::Presence { .. });
    let other = |frame: &ServerFrame| (!is_presence(frame)).then(|| frame.clone());
    for _ in 0..2 {
        let frame = live.expect(other).await;
        assert!(matches!(frame, ServerFrame::Skip { .. }), "{frame:?}");
    }
    let ServerFrame::Message { message, rev, .. } = live.expect(other).await else {
        panic!("no message")
    };
    assert_eq!((&*message.content, rev.0), ("now", before + 3));
    match classic.next().await {
        SocketEvent::Text(text) => assert!(text.contains("\"now\""), "{text}"),
        closed => panic!("{closed:?}"),
    }
    let missed = changes(&room.late, room.room, before).await;
    let texts = json!(missed.changes).to_string();
    assert_eq!((missed.changes.len(), missed.rev.0), (1, before + 3));
    assert!(!texts.contains("early"), "{texts}");
    let mine = room.in_welcome().await;
    assert_eq!((mine.read.unread, mine.read.mentions), (3, 0));
    assert_eq!(room.get(paths::MAP, "").await["mentions"], json!([]));
}

/// Those who left before the room had its last early message are as unknown as the message. Everybody else
/// who left is a change, also for a client that was there.
#[tokio::test]
async fn former_members_of_before_are_in_no_change() {
    let room = Room::start().await;
    let seat = |person: &Person| paths::fill(paths::MEMBER, &[&room.room, &person.user.id]);
    let add = async |person: &Person| {
        room.host.put(&seat(person), Value::Null).await.expect_status(200);
    };
    let leave = async |person: &Person| {
        room.host.delete(&seat(person)).await.expect_status(204);
    };
    let person = async |name: &str| room.server.person(name, Rank::Member).await;
    let (before, between) = (person("before").await, person("between").await);
    let (after, newest) = (person("after").await, person("newest").await);
    for person in [&before, &between, &after] {
        add(person).await;
    }
    leave(&before).await;
    room.host.post_message(room.room, "nobody new reads this").await;
    leave(&between).await;
    add(&newest).await;
    leave(&after).await;
    let former = async |reader: &Person| {
        let seen = changes(reader, room.room, 0).await.changes;
        let names = seen.into_iter().filter_map(|change| match change.row {
            Row::Member(member) if member.left => Some(member.user.username),
            _ => None,
        });
        // Each event of somebody is another change with their row.
        names.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(former(&newest).await, ["after", "between"]);
    assert_eq!(former(&room.late).await, ["after", "before", "between"]);
    assert_eq!(former(&room.host).await, ["after", "before", "between"]);
    // Whoever comes back is a member like any other.
    add(&before).await;
    let seen = json!(changes(&newest, room.room, 0).await.changes).to_string();
    assert!(seen.contains("\"before\""), "{seen}");
}

/// The row of a former member changes once more when their account is deleted.
#[tokio::test]
async fn a_change_of_a_former_member_of_before_is_skipped() {
    let room = Room::start().await;
    let former = room.server.register("former").await;
    let newest = room.server.person("newest", Rank::Member).await;
    let seat = |person: &Person| paths::fill(paths::MEMBER, &[&room.room, &person.user.id]);
    room.host.put(&seat(&former), Value::Null).await.expect_status(200);
    room.host.delete(&seat(&former)).await.expect_status(204);
    room.host.post_message(room.room, "nobody new reads this").await;
    room.host.put(&seat(&newest), Value::Null).await.expect_status(200);
    let mut of_late = LiveSocket::in_room(&room.late, room.room).await;
    let mut of_newest = LiveSocket::in_room(&newest, room.room).await;
    let before = shared_rev(&room).await;
    let request = json!({"password": PASSWORD, "messages": "keep"});
    former.call("DELETE", paths::ME, request).await.expect_status(204);
    // The person whom a change is about; nobody if it is skipped.
    let change = |frame: &ServerFrame| match frame {
        ServerFrame::Member { rev, member, .. } => Some((Some(member.user.id), rev.0)),
        ServerFrame::Skip { rev, .. } => Some((None, rev.0)),
        _ => None,
    };
    assert_eq!(of_late.expect(change).await, (Some(former.user.id), before + 1));
    assert_eq!(of_newest.expect(change).await, (None, before + 1));
    assert_eq!(changes(&room.late, room.room, before).await.changes.len(), 1);
    assert_eq!(changes(&newest, room.room, before).await.changes, []);
}

async fn shared_rev(room: &Room) -> i64 {
    crate::fixture::last_rev(&room.host, room.room).await.0
}

#[tokio::test]
async fn early_messages_can_be_neither_replied_to_nor_deleted() {
    let room = Room::start().await;
    let messages = room.path(paths::MESSAGES, "");
    let reply = |seq: i64| json!({"content": "reply", "reply_to": seq});
    for seq in [1, 3, 99] {
        room.late.post(&messages, reply(seq)).await.expect_field_error("reply_to", "4 to 5");
    }
    room.late.post(&messages, reply(4)).await.expect_status(201);
    // Not even by a host.
    let member = paths::fill(paths::MEMBER, &[&room.room, &room.late.user.id]);
    room.host.patch(&member, json!({"role": "host"})).await.expect_status(200);
    for seq in [1, 3, 99] {
        room.late.delete(&room.message_path(seq)).await.expect_status(404);
    }
    room.late.delete(&room.message_path(4)).await.expect_status(204);
}

#[tokio::test]
async fn the_classic_history_begins_there_too() {
    let room = Room::start().await;
    let path = format!("/messages/{}/", room.room);
    for query in ["", "?limit=99", "?limit=2"] {
        let history = room.late.get(&format!("{path}{query}")).await.expect_status(200);
        let messages = history["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 2, "{query}: {history}");
    }
    let (early, later) = (room.early[2].id, room.later[0].id);
    let history = room.late.get(&format!("{path}?before={later}")).await.expect_status(200);
    assert_eq!(history["messages"], json!([]));
    let unknown = room.late.get(&format!("{path}?before=999999")).await;
    let hidden = room.late.get(&format!("{path}?before={early}")).await;
    assert_eq!((hidden.status, unknown.status), (400, 400));
    assert_eq!(hidden.text.replace(&early.to_string(), "999999"), unknown.text);
}

/// Who leaves and joins again begins anew.
#[tokio::test]
async fn another_join_hides_what_they_read_before() {
    let room = Room::start().await;
    room.late.delete(&room.path(paths::MEMBERSHIP, "")).await.expect_status(204);
    room.host.post_message(room.room, "in between @late").await;
    room.add_late().await;
    let page = room.get(paths::MESSAGES, "?anchor=oldest&before=9&after=9").await;
    assert_eq!((seqs(&page), &page["anchor"]["reason"]), (Vec::new(), &json!("empty_room")));
    for q in ["", "later", "between", "from:host", "~early", "mentions:late"] {
        let found = room.late.get(&format!("{}?q={q}", paths::SEARCH)).await.expect_status(200);
        assert_eq!(found["hits"], json!([]), "{q}");
    }
    assert_eq!(room.get(paths::INSIGHTS, "").await["total"], 0);
    let map = room.get(paths::MAP, "").await;
    assert_eq!((&map["months"], &map["mentions"]), (&json!([]), &json!([])));
    let mine = room.in_welcome().await;
    assert_eq!((mine.read.unread, mine.read.mentions), (0, 0));
    let texts = json!(changes(&room.late, room.room, 0).await.changes).to_string();
    assert!(!texts.contains("later") && !texts.contains("between"), "{texts}");
    room.host.post_message(room.room, "again").await;
    let page = room.get(paths::MESSAGES, "").await;
    assert_eq!(seqs(&page), [7]);
}
