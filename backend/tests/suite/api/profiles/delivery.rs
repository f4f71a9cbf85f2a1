//! A new display name is a change of each room; a new status is none.

use serde_json::json;
use shared::{
    live::ServerFrame,
    messages::{Message, Row},
    paths,
    rooms::MyRoom,
    users::User,
};

use super::{change, listed, set_name};
use crate::fixture::{Fixture, LiveSocket, all_messages, changes, last_rev, read_by_rest};

async fn wait_account(live: &mut LiveSocket) -> User {
    live.expect(|frame| match frame {
        ServerFrame::User { user } => Some(user.clone()),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_new_display_name_is_a_change_of_each_room() {
    let fixture = Fixture::start().await;
    let (member, room) = (&fixture.member, fixture.room);
    let mut own = LiveSocket::in_room(member, room).await;
    let mut other = LiveSocket::in_room(&fixture.admin, room).await;
    for name in [Some("Ada"), Some("Countess"), None] {
        let before = last_rev(member, room).await;
        let changed = change(member, json!({ "display_name": name })).await;
        assert_eq!(wait_account(&mut own).await, changed);
        let change = other.next_change().await;
        let Row::Member(row) = &change.row else { panic!("{change:?}") };
        assert_eq!((row.user.id, row.user.display_name.as_deref()), (member.user.id, name));
        assert_eq!((change.rev, row.rev), (before.next(), before.next()));
        // Once, although every node and the log report the change.
        let found = changes(&fixture.admin, room, before.0).await;
        assert_eq!(found.changes, std::slice::from_ref(&change));
        let (messages, members) = read_by_rest(&fixture.admin, room).await;
        assert!(members.contains(row));
        let first = messages.iter().find(|message| message.seq.0 == 1).unwrap();
        assert_eq!(first.user, row.user, "old messages have the new name");
    }
}

#[tokio::test]
async fn new_messages_have_the_display_name_everywhere() {
    let fixture = Fixture::start().await;
    let (member, room) = (&fixture.member, fixture.room);
    // The ledger keeps the rows of the last batch, which have no display name.
    member.post_message(room, "before").await;
    set_name(member, "Ada").await;
    let mut other = LiveSocket::in_room(&fixture.admin, room).await;
    let posted = member.post_message(room, "after").await;
    assert_eq!(posted.user.name(), "Ada");
    let live = loop {
        if let Row::Message(message) = other.next_change().await.row {
            break message;
        }
    };
    assert_eq!(live, posted);
    assert!(all_messages(&fixture.admin, room).await.contains(&posted));
    let path = format!("{}?format=jsonl", fixture.path(paths::EXPORT));
    let exported = fixture.admin.get(&path).await.text;
    let last: Message = serde_json::from_str(exported.lines().last().unwrap()).unwrap();
    assert_eq!(last.user, posted.user);
    for (format, has_name) in [("html", true), ("markdown", true), ("csv", false)] {
        let path = format!("{}?format={format}", fixture.path(paths::EXPORT));
        let text = fixture.admin.get(&path).await.text;
        assert_eq!(text.contains("Ada"), has_name, "{format}");
        assert!(has_name || text.contains("member"), "{format}");
    }
    let classic = fixture.admin.get(&format!("/messages/{room}/")).await.text;
    assert!(classic.contains("member") && !classic.contains("Ada"));
    let insights = fixture.admin.get(&fixture.path(paths::INSIGHTS)).await.expect_status(200);
    assert_eq!(insights["authors"][0]["user"]["display_name"], json!("Ada"));
}

/// People set a status many times a day, and a rev in each of their rooms would be most of the changes.
#[tokio::test]
async fn a_new_status_is_no_change_of_a_room() {
    let fixture = Fixture::start().await;
    let (member, room) = (&fixture.member, fixture.room);
    let mut own = LiveSocket::in_room(member, room).await;
    let mut other = LiveSocket::in_room(&fixture.admin, room).await;
    let before = last_rev(member, room).await;
    let patch = json!({"pronouns": "she/her", "status": {"text": "At lunch"}});
    let changed = change(member, patch).await;
    assert_eq!(wait_account(&mut own).await, changed);
    assert_eq!(listed(&fixture, member).await["status"], json!({"text": "At lunch"}));
    let posted = fixture.admin.post_message(room, "hello").await;
    let change = other.next_change().await;
    assert_eq!((change.rev, posted.rev), (before.next(), before.next()), "{change:?}");
}

#[tokio::test]
async fn direct_rooms_have_the_display_names() {
    let fixture = Fixture::start().await;
    set_name(&fixture.outsider, "Ada").await;
    let users = json!({"users": [fixture.outsider.user.id]});
    let room: MyRoom = fixture.member.post(paths::DIRECT, users).await.expect_json(201);
    let names = |room: &MyRoom| -> Vec<String> {
        room.people.iter().map(|user| user.name().to_owned()).collect()
    };
    assert_eq!(names(&room), ["member", "Ada"]);
    let live = LiveSocket::open(&fixture.member).await;
    let found = live.rooms.iter().find(|found| found.id == room.id).unwrap();
    assert_eq!(names(found), ["member", "Ada"]);
}
