//! The websocket upgrade: checks the origin and the credentials, and sets the buffer sizes.

use std::{net::IpAddr, time::Duration};

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

use super::{Codec, LiveCodec, Session, codec::close_code, writer::close};
use crate::{
    App, Error, Result,
    auth::{Caller, MaybeCaller, is_origin_header_allowed},
    http::{client_address::ClientAddress, problems},
};

/// When a client may try again whose account has too many sockets, in seconds.
const RETRY_AFTER_S: u64 = 30;

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
            .with(problems::of(&[
                Code::CrossOrigin,
                Code::UpgradeRequired,
                Code::TooManyRequests,
            ]))
        }),
    )
}

async fn live(
    State(app): State<App>,
    headers: HeaderMap,
    ClientAddress(address): ClientAddress,
    MaybeCaller(caller): MaybeCaller,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response> {
    let upgrade = accept(&app, &headers, caller.as_ref(), upgrade)?.protocols([SUBPROTOCOL]);
    Ok(upgrade.on_upgrade(async move |mut socket| {
        let caller = match caller {
            Some(caller) => Ok(caller),
            None => authenticate(&app, &mut socket, address).await,
        };
        match caller {
            Ok(caller) => {
                if let Some(session) = Session::open(app, caller, socket, LiveCodec).await {
                    // In a task of its own, because that of the upgrade keeps the space of all that it
                    // needed until here.
                    tokio::spawn(session.welcome_and_run());
                }
            }
            Err(code) => close(&mut socket, code).await,
        }
    }))
}

/// Checks the origin of an upgrade and, if the caller is known yet, the number of their sockets. Sets
/// the buffer sizes, because the defaults (128 KiB for reading, unlimited for writing) would take more
/// than 1 GB for ten thousand idle sockets.
pub fn accept(
    app: &App,
    headers: &HeaderMap,
    caller: Option<&Caller>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<WebSocketUpgrade> {
    let upgrade = upgrade.map_err(|_| Error::from(Code::UpgradeRequired))?;
    if !is_origin_header_allowed(headers, &app.settings) {
        return Err(Code::CrossOrigin.into());
    }
    let max = app.settings.sockets_per_account as usize;
    if caller.is_some_and(|caller| app.hub.has_sockets(caller.user.id, max)) {
        let detail =
            format!("Your account has {max} open websockets, which is the limit: close some.");
        return Err(Error::new(Code::TooManyRequests, detail).retry_after(RETRY_AFTER_S));
    }
    Ok(upgrade
        .read_buffer_size(512)
        .write_buffer_size(16 * 1_024)
        .max_write_buffer_size(1_024 * 1_024)
        .max_message_size(rules::FRAME_MAX_BYTES)
        .max_frame_size(rules::FRAME_MAX_BYTES))
}

/// Authenticates by the first frame, because the upgrade had no credentials. An error is the code with
/// which the socket closes: a client may try again if the database could not be read.
async fn authenticate(
    app: &App,
    socket: &mut WebSocket,
    address: IpAddr,
) -> Result<Caller, CloseCode> {
    let time_limit = Duration::from_secs(rules::AUTHENTICATE_TIMEOUT_S);
    let first = tokio::select! {
        first = timeout(time_limit, socket.recv()) => first,
        () = app.hub.wait_drain() => return Err(CloseCode::Restart),
    };
    let text = match first {
        Ok(Some(Ok(Message::Text(text)))) => text,
        Ok(Some(Err(error))) => return Err(close_code(&error)),
        _ => return Err(CloseCode::Unauthenticated),
    };
    let denied = CloseCode::Unauthenticated;
    match LiveCodec.decode(&text) {
        Ok(ClientFrame::Authenticate { token }) => {
            let caller = app.auth.authenticate_token(&token, || address).await;
            caller.map_err(|error| match error.code() {
                Code::Unauthenticated => denied,
                _ => CloseCode::Restart,
            })
        }
        Ok(_) => Err(denied),
        Err(error) => {
            let frame = ServerFrame::Error { problem: *error.problem };
            if let Some(text) = LiveCodec.encode(&frame) {
                let _ = socket.send(Message::Text(text)).await;
            }
            Err(denied)
        }
    }
}
