//! Events: what changed in a room and who changed it, as small lines between its messages.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{Rev, Seq},
    users::UserRef,
};

/// A change of a room or of its members, as the timeline shows it. It stays when the row changes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomEvent {
    /// The number of the change.
    pub rev: Rev,
    /// The newest message of the room at that time; 0 if it had none. The timeline shows the event after it.
    pub after_seq: Seq,
    /// The kind of the change.
    pub kind: RoomEventKind,
    /// The account that made the change.
    pub by: UserRef,
    /// To whom it was done, if it was done to somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserRef>,
    /// The old name of a renamed room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The new name of a renamed room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// When it happened.
    pub at: Timestamp,
}

/// What happened in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoomEventKind {
    /// `by` joined.
    Joined,
    /// `by` left.
    Left,
    /// `by` added `user`.
    Added,
    /// `user` joined by an invitation of `by`.
    Invited,
    /// `by` removed `user`.
    Removed,
    /// `by` made `user` a host.
    MadeHost,
    /// `by`, an admin to whom the room was closed, entered it.
    Entered,
    /// `by` renamed the room.
    Renamed,
    /// `by` changed the topic.
    TopicChanged,
    /// `by` made the room open.
    MadeOpen,
    /// `by` made the room private.
    MadePrivate,
    /// `by` archived the room.
    Archived,
    /// `by` restored the room from the archive.
    Unarchived,
    /// `by` restored the room after it was deleted.
    Restored,
}

/// `GET /rooms/{id}/events`: the events that the caller may see, newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomEvents {
    /// One page of the list.
    pub events: Vec<RoomEvent>,
    /// The `before_rev` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Rev>,
}
