//! The websocket upgrade: checks the origin and the credentials, and sets the buffer sizes.

use std::time::Duration;

use aide::axum::{ApiRouter, routing::get_with};
use axum::{
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::HeaderMap,
    response::Response,
};
use shared::{
    live::{ClientFrame, CloseCode, SUBPROTOCOL, ServerFrame},
    paths,
    problem::Code,
    rules,
};
use tokio::time::timeout;

use super::{Codec, LiveCodec, Session, session::close};
use crate::{
    App, Error, Result,
    auth::{Caller, MaybeCaller, is_origin_allowed},
    http::problems,
};

/// The route of the live socket.
pub fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        paths::LIVE,
        get_with(live, |op| {
            op.id("live").tag("live").summary("The live socket").description(
                "A websocket of JSON text frames with a `type`. The subprotocol `hallway.v1` is \
                 optional. Authenticate by cookie or `Authorization` header on the upgrade, or by a \
                 first frame `{\"type\":\"authenticate\",\"token\":\"..\"}` within 5 seconds.",
            )
            .with(problems::of(&[Code::CrossOrigin, Code::UpgradeRequired]))
        }),
    )
}

async fn live(
    State(app): State<App>,
    headers: HeaderMap,
    MaybeCaller(caller): MaybeCaller,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response> {
    let upgrade = accept(&app, &headers, upgrade)?.protocols([SUBPROTOCOL]);
    Ok(upgrade.on_upgrade(async move |mut socket| {
        let caller = match caller {
            Some(caller) => Some(caller),
            None => authenticate(&app, &mut socket).await,
        };
        match caller {
            Some(caller) => {
                let mut session = Session::new(app, caller, socket, LiveCodec);
                if session.welcome().await {
                    session.run().await;
                }
            }
            None => close(&mut socket, CloseCode::Unauthenticated).await,
        }
    }))
}

/// Checks the origin of an upgrade and sets the buffer sizes, because the defaults (128 KiB for
/// reading, unlimited for writing) would take more than 1 GB for ten thousand idle sockets.
pub fn accept(
    app: &App,
    headers: &HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<WebSocketUpgrade> {
    let upgrade = upgrade.map_err(|_| Error::from(Code::UpgradeRequired))?;
    if !is_origin_allowed(headers, &app.settings) {
        return Err(Code::CrossOrigin.into());
    }
    Ok(upgrade
        .read_buffer_size(1_024)
        .write_buffer_size(16 * 1_024)
        .max_write_buffer_size(1_024 * 1_024)
        .max_message_size(rules::FRAME_MAX_BYTES)
        .max_frame_size(rules::FRAME_MAX_BYTES))
}

/// Authenticates by the first frame, because the upgrade had no credentials; `None` if that fails.
async fn authenticate(app: &App, socket: &mut WebSocket) -> Option<Caller> {
    let first = timeout(Duration::from_secs(rules::AUTHENTICATE_TIMEOUT_S), socket.recv()).await;
    let Ok(Some(Ok(Message::Text(text)))) = first else { return None };
    match LiveCodec.decode(&text) {
        Ok(ClientFrame::Authenticate { token }) => app.auth.authenticate_token(&token).await.ok(),
        Ok(_) => None,
        Err(error) => {
            let frame = LiveCodec.encode(&ServerFrame::Error { problem: *error.problem })?;
            let _ = socket.send(Message::Text(frame)).await;
            None
        }
    }
}
