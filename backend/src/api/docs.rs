//! Serves the OpenAPI document, and Swagger UI and ReDoc, which load no files from other servers.

use std::{io::Write, sync::OnceLock};

use aide::{openapi::OpenApi, redoc::Redoc, swagger::Swagger};
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, HeaderValue, header},
    response::{AppendHeaders, IntoResponse, Response},
    routing::get,
};
use flate2::{Compression, write::GzEncoder};
use shared::paths;

use super::assets::accepts;
use crate::{App, Error};

/// Allows inline scripts and styles, because both pages consist of them, but no other origin.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A documentation page: over 1 MB of HTML, which the first request generates and compresses.
struct Page {
    render: fn() -> String,
    plain: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

static SWAGGER: Page = Page::new(|| Swagger::new(paths::OPENAPI).with_title("Hallway API").html());
static REDOC: Page = Page::new(|| {
    // The logo is the only thing that ReDoc loads from another server.
    let html = Redoc::new(paths::OPENAPI).with_title("Hallway API").html();
    html.replace("https://cdn.redoc.ly/redoc/logo-mini.svg", EMPTY_IMAGE)
});

const EMPTY_IMAGE: &str = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";

impl Page {
    const fn new(render: fn() -> String) -> Self {
        Self { render, plain: OnceLock::new(), gzip: OnceLock::new() }
    }

    fn plain(&self) -> Bytes {
        self.plain.get_or_init(|| (self.render)().into()).clone()
    }

    fn gzip(&self) -> Bytes {
        let compress = || {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            // Writing to memory does not fail.
            let _ = encoder.write_all(&self.plain());
            encoder.finish().unwrap_or_default().into()
        };
        self.gzip.get_or_init(compress).clone()
    }
}

async fn serve_page(page: &'static Page, headers: HeaderMap) -> Response {
    let accepts_gzip = accepts(&headers, "gzip");
    let body = move || if accepts_gzip { page.gzip() } else { page.plain() };
    let body = match tokio::task::spawn_blocking(body).await {
        Ok(body) => body,
        Err(error) => return Error::internal(error).into_response(),
    };
    let encoding =
        accepts_gzip.then(|| [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))]);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    (headers, AppendHeaders(encoding.into_iter().flatten()), body).into_response()
}

/// `/openapi.json`, `/swagger/` and `/redoc/`.
pub fn routes(document: &OpenApi) -> Router<App> {
    let document = Bytes::from(serde_json::to_vec(document).unwrap_or_default());
    let json = move || async move {
        let headers =
            [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
        (headers, document)
    };
    Router::new()
        .route(paths::OPENAPI, get(json))
        .route("/swagger", get(|headers| serve_page(&SWAGGER, headers)))
        .route("/redoc", get(|headers| serve_page(&REDOC, headers)))
}
