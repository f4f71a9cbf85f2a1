//! The admission of a socket: the caller is checked again once the hub knows the socket.

use axum::extract::ws::WebSocket;
use shared::{live::CloseCode, problem::Code};

use super::{Codec, Session, session::close};
use crate::{App, auth::Caller};

impl<C: Codec> Session<C> {
    /// A session without subscriptions. Closes the socket and returns `None` if the account has too many
    /// sockets, or if the caller's access has ended since the upgrade was accepted, because the hub did
    /// not know the socket then.
    pub async fn open(app: App, caller: Caller, mut socket: WebSocket, codec: C) -> Option<Self> {
        let max = app.settings.sockets_per_account as usize;
        let Some(inbox) = app.hub.connect(caller.credential(), max) else {
            close(&mut socket, CloseCode::TooManySockets).await;
            return None;
        };
        let mut session = Self::new(app, caller, socket, codec, inbox);
        match session.app.auth.reauthenticate(&session.caller).await {
            Ok(user) => {
                session.caller.user = user;
                return Some(session);
            }
            Err(error) if error.code() == Code::Unauthenticated => {
                session.close(Some(CloseCode::SessionEnded)).await;
            }
            Err(_) => session.close(Some(CloseCode::Restart)).await,
        }
        None
    }
}
