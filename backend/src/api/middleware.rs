//! Adds to the API's router the middleware of every request, and the routes that are not part of the
//! API: the web app and the documentation pages.

use aide::openapi::OpenApi;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use shared::{problem::Code, rules::BODY_MAX_BYTES};
use tower::{Layer, ServiceExt};
use tower_http::{catch_panic::CatchPanicLayer, normalize_path::NormalizePathLayer};

use super::{assets, classic, compression, docs, prometheus, surplus};
use crate::{
    App, Error,
    auth::is_host_allowed,
    http::{instrument, problems},
};

/// Adds the web app, the documentation pages and the middleware to the API's routes.
pub fn add_pages_and_middleware(router: Router<App>, document: &OpenApi, app: App) -> Router {
    let inner = router
        .merge(assets::routes())
        .merge(docs::routes(document))
        .merge(prometheus::routes())
        .fallback(problems::not_found)
        .layer(from_fn(instrument::record_route))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(app.clone());
    // Runs before routing, so that a trailing slash makes no difference.
    let inner = inner.map_request(classic::strip_format_suffix);
    let inner = NormalizePathLayer::trim_trailing_slash().layer(inner);
    Router::new()
        .fallback_service(tower::service_fn(move |request: Request| inner.clone().oneshot(request)))
        .layer(from_fn(surplus::refuse_surplus))
        .layer(CatchPanicLayer::custom(problems::panicked))
        .layer(from_fn_with_state(app, check_host))
        .layer(from_fn(problems::render))
        .layer(from_fn(compression::compress))
        .layer(from_fn(instrument::instrument))
}

/// Middleware: refuses requests for another host. Probes and metrics come by any address of this machine.
async fn check_host(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let is_probe = path.starts_with("/health/") || path.trim_end_matches('/') == "/metrics";
    if !is_probe && !is_host_allowed(&parts, &app.settings) {
        return Error::from(Code::WrongHost).into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}
