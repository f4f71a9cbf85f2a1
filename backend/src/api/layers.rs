//! The middleware around every request.

use aide::openapi::OpenApi;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware,
    routing::MethodFilter,
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
    http::{headers, problems},
};

/// A body that stands still for this long is given up.
const BODY_IDLE: Duration = Duration::from_secs(15);

/// Puts the house behind its door: adds the app's files and the pages of the documentation, and
/// everything that holds for every request.
pub fn wrap(router: Router<App>, document: &OpenApi, app: App) -> Router {
    let inner = router
        .merge(assets::routes())
        .merge(docs::routes(document))
        .route("/csp-report", axum::routing::on(MethodFilter::POST, headers::csp_report))
        .fallback(problems::not_found)
        .layer(middleware::from_fn(headers::note_route))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(app);
    // Before routing, so that an address means the same with and without its last slash.
    let inner = NormalizePathLayer::trim_trailing_slash().layer(inner);
    Router::new()
        .fallback_service(tower::service_fn(move |request: Request| {
            tower::ServiceExt::oneshot(inner.clone(), request)
        }))
        .layer(RequestBodyTimeoutLayer::new(BODY_IDLE))
        .layer(CatchPanicLayer::custom(problems::panicked))
        .layer(middleware::from_fn(problems::render))
        // Level 4 is where brotli still keeps up with a socket; its default, 11, takes seconds.
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(4)))
        .layer(middleware::from_fn(headers::envelope))
}
