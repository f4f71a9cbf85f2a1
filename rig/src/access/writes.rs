//! The requests that change something, allowed or not.

use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    access::{History, Policies, Rank, Role, RoomKind},
    ids::{RoomId, Seq},
};

use super::{
    actor::{Actor, Attempt},
    oracle::{Change, MarkerKind, Need, PersonId},
    requests::COMMON_WORD,
};

const ROLES: [Role; 3] = [Role::Reader, Role::Member, Role::Host];
/// The ranks that a run gives; there is one owner.
const RANKS: [Rank; 3] = [Rank::Guest, Rank::Member, Rank::Admin];

impl Actor {
    /// One random change.
    pub async fn change(&mut self) {
        let Some(room) = self.random_room() else { return };
        let attempt = match self.rng.u8(0..100) {
            0..42 => Some(self.post(room)),
            42..49 => self.edit(room),
            49..53 => self.delete_message(room),
            53..60 => self.join(room),
            60..63 => self.leave(room),
            63..72 => self.add(room),
            72..77 => self.remove(room),
            77..81 => self.set_role(room),
            81..84 => Some(self.rename(room)),
            84..87 => Some(self.set_topic(room)),
            87..90 => Some(self.convert(room)),
            90..92 => Some(self.set_history(room)),
            92..94 => Some(self.set_policies(room)),
            94..96 => self.archive(room),
            96..98 => self.delete_or_restore(),
            98 => Some(self.enter(room)),
            _ => self.set_rank(),
        };
        if let Some(attempt) = attempt {
            self.attempt(attempt).await;
        }
    }

    fn post(&mut self, room: RoomId) -> Attempt {
        let marker = self.world.oracle().marker(MarkerKind::Message);
        let mut body = json!({ "content": format!("{COMMON_WORD} {marker}") });
        let last = self.world.oracle().rooms.get(&room).map_or(0, |room| room.last_seq.0);
        if last > 0 && self.rng.u8(0..8) == 0 {
            body["reply_to"] = self.rng.i64(1..=last).into();
        }
        Attempt {
            method: Method::POST,
            path: format!("/api/v1/rooms/{room}/messages"),
            body: Some(body),
            need: Need::Post(room),
            change: Change::Post(room, self.me, marker),
        }
    }

    /// A random message of a room with its author.
    fn random_message(&mut self, room: RoomId) -> Option<(Seq, PersonId)> {
        let messages: Vec<(Seq, PersonId)> = {
            let oracle = self.world.oracle();
            let messages = oracle.rooms.get(&room)?.messages.iter().rev().take(50);
            messages.map(|(seq, (author, _))| (*seq, *author)).collect()
        };
        self.rng.choice(messages)
    }

    fn edit(&mut self, room: RoomId) -> Option<Attempt> {
        let (seq, author) = self.random_message(room)?;
        let marker = self.world.oracle().marker(MarkerKind::Message);
        Some(Attempt {
            method: Method::PATCH,
            path: format!("/api/v1/rooms/{room}/messages/{seq}"),
            body: Some(json!({ "content": format!("{COMMON_WORD} {marker}") })),
            need: if author == self.me { Need::Post(room) } else { Need::Never },
            change: Change::Edit(room, seq, marker),
        })
    }

    fn delete_message(&mut self, room: RoomId) -> Option<Attempt> {
        let (seq, author) = self.random_message(room)?;
        Some(Attempt {
            method: Method::DELETE,
            path: format!("/api/v1/rooms/{room}/messages/{seq}"),
            body: None,
            need: if author == self.me { Need::DeleteOwn(room) } else { Need::Manage(room) },
            change: Change::DeleteMessage(room, seq),
        })
    }

    /// Strangers try to join only what is not open.
    fn join(&mut self, room: RoomId) -> Option<Attempt> {
        {
            let oracle = self.world.oracle();
            let kind = oracle.rooms.get(&room)?.kind.newest();
            if oracle.people[self.me].is_stranger && kind == Some(RoomKind::Open) {
                return None;
            }
        }
        Some(Attempt {
            method: Method::PUT,
            path: format!("/api/v1/rooms/{room}/membership"),
            body: None,
            need: Need::Join(room),
            change: Change::Join(room, self.me),
        })
    }

    /// Nobody leaves a direct room.
    fn leave(&mut self, room: RoomId) -> Option<Attempt> {
        {
            let oracle = self.world.oracle();
            let known = oracle.rooms.get(&room)?;
            let is_direct = known.kind.newest() == Some(RoomKind::Direct);
            if is_direct || known.membership(self.me).is_none() {
                return None;
            }
        }
        Some(Attempt {
            method: Method::DELETE,
            path: format!("/api/v1/rooms/{room}/membership"),
            body: None,
            need: Need::Nothing,
            change: Change::Leave(room, self.me),
        })
    }

    /// Somebody who is no stranger and not this person.
    pub fn random_person(&mut self) -> Option<PersonId> {
        let people: Vec<PersonId> = {
            let oracle = self.world.oracle();
            let others = oracle.people.iter().enumerate();
            let others = others.filter(|(id, person)| *id != self.me && !person.is_stranger);
            others.map(|(id, _)| id).collect()
        };
        self.rng.choice(people)
    }

    fn of_member(
        &mut self,
        method: Method,
        room: RoomId,
        need: Need,
        change: impl FnOnce(PersonId) -> (Change, Option<Value>),
    ) -> Option<Attempt> {
        let person = self.random_person()?;
        let id = self.world.oracle().people[person].id;
        let (change, body) = change(person);
        let path = format!("/api/v1/rooms/{room}/members/{id}");
        Some(Attempt { method, path, body, need, change })
    }

