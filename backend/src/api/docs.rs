//! The documentation of the API: the document, and two ways to read it that need no internet.

use std::{io::Write, sync::OnceLock};

use aide::{openapi::OpenApi, redoc::Redoc, swagger::Swagger};
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use flate2::{Compression, write::GzEncoder};
use shared::paths;

use super::assets::accepts;
use crate::App;

/// These pages carry their scripts and styles inside, so theirs must be allowed; nothing from
/// elsewhere.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A page that is made and packed when it is first asked for: over a megabyte of HTML.
struct Page {
    html: fn() -> String,
    plain: OnceLock<Bytes>,
    packed: OnceLock<Bytes>,
}

static SWAGGER: Page =
    Page::new(|| Swagger::new(paths::OPENAPI).with_title("Hallway: the API").html());
static REDOC: Page = Page::new(|| {
    // Its logo is the one thing that ReDoc would fetch from elsewhere.
    let html = Redoc::new(paths::OPENAPI).with_title("Hallway: the API").html();
    html.replace("https://cdn.redoc.ly/redoc/logo-mini.svg", EMPTY_IMAGE)
});

const EMPTY_IMAGE: &str = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";

impl Page {
    const fn new(html: fn() -> String) -> Self {
        Self { html, plain: OnceLock::new(), packed: OnceLock::new() }
    }

    fn plain(&self) -> Bytes {
        self.plain.get_or_init(|| (self.html)().into()).clone()
    }

    fn packed(&self) -> Bytes {
        let pack = || {
            let mut packer = GzEncoder::new(Vec::new(), Compression::default());
            // Writing to memory does not fail.
            let _ = packer.write_all(&self.plain());
            packer.finish().unwrap_or_default().into()
        };
        self.packed.get_or_init(pack).clone()
    }
}

async fn page(page: &'static Page, headers: HeaderMap) -> Response {
    let packed = accepts(&headers, "gzip");
    let body = move || if packed { page.packed() } else { page.plain() };
    let Ok(body) = tokio::task::spawn_blocking(body).await else {
        return crate::Error::internal("making a page of the documentation").into_response();
    };
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, value| headers.insert(name, value);
    put(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    put(header::CONTENT_SECURITY_POLICY, CSP);
    put(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    put(header::VARY, HeaderValue::from_static("accept-encoding"));
    if packed {
        put(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    (headers, body).into_response()
}

/// `/openapi.json`, `/swagger/` and `/redoc/`.
pub fn routes(document: &OpenApi) -> Router<App> {
    let document = Bytes::from(serde_json::to_vec(document).unwrap_or_default());
    let json = move || async move {
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let keep = (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        ([kind, keep], document)
    };
    Router::new()
        .route(paths::OPENAPI, get(json))
        .route("/swagger", get(|headers| page(&SWAGGER, headers)))
        .route("/redoc", get(|headers| page(&REDOC, headers)))
}
