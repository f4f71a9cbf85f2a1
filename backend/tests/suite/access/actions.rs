//! Every write, by every rank and role, in a room of every kind: the API decides as [`shared::access`] does,
//! down to the code of the error.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::{
    access::{Action, Policies, Rank, Role, RoomAccess, RoomKind, check},
    ids::RoomId,
    paths,
    problem::Code,
};

use crate::fixture::{Person, Server};

const RANKS: [Rank; 4] = [Rank::Guest, Rank::Member, Rank::Admin, Rank::Owner];
const ROLES: [Option<Role>; 4] = [None, Some(Role::Reader), Some(Role::Member), Some(Role::Host)];
const KINDS: [RoomKind; 3] = [RoomKind::Open, RoomKind::Private, RoomKind::Direct];

/// Who does it, and where.
struct Cell {
    rank: Rank,
    role: Option<Role>,
    room: RoomAccess,
}

impl Cell {
    fn check(&self, action: Action) -> Result<(), Code> {
        check(self.rank, &self.room, self.role, action)
    }

    fn delete_message(&self, is_own: bool) -> Result<(), Code> {
        self.check(Action::See)?;
        if self.check(Action::DeleteAnyMessage).is_ok() {
            return Ok(());
        }
        self.check(Action::Read)?;
        if is_own { Ok(()) } else { Err(Code::NotTheAuthor) }
    }

    fn join(&self) -> Result<(), Code> {
        self.check(Action::See)?;
        if self.role.is_some() { Ok(()) } else { self.check(Action::Join) }
    }

    fn leave(&self) -> Result<(), Code> {
        self.check(Action::See)?;
        if self.room.kind == RoomKind::Direct { Err(Code::DirectRoom) } else { Ok(()) }
    }

    /// Only direct rooms are hidden; others can be left.
    fn hide(&self) -> Result<(), Code> {
        self.check(Action::Read)?;
        if self.room.kind == RoomKind::Direct { Ok(()) } else { Err(Code::InvalidFields) }
    }

    /// The classic endpoints change rooms for admins only.
    fn classic_manage(&self) -> Result<(), Code> {
        if self.rank.is_admin() { self.check(Action::Manage) } else { Err(Code::AdminOnly) }
    }

    /// The classic endpoints know no direct rooms.
    fn classic_join(&self) -> Result<(), Code> {
        self.join()?;
        if self.room.kind == RoomKind::Direct { Err(Code::NotFound) } else { Ok(()) }
    }
}

/// A write: the operation of the OpenAPI document, the body, and the decision. `{own}` and `{other}` are
/// messages of the caller and of another member, `{victim}` is a member and `{new}` is not one.
struct Write(&'static str, &'static str, fn(&Cell) -> Result<(), Code>);

fn manage(cell: &Cell) -> Result<(), Code> {
    cell.check(Action::Manage)
}

fn time_out(cell: &Cell) -> Result<(), Code> {
    cell.check(Action::TimeOut)
}

fn post(cell: &Cell) -> Result<(), Code> {
    cell.check(Action::Post)
}

