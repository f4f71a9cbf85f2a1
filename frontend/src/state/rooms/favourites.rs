//! My favourites in my order, and muted rooms.

use shared::{ids::RoomId, rooms::MyRoom, sorting::sort_by_key};

use super::RoomList;

impl RoomList {
    /// My favourites in my order, also hidden ones.
    pub fn favourites(&self) -> Vec<RoomId> {
        let mut rooms: Vec<_> = self.all().filter(|room| room.favourite.is_some()).collect();
        sort_by_key(&mut rooms, |room| (room.favourite, room.id));
        rooms.into_iter().map(|room| room.id).collect()
    }

    /// My favourites in my order, as the sidebar shows them.
    pub fn shown_favourites(&self) -> Vec<RoomId> {
        self.favourites().into_iter().filter(|id| self.is_shown(*id)).collect()
    }

    /// My favourites with this room moved `step` places among the shown ones; `None` if it cannot move.
    pub fn moved_favourite(&self, room: RoomId, step: isize) -> Option<Vec<RoomId>> {
        let mut order = self.favourites();
        let from = order.iter().position(|id| *id == room)?;
        let mut to = from.checked_add_signed(step)?;
        while !self.is_shown(*order.get(to)?) {
            to = to.checked_add_signed(step)?;
        }
        let moved = order.remove(from);
        order.insert(to, moved);
        Some(order)
    }

    /// Replaces my favourites, as the server numbers them.
    pub fn set_favourites(&mut self, order: &[RoomId]) {
        for room in self.rooms.values_mut() {
            let at = order.iter().position(|id| *id == room.id);
            room.favourite = at.map(|at| at as i64 + 1);
        }
    }

    /// Applies what I prefer in a room.
    pub fn set_preferences(&mut self, room: RoomId, favourite: Option<i64>, muted: bool) {
        if let Some(room) = self.rooms.get_mut(&room) {
            room.muted = muted;
            if !self.is_sending_favourites {
                room.favourite = favourite;
            }
        }
    }

    /// Whether a room that is not hidden has unread messages, also a muted one.
    pub fn has_unread(&self) -> bool {
        self.all().any(|room| !room.is_hidden() && room.read.unread > 0)
    }

    fn is_shown(&self, room: RoomId) -> bool {
        self.get(room).is_some_and(|room: &MyRoom| !room.is_hidden())
    }
}

#[cfg(test)]
mod tests {
    use shared::{access::RoomKind, ids::Seq};

    use super::*;
    use crate::state::test_data::room;

    fn ids(ids: &[i64]) -> Vec<RoomId> {
        ids.iter().copied().map(RoomId).collect()
    }

    fn rooms() -> RoomList {
        let mut rooms = RoomList::default();
        rooms.merge((1..=4).map(|id| room(id, "general")).collect());
        rooms
    }

    #[test]
    fn favourites_have_my_order() {
        let mut rooms = rooms();
        assert_eq!(rooms.favourites(), ids(&[]));
        rooms.set_favourites(&ids(&[3, 1, 4]));
        assert_eq!(rooms.favourites(), ids(&[3, 1, 4]));
        assert_eq!(rooms.get(RoomId(1)).unwrap().favourite, Some(2));
        assert_eq!(rooms.moved_favourite(RoomId(4), -1), Some(ids(&[3, 4, 1])));
        assert_eq!(rooms.moved_favourite(RoomId(3), 1), Some(ids(&[1, 3, 4])));
        for (room, step) in [(3, -1), (4, 1), (2, 1)] {
            assert_eq!(rooms.moved_favourite(RoomId(room), step), None, "{room}");
        }
        // A frame for each room that changed, and one room left: the positions have gaps.
        rooms.set_preferences(RoomId(3), None, false);
        rooms.set_preferences(RoomId(2), Some(9), false);
        assert_eq!(rooms.favourites(), ids(&[1, 4, 2]));
    }

    #[test]
    fn an_order_that_is_being_sent_stays() {
        let mut rooms = rooms();
        rooms.set_favourites(&ids(&[1, 2]));
        rooms.is_sending_favourites = true;
        rooms.set_preferences(RoomId(2), Some(1), true);
        rooms.set_preferences(RoomId(1), Some(2), false);
        assert_eq!(rooms.favourites(), ids(&[1, 2]));
        assert!(rooms.get(RoomId(2)).unwrap().muted);
    }

    #[test]
    fn a_hidden_favourite_keeps_its_place() {
        let mut rooms = rooms();
        rooms.insert(MyRoom { kind: RoomKind::Direct, hidden: Some(Seq(10)), ..room(2, "") });
        rooms.set_favourites(&ids(&[1, 2, 3]));
        assert_eq!(rooms.shown_favourites(), ids(&[1, 3]));
        assert_eq!(rooms.moved_favourite(RoomId(3), -1), Some(ids(&[3, 1, 2])));
        assert_eq!(rooms.moved_favourite(RoomId(1), 1), Some(ids(&[2, 3, 1])));
    }

    #[test]
    fn only_mentions_count_in_a_muted_room() {
        let mut rooms = rooms();
        assert_eq!(rooms.total_unread(), 8);
        rooms.set_preferences(RoomId(1), None, true);
        assert_eq!(rooms.total_unread(), 6);
        assert_eq!(rooms.unread_first(&ids(&[1, 2])), ids(&[2, 1]));
        assert_eq!(rooms.by_relevance(&ids(&[1, 2]), &[], None), ids(&[2, 1]));
        let mut mentioned = room(1, "general");
        (mentioned.muted, mentioned.read.mentions) = (true, 1);
        rooms.insert(mentioned);
        assert_eq!(rooms.total_unread(), 7);
        assert_eq!(rooms.unread_first(&ids(&[2, 1])), ids(&[2, 1]));
        assert_eq!(rooms.by_relevance(&ids(&[2, 1]), &[], None), ids(&[1, 2]));
        (2..=4).for_each(|id| drop(rooms.remove(RoomId(id))));
        rooms.insert(MyRoom { muted: true, ..room(1, "general") });
        assert_eq!((rooms.total_unread(), rooms.has_unread()), (0, true));
    }
}
