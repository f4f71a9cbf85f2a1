//! Who takes part: a [`Server`], [`Client`]s (one without a token is anonymous), a [`Person`], a
//! [`LiveSocket`], and a [`Process`] where the server is to be killed. Most tests begin with the
//! same four people, the [`Cast`].

use std::{net::SocketAddr, sync::OnceLock, time::Duration};

use clap::Parser;
use hallway::{
    App, Settings,
    realtime::ledger,
    tables::{Database, messages, search_index},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::json;
use shared::{
    Timestamp,
    ids::{RoomId, SessionId},
    paths,
    rooms::{MarkRead, ReadState, Room},
    users::{SignedIn, User},
};
use tokio::{net::TcpListener, sync::oneshot};

mod client;
mod database;
mod home;
mod live;
mod process;
mod socket;

pub use client::{Answer, Client, Person};
pub use database::Kind;
pub use home::{Home, quarters};
pub use live::{LiveSocket, Reader, all, changes, fresh, head};
pub use process::{Process, run};
pub use socket::{Heard, Socket};

use home::Model;

/// How long anything may take that is not about time: far more than it needs.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// What revoking may take (promise 8).
pub const AT_ONCE: Duration = Duration::from_secs(2);

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    settings: Settings,
}

/// A server in this process, in a home of its own; it stops when this is dropped.
pub struct Server {
    pub address: SocketAddr,
    app: App,
    _stop: oneshot::Sender<()>,
    home: Home,
}

impl Server {
    /// One without any account.
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// One that is set up otherwise.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(Home::empty().await, change).await
    }

    async fn on(home: Home, change: impl FnOnce(&mut Settings)) -> Self {
        let flags = ["hallway".to_owned()].into_iter().chain(home.flags());
        let mut settings = Flags::parse_from(flags).settings;
        settings.login_attempts = 1_000_000;
        change(&mut settings);
        let app = hallway::start(settings).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopped.await;
        };
        tokio::spawn(hallway::api::serve::serve(app.clone(), listener, shutdown));
        Self { address, app, _stop: stop, home }
    }

    /// Where its rows are.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Its own ways to them.
    pub fn database(&self) -> &Database {
        &self.app.db
    }

    /// Somebody who is not signed in.
    pub fn anon(&self) -> Client {
        Client::new(self.address)
    }

    /// Makes an account and signs in.
    pub async fn register(&self, name: &str) -> Person {
        register(&self.anon(), name).await
    }

    /// Signs in, once more if need be.
    pub async fn sign_in(&self, name: &str) -> Person {
        sign_in(&self.anon(), name).await
    }
}

/// Makes an account and signs in.
pub async fn register(anon: &Client, name: &str) -> Person {
    let new = json!({"username": name, "password": PASSWORD});
    anon.post(paths::USERS, new).await.is(201);
    sign_in(anon, name).await
}

/// Signs in, once more if need be.
pub async fn sign_in(anon: &Client, name: &str) -> Person {
    let who = json!({"username": name, "password": PASSWORD});
    let signed: SignedIn = anon.post(paths::SESSIONS, who).await.read(201);
    Person::new(anon.address, signed.user, signed.session.id, signed.token)
}

/// Everyone's.
pub const PASSWORD: &str = "correct horse";

/// Four people before a room: `member` and `admin` are in it, `outsider` is not, `anon` is not even
/// signed in. The member said "first" (1), the admin "second" (2).
pub struct Cast {
    pub server: Server,
    pub anon: Client,
    pub outsider: Person,
    pub member: Person,
    pub admin: Person,
    pub room: RoomId,
}

impl Cast {
    /// On a fresh server. Hashing passwords is slow, so the accounts were made once, and every
    /// server begins with a copy of them.
    pub async fn assemble() -> Self {
        let template = template();
        let server = Server::on(template.copy().await, |_| ()).await;
        let person = |nth: usize| template.scene.person(server.address, nth);
        let (admin, member, outsider) = (person(0), person(1), person(2));
        Self { anon: server.anon(), outsider, member, admin, room: template.scene.room, server }
    }

    /// The path of something in the room.
    pub fn at(&self, template: &str) -> String {
        paths::fill(template, &[&self.room])
    }

