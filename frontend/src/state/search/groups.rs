//! Search results grouped by room.

use shared::ids::RoomId;

/// A row of the grouped list.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupedRow<T> {
    /// The heading of the hits in this room.
    Room(RoomId),
    /// One hit.
    Hit(T),
}

/// Groups hits by room. Rooms come in the order of their first hits; hits keep their order.
pub fn group_by_room<T>(hits: Vec<T>, room: impl Fn(&T) -> RoomId) -> Vec<GroupedRow<T>> {
    let mut groups: Vec<(RoomId, Vec<T>)> = Vec::new();
    for hit in hits {
        let id = room(&hit);
        match groups.iter_mut().find(|(room, _)| *room == id) {
            Some((_, hits)) => hits.push(hit),
            None => groups.push((id, vec![hit])),
        }
    }
    let rows = groups.into_iter().flat_map(|(room, hits)| {
        std::iter::once(GroupedRow::Room(room)).chain(hits.into_iter().map(GroupedRow::Hit))
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_room_has_one_heading_and_keeps_the_order_of_its_hits() {
        let hits = vec![(2, 'a'), (1, 'b'), (2, 'c'), (3, 'd'), (1, 'e')];
        let rows = group_by_room(hits, |(room, _)| RoomId(*room));
        let shown = rows.iter().map(|row| match row {
            GroupedRow::Room(room) => room.to_string(),
            GroupedRow::Hit((_, hit)) => hit.to_string(),
        });
        assert_eq!(shown.collect::<String>(), "2ac1be3d");
        assert_eq!(group_by_room(Vec::<i64>::new(), |_| RoomId(1)), []);
    }
}
