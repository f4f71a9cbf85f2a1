//! The rooms of a user, and what they have read of them.

use serde::{Deserialize, Serialize};

use crate::{
    access::{Policies, Role, RoomAccess, RoomKind},
    ids::{Rev, RoomId, Seq, UserId},
    users::UserRef,
};

/// A room of the caller with their read state, as the sidebar shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MyRoom {
    /// The id of the room.
    pub id: RoomId,
    /// Its name.
    pub name: String,
    /// Its topic.
    pub topic: String,
    /// Who finds it.
    pub kind: RoomKind,
    /// The lowest role that may do each of these.
    pub policies: Policies,
    /// Whether it is archived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// The read state of the caller, and the room's newest message and change.
    #[serde(flatten)]
    pub read: ReadState,
    /// The role of the caller.
    pub role: Role,
    /// The `seq` of the first message that the caller may read.
    pub visible_from: Seq,
    /// The people of a direct room, with the caller, by id; absent for other rooms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<UserRef>,
    /// The room's newest message when the caller hid it: it stays hidden until there is a newer one.
    /// Absent if it is not hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Seq>,
}

/// What a direct room is called for one of its people: the names of the others.
pub fn direct_name(people: &[UserRef], me: UserId) -> String {
    let others = people.iter().filter(|user| user.id != me);
    let names: Vec<_> = others.map(|user| user.username.as_str()).collect();
    if names.is_empty() { "Notes".to_owned() } else { names.join(", ") }
}

impl MyRoom {
    /// Whether the caller hid the room and nothing was posted since.
    pub fn is_hidden(&self) -> bool {
        self.hidden.is_some_and(|hidden| self.read.last_seq <= hidden)
    }

    /// What [`crate::access::may`] needs to know.
    pub fn access(&self) -> RoomAccess {
        let Self { kind, policies, archived, .. } = self;
        RoomAccess { kind: *kind, policies: *policies, is_archived: *archived }
    }
}

/// The read state of a member in a room. It counts the messages up to `last_seq`, in their state at
/// `last_rev`: a client that has later messages or changes adds those itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReadState {
    /// The `seq` of the last message that was read; 0 if none was.
    pub read_seq: Seq,
    /// The number of newer messages, without deleted ones.
    pub unread: i64,
    /// The number of newer messages that mention the member.
    pub mentions: i64,
    /// The `seq` of the newest message that is counted.
    pub last_seq: Seq,
    /// The `rev` of the room's newest change that is counted.
    pub last_rev: Rev,
}

/// `PUT /rooms/{id}/read`: marks the room as read up to a message.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MarkRead {
    /// The `seq` of the last message that was read. Unless `exact`, a greater number than the
    /// newest means the newest, and a smaller number than the stored one changes nothing.
    pub seq: Seq,
    /// Sets the mark to exactly `seq` (0 to the newest), so that every later message is unread.
    #[serde(default)]
    pub exact: bool,
    /// The `read_seq` that the client has. If the server has another one, the request changes
    /// nothing, unless `exact`: a message that another device marked unread stays unread. Also
    /// accepted as `known`.
    #[serde(default, alias = "known")]
    pub if_read_seq: Option<Seq>,
}
