//! Counts hits by room, author and month.

use std::{cmp::Reverse, collections::BTreeMap};

use shared::{
    messages::Message,
    search::{AuthorCount, MonthCount, RoomCount, Summary},
};

use crate::{http::time_zone::Zone, tables::JoinedRoom};

/// Summarizes hits in the rooms of a user. `more` is true if there are more hits than these.
pub fn summarize(hits: &[Message], more: bool, rooms: &[JoinedRoom], zone: Zone) -> Summary {
    let mut by_room = BTreeMap::new();
    let mut by_author = BTreeMap::new();
    let mut by_month = BTreeMap::new();
    for hit in hits {
        let month = zone.local(hit.created_at).format("%Y-%m").to_string();
        *by_room.entry(hit.room).or_insert(0) += 1;
        by_author.entry(hit.user.id).or_insert((&hit.user, 0)).1 += 1;
        *by_month.entry(month).or_insert(0) += 1;
    }
    let in_room = |room: &JoinedRoom| {
        let count = by_room.get(&room.id).copied();
        count.map(|count| RoomCount { id: room.id, name: room.name.clone(), count })
    };
    let mut summary = Summary {
        total: hits.len() as u64,
        more,
        rooms: rooms.iter().filter_map(in_room).collect(),
        authors: by_author
            .into_values()
            .map(|(user, count)| AuthorCount { user: user.clone(), count })
            .collect(),
        months: by_month
            .into_iter()
            .rev()
            .map(|(month, count)| MonthCount { month, count })
            .collect(),
    };
    summary.rooms.sort_by_key(|room| Reverse(room.count));
    summary.authors.sort_by_key(|author| Reverse(author.count));
    summary
}
