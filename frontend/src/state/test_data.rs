//! Messages and rooms for the tests of this folder.

use chrono::DateTime;
use shared::{
    access::{Policies, Role, RoomKind},
    ids::{ClientId, MessageId, Rev, RoomId, Seq, UserId},
    messages::{Message, Reactions},
    rooms::{MyRoom, ReadState, RoomEvent, RoomEventKind},
    text::Format,
    users::UserRef,
};
use uuid::Uuid;

/// A message in room 1, posted by the user `author` at the Unix epoch.
pub fn message(seq: i64, author: i64) -> Message {
    Message {
        id: MessageId(seq),
        room: RoomId(1),
        seq: Seq(seq),
        rev: Rev(seq),
        user: UserRef { id: UserId(author), username: "x".into(), display_name: None },
        format: Format::Text,
        content: "text".into(),
        client_id: ClientId(Uuid::from_u128(seq as u128)),
        reply_to: None,
        created_at: DateTime::UNIX_EPOCH,
        edited_at: None,
        deleted_at: None,
        reactions: Reactions::default(),
    }
}

/// The user with this id.
pub fn person(id: i64) -> UserRef {
    UserRef { id: UserId(id), username: format!("person{id}"), display_name: None }
}

/// An event of room 1, at the Unix epoch.
pub fn event(rev: i64, after_seq: i64, kind: RoomEventKind, by: i64) -> RoomEvent {
    RoomEvent {
        rev: Rev(rev),
        after_seq: Seq(after_seq),
        kind,
        by: person(by),
        user: None,
        from: None,
        to: None,
        at: DateTime::UNIX_EPOCH,
    }
}

/// A room of mine with ten messages, two of them unread.
pub fn room(id: i64, name: &str) -> MyRoom {
    MyRoom {
        id: RoomId(id),
        name: name.into(),
        topic: String::new(),
        kind: RoomKind::Open,
        policies: Policies::default(),
        archived: false,
        read: ReadState {
            read_seq: Seq(8),
            unread: 2,
            mentions: 0,
            last_seq: Seq(10),
            last_rev: Rev(10),
        },
        role: Role::Member,
        visible_from: Seq(1),
        timed_out_until: None,
        people: Vec::new(),
        hidden: None,
        favourite: None,
        muted: false,
    }
}
