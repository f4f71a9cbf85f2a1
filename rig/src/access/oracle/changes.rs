//! Changes: what a request makes possible when it begins, and what is so after its response.

use shared::{
    access::{History, Policies, Rank, Role, RoomKind},
    ids::{RoomId, Seq},
};

use super::{
    markers::MarkerKind,
    model::{Membership, Oracle, PersonId, Room, Secret},
    timeline::{Ending, Micros, Timeline},
};

/// How long after its response an earlier rank may still count, in microseconds: other nodes learn of it
/// within half a second, and 2 s are promised.
const RANK_GRACE: Micros = 2_000_000;

/// What a request changes.
#[derive(Clone, Debug)]
pub enum Change {
    /// Somebody joins or is added.
    Join(RoomId, PersonId),
    /// An admin enters; as a host, if the room has none.
    Enter(RoomId, PersonId),
    Leave(RoomId, PersonId),
    Role(RoomId, PersonId, Role),
    Rank(PersonId, Rank),
    /// Also sets the first message that newcomers may read, if the room becomes open.
    Kind(RoomId, PersonId, RoomKind, Option<Seq>),
    History(RoomId, History),
    Policies(RoomId, Policies),
    Archive(RoomId, bool),
    Delete(RoomId),
    Restore(RoomId),
    /// The marker of the new name or topic.
    Rename(RoomId, String),
    Topic(RoomId, String),
    /// The author and the marker of the text.
    Post(RoomId, PersonId, String),
    /// The message and the marker of its new text.
    Edit(RoomId, Seq, String),
    DeleteMessage(RoomId, Seq),
}

/// A room that is about to be created.
#[derive(Clone, Debug)]
pub struct Draft {
    pub kind: RoomKind,
    pub history: History,
    pub name: String,
    pub topic: String,
    pub people: Vec<PersonId>,
}

impl Change {
    /// The room whose other changes have to wait, so that their order is known.
    pub fn locked_room(&self) -> Option<RoomId> {
        match self {
            Self::Join(room, _)
            | Self::Enter(room, _)
            | Self::Leave(room, _)
            | Self::Role(room, ..)
            | Self::Kind(room, ..)
            | Self::History(room, _)
            | Self::Policies(room, _)
            | Self::Archive(room, _)
            | Self::Delete(room)
            | Self::Restore(room)
            | Self::Rename(room, _)
            | Self::Topic(room, _) => Some(*room),
            Self::Rank(..) | Self::Post(..) | Self::Edit(..) | Self::DeleteMessage(..) => None,
        }
    }
}

impl Oracle {
    /// A change is requested: from now on its result is possible.
    pub fn propose(&mut self, change: &Change, at: Micros) {
        match change {
            Change::Join(room, person) | Change::Enter(room, person) => {
                let Some(room) = self.rooms.get_mut(room) else { return };
                let visible_from = room.visible_from();
                let memberships = room.members.entry(*person).or_default();
                if memberships.newest().is_none() {
                    memberships.propose(Membership { role: Role::Member, visible_from }, at);
                }
            }
            Change::Role(room, person, role) => {
                let Some(memberships) = self.memberships(*room, *person) else { return };
                if let Some(current) = memberships.newest() {
                    memberships.propose(Membership { role: *role, ..current }, at);
                }
            }
            Change::Rank(person, rank) => self.people[*person].rank.propose(*rank, at),
            Change::Kind(room, _, kind, open_from) => {
                self.with_room(*room, |room| room.propose_kind(*kind, *open_from, at));
            }
            Change::Policies(room, policies) => {
                self.with_room(*room, |room| room.policies.propose(*policies, at));
            }
            Change::Archive(room, is_archived) => {
                self.with_room(*room, |room| room.is_archived.propose(*is_archived, at));
            }
            Change::Restore(room) => self.with_room(*room, |room| room.exists.propose((), at)),
            Change::Rename(room, marker) => {
                let secret = Secret::RoomName {
                    room: Some(*room),
                    valid: Timeline::new((), at),
                    replaced: None,
                };
                self.secrets.insert(marker.clone(), secret);
            }
            Change::Topic(room, marker) => {
                let secret = Secret::Topic { room: Some(*room), valid: Timeline::new((), at) };
                self.secrets.insert(marker.clone(), secret);
            }
            Change::Post(room, _, marker) => self.add_message(*room, None, marker, at),
            Change::Edit(room, seq, marker) => self.add_message(*room, Some(*seq), marker, at),
            Change::Leave(..)
            | Change::Delete(_)
            | Change::DeleteMessage(..)
            | Change::History(..) => {}
        }
    }

