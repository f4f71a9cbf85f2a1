//! The rooms of a user, and what they have read of them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    access::{Policies, Role, RoomAccess, RoomKind},
    ids::{Rev, RoomId, Seq, UserId},
    problem::FieldError,
    rules::FAVOURITES_MAX,
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
    /// Until when the caller may not post. It may be in the past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timed_out_until: Option<Timestamp>,
    /// The people of a direct room, with the caller, by id; absent for other rooms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<UserRef>,
    /// The room's newest message when the caller hid it: it stays hidden until there is a newer one.
    /// Absent if it is not hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Seq>,
    /// The position among the favourites of the caller, from the smallest; absent if it is none. Other
    /// members do not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favourite: Option<i64>,
    /// Whether the caller muted it: only mentions in it count as unread in the page. Other members do not
    /// see it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub muted: bool,
}

/// `PATCH /rooms/{id}/preferences`: what the caller prefers; a field that is left out stays unchanged.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatchPreferences {
    /// Whether only mentions in the room count as unread in the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
}

/// `PUT /users/me/favourites`: replaces the whole list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplaceFavourites {
    /// Rooms of the caller in their order, each once; at most 100.
    #[cfg_attr(feature = "schema", schemars(length(max = 100)))]
    pub rooms: Vec<RoomId>,
}

impl ReplaceFavourites {
    /// Checks the number of rooms, and that each is named once.
    pub fn validate(&self) -> Result<(), FieldError> {
        let count = self.rooms.len();
        if count > FAVOURITES_MAX {
            let message = format!("must be at most {FAVOURITES_MAX} rooms, but are {count}");
            return Err(FieldError::new("rooms", message));
        }
        let mut named = BTreeSet::new();
        match self.rooms.iter().find(|room| !named.insert(**room)) {
            Some(room) => {
                let message = format!("must name each room once, but name {room} twice");
                Err(FieldError::new("rooms", message))
            }
            None => Ok(()),
        }
    }
}

/// What a direct room is called for one of its people: the names of the others.
pub fn direct_name(people: &[UserRef], me: UserId) -> String {
    let others = people.iter().filter(|user| user.id != me);
    let names: Vec<_> = others.map(UserRef::name).collect();
    if names.is_empty() { "Notes".to_owned() } else { names.join(", ") }
}

impl MyRoom {
    /// Whether the caller hid the room and nothing was posted since.
    pub fn is_hidden(&self) -> bool {
        self.hidden.is_some_and(|hidden| self.read.last_seq <= hidden)
    }

    /// The number of unread messages for which the page asks for attention: in a muted room, only those
    /// that mention the caller.
    pub fn counted_unread(&self) -> i64 {
        let ReadState { unread, mentions, .. } = self.read;
        let counted = if self.muted { mentions.min(unread) } else { unread };
        counted.max(0)
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