    /// Says when a message of a room was said: nobody can wait for another day.
    pub async fn said_at(&self, room: RoomId, seq: i64, moment: &str) {
        let moment: Timestamp = moment.parse().unwrap();
        let row = messages::Entity::find()
            .filter(messages::Column::RoomId.eq(room.0))
            .filter(messages::Column::Seq.eq(seq));
        let txn = self.server.app.db.begin().await.unwrap();
        let row = row.one(&txn).await.unwrap().unwrap();
        let moved = messages::Model { created_at: moment.timestamp_micros(), ..row.clone() };
        search_index::remove(&txn, [&row]).await.unwrap();
        search_index::insert(&txn, [&moved]).await.unwrap();
        let mut moved = messages::ActiveModel::from(moved);
        moved.reset(messages::Column::CreatedAt);
        moved.update(&txn).await.unwrap();
        txn.commit().await.unwrap();
    }

    /// The member's marks in the room, all in line before any of them is written: one batch.
    pub async fn marks_at_once(&self, marks: &[(i64, bool)]) -> Vec<ReadState> {
        let mut answers = Vec::new();
        for (seq, exact) in marks {
            let mark = MarkRead { seq: (*seq).into(), exact: *exact, if_read_seq: None };
            let mark = ledger::MarkRead { room: self.room, user: self.member.user.id, mark };
            answers.push(self.server.app.ledger.mark_read(mark).await.unwrap());
        }
        let mut read = Vec::new();
        for answer in answers {
            read.push(answer.committed().await.unwrap());
        }
        read
    }

    /// Loses the index, as an older program leaves it; and starts a second server on the database,
    /// which makes it anew.
    pub async fn lose_and_find_the_index(&self, between: impl AsyncFnOnce()) {
        let lost: &[&str] = match Kind::chosen() {
            Kind::Sqlite => &[
                "INSERT INTO message_words (message_words) VALUES ('delete-all')",
                "INSERT INTO message_grams (message_grams) VALUES ('delete-all')",
            ],
            _ => &["DELETE FROM message_words"],
        };
        for sql in lost.iter().chain(&["DELETE FROM versions"]) {
            self.server.app.db.writer.execute_unprepared(sql).await.unwrap();
        }
        between().await;
        let again = Database::open(&self.server.home.url(), 2).await.unwrap();
        again.close().await.unwrap();
    }

    /// The path of a message in the room.
    pub fn message(&self, seq: i64) -> String {
        paths::fill(paths::MESSAGE, &[&self.room, &seq])
    }
}

/// A home with the cast in it.
pub struct Template {
    home: Model,
    pub scene: Scene,
}

/// Admin, member and outsider with their sessions, and the room.
#[derive(Clone)]
pub struct Scene {
    people: Vec<(User, SessionId, String)>,
    pub room: RoomId,
}

impl Template {
    /// A home of one's own like it.
    pub async fn copy(&self) -> Home {
        self.home.copy().await
    }
}

impl Scene {
    /// Makes it, on a server without any account.
    pub async fn set(anon: &Client) -> Self {
        let mut people = Vec::new();
        for name in ["admin", "member", "outsider"] {
            people.push(register(anon, name).await);
        }
        let new = json!({"name": "Lobby", "topic": "For everyone"});
        let room: Room = people[0].post(paths::ROOMS, new).await.read(201);
        let at = |template| paths::fill(template, &[&room.id]);
        people[1].put(&at(paths::MEMBERSHIP), json!(null)).await.is(200);
        people[1].post(&at(paths::MESSAGES), json!({"content": "first"})).await.is(201);
        people[0].post(&at(paths::MESSAGES), json!({"content": "second"})).await.is(201);
        let people =
            people.into_iter().map(|person| (person.user.clone(), person.session, person.token));
        Self { people: people.collect(), room: room.id }
    }

    /// Admin (0), member (1) or outsider (2), by way of the server that is there.
    pub fn person(&self, address: SocketAddr, nth: usize) -> Person {
        let (user, session, token) = self.people[nth].clone();
        Person::new(address, user, session, token)
    }

    /// All three.
    pub fn people(&self, address: SocketAddr) -> Vec<Person> {
        (0..self.people.len()).map(|nth| self.person(address, nth)).collect()
    }
}

/// The cast's home, made when it is first asked for.
pub fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let make = || tokio::runtime::Runtime::new().unwrap().block_on(rehearse());
        std::thread::spawn(make).join().unwrap()
    })
}

async fn rehearse() -> Template {
    let server = Server::start().await;
    let scene = Scene::set(&server.anon()).await;
    // SQLite folds its log into the one file; PostgreSQL copies what nobody is connected to.
    server.app.db.clone().close().await.unwrap();
    Template { home: Model::of(server.home).await, scene }
}
