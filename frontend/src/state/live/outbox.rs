//! Messages of mine that the server has not acknowledged: kept until it has, whatever happens to the
//! socket or the page. `live::outbox` puts them into IndexedDB.

use serde::{Deserialize, Serialize};
use shared::{
    ids::{ClientId, RoomId, Seq, UserId},
    live::ClientFrame,
    problem::Problem,
};

/// One message on its way. The client id was made before the first try and stays the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub client_id: ClientId,
    /// Whose it is: another account on the same machine must not send it.
    pub user: UserId,
    pub room: RoomId,
    pub content: String,
    pub reply_to: Option<Seq>,
    /// Why the server refused it for good, if it did.
    pub refused: Option<Problem>,
}

impl Entry {
    /// What goes over the socket.
    pub fn frame(&self) -> ClientFrame {
        ClientFrame::Send {
            room: self.room,
            client_id: self.client_id,
            content: self.content.clone(),
            reply_to: self.reply_to,
        }
    }
}

/// All of them, in the order of writing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outbox(Vec<Entry>);

impl Outbox {
    /// Takes one that was written, or read back after a reload. The same one twice is one.
    pub fn add(&mut self, entry: Entry) {
        if !self.0.iter().any(|held| held.client_id == entry.client_id) {
            self.0.push(entry);
        }
        // Version 7 begins with the time, so this is the order of writing across reloads.
        self.0.sort_by_key(|entry| entry.client_id);
    }

    /// The server has it, or its author gave it up.
    pub fn remove(&mut self, client_id: ClientId) -> Option<Entry> {
        let at = self.0.iter().position(|entry| entry.client_id == client_id)?;
        Some(self.0.remove(at))
    }

    /// The server refused it for good: it waits for its author.
    pub fn refuse(&mut self, client_id: ClientId, problem: Problem) -> Option<Entry> {
        let entry = self.0.iter_mut().find(|entry| entry.client_id == client_id)?;
        entry.refused = Some(problem);
        Some(entry.clone())
    }

    /// Its author wants another try.
    pub fn retry(&mut self, client_id: ClientId) -> Option<Entry> {
        let entry = self.0.iter_mut().find(|entry| entry.client_id == client_id)?;
        entry.refused = None;
        Some(entry.clone())
    }

    /// One of them, if it is to be sent.
    pub fn to_send(&self, client_id: ClientId) -> Option<&Entry> {
        self.unrefused().find(|entry| entry.client_id == client_id)
    }

    /// Everything to send after a `welcome`.
    pub fn unrefused(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(|entry| entry.refused.is_none())
    }

    /// Everything of one room, to be shown.
    pub fn of(&self, room: RoomId) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(move |entry| entry.room == room)
    }
}

#[cfg(test)]
mod tests {
    use shared::problem::Code;
    use uuid::Uuid;

    use super::*;

    fn entry(n: u128) -> Entry {
        Entry {
            client_id: ClientId(Uuid::from_u128(n)),
            user: UserId(1),
            room: RoomId(n as i64 % 2),
            content: format!("text {n}"),
            reply_to: None,
            refused: None,
        }
    }

    fn ids(outbox: &Outbox) -> Vec<u128> {
        outbox.unrefused().map(|entry| entry.client_id.0.as_u128()).collect()
    }

    #[test]
    fn everything_is_sent_again_in_the_order_of_writing_until_acknowledged() {
        let mut outbox = Outbox::default();
        [3, 1, 2, 3].into_iter().for_each(|n| outbox.add(entry(n)));
        assert_eq!(ids(&outbox), [1, 2, 3]);
        assert_eq!(outbox.remove(entry(2).client_id), Some(entry(2)));
        assert_eq!(outbox.remove(entry(2).client_id), None);
        assert_eq!(ids(&outbox), [1, 3]);
    }

    #[test]
    fn a_refused_one_waits_for_its_author() {
        let mut outbox = Outbox::default();
        [1, 3].into_iter().for_each(|n| outbox.add(entry(n)));
        outbox.refuse(entry(1).client_id, Problem::new(Code::NotAMember));
        assert_eq!(ids(&outbox), [3]);
        assert!(outbox.to_send(entry(1).client_id).is_none());
        assert_eq!(outbox.of(RoomId(1)).count(), 2);
        outbox.retry(entry(1).client_id);
        assert_eq!(ids(&outbox), [1, 3]);
    }

    #[test]
    fn survives_being_written_down() {
        let mut kept = entry(7);
        kept.refused = Some(Problem::new(Code::TooLarge));
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), kept);
    }
}
