//! The outermost middleware: request ids, logs, metrics and default response headers.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;
use uuid::Uuid;

/// The id of a request: a valid one that a proxy assigned, or a new UUID.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The template of the matched route, such as `/api/v1/rooms/{id}`.
#[derive(Clone)]
struct Route(String);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The headers of every response that does not set them itself. The content security policy forbids
/// everything, because all responses except the pages are data.
const DEFAULT_HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
         magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

/// The outermost middleware: assigns the request id, logs and counts the response, and adds the
/// [`DEFAULT_HEADERS`]. It logs neither query nor headers, because both can contain secrets.
pub async fn instrument(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    request.extensions_mut().insert(RequestId(id.clone()));
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let start = Instant::now();
    let span = tracing::info_span!("request", %id);
    let mut response = next.run(request).instrument(span.clone()).await;
    let duration = start.elapsed();
    let status = response.status().as_u16();
    let route = response.extensions_mut().remove::<Route>();
    let route = route.map_or_else(|| "none".to_owned(), |Route(path)| path);
    span.in_scope(|| tracing::debug!(%method, path = uri.path(), status, ?duration, "response"));
    let labels = [
        ("method", method_label(method.as_str())),
        ("route", route),
        ("status", status.to_string()),
    ];
    metrics::counter!("hallway_http_requests_total", &labels).increment(1);
    metrics::histogram!("hallway_http_request_seconds", &labels[..2])
        .record(duration.as_secs_f64());
    let headers = response.headers_mut();
    for (name, value) in DEFAULT_HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// The metric label of a method: `other` for a non-standard one, because clients can invent methods
/// and each label value takes memory.
fn method_label(method: &str) -> String {
    let standard = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    (if standard.contains(&method) { method } else { "other" }).to_owned()
}

fn request_id(headers: &HeaderMap) -> String {
    let received = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let is_valid = |id: &&str| {
        (8..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    received.filter(is_valid).map_or_else(|| Uuid::now_v7().to_string(), ToOwned::to_owned)
}

/// Middleware inside the router: passes the matched route to [`instrument`].
pub async fn record_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut response = next.run(request).await;
    if let Some(path) = route {
        response.extensions_mut().insert(Route(path));
    }
    response
}
