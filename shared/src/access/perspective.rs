//! A room as it looks to somebody else.

use super::{Action, Rank, Role, RoomAccess, may};

/// Somebody as whom a host looks at a room. It is a rank and a role, never an account, so it shows what
/// people may do and none of their data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Perspective {
    /// A member of the room.
    Member,
    /// A reader of the room.
    Reader,
    /// A guest of the server who was added as a member.
    Guest,
    /// A member of the server who is not in the room.
    Outsider,
}

impl Perspective {
    /// All of them, those who may do most first.
    pub const ALL: [Self; 4] = [Self::Member, Self::Reader, Self::Guest, Self::Outsider];

    /// The rank on the server, and the role in the room.
    pub fn rank_and_role(self) -> (Rank, Option<Role>) {
        match self {
            Self::Member => (Rank::Member, Some(Role::Member)),
            Self::Reader => (Rank::Member, Some(Role::Reader)),
            Self::Guest => (Rank::Guest, Some(Role::Member)),
            Self::Outsider => (Rank::Member, None),
        }
    }

    /// As [`may`].
    pub fn may(self, room: &RoomAccess, action: Action) -> bool {
        let (rank, role) = self.rank_and_role();
        may(rank, room, role, action)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::*, *};

    fn room(kind: RoomKind, policies: Policies) -> RoomAccess {
        RoomAccess { kind, policies, is_archived: false }
    }

    #[test]
    fn each_perspective_differs_from_the_others() {
        let open = room(RoomKind::Open, Policies::default());
        let can = |who: Perspective, action| who.may(&open, action);
        assert!(can(Perspective::Member, Action::Post) && can(Perspective::Member, Action::Invite));
        assert!(can(Perspective::Reader, Action::Read) && !can(Perspective::Reader, Action::Post));
        assert!(can(Perspective::Guest, Action::Post) && !can(Perspective::Guest, Action::Invite));
        assert!(
            can(Perspective::Outsider, Action::See) && !can(Perspective::Outsider, Action::Read)
        );
    }

    #[test]
    fn a_private_room_does_not_exist_outside() {
        let private = room(RoomKind::Private, Policies::default());
        for action in [Action::See, Action::Join, Action::Read, Action::Post, Action::Manage] {
            assert!(!Perspective::Outsider.may(&private, action), "{action:?}");
        }
        assert!(Perspective::Guest.may(&private, Action::Read));
    }

    #[test]
    fn policies_count() {
        let policies = Policies { post: Role::Host, ..Policies::default() };
        let announcements = room(RoomKind::Open, policies);
        assert!(Perspective::ALL.iter().all(|who| !who.may(&announcements, Action::Post)));
        let policies = Policies { post: Role::Reader, ..Policies::default() };
        assert!(Perspective::Reader.may(&room(RoomKind::Open, policies), Action::Post));
    }
}
