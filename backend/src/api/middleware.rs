//! Adds to the API's router the middleware of every request, and the routes that are not part of the
//! API: the web app and the documentation pages.

use aide::openapi::OpenApi;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::from_fn,
};
use shared::rules::BODY_MAX_BYTES;
use std::time::Duration;
use tower::Layer;
use tower_http::{
    CompressionLevel, catch_panic::CatchPanicLayer, compression::CompressionLayer,
    normalize_path::NormalizePathLayer, timeout::RequestBodyTimeoutLayer,
};

use super::{assets, docs};
use crate::{
    App,
    http::{instrument, problems},
};

/// The longest allowed pause between two chunks of a request body.
const BODY_IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// Adds the web app, the documentation pages and the middleware to the API's routes.
pub fn add_pages_and_middleware(router: Router<App>, document: &OpenApi, app: App) -> Router {
    let inner = router
        .merge(assets::routes())
        .merge(docs::routes(document))
        .fallback(problems::not_found)
        .layer(from_fn(instrument::record_route))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(app);
    // Runs before routing, so that a trailing slash makes no difference.
    let inner = NormalizePathLayer::trim_trailing_slash().layer(inner);
    Router::new()
        .fallback_service(tower::service_fn(move |request: Request| {
            tower::ServiceExt::oneshot(inner.clone(), request)
        }))
        .layer(RequestBodyTimeoutLayer::new(BODY_IDLE_TIMEOUT))
        .layer(CatchPanicLayer::custom(problems::panicked))
        .layer(from_fn(problems::render))
        // Brotli's own default level, 11, takes seconds; 4 keeps up with a connection.
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(4)))
        .layer(from_fn(instrument::instrument))
}
