//! What was found, a room after the other.

use shared::ids::RoomId;

/// A line of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Line<T> {
    /// What follows is in this room.
    Room(RoomId),
    /// Something that was found.
    Hit(T),
}

/// The lines of a list in which the rooms stand in the order of their first hits, and the hits of
/// each as they were.
pub fn by_room<T>(hits: Vec<T>, room: impl Fn(&T) -> RoomId) -> Vec<Line<T>> {
    let mut groups: Vec<(RoomId, Vec<T>)> = Vec::new();
    for hit in hits {
        let id = room(&hit);
        match groups.iter_mut().find(|(room, _)| *room == id) {
            Some((_, hits)) => hits.push(hit),
            None => groups.push((id, vec![hit])),
        }
    }
    let lines = groups.into_iter().flat_map(|(room, hits)| {
        std::iter::once(Line::Room(room)).chain(hits.into_iter().map(Line::Hit))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_room_stands_once_and_keeps_its_order() {
        let hits = vec![(2, 'a'), (1, 'b'), (2, 'c'), (3, 'd'), (1, 'e')];
        let lines = by_room(hits, |(room, _)| RoomId(*room));
        let shown = lines.iter().map(|line| match line {
            Line::Room(room) => room.to_string(),
            Line::Hit((_, hit)) => hit.to_string(),
        });
        assert_eq!(shown.collect::<String>(), "2ac1be3d");
        assert_eq!(by_room(Vec::<i64>::new(), |_| RoomId(1)), []);
    }
}
