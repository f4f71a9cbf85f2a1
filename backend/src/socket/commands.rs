//! What a client asks for, handed to whom it concerns.

use std::time::Duration;

use futures_util::FutureExt;
use shared::{
    ids::{ClientId, RoomId},
    live::{ClientFrame, ServerFrame},
    messages::NewMessage,
    problem::Code,
    rooms::MarkRead,
    rules,
};
use tokio::time::Instant;

use super::{
    Wire,
    session::{Ended, Session},
};
use crate::{
    Error,
    failpoints::{Fault, has},
    messages,
    realtime::ledger,
};

impl<W: Wire> Session<W> {
    /// Does what a frame asks for; one that cannot be understood is answered, not punished.
    pub(super) async fn obey(&mut self, text: &str) -> Ended {
        match self.wire.decode(text) {
            Ok(frame) => self.command(frame).await,
            Err(error) => self.say(&ServerFrame::Error { problem: *error.problem }).await,
        }
    }

    /// Does what a frame asks for.
    pub async fn command(&mut self, frame: ClientFrame) -> Ended {
        match frame {
            ClientFrame::Authenticate { .. } => {
                self.complain("This socket is authenticated.").await
            }
            ClientFrame::Subscribe { room, after_rev } => {
                // Listening first: what is committed while the database is read waits in the
                // queue, and what it repeats is left out by its number.
                if has(Fault::ReadThenSubscribe) {
                    self.behind.insert(room, after_rev);
                    self.catch_up().await?;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    self.inbox.listen(room);
                    let head = self.inbox.head(room);
                    self.sent.entry(room).and_modify(|sent| *sent = head.max(*sent));
                    return Ok(());
                }
                self.inbox.listen(room);
                self.behind.insert(room, after_rev);
                self.catch_up().await
            }
            ClientFrame::Unsubscribe { room } => {
                self.inbox.leave(room);
                self.sent.remove(&room);
                self.behind.remove(&room);
                Ok(())
            }
            ClientFrame::Send { room, client_id, content, reply_to } => {
                let new = NewMessage { client_id: Some(client_id), content, reply_to };
                self.send(room, client_id, new).await
            }
            ClientFrame::Read { room, seq, exact, known } => {
                self.read(room, MarkRead { seq, exact, known }).await
            }
            ClientFrame::Typing { room } => self.typing(room),
        }
    }

    /// Puts a message in line. The next frame is taken before the answer comes, and the ledger
    /// keeps the order.
    async fn send(&mut self, room: RoomId, client_id: ClientId, new: NewMessage) -> Ended {
        let author = self.caller.user.id;
        match messages::submit(&self.app, author, room, new).await {
            Ok(answer) => {
                let frame = async move {
                    let posted = answer.await.unwrap_or_else(|_| Err(Code::Unavailable.into()));
                    Some(match posted {
                        Ok(posted) => ServerFrame::Ack { client_id, message: posted.message },
                        Err(error) => nack(client_id, error),
                    })
                };
                self.answers.push(frame.boxed());
                Ok(())
            }
            Err(error) => self.say(&nack(client_id, error)).await,
        }
    }

    async fn read(&mut self, room: RoomId, mark: MarkRead) -> Ended {
        let mark = ledger::MarkRead { room, user: self.caller.user.id, mark };
        match self.app.ledger.submit(mark).await {
            Ok(answer) => {
                let frame = async move {
                    let error = answer.await.ok()?.err()?;
                    Some(ServerFrame::Error { problem: *error.problem })
                };
                self.answers.push(frame.boxed());
                Ok(())
            }
            Err(error) => self.say(&ServerFrame::Error { problem: *error.problem }).await,
        }
    }

    fn typing(&mut self, room: RoomId) -> Ended {
        let now = Instant::now();
        let often = Duration::from_secs(rules::TYPING_EVERY_S);
        let is_due = self.typed.get(&room).is_none_or(|last| now - *last >= often);
        if is_due && self.sent.contains_key(&room) {
            self.typed.insert(room, now);
            let user = self.caller.user.short();
            self.inbox.whisper(room, ServerFrame::Typing { room, user });
        }
        Ok(())
    }

    pub(super) async fn complain(&mut self, detail: &str) -> Ended {
        let error = Error::new(Code::BadRequest, detail);
        self.say(&ServerFrame::Error { problem: *error.problem }).await
    }
}

fn nack(client_id: ClientId, error: Error) -> ServerFrame {
    let retry = error.code().is_retryable();
    ServerFrame::Nack { client_id, problem: *error.problem, retry }
}
