//! Accepts connections, serves them, and shuts down gracefully.

use std::{future::Future, net::SocketAddr, pin::pin, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::{App, api};

/// How long a client may take to send the head (request line and headers) of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum size of a request's head, in bytes.
const HEAD_MAX_BYTES: usize = 64 * 1024;
/// How long requests in progress may take after a shutdown begins.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(8);

/// Serves connections until `shutdown` completes. Then stops accepting connections, closes the websockets
/// with a code that makes clients reconnect, and waits at most 8 s for requests in progress.
pub async fn serve(app: App, listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let router = api::router(app.clone());
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    tokio::spawn(serve_connection(router.clone(), stream, peer, connections.watcher()));
                }
                Err(error) => {
                    // Most likely out of file descriptors: an immediate retry would busy-loop.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    drop(listener);
    tracing::info!(connections = connections.count(), "shutting down");
    let finish = async { tokio::join!(app.hub.drain(), connections.shutdown()) };
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, finish).await.is_err() {
        tracing::warn!("some requests did not finish before the shutdown timeout");
    }
}

async fn serve_connection(router: Router, stream: TcpStream, peer: SocketAddr, watcher: Watcher) {
    // Nagle's algorithm would delay small messages.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_MAX_BYTES);
    let service = TowerToHyperService::new(service);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "connection failed");
    }
}
