//! The ids of messages. Parts of a split message get the ids after its own, so that messages are in order
//! by id too; the search, among others, lists them by id. The later messages of all rooms move up.

use std::collections::BTreeMap;

/// The messages that are split, by id, each with the number of its parts after the first.
#[derive(Default)]
pub struct SplitMessages(BTreeMap<i64, i64>);

impl SplitMessages {
    pub fn add(&mut self, parts: impl IntoIterator<Item = (i64, i64)>) {
        self.0.extend(parts);
    }

    /// The ids that the messages get. Adds a note if any message gets another id.
    pub fn assign_ids(self, last_id: i64, notes: &mut Vec<String>) -> MessageIds {
        let mut total = 0;
        let sum = |(id, count): (i64, i64)| {
            total += count;
            (id, total)
        };
        let ids = MessageIds(self.0.into_iter().map(sum).collect());
        if let Some((first, _)) = ids.0.first().filter(|(first, _)| *first < last_id) {
            notes.push(format!(
                "the ids of the messages after {first} are up to {} higher, because the parts of split \
                 messages have the ids in between",
                ids.get(last_id) - last_id
            ));
        }
        ids
    }
}

/// The ids of the split messages, each with the number of ids that it and those before it add.
pub struct MessageIds(Vec<(i64, i64)>);

impl MessageIds {
    /// The new id of a message, or of its first part.
    pub fn get(&self, id: i64) -> i64 {
        let before = self.0.partition_point(|(split, _)| *split < id);
        id + before.checked_sub(1).map_or(0, |nth| self.0[nth].1)
    }

    /// The last new id, if this is the last id of the classic chat.
    pub fn last(&self, last_id: i64) -> i64 {
        last_id + self.0.last().map_or(0, |(_, total)| *total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_in_order_by_id() {
        let mut splits = SplitMessages::default();
        // Two rooms.
        splits.add([(5, 2), (9, 1)]);
        splits.add([(7, 1)]);
        let mut notes = Vec::new();
        let ids = splits.assign_ids(9, &mut notes);
        let new: Vec<_> = [3, 5, 6, 7, 8, 9].map(|id| ids.get(id)).into();
        assert_eq!(new, [3, 5, 8, 9, 11, 12]);
        assert_eq!(ids.last(9), 13);
        assert_eq!(notes.len(), 1);
        assert!(notes[0].contains("after 5 are up to 3 higher"), "{}", notes[0]);
    }

    #[test]
    fn ids_stay_without_a_split_before_them() {
        for splits in [&[][..], &[(9, 3)]] {
            let mut messages = SplitMessages::default();
            messages.add(splits.iter().copied());
            let mut notes = Vec::new();
            let ids = messages.assign_ids(9, &mut notes);
            assert_eq!((ids.get(1), ids.get(9), notes.len()), (1, 9, 0));
        }
    }
}