    /// The request of a change ended; `seq` is that of a new message.
    pub fn settle(&mut self, change: &Change, ending: Ending, seq: Option<Seq>, at: Micros) {
        match change {
            Change::Join(room, person) | Change::Role(room, person, _) => {
                if let Some(memberships) = self.memberships(*room, *person) {
                    memberships.settle(ending, at);
                }
            }
            Change::Enter(room, person) => self.with_room(*room, |room| {
                if let Some(memberships) = room.members.get_mut(person) {
                    memberships.settle(ending, at);
                }
                if ending != Ending::Refused {
                    room.maybe_host(*person, at);
                }
            }),
            Change::Rank(person, _) => {
                self.people[*person].rank.settle(ending, at + RANK_GRACE);
            }
            Change::Kind(room, person, kind, _) => {
                self.with_room(*room, |room| room.settle_kind(*kind, *person, ending, at));
            }
            // A request without a reply may have taken effect.
            Change::History(room, History::All) if ending == Ending::Unknown => {
                self.with_room(*room, |room| room.history = History::All);
            }
            Change::Policies(room, _) => self.with_room(*room, |it| it.policies.settle(ending, at)),
            Change::Archive(room, _) => {
                self.with_room(*room, |room| room.is_archived.settle(ending, at));
            }
            Change::Restore(room) => self.with_room(*room, |it| it.exists.settle(ending, at)),
            Change::Rename(_, marker) | Change::Topic(_, marker) if ending == Ending::Refused => {
                self.invalidate(marker, at);
            }
            Change::Post(_, _, marker) | Change::Edit(_, _, marker)
                if ending == Ending::Refused =>
            {
                self.invalidate(marker, at);
            }
            _ if ending == Ending::Done => self.apply(change, seq, at),
            _ => {}
        }
    }

    /// What ends, or gets its number, when a change is done.
    fn apply(&mut self, change: &Change, seq: Option<Seq>, at: Micros) {
        match change {
            Change::Leave(room, person) => {
                self.with_room(*room, |room| room.remove(*person, at));
            }
            Change::Delete(room) => self.with_room(*room, |room| room.exists.end(at)),
            Change::History(room, history) => self.with_room(*room, |it| it.history = *history),
            Change::Rename(room, marker) => {
                let Some(room) = self.rooms.get_mut(room) else { return };
                let old = std::mem::replace(&mut room.name, marker.clone());
                let last_seq = room.last_seq;
                if let Some(Secret::RoomName { replaced, .. }) = self.secrets.get_mut(&old) {
                    *replaced = Some((at, last_seq));
                }
                self.invalidate(&old, at);
            }
            Change::Topic(room, marker) => {
                let room = self.rooms.get_mut(room);
                let old = room.map(|room| std::mem::replace(&mut room.topic, marker.clone()));
                self.invalidate(&old.unwrap_or_default(), at);
            }
            Change::Post(room, author, marker) => {
                let Some(seq) = seq else { return };
                if let Some(Secret::Message { seq: known, .. }) = self.secrets.get_mut(marker) {
                    *known = Some(seq);
                }
                self.with_room(*room, |room| {
                    room.last_seq = room.last_seq.max(seq);
                    room.messages.insert(seq, (*author, marker.clone()));
                });
            }
            Change::Edit(room, seq, marker) => {
                let message = self.rooms.get_mut(room).and_then(|it| it.messages.get_mut(seq));
                let old = message.map(|(_, old)| std::mem::replace(old, marker.clone()));
                self.invalidate(&old.unwrap_or_default(), at);
            }
            Change::DeleteMessage(room, seq) => {
                let message = self.rooms.get_mut(room).and_then(|it| it.messages.remove(seq));
                self.invalidate(&message.map(|(_, marker)| marker).unwrap_or_default(), at);
            }
            _ => {}
        }
    }

    /// A room is about to be created: its name and topic get markers.
    pub fn propose_room(&mut self, at: Micros) -> (String, String) {
        let name = self.marker(MarkerKind::RoomName);
        let topic = self.marker(MarkerKind::Topic);
        let valid = || Timeline::new((), at);
        self.secrets
            .insert(name.clone(), Secret::RoomName { room: None, valid: valid(), replaced: None });
        self.secrets.insert(topic.clone(), Secret::Topic { room: None, valid: valid() });
        (name, topic)
    }

