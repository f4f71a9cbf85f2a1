//! What I may do in my rooms, and the sentences that say why not.

use std::collections::BTreeSet;

use shared::{
    access::{Action, Rank, Role, RoomKind, may},
    ids::{RoomId, UserId},
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

    /// Why I cannot write in a direct room with nobody but a person whom I block. Of somebody who blocks
    /// me the page knows nothing: the server refuses the message.
    pub fn block_refusal(&self, room: RoomId, blocked: &BTreeSet<UserId>) -> Option<&'static str> {
        let MyRoom { kind, people, .. } = self.get(room)?;
        let is_of_two = *kind == RoomKind::Direct && people.len() == 2;
        let is_refused = is_of_two && people.iter().any(|person| blocked.contains(&person.id));
        is_refused.then_some(
            "You blocked this person. To write to them again, unblock them in the account menu.",
        )
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
    use shared::{access::Policies, users::UserRef};

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
    fn only_the_direct_room_with_a_blocked_person_is_closed() {
        let person = |id: i64| UserRef {
            id: UserId(id),
            username: format!("person {id}"),
            display_name: None,
        };
        let refusal = |kind, people: &[i64], blocked: &[i64]| {
            let people = people.iter().copied().map(person).collect();
            let rooms = in_room(|room| (room.kind, room.people) = (kind, people));
            rooms.block_refusal(ROOM, &blocked.iter().copied().map(UserId).collect()).is_some()
        };
        assert!(refusal(RoomKind::Direct, &[1, 2], &[2, 3]));
        assert!(!refusal(RoomKind::Direct, &[1, 2], &[3]));
        assert!(!refusal(RoomKind::Direct, &[1, 2, 3], &[2]));
        assert!(!refusal(RoomKind::Private, &[], &[2]));
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
