//! Connections: accepted, fed to the routes, and let go of in order when the server stops.

use std::{future::Future, net::SocketAddr, pin::pin, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tower::ServiceExt;

use crate::{App, api};

/// A client that needs longer for the head of its request is holding a place for nothing.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// The largest head of a request, in bytes.
const HEAD_MAX: usize = 64 * 1024;
/// What requests under way have to finish when the server stops.
const FINISH_WITHIN: Duration = Duration::from_secs(8);

/// Serves until `shutdown` is ready; then takes no more connections, tells every socket to come
/// back, lets requests finish (8 s at most) and returns.
pub async fn serve(app: App, listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let router = api::router(app.clone());
    let (stop, _) = watch::channel(());
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    tokio::spawn(connection(router.clone(), stream, peer, stop.subscribe()));
                }
                Err(error) => {
                    // Out of file handles, most likely: at once would be a busy loop.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    drop(listener);
    tracing::info!(connections = stop.receiver_count(), "stopping");
    let finish = async {
        stop.send_replace(());
        // Closed once the last connection has let go of its end.
        tokio::join!(app.hub.drain(), stop.closed());
    };
    if tokio::time::timeout(FINISH_WITHIN, finish).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

async fn connection(
    router: Router,
    stream: TcpStream,
    peer: SocketAddr,
    mut stop: watch::Receiver<()>,
) {
    // A message is small and must not wait for the next.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades();
    let mut connection = pin!(connection);
    let mut is_stopping = false;
    let ended = loop {
        tokio::select! {
            ended = connection.as_mut() => break ended,
            _ = stop.changed(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}
