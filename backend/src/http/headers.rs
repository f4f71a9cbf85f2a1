//! What goes around every answer: a request id, security headers, a line in the log, a number in
//! the metrics.

use std::time::Instant;

use axum::{
    body::Bytes,
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;
use uuid::Uuid;

use super::problems::is_page;

/// The name of a request: ours, or a sane one that a proxy gave it.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The route that answered, such as `/api/v1/rooms/{id}`.
#[derive(Clone)]
struct Route(String);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// For everything but pages: an answer is data, and nothing in it may run.
const CSP: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Features that no page of ours needs.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), \
    gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// Middleware, the outermost: names the request, logs and counts it, and puts on the answer the
/// headers that every answer has. The log has no query and no headers: secrets can be in both.
pub async fn envelope(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    request.extensions_mut().insert(RequestId(id.clone()));
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let began = Instant::now();
    let span = tracing::info_span!("request", %id);
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = began.elapsed();
    let status = response.status().as_u16();
    let route = match response.extensions_mut().remove::<Route>() {
        Some(Route(path)) => path,
        None => "none".to_owned(),
    };
    span.in_scope(|| tracing::debug!(%method, path = uri.path(), status, ?took, "answered"));
    let labels =
        [("method", known(method.as_str())), ("route", route), ("status", status.to_string())];
    metrics::counter!("hallway_http_requests_total", &labels).increment(1);
    metrics::histogram!("hallway_http_request_seconds", &labels[..2]).record(took.as_secs_f64());
    dress(response.headers_mut(), is_page(&uri), &id);
    response
}

/// A method can be any word; a label of the metrics must not be.
fn known(method: &str) -> String {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    (if known.contains(&method) { method } else { "other" }).to_owned()
}

fn dress(headers: &mut HeaderMap, is_page: bool, id: &str) {
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::CONTENT_SECURITY_POLICY, CSP);
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::REFERRER_POLICY, "same-origin");
    default(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    default(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    default(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    default(header::CACHE_CONTROL, if is_page { "no-cache" } else { "no-store" });
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let is_sane = |id: &&str| {
        (8..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    given.filter(is_sane).map_or_else(|| Uuid::now_v7().to_string(), ToOwned::to_owned)
}

/// Middleware inside routing: tells [`envelope`] which route it was.
pub async fn note_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut response = next.run(request).await;
    if let Some(path) = route {
        response.extensions_mut().insert(Route(path));
    }
    response
}

/// `POST /csp-report`: a browser kept something from running on one of our pages. The tests hold
/// `hallway_csp_reports_total` to 0.
pub async fn csp_report(report: Bytes) -> StatusCode {
    metrics::counter!("hallway_csp_reports_total").increment(1);
    let said: String = String::from_utf8_lossy(&report).chars().take(1_000).collect();
    tracing::warn!(report = said.escape_debug().to_string(), "content security policy broken");
    StatusCode::NO_CONTENT
}
