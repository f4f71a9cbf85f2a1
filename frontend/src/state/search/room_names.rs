//! Searches as people read them: with the names of rooms instead of their ids.

use shared::search::{Predicate, RoomRef, parse};

use crate::state::rooms::RoomList;

/// Replaces the ids of my rooms in `in:` operators by their names. Other searches stay as they are,
/// invalid ones too.
pub fn with_room_names(q: &str, rooms: &RoomList) -> String {
    let Ok(mut query) = parse(q) else { return q.to_owned() };
    let mut has_names = false;
    for filter in &mut query.filters {
        if let Predicate::In(RoomRef::Id(id)) = filter.predicate
            && let Some(room) = rooms.get(id)
        {
            filter.predicate = Predicate::In(RoomRef::Name(room.name.clone()));
            has_names = true;
        }
    }
    if has_names { query.to_string() } else { q.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::with_room_names;
    use crate::state::{rooms::RoomList, test_data};

    #[test]
    fn ids_of_my_rooms_become_names() {
        let mut rooms = RoomList::default();
        rooms.merge(vec![test_data::room(12, "attic"), test_data::room(13, "deep cellar")]);
        for (q, expected) in [
            ("in:#12", "in:attic"),
            ("-in:#13", "-in:\"deep cellar\""),
            ("disk in:#12 in:#99", "disk in:attic in:#99"),
            ("in:attic  disk", "in:attic  disk"),
            ("in:#99", "in:#99"),
            ("in: in:#12", "in: in:#12"),
            ("", ""),
        ] {
            assert_eq!(with_room_names(q, &rooms), expected);
        }
    }
}
