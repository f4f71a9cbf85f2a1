//! What I may do in my rooms, and the sentences that say why not.

use shared::{
    access::{Action, Rank, Role, RoomKind, may},
    ids::RoomId,
    rooms::MyRoom,
};

use super::RoomList;

impl RoomList {
    /// Whether I, with this rank, may do something in a room; not in a room that I am not in.
    pub fn allows(&self, room: RoomId, rank: Rank, action: Action) -> bool {
        self.get(room).is_some_and(|room| may(rank, &room.access(), Some(room.role), action))
    }

    /// Why I cannot post in a room; `None` if I can.
    pub fn post_refusal(&self, room: RoomId, rank: Rank) -> Option<&'static str> {
        if self.allows(room, rank, Action::Post) {
            return None;
        }
        let MyRoom { archived, policies, .. } = self.get(room)?;
        Some(match (archived, policies.post) {
            (true, _) if self.allows(room, rank, Action::Manage) => {
                "This room is archived: nobody can post. You can restore it in the room menu."
            }
            (true, _) => "This room is archived: nobody can post. A host can restore it.",
            (false, Role::Host) => "Only hosts can post in this room.",
            (false, _) => "You're a reader in this room. You can read, but not post.",
        })
    }

    /// Why I cannot do what hosts do in a room.
    pub fn hosts_only(&self, room: RoomId) -> &'static str {
        match self.get(room).map(|room| room.kind) {
            Some(RoomKind::Open) => "Only hosts and admins can do this",
            _ => "Only hosts can do this",
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::access::Policies;

    use super::*;
    use crate::state::test_data;

    const ROOM: RoomId = RoomId(7);

    fn in_room(change: impl FnOnce(&mut MyRoom)) -> RoomList {
        let mut room = test_data::room(ROOM.0, "attic");
        change(&mut room);
        let mut rooms = RoomList::default();
        rooms.merge(vec![room]);
        rooms
    }

    #[test]
    fn the_composer_says_why_it_is_closed() {
        let refusal = |change: fn(&mut MyRoom), rank| in_room(change).post_refusal(ROOM, rank);
        assert_eq!(refusal(|_| (), Rank::Member), None);
        let reader = refusal(|room| room.role = Role::Reader, Rank::Member).unwrap();
        assert!(reader.contains("reader"), "{reader}");
        let hosts = |room: &mut MyRoom| {
            room.policies = Policies { post: Role::Host, ..Policies::default() };
        };
        assert!(refusal(hosts, Rank::Member).unwrap().contains("Only hosts"));
        assert_eq!(refusal(hosts, Rank::Admin), None, "an admin manages an open room");
        let archived = |room: &mut MyRoom| room.archived = true;
        assert!(refusal(archived, Rank::Member).unwrap().contains("A host can restore"));
        assert!(refusal(archived, Rank::Admin).unwrap().contains("You can restore"));
        assert_eq!(RoomList::default().post_refusal(ROOM, Rank::Owner), None);
    }

    #[test]
    fn the_kind_of_a_room_decides_what_an_admin_may() {
        let allows = |kind, role, rank| {
            let rooms = in_room(|room| (room.kind, room.role) = (kind, role));
            (rooms.allows(ROOM, rank, Action::Manage), rooms.hosts_only(ROOM))
        };
        let (open, private) = ("Only hosts and admins can do this", "Only hosts can do this");
        assert_eq!(allows(RoomKind::Open, Role::Member, Rank::Admin), (true, open));
        assert_eq!(allows(RoomKind::Private, Role::Member, Rank::Owner), (false, private));
        assert_eq!(allows(RoomKind::Private, Role::Host, Rank::Member), (true, private));
        assert!(!RoomList::default().allows(ROOM, Rank::Owner, Action::Manage));
    }
}
