//! The beginning of a session: the caller is checked again once the hub knows the socket, and gets
//! `welcome`.

use axum::extract::ws::WebSocket;
use futures_util::FutureExt;
use shared::{
    live::{CloseCode, ServerFrame},
    problem::Code,
    rules,
};

use super::{Codec, Session, paged_frames::room_pages, session::SessionResult, writer::close};
use crate::{
    App, Error,
    auth::Caller,
    rooms::queries,
    tables::{self, Pool},
};

impl<C: Codec> Session<C> {
    /// A session without subscriptions. Closes the socket and returns `None` if the account has too many
    /// sockets, or if the caller's access has ended since the upgrade was accepted, because the hub did
    /// not know the socket then.
    pub async fn open(
        app: App,
        caller: Caller,
        mut socket: WebSocket,
        codec: C,
    ) -> Option<Box<Self>> {
        let max = app.settings.sockets_per_account as usize;
        let Some(inbox) = app.hub.connect(caller.credential(), max) else {
            close(&mut socket, CloseCode::TooManySockets).await;
            return None;
        };
        let mut session = Box::new(Self::new(app, caller, socket, codec, inbox));
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

    /// Sends `welcome`, with the user and their rooms, then runs as [`Session::run`] does.
    pub async fn welcome_and_run(mut self: Box<Self>) {
        // Boxed, because the task of an idle socket keeps the space.
        match Box::pin(self.welcome()).await {
            Ok(()) => self.run(None).await,
            Err(code) => self.close(code).boxed().await,
        }
    }

    async fn welcome(&mut self) -> SessionResult {
        let user = self.caller.user.clone();
        let me = user.clone();
        let read = move |db: Pool| async move {
            let rooms = tables::my_rooms(&db, me.id).await?;
            let longer_names = queries::longer_names(&db, &me).await?;
            Ok::<_, Error>((rooms, longer_names, tables::blocked_by(&db, me.id).await?))
        };
        let read = self.app.db.reader.visit(read).await;
        let (rooms, longer_names, blocked) = read.map_err(|_| Some(CloseCode::Restart))?;
        let mut pages = room_pages(rooms).into_iter();
        let (rooms, heartbeat_s) = (pages.next().unwrap_or_default(), rules::HEARTBEAT_S);
        let more = pages.len() > 0;
        let welcome =
            ServerFrame::Welcome { user, rooms, more, heartbeat_s, longer_names, blocked };
        self.send(&welcome).await?;
        while let Some(rooms) = pages.next() {
            self.send(&ServerFrame::Rooms { rooms, more: pages.len() > 0 }).await?;
        }
        self.flush().await
    }
}
