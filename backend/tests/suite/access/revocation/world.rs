//! The nodes, the accounts and the room of the table.

use std::{path::Path, time::Duration};

use hallway::tables::{Database, sessions};
use rig::services::{Hallway, Host, Redis, ServerOptions};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use shared::{
    ids::{RoomId, SessionId, UserId},
    paths,
    rooms::Room,
    users::{SignedIn, User},
};

use super::{
    access::{Access, Credential},
    events::Event,
};
use crate::fixture::{
    Client, DatabaseKind, LiveSocket, PASSWORD, Person, Storage, register, template,
};

/// More messages than fit into two batches of a download and the socket buffers.
const MESSAGES: usize = 1_200;

/// One node with SQLite, else two.
pub struct World {
    /// A client of the node on which events happen.
    pub first: Client,
    /// A client of the node on which access is held.
    pub last: Client,
    _nodes: Vec<Hallway>,
    _redis: Option<Redis>,
    storage: Storage,
    /// The data folder of the second node. Dropped after the nodes.
    _folder: Storage,
    database: Database,
}

impl World {
    pub async fn start(with_redis: bool) -> Self {
        let (storage, folder) = (template().copy().await, Storage::with(None));
        let is_shared = DatabaseKind::selected() != DatabaseKind::Sqlite;
        let redis = match with_redis && is_shared {
            true => Some(Redis::start(&Host::local()).await.unwrap()),
            false => None,
        };
        let key = std::fs::read_to_string(storage.folder().join("session.key")).unwrap();
        let mut nodes = Vec::new();
        for data in [&storage, &folder].into_iter().take(if is_shared { 2 } else { 1 }) {
            let options = ServerOptions {
                database_url: Some(storage.url()),
                redis_url: redis.as_ref().map(Redis::url),
                session_key: Some(key.trim().to_owned()),
                env: vec![
                    ("HALLWAY_LOGIN_ATTEMPTS".into(), "1000000".into()),
                    ("HALLWAY_EXPORTS_PER_ACCOUNT".into(), "1000".into()),
                ],
                ..ServerOptions::new(data.folder())
            };
            let binary = Path::new(env!("CARGO_BIN_EXE_hallway"));
            nodes.push(Hallway::start(binary, options).await.unwrap());
        }
        let database = Database::open(&storage.url(), 2).await.unwrap();
        let client = |node: Option<&Hallway>| Client::new(node.unwrap().address());
        let (first, last) = (client(nodes.first()), client(nodes.last()));
        Self { first, last, _nodes: nodes, _redis: redis, storage, _folder: folder, database }
    }

    pub fn admin(&self) -> Person {
        template().seed.person(self.first.address, 0)
    }

    /// Runs a command of `hallway` beside the servers.
    pub async fn run(&self, arguments: &[&str]) {
        let (code, _, stderr) = self.storage.run(arguments).await;
        assert_eq!(code, Some(0), "{stderr}");
    }

    /// Creates a room of which a download takes longer than any buffer.
    pub async fn create_long_room(&self) -> RoomId {
        let admin = self.admin();
        let room: Room = admin.post(paths::ROOMS, json!({"name": "Long"})).await.expect_json(201);
        let mut live = LiveSocket::open(&admin).await;
        let text = |nth| format!("word {nth} {}", "x".repeat(8_000));
        live.post_all(room.id, (1..=MESSAGES).map(text)).await;
        room.id
    }

    /// Creates the account of an event, a member of the room, with an access for each credential.
    pub async fn add_victim(&self, room: RoomId, event: Event) -> Victim {
        let name = format!("{event:?}");
        let person = register(&self.first, &name).await;
        let member = paths::fill(paths::MEMBER, &[&room, &person.user.id]);
        self.admin().put(&member, Value::Null).await.expect_status(200);
        let account = paths::fill(paths::USER, &[&person.user.id]);
        if event == Event::Demote {
            self.admin().patch(&account, json!({"is_admin": true})).await.expect_status(200);
        }
        let mut accesses = Vec::new();
        for credential in super::CREDENTIALS {
            accesses.push(self.sign_in(&person.user, credential).await);
        }
        let expires_at = match event {
            Event::SessionExpired => self.expire_soon(&accesses).await,
            _ => i64::MAX,
        };
        Victim { person, accesses, expires_at }
    }

    async fn sign_in(&self, user: &User, credential: Credential) -> Access {
        let address = self.last.address;
        let body = json!({"username": user.username, "password": PASSWORD});
        let (header, session) = match credential {
            Credential::Basic => (Access::basic(&user.username, PASSWORD), None),
            Credential::Classic => {
                let response = self.first.post("/login/", body).await;
                let cookie = response.header("set-cookie").split(';').next().unwrap().to_owned();
                (("cookie", cookie), Some(self.newest_session_of(user.id).await))
            }
            _ => {
                let path = paths::SESSIONS;
                let signed: SignedIn = self.first.post(path, body).await.expect_json(201);
                let header = match credential {
                    Credential::Cookie => ("cookie", format!("hallway_session={}", signed.token)),
                    Credential::Bearer => ("authorization", format!("Bearer {}", signed.token)),
                    _ => ("authorization", format!("Token {}", signed.token)),
                };
                (header, Some(signed.session.id))
            }
        };
        Access { address, credential, header, session }
    }

    /// The newest session of an account. Reads the database, because a node that looked the session up
    /// would keep it in its cache, with the expiry that [`World::expire_soon`] replaces.
    async fn newest_session_of(&self, user: UserId) -> SessionId {
        let sessions = sessions::Entity::find().filter(sessions::Column::UserId.eq(user.0));
        let newest = sessions.order_by_desc(sessions::Column::CreatedAt);
        SessionId(newest.one(&self.database.writer).await.unwrap().unwrap().id)
    }

    /// Sets the expiry of sessions that no node has seen yet.
    async fn expire_soon(&self, accesses: &[Access]) -> i64 {
        let ids = accesses.iter().filter_map(|access| access.session).map(|session| session.0);
        let expires_at = hallway::tables::now() + Event::EXPIRES_AFTER.as_micros() as i64;
        sessions::Entity::update_many()
            .col_expr(sessions::Column::ExpiresAt, expires_at.into())
            .filter(sessions::Column::Id.is_in(ids))
            .exec(&self.database.writer)
            .await
            .unwrap();
        expires_at
    }
}

/// The account that loses access.
pub struct Victim {
    /// A session that is not part of the table.
    pub person: Person,
    pub accesses: Vec<Access>,
    /// When the sessions expire, in microseconds since 1970.
    expires_at: i64,
}

impl Victim {
    /// The time until the sessions expire.
    pub fn until_expiry(&self) -> Duration {
        let left = self.expires_at - hallway::tables::now();
        Duration::from_micros(u64::try_from(left).expect("all opened before the expiry"))
    }

    pub fn access(&self, credential: Credential) -> Access {
        self.accesses.iter().find(|found| found.credential == credential).unwrap().clone()
    }
}
