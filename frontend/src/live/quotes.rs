//! Messages that others link to: asked for one after the other, and kept up to date for as long as
//! the page lives.

use std::mem;

use leptos::prelude::*;
use shared::{
    ids::{RoomId, Seq},
    messages::Message,
};

use super::Live;
use crate::{api, ui::spawn};

type Place = (RoomId, Seq);

#[derive(Clone, Default)]
pub struct Quotes {
    /// What is quoted, and what is known of it. Not many: a list is searched fast enough.
    known: Vec<(Place, Option<Message>)>,
    /// Not asked for yet; what was shown last is asked for first.
    wanted: Vec<Place>,
    is_asking: bool,
}

impl Quotes {
    fn of(&mut self, place: Place) -> Option<&mut Option<Message>> {
        self.known.iter_mut().find(|(known, _)| *known == place).map(|(_, message)| message)
    }
}

impl Live {
    /// A message that is quoted, in its latest state: nothing until it is here, nor if I may not
    /// read it.
    pub fn quote(self, room: RoomId, seq: Seq) -> Option<Message> {
        self.quoted.track();
        let place = (room, seq);
        let known = self.quotes.try_update_value(|quotes| quotes.of(place).cloned())?;
        if let Some(known) = known {
            return known;
        }
        let state = self.state(room);
        let loaded = state.and_then(|s| s.timeline.with_untracked(|t| t.get(seq).cloned()));
        self.quotes.update_value(|quotes| {
            quotes.known.push((place, loaded.clone()));
            if loaded.is_none() {
                quotes.wanted.push(place);
            }
        });
        self.ask_for_quotes();
        loaded
    }

    /// One request at a time, however many links there are to see.
    fn ask_for_quotes(self) {
        let begin = |quotes: &mut Quotes| mem::replace(&mut quotes.is_asking, true);
        if self.quotes.try_update_value(begin) != Some(false) {
            return;
        }
        spawn(Box::pin(async move {
            while let Some((room, seq)) = self.next_wanted() {
                if let Ok(message) = api::get_message(room, seq).await {
                    self.quote_changed(&message);
                }
            }
        }));
    }

    fn next_wanted(self) -> Option<Place> {
        let next = |quotes: &mut Quotes| {
            let next = quotes.wanted.pop();
            quotes.is_asking = next.is_some();
            next
        };
        self.quotes.try_update_value(next).flatten()
    }

    /// What is quoted of it anywhere is this now.
    pub(super) fn quote_changed(self, message: &Message) {
        let change = |quotes: &mut Quotes| {
            let quoted = quotes.of((message.room, message.seq));
            let old = quoted.filter(|old| old.as_ref().is_none_or(|old| old.rev < message.rev));
            old.map(|old| *old = Some(message.clone()))
        };
        if self.quotes.try_update_value(change).flatten().is_some() {
            self.quoted.update(|n| *n += 1);
        }
    }

    /// What is quoted of a room is not to be seen any more. Where it still may be, whoever shows it
    /// asks again.
    pub(super) fn forget_quotes(self, room: RoomId) {
        self.quotes.update_value(|quotes| quotes.known.retain(|((of, _), _)| *of != room));
        self.quoted.update(|n| *n += 1);
    }
}
