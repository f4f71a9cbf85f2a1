//! What every handler can reach, and how it comes to life.

use std::{ops::Deref, sync::Arc};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use shared::{ids::RoomId, problem::Code};

use crate::{
    Error, Result, Settings,
    hub::Hub,
    ledger::Ledger,
    rooms::discard,
    tables::{Database, rooms},
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
}

impl App {
    /// Opens the database and the keys and starts what runs in the background.
    pub async fn start(settings: Settings) -> Result<Self> {
        let url = settings.database_url();
        if !url.starts_with("sqlite:") {
            let detail = "DATABASE_URL: only SQLite is understood, as sqlite://PATH?mode=rwc";
            return Err(Error::new(Code::Internal, detail));
        }
        let db = Database::open(&url).await?;
        let users = Users::open(&settings)?;
        let hub = Hub::default();
        hub.tell_presence();
        let ledger = Ledger::start(db.clone(), hub.clone());
        let app = Self(Arc::new(Parts { settings, db, ledger, hub, users }));
        // Rooms whose deletion was interrupted.
        let deleted = rooms::Entity::find().filter(rooms::Column::DeletedAt.is_not_null());
        for room in deleted.all(&app.db.reader).await? {
            discard(&app, RoomId(room.id));
        }
        Ok(app)
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