const WRITES: &[Write] = &[
    Write("PUT /api/v1/rooms/{id}", r#"{"name": "{name}"}"#, manage),
    Write("PATCH /api/v1/rooms/{id}", r#"{"name": "{name}"}"#, manage),
    Write("PATCH /api/v1/rooms/{id}", r#"{"topic": "new"}"#, |cell| {
        cell.check(Action::ChangeTopic)
    }),
    Write("PATCH /api/v1/rooms/{id}", r#"{"topic": "new", "history": "joining"}"#, manage),
    Write("PATCH /api/v1/rooms/{id}", r#"{"kind": "{kind}"}"#, manage),
    Write("PATCH /api/v1/rooms/{id}", r#"{"policies": {"post": "host"}}"#, manage),
    Write("PATCH /api/v1/rooms/{id}", r#"{"archived": true}"#, manage),
    Write("PATCH /api/v1/rooms/{id}", r#"{"archived": false}"#, manage),
    Write("PATCH /api/v1/rooms/{id}", r#"{"is_default": false}"#, |cell| {
        cell.check(Action::SetDefault)
    }),
    Write("PATCH /api/v1/rooms/{id}", r#"{"name": "{name}", "is_default": false}"#, |cell| {
        manage(cell).and(cell.check(Action::SetDefault))
    }),
    Write("PATCH /api/v1/rooms/{id}", "{}", |cell| cell.check(Action::See)),
    Write("DELETE /api/v1/rooms/{id}", "", manage),
    Write("PUT /api/v1/rooms/{id}/membership", "", Cell::join),
    Write("DELETE /api/v1/rooms/{id}/membership", "", Cell::leave),
    Write("PUT /api/v1/rooms/{id}/members/{new}", "", |cell| cell.check(Action::Invite)),
    Write("PATCH /api/v1/rooms/{id}/members/{victim}", r#"{"role": "reader"}"#, manage),
    Write("DELETE /api/v1/rooms/{id}/members/{victim}", "", manage),
    Write("DELETE /api/v1/rooms/{id}/members/{victim}?ban=true", "", time_out),
    Write("PUT /api/v1/rooms/{id}/members/{victim}/timeout", r#"{"minutes": 5}"#, time_out),
    Write("DELETE /api/v1/rooms/{id}/members/{victim}/timeout", "", time_out),
    // Nobody is banned, and nothing was reported.
    Write("DELETE /api/v1/rooms/{id}/bans/{victim}", "", |cell| {
        time_out(cell).and(Err(Code::NotFound))
    }),
    Write("PATCH /api/v1/rooms/{id}/reports/{new}", r#"{"state": "resolved"}"#, |cell| {
        manage(cell).and(Err(Code::NotFound))
    }),
    Write("POST /api/v1/rooms/{id}/messages", r#"{"content": "new"}"#, post),
    Write("PATCH /api/v1/rooms/{id}/messages/{own}", r#"{"content": "new"}"#, post),
    Write("PATCH /api/v1/rooms/{id}/messages/{other}", r#"{"content": "new"}"#, |cell| {
        post(cell).and(Err(Code::NotTheAuthor))
    }),
    Write("DELETE /api/v1/rooms/{id}/messages/{own}", "", |cell| cell.delete_message(true)),
    Write("DELETE /api/v1/rooms/{id}/messages/{other}", "", |cell| cell.delete_message(false)),
    Write("POST /api/v1/rooms/{id}/messages/{other}/report", r#"{"reason": "rude"}"#, |cell| {
        cell.check(Action::Report)
    }),
    Write("PUT /api/v1/rooms/{id}/messages/{other}/reactions/{emoji}", "", |cell| {
        cell.check(Action::React)
    }),
    Write("DELETE /api/v1/rooms/{id}/messages/{other}/reactions/{emoji}", "", |cell| {
        cell.check(Action::React)
    }),
    Write("PUT /api/v1/rooms/{id}/read", r#"{"seq": 1}"#, |cell| cell.check(Action::Read)),
    Write("PUT /api/v1/rooms/{id}/hidden", "", Cell::hide),
    Write("DELETE /api/v1/rooms/{id}/hidden", "", Cell::hide),
    Write("PATCH /api/v1/rooms/{id}/preferences", r#"{"muted": true}"#, |cell| {
        cell.check(Action::Read)
    }),
    // The room is not deleted.
    Write("POST /api/v1/rooms/{id}/restore", "", |_| Err(Code::NotFound)),
    Write("PUT /rooms/{id}", r#"{"name": "{name}"}"#, Cell::classic_manage),
    Write("PATCH /rooms/{id}", r#"{"topic": "new"}"#, |cell| match cell.classic_manage() {
        // By its policy, as everywhere.
        Err(Code::AdminOnly) => Err(Code::AdminOnly),
        _ => cell.check(Action::ChangeTopic),
    }),
    Write("PATCH /rooms/{id}", r#"{"users": [{new}]}"#, Cell::classic_manage),
    Write("DELETE /rooms/{id}", "", Cell::classic_manage),
    Write("POST /rooms/{id}/join", "", Cell::classic_join),
    Write("POST /messages/create/{id}", r#"{"content": "new"}"#, |cell| match cell.room.kind {
        RoomKind::Direct => Err(Code::NotFound),
        _ => post(cell),
    }),
];

/// The path of an operation with a `{}` for each variable.
fn shape(operation: &str) -> String {
    let parts = operation.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// A new endpoint that changes something in a room needs a row in the table.
#[test]
fn the_table_lists_every_write_to_a_room() {
    let listed: BTreeSet<_> = WRITES.iter().map(|write| shape(write.0)).collect();
    let document: Value = serde_json::from_str(&hallway::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let parts = ["/rooms/{id}", "/messages/create/{id}"];
        // `api::administration` tests those of the admins.
        let is_of_admins = path.starts_with("/api/v1/admin/");
        if is_of_admins || !parts.iter().any(|part| path.contains(part)) {
            continue;
        }
        for method in item.as_object().unwrap().keys().filter(|method| *method != "get") {
            let operation = format!("{} {path}", method.to_uppercase());
            assert!(listed.contains(&shape(&operation)), "{operation} is not in access/actions.rs");
        }
    }
}

/// The accounts of all ranks and roles, and where they act.
struct World {
    server: Server,
    people: Vec<(Rank, Option<Role>, Person)>,
    victim: Person,
    new: Person,
}

impl World {
    async fn start() -> Self {
        let server = Server::start().await;
        let mut people = Vec::new();
        for rank in RANKS {
            for role in ROLES {
                let name = format!("{rank:?} {role:?}");
                people.push((rank, role, server.person(&name, rank).await));
            }
        }
        let victim = server.person("victim", Rank::Member).await;
        let new = server.person("new", Rank::Member).await;
        Self { server, people, victim, new }
    }

    /// A room of everybody who has a role, each with a message.
    async fn room(&self, access: &RoomAccess, name: &str) -> RoomId {
        let inside = self
            .people
            .iter()
            .filter_map(|(rank, role, person)| role.map(|role| (person.user.id, *rank, role)));
        let victim = (self.victim.user.id, Rank::Member, Role::Member);
        let people: Vec<_> = std::iter::once(victim).chain(inside).collect();
        let messages: Vec<_> = people.iter().map(|(user, ..)| (*user, "old")).collect();
        self.server.insert_room(name, access, &people, &messages).await
    }

    /// The `seq` of a person's message; that of the victim for those outside.
    fn own_seq(&self, person: &Person) -> usize {
        let inside = self.people.iter().filter(|(_, role, _)| role.is_some());
        inside
            .map(|(.., other)| other.user.id)
            .position(|id| id == person.user.id)
            .map_or(1, |nth| nth + 2)
    }

    /// Does one thing as everybody in turn, in a new room after each success.
    async fn check(&self, nth: usize, Write(operation, body, decide): &Write, room: RoomAccess) {
        let mut current = None;
        for (which, (rank, role, person)) in self.people.iter().enumerate() {
            let name = format!("room {nth} {which} {room:?}");
            let name = if room.kind == RoomKind::Direct { "" } else { &name };
            let id = match current {
                Some(id) => id,
                None => self.room(&room, name).await,
            };
            current = Some(id);
            let fill = |text: &str| {
                let kind = serde_json::to_value(room.kind).unwrap();
                text.replace("{id}", &id.to_string())
                    .replace("{name}", &format!("new {nth} {which} {id}"))
                    .replace("{kind}", kind.as_str().unwrap())
                    .replace("{emoji}", "👍")
                    .replace("{own}", &self.own_seq(person).to_string())
                    .replace("{other}", "1")
                    .replace("{victim}", &self.victim.user.id.to_string())
                    .replace("{new}", &self.new.user.id.to_string())
            };
            let (method, path) = operation.split_once(' ').unwrap();
            let body: Value = serde_json::from_str(&fill(body)).unwrap_or_default();
            let response = person.call(method, &fill(path), body.clone()).await;
            let expected = decide(&Cell { rank: *rank, role: *role, room });
            let label = format!("{operation} {body} by {rank:?} as {role:?} in {room:?}");
            match expected {
                Ok(()) => {
                    assert!((200..300).contains(&response.status), "{label}: {}", response.text);
                    current = None;
                }
                Err(code) if path.starts_with("/api/") => {
                    assert_eq!(response.json()["code"], json!(code), "{label}");
                    assert_eq!(response.status, code.status(), "{label}");
                }
                Err(code) => assert_eq!(response.status, code.status(), "{label}: {code:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_is_decided_as_access_decides() {
    let world = World::start().await;
    let all = |role| Policies { post: role, invite: role, topic: role, slow_s: 0 };
    let policies = [Policies::default(), all(Role::Reader), all(Role::Host)];
    for (nth, write) in WRITES.iter().enumerate() {
        let mut checks = Vec::new();
        for kind in KINDS {
            for is_archived in [false, true] {
                for policies in policies {
                    checks.push(RoomAccess { kind, policies, is_archived });
                }
            }
        }
        join_all(checks.into_iter().map(|room| world.check(nth, write, room))).await;
    }
}

#[tokio::test]
async fn rooms_are_created_by_rank() {
    let world = World::start().await;
    for (rank, role, person) in &world.people {
        for kind in KINDS {
            let name = format!("{rank:?} {role:?} {kind:?}");
            let response = person.post(paths::ROOMS, json!({"name": name, "kind": kind})).await;
            match kind {
                RoomKind::Open if rank.is_admin() => _ = response.expect_status(201),
                RoomKind::Open => _ = response.expect_problem(Code::AdminOnly),
                RoomKind::Private if *rank > Rank::Guest => _ = response.expect_status(201),
                RoomKind::Private => _ = response.expect_problem(Code::RankTooLow),
                RoomKind::Direct => response.expect_field_error("kind", "open or private"),
            }
        }
        let response =
            person.post("/rooms/", json!({"name": format!("classic {}", person.user.id)}));
        let expected = if rank.is_admin() { 201 } else { 403 };
        assert_eq!(response.await.status, expected, "{rank:?}");
    }
}
