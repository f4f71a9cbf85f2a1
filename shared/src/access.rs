//! Who may do what. The server's accounts have a [`Rank`], the members of a room a [`Role`], and a room
//! has a [`RoomKind`] and [`Policies`]; [`may`] is the one function that decides from them. The server
//! calls it in the transaction that writes, the page to show only what works.
//!
//! There are two ladders and no denials: a higher rung may do everything that a lower one may.

use serde::{Deserialize, Serialize};

use crate::problem::Code;

mod perspective;
#[cfg(test)]
mod tests;

pub use perspective::Perspective;

/// The rank of an account on the server, from lowest to highest.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Sees only the rooms that they were added to, and the people in them.
    Guest,
    /// Finds and joins open rooms, and creates private ones.
    #[default]
    Member,
    /// Manages accounts and open rooms.
    Admin,
    /// An admin who also names admins. There is always one.
    Owner,
}

impl Rank {
    /// Whether the account is an admin or an owner.
    pub fn is_admin(self) -> bool {
        self >= Self::Admin
    }
}

/// The role of a member in a room, from lowest to highest.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads, and does nothing else unless a policy of the room allows it.
    Reader,
    /// Takes part.
    #[default]
    Member,
    /// Manages the room and its members.
    Host,
}

/// Who finds a room.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Everybody except guests finds it and may join it.
    #[default]
    Open,
    /// Only its members know that it exists.
    Private,
    /// A conversation of 1 to 9 people, without a name and without hosts.
    Direct,
}

/// Which messages new members of a room may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum History {
    /// Also those that were posted before they joined.
    #[default]
    All,
    /// Only those that are posted after they joined.
    Joining,
}

/// The lowest role in a room that may do each of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Policies {
    /// Post messages.
    pub post: Role,
    /// Add people to the room.
    pub invite: Role,
    /// Change the topic.
    pub topic: Role,
    /// Slow mode: the seconds between two messages of one member, at most 21 600; 0 is off. It does not
    /// apply to those who manage the room.
    #[cfg_attr(feature = "schema", schemars(range(max = 21_600)))]
    #[serde(skip_serializing_if = "is_off")]
    pub slow_s: u32,
}

fn is_off(seconds: &u32) -> bool {
    *seconds == 0
}

impl Default for Policies {
    fn default() -> Self {
        Self { post: Role::Member, invite: Role::Member, topic: Role::Host, slow_s: 0 }
    }
}

/// What [`may`] needs to know about a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomAccess {
    /// Who finds it.
    pub kind: RoomKind,
    /// Who may do what in it.
    pub policies: Policies,
    /// Whether it is archived: read only.
    pub is_archived: bool,
}

/// What somebody wants to do with a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Know that it exists, and its name, topic and size.
    See,
    /// Become a member without being added.
    Join,
    /// Read its messages and members.
    Read,
    /// Post messages, and change and delete one's own.
    Post,
    /// Add reactions to messages, and remove one's own.
    React,
    /// Add people.
    Invite,
    /// Change the topic.
    ChangeTopic,
    /// Report a message to those who manage the room.
    Report,
    /// Delete the messages of others.
    DeleteAnyMessage,
    /// Keep members from posting for a while, or ban them: only those who may not do it themselves. Who may
    /// do it has no slow mode.
    TimeOut,
    /// Rename, convert, archive and delete the room, change its policies, its history and the roles of its
    /// members, and remove members.
    Manage,
    /// Choose whether new accounts join the room.
    SetDefault,
}

/// Whether an account may do something in a room; `role` is `None` for somebody who is not a member.
///
/// Who may not even [`Action::See`] a room gets the response of a room that does not exist.
pub fn may(rank: Rank, room: &RoomAccess, role: Option<Role>, action: Action) -> bool {
    let is_open = room.kind == RoomKind::Open;
    let finds = is_open && rank >= Rank::Member;
    let is_direct = room.kind == RoomKind::Direct;
    let manages = !is_direct && (role == Some(Role::Host) || (is_open && rank.is_admin()));
    let reaches = |least: Role| manages || role.is_some_and(|role| role >= least);
    match action {
        Action::See => finds || role.is_some(),
        Action::Join => finds && !room.is_archived,
        Action::Read => role.is_some(),
        // An admin outside manages an open room, but posts as a member.
        Action::Post => role.is_some() && !room.is_archived && reaches(room.policies.post),
        // Also where only hosts post: a reaction there is the only way to respond.
        Action::React => role.is_some() && !room.is_archived,
        // A guest does not know the people outside.
        Action::Invite => {
            rank >= Rank::Member && !is_direct && !room.is_archived && reaches(room.policies.invite)
        }
        Action::ChangeTopic => !is_direct && !room.is_archived && reaches(room.policies.topic),
        // It affects people who are not in the room, so it is no matter of its hosts.
        Action::SetDefault => rank.is_admin() && (finds || role.is_some()),
        Action::Report => role.is_some() && !is_direct,
        Action::DeleteAnyMessage | Action::TimeOut | Action::Manage => manages,
    }
}

/// As [`may`], with the error to respond with.
pub fn check(
    rank: Rank,
    room: &RoomAccess,
    role: Option<Role>,
    action: Action,
) -> Result<(), Code> {
    if may(rank, room, role, action) {
        return Ok(());
    }
    if !may(rank, room, role, Action::See) {
        return Err(Code::NotFound);
    }
    let restored = RoomAccess { is_archived: false, ..*room };
    Err(match action {
        _ if may(rank, &restored, role, action) => Code::RoomArchived,
        Action::See
        | Action::Join
        | Action::Read
        | Action::Post
        | Action::React
        | Action::Report
            if role.is_none() =>
        {
            Code::NotAMember
        }
        Action::SetDefault => Code::AdminOnly,
        _ if room.kind == RoomKind::Direct => Code::DirectRoom,
        Action::Invite if rank == Rank::Guest => Code::RankTooLow,
        Action::Invite | Action::ChangeTopic if role.is_none() => Code::NotAMember,
        _ => Code::HostsOnly,
    })
}