    fn add(&mut self, room: RoomId) -> Option<Attempt> {
        let change = |person| (Change::Join(room, person), None);
        self.of_member(Method::PUT, room, Need::Add(room), change)
    }

    fn remove(&mut self, room: RoomId) -> Option<Attempt> {
        let change = |person| (Change::Leave(room, person), None);
        self.of_member(Method::DELETE, room, Need::Manage(room), change)
    }

    fn set_role(&mut self, room: RoomId) -> Option<Attempt> {
        let role = ROLES[self.rng.usize(0..ROLES.len())];
        let change = |person| (Change::Role(room, person, role), Some(json!({ "role": role })));
        self.of_member(Method::PATCH, room, Need::Manage(room), change)
    }

    fn patch(room: RoomId, body: Value, need: Need, change: Change) -> Attempt {
        let path = format!("/api/v1/rooms/{room}");
        Attempt { method: Method::PATCH, path, body: Some(body), need, change }
    }

    fn rename(&mut self, room: RoomId) -> Attempt {
        let name = self.world.oracle().marker(MarkerKind::RoomName);
        let body = json!({ "name": name });
        Self::patch(room, body, Need::Manage(room), Change::Rename(room, name))
    }

    fn set_topic(&mut self, room: RoomId) -> Attempt {
        let topic = self.world.oracle().marker(MarkerKind::Topic);
        let body = json!({ "topic": topic });
        Self::patch(room, body, Need::ChangeTopic(room), Change::Topic(room, topic))
    }

    /// Makes an open room private, and a private one open.
    fn convert(&mut self, room: RoomId) -> Attempt {
        let known = self.world.oracle().rooms.get(&room).and_then(|room| room.kind.newest());
        let (kind, open_from) = match known {
            Some(RoomKind::Open) => (RoomKind::Private, None),
            _ => (RoomKind::Open, self.rng.bool().then_some(Seq(1))),
        };
        let mut body = json!({ "kind": kind });
        if let Some(seq) = open_from {
            body["open_from"] = seq.0.into();
        }
        let change = Change::Kind(room, self.me, kind, open_from);
        Self::patch(room, body, Need::Manage(room), change)
    }

    fn set_history(&mut self, room: RoomId) -> Attempt {
        let history = if self.rng.bool() { History::All } else { History::Joining };
        let body = json!({ "history": history });
        Self::patch(room, body, Need::Manage(room), Change::History(room, history))
    }

    /// Every other time sets the defaults, so that most rooms stay lively.
    fn set_policies(&mut self, room: RoomId) -> Attempt {
        let mut policies = Policies::default();
        if self.rng.bool() {
            for policy in [&mut policies.post, &mut policies.invite, &mut policies.topic] {
                *policy = ROLES[self.rng.usize(0..ROLES.len())];
            }
        }
        let body = json!({ "policies": policies });
        Self::patch(room, body, Need::Manage(room), Change::Policies(room, policies))
    }

    /// Archives a room; one that is archived, always restores it.
    fn archive(&mut self, room: RoomId) -> Option<Attempt> {
        let is_archived = self.world.oracle().rooms.get(&room)?.is_archived.newest() != Some(true);
        let body = json!({ "archived": is_archived });
        let change = Change::Archive(room, is_archived);
        Some(Self::patch(room, body, Need::Manage(room), change))
    }

    /// Restores a deleted room, or deletes one if there is none.
    fn delete_or_restore(&mut self) -> Option<Attempt> {
        let deleted: Vec<RoomId> = {
            let oracle = self.world.oracle();
            let deleted = oracle.rooms.iter().filter(|(_, room)| room.is_deleted());
            deleted.map(|(id, _)| *id).collect()
        };
        let Some(room) = self.rng.choice(deleted) else {
            let room = self.random_room()?;
            return Some(Attempt {
                method: Method::DELETE,
                path: format!("/api/v1/rooms/{room}"),
                body: None,
                need: Need::Manage(room),
                change: Change::Delete(room),
            });
        };
        Some(Attempt {
            method: Method::POST,
            path: format!("/api/v1/rooms/{room}/restore"),
            body: None,
            need: Need::Restore(room),
            change: Change::Restore(room),
        })
    }

    fn enter(&mut self, room: RoomId) -> Attempt {
        Attempt {
            method: Method::POST,
            path: format!("/api/v1/admin/rooms/{room}/enter"),
            body: None,
            need: Need::Enter(room),
            change: Change::Enter(room, self.me),
        }
    }

    /// Changes the rank of the last account that is no stranger, so that all other ranks stay as they are.
    fn set_rank(&mut self) -> Option<Attempt> {
        let rank = RANKS[self.rng.usize(0..RANKS.len())];
        let oracle = self.world.oracle();
        let person = oracle.people.iter().rposition(|it| !it.is_stranger)?;
        let is_admin = oracle.people[self.me].rank.newest() == Some(Rank::Admin);
        // An admin may make somebody an admin who is one already, and the oracle does not know that in time.
        if person == self.me || (is_admin && rank == Rank::Admin) {
            return None;
        }
        let id = oracle.people[person].id;
        Some(Attempt {
            method: Method::PATCH,
            path: format!("/api/v1/users/{id}"),
            body: Some(json!({ "rank": rank })),
            // Its rank may change before the request, so only the new one is judged.
            need: Need::SetRank(Rank::Guest, rank),
            change: Change::Rank(person, rank),
        })
    }
}
