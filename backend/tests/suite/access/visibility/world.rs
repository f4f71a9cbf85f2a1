//! The actors, and a room of each kind in which each word is a secret.

use serde_json::{Value, json};
use shared::{
    access::{History, Policies, Rank, Role, RoomAccess, RoomKind},
    ids::{MessageId, RoomId, UserId},
    messages::Message,
    paths,
    rooms::Room,
};

use crate::fixture::{Client, Person, Server};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    Anon,
    Outsider,
    GuestInside,
    GuestOutside,
    Reader,
    Member,
    Host,
    /// Joined after the first messages.
    Late,
    /// Left the room.
    Former,
    /// Was removed from the room.
    Removed,
    /// Is still a member, but disabled.
    Disabled,
    AdminOutside,
    OwnerOutside,
}

pub const ACTORS: [Actor; 13] = [
    Actor::Anon,
    Actor::Outsider,
    Actor::GuestInside,
    Actor::GuestOutside,
    Actor::Reader,
    Actor::Member,
    Actor::Host,
    Actor::Late,
    Actor::Former,
    Actor::Removed,
    Actor::Disabled,
    Actor::AdminOutside,
    Actor::OwnerOutside,
];

impl Actor {
    pub fn rank(self) -> Rank {
        match self {
            Self::GuestInside | Self::GuestOutside => Rank::Guest,
            Self::AdminOutside => Rank::Admin,
            Self::OwnerOutside => Rank::Owner,
            _ => Rank::Member,
        }
    }

    /// The role of those who are in every room from the beginning.
    fn role(self) -> Option<Role> {
        match self {
            Self::Reader => Some(Role::Reader),
            Self::Host => Some(Role::Host),
            Self::GuestInside | Self::Member | Self::Former | Self::Removed | Self::Disabled => {
                Some(Role::Member)
            }
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Active,
    Archived,
    Deleted,
}

/// How much an actor may see of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Nothing, not even that it exists.
    Nothing,
    /// Name, topic and size.
    Listing,
    /// The messages since they joined.
    Late,
    All,
}

/// A room with one secret word for each thing in it.
#[derive(Clone, Debug)]
pub struct SecretRoom {
    pub kind: RoomKind,
    pub history: History,
    pub state: State,
    pub target: Target,
}

/// What a request can name: a room and things in it. The words have the same lengths in all targets.
#[derive(Clone, Debug)]
pub struct Target {
    pub room: RoomId,
    pub name: String,
    pub topic: String,
    /// In the texts of messages 1 and 2.
    pub early: String,
    /// In the texts of messages 3 and 4.
    pub late: String,
    /// The author of all messages, who is in no other room.
    pub person: String,
    pub person_id: UserId,
    /// The id of message 1.
    pub early_id: MessageId,
    /// The id of message 3.
    pub late_id: MessageId,
}

impl Target {
    fn words(nth: usize) -> [String; 5] {
        ["name", "topc", "erly", "late", "pers"].map(|kind| format!("xq{kind}{nth:02}"))
    }

    /// What does not exist.
    pub fn phantom() -> Self {
        let [name, topic, early, late, person] = Self::words(99);
        let (early_id, late_id) = (MessageId(9_000_003), MessageId(9_000_004));
        let (room, person_id) = (RoomId(9_000_001), UserId(9_000_002));
        Self { room, name, topic, early, late, person, person_id, early_id, late_id }
    }
}

impl SecretRoom {
    pub fn visibility(&self, actor: Actor) -> Visibility {
        let is_direct = self.kind == RoomKind::Direct;
        let is_inside = match actor {
            Actor::GuestInside | Actor::Reader | Actor::Member | Actor::Host => true,
            Actor::Late => !is_direct,
            _ => false,
        };
        let is_signed_in = !matches!(actor, Actor::Anon | Actor::Disabled);
        let finds = self.kind == RoomKind::Open && actor.rank() > Rank::Guest;
        match self.state {
            State::Deleted => Visibility::Nothing,
            _ if actor == Actor::Late && is_inside && self.history == History::Joining => {
                Visibility::Late
            }
            _ if is_inside => Visibility::All,
            _ if is_signed_in && finds => Visibility::Listing,
            _ => Visibility::Nothing,
        }
    }

    pub fn label(&self) -> String {
        format!("{:?} {:?} {:?}", self.kind, self.history, self.state)
    }
}

/// A server with all actors and a room of each kind.
pub struct World {
    pub server: Server,
    pub founder: Person,
    pub rooms: Vec<SecretRoom>,
    people: Vec<(Actor, Person)>,
    anon: Client,
}

impl World {
    pub async fn start() -> Self {
        let server = Server::with(|settings| settings.exports_per_account = 100).await;
        let founder = server.person("founder", Rank::Owner).await;
        let mut people = Vec::new();
        for actor in ACTORS.into_iter().filter(|actor| *actor != Actor::Anon) {
            people.push((actor, server.person(&format!("{actor:?}"), actor.rank()).await));
        }
        let mut world = Self { anon: server.anon(), server, founder, rooms: Vec::new(), people };
        for kind in [RoomKind::Open, RoomKind::Private] {
            for history in [History::All, History::Joining] {
                world.found(kind, history, State::Active).await;
                world.found(kind, history, State::Archived).await;
            }
            world.found(kind, History::All, State::Deleted).await;
        }
        world.begin_direct().await;
        let disabled = paths::fill(paths::USER, &[&world.id(Actor::Disabled)]);
        world.founder.patch(&disabled, json!({"is_disabled": true})).await.expect_status(200);
        world
    }

