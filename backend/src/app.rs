//! The state that all handlers share.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;

use crate::{
    Settings,
    auth::Auth,
    limits::Limits,
    realtime::{hub::Hub, ledger::Ledger},
    tables::Database,
};

/// The state of the router; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Handles>);

/// Handles to the components of the server.
pub struct Handles {
    pub settings: Arc<Settings>,
    pub db: Database,
    /// Executes every write that assigns a `seq` or `rev`.
    pub ledger: Ledger,
    /// The subscriptions of this node.
    pub hub: Hub,
    pub auth: Auth,
    pub limits: Limits,
}

impl App {
    pub fn new(handles: Handles) -> Self {
        Self(Arc::new(handles))
    }
}

impl Deref for App {
    type Target = Handles;

    fn deref(&self) -> &Handles {
        &self.0
    }
}

impl FromRef<App> for Auth {
    fn from_ref(app: &App) -> Self {
        app.auth.clone()
    }
}

impl FromRef<App> for Arc<Settings> {
    fn from_ref(app: &App) -> Self {
        app.settings.clone()
    }
}
