//! The body of a long download: produced while the client reads it, and ended with an error once the
//! caller may not read the rest, or reads too slowly.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::body::{Body, Bytes};
use futures_util::stream;
use shared::problem::Code;
use tokio::{task::JoinHandle, time::sleep};

use crate::{Error, Result};

/// The maximum size of a piece in bytes. Access is checked between pieces, so a slow reader gets few
/// bytes after it was revoked.
const PIECE_MAX: usize = 64 * 1_024;
/// How old a check may be: revocation is promised within 2 s.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// The time in which the connection must ask for the next piece. A download holds a permit, and without
/// this limit a few clients that hardly read would hold all of them.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// Produces a long body.
pub trait BodySource: Send + 'static {
    /// The next part, of any size, if the caller may read it; `None` at the end.
    fn next_part(&mut self) -> impl Future<Output = Result<Option<Bytes>>> + Send;

    /// Fails once the caller may not read the rest.
    fn check_access(&mut self) -> impl Future<Output = Result<()>> + Send;
}

struct LongBody<S> {
    source: S,
    /// The rest of the current part.
    rest: Bytes,
    /// When the last check began.
    checked_at: Instant,
}

/// Streams a source. An error aborts the connection, so that the client cannot take the incomplete body
/// for a complete one. A source that is not read for [`READ_TIMEOUT`] is dropped at once, although the
/// error reaches the connection only when it has room for it.
pub fn long_body(source: impl BodySource) -> Body {
    let body = LongBody { source, rest: Bytes::new(), checked_at: Instant::now() };
    Body::from_stream(stream::try_unfold(IdleBody::new(body), |idle| async {
        let next = idle.take()?.next_piece().await?;
        Ok::<_, Error>(next.map(|(piece, body)| (piece, IdleBody::new(body))))
    }))
}

impl<S: BodySource> LongBody<S> {
    async fn next_piece(mut self) -> Result<Option<(Bytes, Self)>> {
        while self.rest.is_empty() {
            self.checked_at = Instant::now();
            match self.source.next_part().await? {
                Some(part) => self.rest = part,
                None => return Ok(None),
            }
        }
        if self.checked_at.elapsed() > CHECK_INTERVAL {
            self.checked_at = Instant::now();
            self.source.check_access().await?;
        }
        let piece = self.rest.split_to(self.rest.len().min(PIECE_MAX));
        Ok(Some((piece, self)))
    }
}

/// A body between two pieces. A timer drops the body, because the connection does not poll it while the
/// client reads nothing.
struct IdleBody<S> {
    body: Arc<Mutex<Option<LongBody<S>>>>,
    timer: JoinHandle<()>,
}

impl<S: BodySource> IdleBody<S> {
    fn new(body: LongBody<S>) -> Self {
        let body = Arc::new(Mutex::new(Some(body)));
        let expiring = Arc::downgrade(&body);
        let timer = tokio::spawn(async move {
            sleep(READ_TIMEOUT).await;
            if let Some(body) = expiring.upgrade() {
                body.lock().unwrap_or_else(PoisonError::into_inner).take();
            }
        });
        Self { body, timer }
    }

    fn take(self) -> Result<LongBody<S>> {
        self.timer.abort();
        let body = self.body.lock().unwrap_or_else(PoisonError::into_inner).take();
        body.ok_or_else(|| Error::new(Code::Unavailable, "The download was read too slowly."))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    /// A source without end that holds a permit.
    struct Endless {
        _permit: Arc<()>,
    }

    impl BodySource for Endless {
        async fn next_part(&mut self) -> Result<Option<Bytes>> {
            Ok(Some(Bytes::from_static(b"part")))
        }

        async fn check_access(&mut self) -> Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_not_read_fails_and_frees_its_permit() {
        let permit = Arc::new(());
        let mut pieces = long_body(Endless { _permit: permit.clone() }).into_data_stream();
        for _ in 0..3 {
            assert_eq!(pieces.next().await.unwrap().unwrap(), "part");
            sleep(READ_TIMEOUT - Duration::from_secs(1)).await;
        }
        assert_eq!(Arc::strong_count(&permit), 2, "a slow reader goes on");
        sleep(Duration::from_secs(2)).await;
        assert_eq!(Arc::strong_count(&permit), 1);
        assert!(pieces.next().await.unwrap().is_err());
        assert!(pieces.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn an_abandoned_body_frees_its_permit_at_once() {
        let permit = Arc::new(());
        let mut pieces = long_body(Endless { _permit: permit.clone() }).into_data_stream();
        pieces.next().await.unwrap().unwrap();
        drop(pieces);
        assert_eq!(Arc::strong_count(&permit), 1);
    }
}
