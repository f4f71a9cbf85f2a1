//! Accepts connections, serves them, and shuts down gracefully.

use std::{
    convert::Infallible, future::Future, net::SocketAddr, pin::pin, sync::Arc, time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::StatusCode,
    response::Response,
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

use super::surplus::Surplus;
use crate::{App, Settings, api, http::client_address::client_address};

mod deadlines;
mod limits;

use deadlines::{Connection, RequestBody, UpgradePermit};
use limits::{ConnectionLimits, ConnectionPermit, WithPermit};

/// How long a client may take to send the head (request line and headers) of a request, and how long a
/// connection may be idle between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The same for a connection above the limits.
const SURPLUS_HEAD_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a connection above the limits may last.
const SURPLUS_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum size of a request's head, in bytes.
const HEAD_MAX_BYTES: usize = 64 * 1024;
/// How long requests in progress may take after a shutdown begins.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(8);

/// Serves connections until `shutdown` completes. Then stops accepting connections, closes the websockets
/// with a code that makes clients reconnect, and waits at most 8 s for requests in progress.
pub async fn serve(app: App, listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let server = Server::new(&app);
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => server.admit(stream, peer, connections.watcher()),
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

#[derive(Clone)]
struct Server {
    router: Router,
    settings: Arc<Settings>,
    connections: ConnectionLimits,
    /// Connections above the limits: they get health checks answered, and 503 for all else.
    surplus: ConnectionLimits,
    /// Behind a proxy all connections come from one address, so the requests and sockets in progress
    /// are counted instead, by the address that the proxy reports.
    requests: Option<ConnectionLimits>,
}

impl Server {
    fn new(app: &App) -> Self {
        let settings = app.settings.clone();
        let (connections, surplus) = ConnectionLimits::for_process(&settings);
        let requests = settings.client_ip_header.as_ref().map(|_| connections.separate());
        Self { router: api::router(app.clone()), settings, connections, surplus, requests }
    }

    /// Serves a connection in a task of its own, or drops it if even the places above the limits are
    /// taken.
    fn admit(&self, stream: TcpStream, peer: SocketAddr, watcher: Watcher) {
        let address = self.requests.is_none().then(|| peer.ip().to_canonical());
        if let Some(permit) = self.connections.acquire(address) {
            tokio::spawn(self.clone().serve_connection(stream, peer, watcher, permit, false));
            return;
        }
        metrics::counter!("hallway_surplus_connections_total").increment(1);
        if let Some(permit) = self.surplus.acquire(address) {
            let serve = self.clone().serve_connection(stream, peer, watcher, permit, true);
            tokio::spawn(tokio::time::timeout(SURPLUS_TIMEOUT, serve));
        }
    }

    async fn serve_connection(
        self,
        stream: TcpStream,
        peer: SocketAddr,
        watcher: Watcher,
        permit: ConnectionPermit,
        is_surplus: bool,
    ) {
        let upgrade_permit = Arc::new(UpgradePermit::new());
        let stream = Connection::new(stream, permit, upgrade_permit.clone());
        let service = tower::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            let (server, upgrade_permit) = (self.clone(), upgrade_permit.clone());
            async move { server.handle(request, is_surplus, &upgrade_permit).await }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
        builder
            .http1()
            .timer(TokioTimer::new())
            .keep_alive(!is_surplus)
            .header_read_timeout(if is_surplus { SURPLUS_HEAD_TIMEOUT } else { HEAD_TIMEOUT })
            .max_buf_size(HEAD_MAX_BYTES);
        let service = TowerToHyperService::new(service);
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "connection failed");
        }
    }

    async fn handle(
        self,
        request: Request<Incoming>,
        mut is_surplus: bool,
        upgrade_permit: &UpgradePermit,
    ) -> Result<Response, Infallible> {
        let mut request = request.map(|body| Body::new(RequestBody::new(body)));
        let mut permit = None;
        if let Some(requests) = &self.requests
            && !is_surplus
        {
            let address = client_address(request.headers(), request.extensions(), &self.settings);
            permit = requests.acquire(Some(address));
            is_surplus = permit.is_none();
        }
        if is_surplus {
            request.extensions_mut().insert(Surplus);
        }
        let response = self.router.oneshot(request).await?;
        Ok(match permit {
            permit if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                let _ = upgrade_permit.set(permit);
                response
            }
            Some(permit) => response.map(|body| Body::new(WithPermit::new(body, permit))),
            None => response,
        })
    }
}
