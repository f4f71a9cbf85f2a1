//! Serves the OpenAPI document, and Swagger UI and ReDoc, which load no files from other servers.

use std::{
    io::Write,
    sync::{Arc, OnceLock},
};

use aide::{openapi::OpenApi, redoc::Redoc, swagger::Swagger};
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{AppendHeaders, IntoResponse, Response},
    routing::get,
};
use flate2::{Compression, write::GzEncoder};
use serde::Deserialize;
use shared::paths;

use crate::{
    App, Error,
    http::{encoding::Encoding, extract::Query},
};

/// Allows inline scripts and styles, because both pages consist of them, but no other origin.
const PAGE_CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const JSON_TYPE: (HeaderName, HeaderValue) =
    (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));

/// Where the classic chat had its document.
const SWAGGER_JSON: &str = "/swagger.json";

/// The query string of `/swagger` and `/redoc`.
#[derive(Deserialize)]
struct DocsQuery {
    /// `openapi` for the document instead of the page, as in the classic chat.
    format: Option<String>,
}

const EMPTY_IMAGE: &str = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";

/// A body that the first request generates and compresses, and that later requests get from memory,
/// because each page has over 1 MB of HTML.
struct GeneratedBody {
    render: Box<dyn Fn() -> String + Send + Sync>,
    plain: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

impl GeneratedBody {
    fn new(render: impl Fn() -> String + Send + Sync + 'static) -> Arc<Self> {
        let (plain, gzip) = (OnceLock::new(), OnceLock::new());
        Arc::new(Self { render: Box::new(render), plain, gzip })
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

/// Serves the body, with gzip if the client accepts it. The first request generates it on a blocking
/// thread; concurrent requests wait there for it.
async fn serve(generated: Arc<GeneratedBody>, headers: HeaderMap) -> Response {
    let encoding = Encoding::choose(headers.get_all(header::ACCEPT_ENCODING), &[Encoding::Gzip]);
    let is_gzip = encoding == Encoding::Gzip;
    let ready = if is_gzip { generated.gzip.get() } else { generated.plain.get() };
    let body = match ready.cloned() {
        Some(body) => body,
        None => {
            let generate = move || if is_gzip { generated.gzip() } else { generated.plain() };
            match tokio::task::spawn_blocking(generate).await {
                Ok(body) => body,
                Err(error) => return Error::internal(error).into_response(),
            }
        }
    };
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    let encoding = encoding.header().map(|value| [(header::CONTENT_ENCODING, value)]);
    (headers, AppendHeaders(encoding.into_iter().flatten()), Body::from(body)).into_response()
}

/// `/openapi.json`, also as `/swagger.json`, and the pages `/swagger/` and `/redoc/`.
pub fn routes(document: &OpenApi) -> Router<App> {
    let document = serde_json::to_string(document).unwrap_or_default();
    let document = GeneratedBody::new(move || document.clone());
    let swagger =
        GeneratedBody::new(|| Swagger::new(paths::OPENAPI).with_title("Hallway API").html());
    let redoc = GeneratedBody::new(|| {
        // The logo is the only thing that ReDoc loads from another server.
        let html = Redoc::new(paths::OPENAPI).with_title("Hallway API").html();
        html.replace("https://cdn.redoc.ly/redoc/logo-mini.svg", EMPTY_IMAGE)
    });
    let page = |html: Arc<GeneratedBody>| {
        let document = document.clone();
        get(async move |Query(query): Query<DocsQuery>, headers: HeaderMap| {
            if query.format.as_deref() == Some("openapi") {
                return ([JSON_TYPE], serve(document, headers).await).into_response();
            }
            let page_headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
                (header::CONTENT_SECURITY_POLICY, PAGE_CSP),
            ];
            (page_headers, serve(html, headers).await).into_response()
        })
    };
    let pages = [("/swagger", page(swagger)), ("/redoc", page(redoc))];
    let document =
        get(async move |headers: HeaderMap| ([JSON_TYPE], serve(document, headers).await));
    let router =
        Router::new().route(paths::OPENAPI, document.clone()).route(SWAGGER_JSON, document);
    pages.into_iter().fold(router, |router, (path, page)| router.route(path, page))
}