    pub fn client(&self, actor: Actor) -> &Client {
        match actor {
            Actor::Anon => &self.anon,
            actor => self.person(actor),
        }
    }

    pub fn person(&self, actor: Actor) -> &Person {
        &self.people.iter().find(|(of, _)| *of == actor).expect("a person").1
    }

    fn id(&self, actor: Actor) -> UserId {
        self.person(actor).user.id
    }

    pub fn room(&self, kind: RoomKind, history: History) -> &SecretRoom {
        let is_it = |room: &&SecretRoom| {
            (room.kind, room.history, room.state) == (kind, history, State::Active)
        };
        self.rooms.iter().find(is_it).expect("a room of each kind")
    }

    /// The author of a room's messages.
    pub async fn author(&self, nth: usize) -> Person {
        self.server.person(&Target::words(nth)[4], Rank::Member).await
    }

    async fn found(&mut self, kind: RoomKind, history: History, state: State) {
        let nth = self.rooms.len();
        let [name, topic, early, late, person] = Target::words(nth);
        let new = json!({"name": name, "topic": topic, "kind": kind, "history": history});
        let room: Room = self.founder.post(paths::ROOMS, new).await.expect_json(201);
        let room = room.id;
        let author = self.author(nth).await;
        self.add(room, author.user.id, Role::Member).await;
        for (actor, person) in &self.people {
            if let Some(role) = actor.role() {
                self.add(room, person.user.id, role).await;
            }
        }
        let change_members = async || {
            let membership = paths::fill(paths::MEMBERSHIP, &[&room]);
            self.person(Actor::Former).delete(&membership).await.expect_status(204);
            let removed = paths::fill(paths::MEMBER, &[&room, &self.id(Actor::Removed)]);
            self.founder.delete(&removed).await.expect_status(204);
            self.add(room, self.id(Actor::Late), Role::Member).await;
        };
        let [early_id, late_id] = self.talk(&author, room, [&early, &late], change_members).await;
        let path = paths::fill(paths::ROOM, &[&room]);
        match state {
            State::Active => {}
            State::Archived => {
                self.founder.patch(&path, json!({"archived": true})).await.expect_status(200);
            }
            State::Deleted => {
                self.founder.delete(&path).await.expect_status(204);
            }
        }
        let person_id = author.user.id;
        let target =
            Target { room, name, topic, early, late, person, person_id, early_id, late_id };
        self.rooms.push(SecretRoom { kind, history, state, target });
    }

    /// Posts two early messages and, after `change_members`, two late ones, and edits message 2. Returns the
    /// ids of messages 1 and 3.
    async fn talk(
        &self,
        author: &Person,
        room: RoomId,
        [early, late]: [&str; 2],
        change_members: impl AsyncFnOnce(),
    ) -> [MessageId; 2] {
        let first = author.post_message(room, &format!("{early} one")).await;
        author.post_message(room, &format!("{early} two")).await;
        change_members().await;
        let reply = json!({"content": format!("{late} one"), "reply_to": 2});
        let messages = paths::fill(paths::MESSAGES, &[&room]);
        let third: Message = author.post(&messages, reply).await.expect_json(201);
        author.post_message(room, &format!("{late} two")).await;
        let second = paths::fill(paths::MESSAGE, &[&room, &2]);
        let edit = json!({"content": format!("{early} changed")});
        author.patch(&second, edit).await.expect_status(200);
        [first.id, third.id]
    }

    async fn add(&self, room: RoomId, user: UserId, role: Role) {
        let member = paths::fill(paths::MEMBER, &[&room, &user]);
        self.founder.put(&member, Value::Null).await.expect_status(200);
        if role != Role::Member {
            self.founder.patch(&member, json!({"role": role})).await.expect_status(200);
        }
    }

    /// A conversation of the author and those who are inside every room.
    async fn begin_direct(&mut self) {
        let nth = self.rooms.len();
        let [name, topic, early, late, person] = Target::words(nth);
        let author = self.author(nth).await;
        let inside = [Actor::GuestInside, Actor::Reader, Actor::Member, Actor::Host];
        let inside = inside.map(|actor| (self.id(actor), actor.rank(), Role::Member));
        let people = [&[(author.user.id, Rank::Member, Role::Member)], &inside[..]].concat();
        let (kind, policies) = (RoomKind::Direct, Policies::default());
        let access = RoomAccess { kind, policies, is_archived: false };
        let room = self.server.insert_room("", &access, &people, &[]).await;
        let [early_id, late_id] = self.talk(&author, room, [&early, &late], async || {}).await;
        let person_id = author.user.id;
        let target =
            Target { room, name, topic, early, late, person, person_id, early_id, late_id };
        let (history, state) = (History::All, State::Active);
        self.rooms.push(SecretRoom { kind, history, state, target });
    }
}
