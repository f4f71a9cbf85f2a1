//! The body of a long download: produced while the client reads it, and ended with an error once the
//! caller may not read the rest.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use axum::body::{Body, Bytes};
use futures_util::stream;

use crate::Result;

/// The maximum size of a piece in bytes. Access is checked between pieces, so a slow reader gets few
/// bytes after it was revoked.
const PIECE_MAX: usize = 64 * 1_024;
/// How old a check may be: revocation is promised within 2 s.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

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
/// for a complete one.
pub fn long_body(source: impl BodySource) -> Body {
    let body = LongBody { source, rest: Bytes::new(), checked_at: Instant::now() };
    Body::from_stream(stream::try_unfold(body, LongBody::next_piece))
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
