//! Deadlines for slow clients. Without them, each would hold a connection and its memory forever.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    runtime::Handle,
    time::{Instant, Sleep, sleep, sleep_until, timeout},
};

use super::limits::ConnectionPermit;

/// A connection is aborted after this long without progress in writing.
const WRITE_STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// The kernel takes at most this many bytes that it cannot send yet, and takes more once half of them
/// are sent. Without this limit it would take megabytes, and a client that reads slowly would show no
/// progress for minutes. With [`WRITE_STALL_TIMEOUT`], a client must therefore read about 1 KiB/s.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT_MAX_BYTES: u32 = 64 * 1_024;
/// A request body must arrive within this time, plus the time that it takes at [`BODY_MIN_RATE`].
const BODY_BASE_TIME: Duration = Duration::from_secs(15);
/// How long the remaining input of a closed websocket is read and discarded.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);
/// Bytes per second.
const BODY_MIN_RATE: u64 = 8 * 1_024;

/// A TCP connection that fails when the client reads nothing for [`WRITE_STALL_TIMEOUT`].
pub struct Connection {
    stream: TcpStream,
    /// Set while the kernel takes no more bytes.
    stall: Option<Pin<Box<Sleep>>>,
    /// Stored here, because only the stream outlives an upgrade to a websocket.
    permits: Option<(ConnectionPermit, Arc<UpgradePermit>)>,
}

/// Set when the connection becomes a websocket, to the permit of that websocket, or to `None` if it
/// needs none.
pub type UpgradePermit = OnceLock<Option<ConnectionPermit>>;

impl Connection {
    /// A connection with its permit, and that of the websocket that it may become.
    pub fn new(
        stream: TcpStream,
        permit: ConnectionPermit,
        upgrade_permit: Arc<UpgradePermit>,
    ) -> Self {
        // Nagle's algorithm would delay small messages.
        let _ = stream.set_nodelay(true);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let _ = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_MAX_BYTES);
        Self { stream, stall: None, permits: Some((permit, upgrade_permit)) }
    }

    fn check_progress<T>(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stall = None;
            return result;
        }
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(WRITE_STALL_TIMEOUT)));
        ready!(stall.as_mut().poll(cx));
        metrics::counter!("hallway_stalled_connections_total").increment(1);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Drop for Connection {
    /// Drains the input of a websocket before it closes. A session may end in the middle of a frame that
    /// is too large; the kernel would answer the rest with a reset, and the client could lose the close
    /// frame.
    fn drop(&mut self) {
        if self.stall.is_some() {
            // Discards the unsent bytes in the kernel, which would otherwise wait for the client for
            // minutes, and tells the client that the response is incomplete.
            let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
            return;
        }
        let Some(permits) = self.permits.take().filter(|permits| permits.1.get().is_some()) else {
            return;
        };
        if let (Ok(stream), Ok(runtime)) =
            (SockRef::from(&self.stream).try_clone(), Handle::try_current())
        {
            runtime.spawn(async move {
                let _ = timeout(LINGER_TIMEOUT, drain(stream.into())).await;
                drop(permits);
            });
        }
    }
}

/// Ends the writing side and reads until the client ends its side.
async fn drain(stream: std::net::TcpStream) -> io::Result<()> {
    let mut stream = TcpStream::from_std(stream)?;
    stream.shutdown().await?;
    let mut buffer = vec![0; 16 * 1_024];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.check_progress(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.check_progress(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A request body that fails when it arrives too slowly. The time counts from the first read, because
/// before that the client may have had to wait for us.
pub struct RequestBody {
    body: Incoming,
    received: u64,
    started: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl RequestBody {
    pub fn new(body: Incoming) -> Self {
        Self { body, received: 0, started: None }
    }
}

/// How long a body may take once `received` bytes have arrived.
fn body_time_limit(received: u64) -> Duration {
    BODY_BASE_TIME + Duration::from_secs(received / BODY_MIN_RATE)
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            if let Some(Ok(frame)) = &frame {
                this.received += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(axum::Error::new)));
        }
        let (start, timer) = this.started.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now)))
        });
        let deadline = *start + body_time_limit(this.received);
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Some(Err(axum::Error::new(io::Error::from(io::ErrorKind::TimedOut)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use shared::rules::BODY_MAX_BYTES;
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    use super::{super::limits::ConnectionLimits, *};

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_nobody_reads_is_aborted() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let limits = ConnectionLimits::new(1, 1);
        let permit = limits.acquire(None).unwrap();
        let mut connection = Connection::new(stream, permit, Arc::default());
        let start = Instant::now();
        let error = connection.write_all(&vec![0; 64 << 20]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() >= WRITE_STALL_TIMEOUT);
        assert!(limits.acquire(None).is_none());
        drop((connection, client));
        assert!(limits.acquire(None).is_some());
    }

    #[test]
    fn the_longest_body_may_take_47_seconds() {
        assert_eq!(body_time_limit(10), BODY_BASE_TIME);
        assert_eq!(body_time_limit(BODY_MAX_BYTES as u64), Duration::from_secs(47));
    }
}
