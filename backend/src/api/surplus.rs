//! Requests above the limits of connections: only health checks are answered.

use axum::{
    extract::Request,
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use shared::problem::Code;

use crate::Error;

/// When a refused client may come back, in seconds: most connections above the limit are idle and end
/// within this time.
const RETRY_AFTER_S: u64 = 10;

/// A request extension: a limit of connections is exceeded.
#[derive(Clone, Copy)]
pub struct Surplus;

/// Middleware: refuses a request above the limits, unless it is a health check, because a supervisor
/// would otherwise restart a server that is only busy.
pub async fn refuse_surplus(request: Request, next: Next) -> Response {
    let is_health_check = request.uri().path().starts_with("/health/");
    if request.extensions().get::<Surplus>().is_none() || is_health_check {
        return next.run(request).await;
    }
    let detail = "Too many connections are open from your address, or in total: try again later.";
    let error = Error::new(Code::Unavailable, detail).retry_after(RETRY_AFTER_S);
    let mut response = error.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
