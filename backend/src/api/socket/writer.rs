//! Writes the frames of a session.

use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::SinkExt;
use shared::live::{CloseCode, ServerFrame};
use tokio::time::timeout;

use super::{
    Codec,
    session::{Session, SessionResult},
};

/// A client that accepts no data for this long is disconnected; it can reconnect and catch up.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

impl<C: Codec> Session<C> {
    /// Encodes a frame, and returns the future that writes it, without a flush. The future does not have
    /// the frame, because the task of an idle socket keeps the space of all that it may hold while it
    /// waits.
    pub(super) fn send<'a>(
        &'a mut self,
        frame: &ServerFrame,
    ) -> impl Future<Output = SessionResult> + use<'a, C> {
        let text = self.codec.encode(frame);
        self.send_text(text)
    }

    pub(super) fn send_text(
        &mut self,
        text: Option<Utf8Bytes>,
    ) -> impl Future<Output = SessionResult> {
        self.write(text.map(Message::Text))
    }

    /// Writes a message, if there is one, unless the access has ended, because a client that reads slowly
    /// could otherwise get everything that was ready before.
    pub(super) async fn write(&mut self, message: Option<Message>) -> SessionResult {
        let Some(message) = message else { return Ok(()) };
        with_timeout(|context| self.socket.poll_ready_unpin(context)).await?;
        if self.inbox.has_access_ended() {
            return Err(Some(CloseCode::SessionEnded));
        }
        self.socket.start_send_unpin(message).map_err(|_| None)
    }

    pub(super) async fn flush(&mut self) -> SessionResult {
        with_timeout(|context| self.socket.poll_flush_unpin(context)).await
    }

    pub(super) async fn close(&mut self, code: Option<CloseCode>) {
        if let Some(code) = code {
            close(&mut self.socket, code).await;
        }
    }
}

/// Polls until it is ready, at most for [`WRITE_TIMEOUT`]. Almost every write is ready at once, and then
/// costs no timer.
async fn with_timeout(
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<Result<(), axum::Error>>,
) -> SessionResult {
    let written = match poll_fn(|context| Poll::Ready(poll(context))).await {
        Poll::Ready(written) => Ok(written),
        // Boxed, because the task of an idle socket keeps the space.
        Poll::Pending => Box::pin(timeout(WRITE_TIMEOUT, poll_fn(poll))).await,
    };
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(None),
        Err(_) => Err(Some(CloseCode::TooSlow)),
    }
}

/// Sends a close frame and waits up to 2 s for the client's, because the client may lose the last
/// frames if the TCP connection closes at once.
pub(super) async fn close(socket: &mut WebSocket, code: CloseCode) {
    let frame = CloseFrame { code: code as u16, reason: code.reason().into() };
    let handshake = async {
        socket.send(Message::Close(Some(frame))).await?;
        while let Some(Ok(_)) = socket.recv().await {}
        Ok::<_, axum::Error>(())
    };
    let _ = timeout(Duration::from_secs(2), handshake).await;
}
