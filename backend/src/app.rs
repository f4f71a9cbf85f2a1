//! What every handler can reach, and how it comes to life.

use std::{fmt::Display, ops::Deref, sync::Arc};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use shared::{ids::RoomId, problem::Code};

use crate::{
    Error, Result, Settings,
    realtime::hub::Hub,
    realtime::ledger::Ledger,
    rooms::discard,
    search::SearchLimiter,
    settings::Storage,
    tables::{Database, rooms, sqlite_file},
    users::Users,
};

/// A handle to all of it; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of a running server.
pub struct Parts {
    /// How it was started.
    pub settings: Settings,
    /// The rows.
    pub db: Database,
    /// Every write that takes a number in a room.
    pub ledger: Ledger,
    /// Who listens to which room on this node.
    pub hub: Hub,
    /// Keys, caches and throttles of signing in.
    pub users: Users,
    /// Limits concurrent searches.
    pub search_limiter: SearchLimiter,
}

impl App {
    /// Opens the database and the keys and starts what runs in the background.
    pub async fn start(settings: Settings) -> Result<Self> {
        let db = open(&settings.storage).await?;
        let users = Users::open(&settings)?;
        let hub = Hub::start(db.clone(), settings.redis_url.as_ref().map(|url| &*url.0))?;
        hub.when_ended(users.forgetting());
        let ledger = Ledger::start(db.clone(), hub.clone());
        let search_limiter = SearchLimiter::new(settings.storage.database_connections);
        let app = Self(Arc::new(Parts { settings, db, ledger, hub, users, search_limiter }));
        // Rooms whose deletion was interrupted.
        let deleted = rooms::Entity::find().filter(rooms::Column::DeletedAt.is_not_null());
        for room in deleted.all(&app.db.reader).await? {
            discard(&app, RoomId(room.id));
        }
        Ok(app)
    }
}

/// Opens the database of the settings, or says why that cannot be done.
pub async fn open(storage: &Storage) -> Result<Database> {
    let url = storage.database_url();
    Database::open(&url, storage.database_connections).await.map_err(cannot_open)
}

/// Opens the database of a server that may be running on it: its tables stay as they are. Fails if
/// there is none, or its tables are not those of this program.
pub async fn open_existing(storage: &Storage) -> Result<Database> {
    let url = storage.database_url();
    if let Some(file) = sqlite_file(&url).filter(|file| !file.exists()) {
        return Err(cannot_open(format!("there is no file {}", file.display())));
    }
    Database::open_existing(&url, storage.database_connections).await.map_err(cannot_open)
}

fn cannot_open(error: impl Display) -> Error {
    Error::new(Code::Internal, format!("cannot open the database: {error}"))
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
