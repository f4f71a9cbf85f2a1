//! My messages that the server has not acknowledged. They survive disconnections, and through
//! `live::outbox_store` also reloads.

use serde::{Deserialize, Serialize};
use shared::{
    ids::{ClientId, RoomId, Seq, UserId},
    live::ClientFrame,
    problem::Problem,
    sorting::sort_by_key,
    text::Format,
};

/// An unacknowledged message. All attempts carry the same `client_id`, so the server stores it once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutboxEntry {
    pub client_id: ClientId,
    /// The author: another account in the same browser must not send it.
    pub user: UserId,
    pub room: RoomId,
    /// Missing in entries of older pages, which wrote plain text.
    #[serde(default)]
    pub format: Format,
    pub content: String,
    pub reply_to: Option<Seq>,
    /// The reason, if the server refused the message and an automatic retry cannot succeed.
    pub refused: Option<Problem>,
}

impl OutboxEntry {
    /// The command that sends it.
    pub fn to_frame(&self) -> ClientFrame {
        ClientFrame::Send {
            room: self.room,
            client_id: self.client_id,
            content: self.content.clone(),
            format: Some(self.format),
            reply_to: self.reply_to,
        }
    }
}

/// The entries in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outbox(Vec<OutboxEntry>);

impl Outbox {
    /// Adds an entry, unless it is there already.
    pub fn add(&mut self, entry: OutboxEntry) {
        if !self.0.iter().any(|other| other.client_id == entry.client_id) {
            self.0.push(entry);
        }
        // A UUID of version 7 starts with the time, so this is the order of writing, even for
        // entries from before a reload.
        sort_by_key(&mut self.0, |entry| entry.client_id);
    }

    /// Removes an entry that was acknowledged or discarded.
    pub fn remove(&mut self, client_id: ClientId) -> Option<OutboxEntry> {
        let index = self.0.iter().position(|entry| entry.client_id == client_id)?;
        Some(self.0.remove(index))
    }

    /// Marks an entry as refused: it is not sent again until its author retries.
    pub fn refuse(&mut self, client_id: ClientId, problem: Problem) -> Option<OutboxEntry> {
        self.set_refused(client_id, Some(problem))
    }

    /// Lets a refused entry be sent again.
    pub fn retry(&mut self, client_id: ClientId) -> Option<OutboxEntry> {
        self.set_refused(client_id, None)
    }

    fn set_refused(
        &mut self,
        client_id: ClientId,
        refused: Option<Problem>,
    ) -> Option<OutboxEntry> {
        let entry = self.0.iter_mut().find(|entry| entry.client_id == client_id)?;
        entry.refused = refused;
        Some(entry.clone())
    }

    /// An entry, if it is there and was not refused.
    pub fn unrefused_entry(&self, client_id: ClientId) -> Option<&OutboxEntry> {
        self.unrefused().find(|entry| entry.client_id == client_id)
    }

    /// The entries to send after `welcome`.
    pub fn unrefused(&self) -> impl Iterator<Item = &OutboxEntry> {
        self.0.iter().filter(|entry| entry.refused.is_none())
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = &OutboxEntry> {
        self.0.iter()
    }

    /// The entries of one room.
    pub fn in_room(&self, room: RoomId) -> impl Iterator<Item = &OutboxEntry> {
        self.entries().filter(move |entry| entry.room == room)
    }
}

#[cfg(test)]
mod tests {
    use shared::problem::Code;
    use uuid::Uuid;

    use super::*;

    fn entry(n: u128) -> OutboxEntry {
        OutboxEntry {
            client_id: ClientId(Uuid::from_u128(n)),
            user: UserId(1),
            room: RoomId(n as i64 % 2),
            format: Format::Markdown,
            content: format!("text {n}"),
            reply_to: None,
            refused: None,
        }
    }

    fn ids(outbox: &Outbox) -> Vec<u128> {
        outbox.unrefused().map(|entry| entry.client_id.0.as_u128()).collect()
    }

    #[test]
    fn entries_stay_in_the_order_of_writing_until_they_are_removed() {
        let mut outbox = Outbox::default();
        [3, 1, 2, 3].into_iter().for_each(|n| outbox.add(entry(n)));
        assert_eq!(ids(&outbox), [1, 2, 3]);
        assert_eq!(outbox.remove(entry(2).client_id), Some(entry(2)));
        assert_eq!(outbox.remove(entry(2).client_id), None);
        assert_eq!(ids(&outbox), [1, 3]);
    }

    #[test]
    fn a_refused_entry_is_not_sent_until_its_author_retries() {
        let mut outbox = Outbox::default();
        [1, 3].into_iter().for_each(|n| outbox.add(entry(n)));
        outbox.refuse(entry(1).client_id, Problem::new(Code::NotAMember));
        assert_eq!(ids(&outbox), [3]);
        assert!(outbox.unrefused_entry(entry(1).client_id).is_none());
        assert_eq!(outbox.in_room(RoomId(1)).count(), 2);
        outbox.retry(entry(1).client_id);
        assert_eq!(ids(&outbox), [1, 3]);
    }

    #[test]
    fn an_entry_survives_serialization() {
        let mut refused = entry(7);
        refused.refused = Some(Problem::new(Code::TooLarge));
        let text = serde_json::to_string(&refused).unwrap();
        assert_eq!(serde_json::from_str::<OutboxEntry>(&text).unwrap(), refused);
    }
}
