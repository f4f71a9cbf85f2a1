//! Who takes part: a [`Server`], [`Client`]s (one without a token is anonymous), a [`Person`], a
//! [`LiveSocket`], and a [`Process`] where the server is to be killed. Most tests begin with the
//! same four people, the [`Cast`].

use std::{fs, net::SocketAddr, path::Path, sync::OnceLock, time::Duration};

use clap::Parser;
use hallway::{App, Settings, tables};
use serde_json::json;
use shared::{
    ids::{RoomId, SessionId},
    paths,
    rooms::Room,
    users::{SignedIn, User},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot};

mod client;
mod live;
mod process;
mod socket;

pub use client::{Answer, Client, Person};
pub use live::{LiveSocket, Reader, all, changes, fresh, head};
pub use process::{Process, run};
pub use socket::{Heard, Socket};

/// How long anything may take that is not about time: far more than it needs.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// What revoking may take (promise 8).
pub const AT_ONCE: Duration = Duration::from_secs(2);

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    settings: Settings,
}

/// A server in this process, on a data folder of its own; it stops when this is dropped.
pub struct Server {
    pub address: SocketAddr,
    app: App,
    _stop: oneshot::Sender<()>,
    _data: TempDir,
}

impl Server {
    /// One without any account.
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// One that is set up otherwise.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(TempDir::new().unwrap(), change).await
    }

    async fn on(data: TempDir, change: impl FnOnce(&mut Settings)) -> Self {
        let url = tables::sqlite_url(data.path());
        let folder = data.path().to_str().unwrap();
        let flags = ["hallway", "--data", folder, "--database-url", &url];
        let mut settings = Flags::parse_from(flags).settings;
        settings.login_attempts = 1_000_000;
        change(&mut settings);
        let app = App::start(settings).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopped.await;
        };
        tokio::spawn(hallway::web::serve::serve(app.clone(), listener, shutdown));
        Self { address, app, _stop: stop, _data: data }
    }

    /// Somebody who is not signed in.
    pub fn anon(&self) -> Client {
        Client::new(self.address)
    }

    /// Makes an account and signs in.
    pub async fn register(&self, name: &str) -> Person {
        let new = json!({"username": name, "password": PASSWORD});
        self.anon().post(paths::USERS, new).await.is(201);
        self.sign_in(name).await
    }

    /// Signs in, once more if need be.
    pub async fn sign_in(&self, name: &str) -> Person {
        let who = json!({"username": name, "password": PASSWORD});
        let signed: SignedIn = self.anon().post(paths::SESSIONS, who).await.read(201);
        Person::new(self.address, signed.user, signed.session.id, signed.token)
    }
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
        let data = template.copy();
        let server = Server::on(data, |_| ()).await;
        let person = |nth: usize| {
            let (user, session, token) = template.people[nth].clone();
            Person::new(server.address, user, session, token)
        };
        let (admin, member, outsider) = (person(0), person(1), person(2));
        Self { anon: server.anon(), outsider, member, admin, room: template.room, server }
    }

    /// The path of something in the room.
    pub fn at(&self, template: &str) -> String {
        paths::fill(template, &[&self.room])
    }

    /// The path of a message in the room.
    pub fn message(&self, seq: i64) -> String {
        paths::fill(paths::MESSAGE, &[&self.room, &seq])
    }
}

/// A data folder with the cast in it.
pub struct Template {
    files: Vec<(String, Vec<u8>)>,
    pub people: Vec<(User, SessionId, String)>,
    pub room: RoomId,
}

impl Template {
    /// A folder of one's own like it.
    pub fn copy(&self) -> TempDir {
        let folder = TempDir::new().unwrap();
        for (name, content) in &self.files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }
}

/// The cast's data, made when it is first asked for.
pub fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let make = || tokio::runtime::Runtime::new().unwrap().block_on(rehearse());
        std::thread::spawn(make).join().unwrap()
    })
}

async fn rehearse() -> Template {
    let server = Server::start().await;
    let mut people = Vec::new();
    for name in ["admin", "member", "outsider"] {
        people.push(server.register(name).await);
    }
    let new = json!({"name": "Lobby", "topic": "For everyone"});
    let room: Room = people[0].post(paths::ROOMS, new).await.read(201);
    let at = |template| paths::fill(template, &[&room.id]);
    people[1].put(&at(paths::MEMBERSHIP), json!(null)).await.is(200);
    people[1].post(&at(paths::MESSAGES), json!({"content": "first"})).await.is(201);
    people[0].post(&at(paths::MESSAGES), json!({"content": "second"})).await.is(201);
    let people =
        people.into_iter().map(|person| (person.user.clone(), person.session, person.token));
    let people = people.collect();
    // Folds the log into the one file.
    server.app.db.clone().close().await.unwrap();
    Template { files: read_all(server._data.path()), people, room: room.id }
}

fn read_all(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    });
    files.collect()
}