    /// A room was created by a request that began at `at`, or found, if it is a direct room.
    pub fn add_room(&mut self, id: RoomId, draft: Draft, at: Micros) {
        if !self.rooms.contains_key(&id) {
            for (marker, is_name) in [(&draft.name, true), (&draft.topic, false)] {
                let valid = Timeline::new((), at);
                let secret = match is_name {
                    true => Secret::RoomName { room: Some(id), valid, replaced: None },
                    false => Secret::Topic { room: Some(id), valid },
                };
                self.secrets.insert(marker.clone(), secret);
            }
            self.rooms.insert(id, Room::new(draft, at));
        }
        self.judge_pending(false);
    }

    fn add_message(&mut self, room: RoomId, seq: Option<Seq>, marker: &str, at: Micros) {
        let secret = Secret::Message { room, seq, valid: Timeline::new((), at) };
        self.secrets.insert(marker.to_owned(), secret);
    }

    fn memberships(&mut self, room: RoomId, person: PersonId) -> Option<&mut Timeline<Membership>> {
        self.rooms.get_mut(&room).and_then(|room| room.members.get_mut(&person))
    }

    fn with_room(&mut self, room: RoomId, change: impl FnOnce(&mut Room)) {
        if let Some(room) = self.rooms.get_mut(&room) {
            change(room);
        }
    }
}

impl Room {
    fn new(draft: Draft, at: Micros) -> Self {
        let role = match draft.kind {
            RoomKind::Direct => Role::Member,
            _ => Role::Host,
        };
        let membership = Membership { role, visible_from: Seq(1) };
        let members = draft.people.iter().map(|it| (*it, Timeline::new(membership, at)));
        Self {
            kind: Timeline::new(draft.kind, at),
            exists: Timeline::new((), at),
            is_archived: Timeline::new(false, at),
            policies: Timeline::new(Policies::default(), at),
            history: draft.history,
            open_from: Seq(1),
            next_open_from: None,
            last_seq: Seq(0),
            members: members.collect(),
            name: draft.name,
            topic: draft.topic,
            messages: Default::default(),
        }
    }

    /// `open_from` counts only for a room that becomes open.
    fn propose_kind(&mut self, kind: RoomKind, open_from: Option<Seq>, at: Micros) {
        let opens = kind == RoomKind::Open && self.kind.newest() != Some(RoomKind::Open);
        self.next_open_from = opens.then(|| open_from.unwrap_or(self.last_seq.next()));
        self.kind.propose(kind, at);
    }

    /// A private room that becomes open shows newcomers nothing of before, unless the request says so. Who
    /// makes a room private becomes its host if it has none.
    fn settle_kind(&mut self, kind: RoomKind, person: PersonId, ending: Ending, at: Micros) {
        self.kind.settle(ending, at);
        match (self.next_open_from.take(), ending) {
            (Some(seq), Ending::Done) => self.open_from = seq,
            (Some(seq), Ending::Unknown) => self.open_from = self.open_from.min(seq),
            _ => {}
        }
        if kind == RoomKind::Private && ending != Ending::Refused {
            self.maybe_host(person, at);
        }
    }

    /// Removes a member. When the last host of a private room leaves, another member becomes one, and the
    /// oracle does not decide who.
    fn remove(&mut self, person: PersonId, at: Micros) {
        if let Some(memberships) = self.members.get_mut(&person) {
            memberships.end(at);
        }
        let is_certain_host = |memberships: &Timeline<Membership>| {
            memberships.newest().is_some() && memberships.current().all(|it| it.role == Role::Host)
        };
        if !self.members.values().any(is_certain_host) {
            let people: Vec<PersonId> = self.members.keys().copied().collect();
            people.into_iter().for_each(|person| self.maybe_host(person, at));
        }
    }

    /// A member may have become a host; the earlier role stays possible.
    fn maybe_host(&mut self, person: PersonId, at: Micros) {
        let Some(memberships) = self.members.get_mut(&person) else { return };
        match memberships.newest() {
            Some(current) if current.role != Role::Host => {
                memberships.allow(Membership { role: Role::Host, ..current }, at);
            }
            _ => {}
        }
    }
}
