//! Judges what somebody received.

use shared::{
    access::{Rank, Role, RoomKind},
    ids::{RoomId, Seq},
};

use super::{
    markers,
    model::{Observation, Oracle, PendingObservation, PersonId, Receipt, Room, Secret, Violation},
    timeline::{Micros, Timeline, Window},
};

impl Oracle {
    /// Judges all markers of a text, except those that the request contained itself.
    pub fn inspect(&mut self, receipt: &Receipt, text: &str, request: &str) {
        for marker in markers::find(text) {
            self.checked_markers += 1;
            if !request.contains(marker) {
                self.judge(receipt, Observation::Marker(marker.to_owned()));
            }
        }
    }

    /// Judges one thing, later if the creation of its room is not acknowledged yet.
    pub fn judge(&mut self, receipt: &Receipt, seen: Observation) {
        match self.is_allowed(receipt, &seen) {
            Some(true) => {}
            Some(false) => {
                let what = self.describe(&seen);
                self.report(receipt, what);
            }
            None => self
                .pending_observations
                .push(PendingObservation { receipt: receipt.clone(), seen }),
        }
    }

    /// Judges what could not be judged before. At the end, what is still unknown is a violation.
    pub fn judge_pending(&mut self, is_end: bool) {
        for PendingObservation { receipt, seen } in std::mem::take(&mut self.pending_observations) {
            match is_end && self.is_allowed(&receipt, &seen).is_none() {
                true => self.report(&receipt, format!("{}, by no room", self.describe(&seen))),
                false => self.judge(&receipt, seen),
            }
        }
    }

    pub fn report(&mut self, receipt: &Receipt, what: String) {
        let (at, source) = (receipt.window.until, receipt.source.clone());
        self.violations.push(Violation { at, source, what });
    }

    /// Whether somebody may have been allowed to see something; `None` if that is not known yet.
    pub fn is_allowed(&self, receipt: &Receipt, seen: &Observation) -> Option<bool> {
        let window = receipt.window;
        let marker = match seen {
            Observation::Room(room) => {
                let room = self.rooms.get(room)?;
                return Some(receipt.viewer.is_some_and(|person| room.is_member(person, window)));
            }
            Observation::Marker(marker) => self.secrets.get(marker)?,
        };
        let room = |room: &Option<RoomId>| room.and_then(|room| self.rooms.get(&room));
        let Some(person) = receipt.viewer else { return Some(false) };
        Some(match marker {
            Secret::Message { room, seq, valid } => {
                let room = self.rooms.get(room)?;
                is_set(valid, window) && room.may_read(person, *seq, window)
            }
            Secret::RoomName { room: id, valid, replaced } => {
                let room = room(id)?;
                self.may_see_name(person, room, valid, window)
                    || replaced.is_some_and(|end| self.may_recall_name(person, room, end, window))
            }
            Secret::Topic { room: id, valid } => {
                let room = room(id)?;
                is_set(valid, window)
                    && is_set(&room.exists, window)
                    && self.finds(person, room, window)
            }
            // Otherwise perhaps by a room that is being created.
            Secret::Username(owner) => {
                return self.may_see_person(person, *owner, window).then_some(true);
            }
        })
    }

    /// Members see the name of their room, those who are no guests that of an open one, and admins every
    /// name except that a direct room has none, also earlier names, in the audit log. The name of a deleted
    /// room is for those who may restore it.
    fn may_see_name(
        &self,
        person: PersonId,
        room: &Room,
        valid: &Timeline<()>,
        window: Window,
    ) -> bool {
        let is_admin = |rank: Rank| matches!(rank, Rank::Admin | Rank::Owner);
        if self.people[person].rank.is_possible(window, is_admin) {
            return true;
        }
        let is_host = room.members.get(&person).is_some_and(|memberships| {
            memberships.is_possible(window, |membership| membership.role == Role::Host)
        });
        let is_findable = is_set(&room.exists, window) && self.finds(person, room, window);
        is_set(valid, window) && (is_host || is_findable)
    }

    /// Members see an earlier name in the timeline, where it stands after the messages of its time: if they may
    /// read one of them, or were there when the name ended. As many messages as there are people may be
    /// posted and not yet acknowledged.
    fn may_recall_name(
        &self,
        person: PersonId,
        room: &Room,
        (replaced_at, last_seq): (Micros, Seq),
        window: Window,
    ) -> bool {
        let newest = Seq(last_seq.0 + self.people.len() as i64);
        room.is_member(person, window)
            && (room.may_read(person, Some(newest), window)
                || room.is_member(person, Window::at(replaced_at)))
    }

    /// Whether a person may know that a room exists.
    fn finds(&self, person: PersonId, room: &Room, window: Window) -> bool {
        let is_guest_only =
            !self.people[person].rank.is_possible(window, |rank| rank != Rank::Guest);
        let is_open = room.kind.is_possible(window, |kind| kind == RoomKind::Open);
        (is_open && !is_guest_only)
            || room.members.get(&person).is_some_and(|it| it.possible(window).next().is_some())
    }

    /// Guests see only those who are or were in one of their rooms, or who managed it as an admin.
    fn may_see_person(&self, viewer: PersonId, other: PersonId, window: Window) -> bool {
        viewer == other
            || self.people[viewer].rank.is_possible(window, |rank| rank != Rank::Guest)
            || self
                .rooms
                .values()
                .filter(|room| room.is_member(viewer, window))
                .any(|room| room.members.contains_key(&other) || self.managed(other, room, window))
    }

    /// Whether a person may have changed a room without being in it, which its timeline shows.
    fn managed(&self, person: PersonId, room: &Room, window: Window) -> bool {
        let so_far = Window { from: 0, ..window };
        let is_admin = |rank: Rank| matches!(rank, Rank::Admin | Rank::Owner);
        self.people[person].rank.is_possible(so_far, is_admin)
            && room.kind.is_possible(so_far, |kind| kind == RoomKind::Open)
    }

    fn describe(&self, seen: &Observation) -> String {
        match seen {
            Observation::Room(room) => format!("a frame of room {room}"),
            Observation::Marker(marker) => match self.secrets.get(marker) {
                Some(Secret::Message { room, seq, .. }) => {
                    let seq = seq.map_or_else(|| "without ack".to_owned(), |seq| seq.to_string());
                    format!("the text of message {seq} of room {room} ({marker})")
                }
                Some(Secret::RoomName { room, .. }) => {
                    format!("the name of room {} ({marker})", room.unwrap_or_default())
                }
                Some(Secret::Topic { room, .. }) => {
                    format!("the topic of room {} ({marker})", room.unwrap_or_default())
                }
                Some(Secret::Username(person)) => {
                    format!("the name of account {} ({marker})", self.people[*person].id)
                }
                None => format!("the unknown marker {marker}"),
            },
        }
    }
}

fn is_set(timeline: &Timeline<()>, window: Window) -> bool {
    timeline.possible(window).next().is_some()
}

impl Room {
    fn is_member(&self, person: PersonId, window: Window) -> bool {
        is_set(&self.exists, window)
            && self.members.get(&person).is_some_and(|it| it.possible(window).next().is_some())
    }

    fn may_read(&self, person: PersonId, seq: Option<Seq>, window: Window) -> bool {
        is_set(&self.exists, window)
            && self.members.get(&person).is_some_and(|memberships| {
                memberships.is_possible(window, |membership| {
                    seq.is_none_or(|seq| seq >= membership.visible_from)
                })
            })
    }
}
