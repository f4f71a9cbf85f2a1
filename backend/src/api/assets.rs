//! The files of the web app, embedded in the binary (a debug build reads them from `dist/`). The
//! app routes in the browser, so every path without a file extension gets `index.html`.

use std::fmt::Write;

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};
use shared::paths;

use crate::{
    App,
    http::{
        conditional::{EntityTag, IfNoneMatch},
        encoding::Encoding,
        problems::Rendered,
    },
};

#[derive(RustEmbed)]
#[folder = "../dist"]
#[allow_missing = true]
struct Dist;

const INDEX: &str = "index.html";

const NOT_BUILT: &str = "This Hallway was built without its web app: the folder `dist` was missing.\n\
    Run `cargo xtask build` (or `cargo xtask run`) and start it again.\n\
    The API works: /swagger/\n";

/// `Cache-Control` of files whose name contains a hash of the content: one year.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// `Cache-Control` of all other files: revalidate before each use.
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// A browser's report of a policy violation has 1 to 2 KiB.
const CSP_REPORT_MAX_BYTES: usize = 8 * 1_024;

/// `/` (redirects to the app), `/favicon.ico`, `/ui` with everything below it, and `/csp-report`, where
/// browsers report violations of the content security policy.
pub fn routes() -> Router<App> {
    let redirect_to_ui = || async { Redirect::temporary(&format!("{}/", paths::UI)) };
    Router::new()
        .route("/", get(redirect_to_ui))
        .route(
            "/favicon.ico",
            get(|headers: HeaderMap| async move { serve_file("favicon.ico", &headers) }),
        )
        .route(paths::UI, get(|headers: HeaderMap| async move { serve_file(INDEX, &headers) }))
        .route("/ui/{*path}", get(serve_path))
        .route("/csp-report", post(csp_report).layer(DefaultBodyLimit::max(CSP_REPORT_MAX_BYTES)))
}

async fn serve_path(Path(path): Path<String>, headers: HeaderMap) -> Response {
    // A name with a dot is a file: a request for a removed script must get 404, not `index.html`.
    let is_app_route = !path.rsplit('/').next().unwrap_or_default().contains('.');
    serve_file(if is_app_route && Dist::get(&path).is_none() { INDEX } else { &path }, &headers)
}

/// Counts a browser's report of a policy violation, and logs it, cut to 1000 characters. Anybody can send
/// reports; the log drops warnings of a place that logs too many. The browser tests require that
/// `hallway_csp_reports_total` stays 0.
async fn csp_report(report: Bytes) -> StatusCode {
    metrics::counter!("hallway_csp_reports_total").increment(1);
    let report: String = String::from_utf8_lossy(&report).chars().take(1_000).collect();
    let report = report.escape_debug().to_string();
    tracing::warn!(report, "content security policy violation");
    StatusCode::NO_CONTENT
}

fn serve_file(name: &str, headers: &HeaderMap) -> Response {
    let Some(plain) = Dist::get(name) else {
        let (status, text) = match name {
            INDEX => (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT),
            _ => (StatusCode::NOT_FOUND, "There is no such file.\n"),
        };
        let headers = [(header::CACHE_CONTROL, NO_CACHE)];
        return (status, headers, Extension(Rendered), text).into_response();
    };
    let tag =
        EntityTag::strong(&base16ct::lower::encode_string(&plain.metadata.sha256_hash()[..16]));
    let mut response = match IfNoneMatch::from_headers(headers).matches(&tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => full_response(name, &plain, headers),
    };
    let headers = response.headers_mut();
    let cache_control = if is_hashed(name) { IMMUTABLE } else { NO_CACHE };
    headers.insert(header::CACHE_CONTROL, cache_control);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    tag.insert_into(headers);
    if name == INDEX
        && let Ok(csp) = HeaderValue::from_str(&csp(&plain.data))
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, csp);
    }
    response
}

/// A response with the file in the best encoding of those that the build made copies of. No file is
/// compressed for a request.
fn full_response(name: &str, plain: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let mime = mime_guess::from_path(name).first_or_octet_stream();
    let is_text = mime.type_() == mime_guess::mime::TEXT;
    let content_type = if is_text { format!("{mime}; charset=utf-8") } else { mime.to_string() };
    let content_type = [(header::CONTENT_TYPE, content_type)];
    let copies = [(Encoding::Brotli, "br"), (Encoding::Gzip, "gz")]
        .map(|(encoding, extension)| Some((encoding, Dist::get(&format!("{name}.{extension}"))?)));
    let offered: Vec<_> = copies.iter().flatten().map(|(encoding, _)| *encoding).collect();
    let encoding = Encoding::choose(headers.get_all(header::ACCEPT_ENCODING), &offered);
    let copy = copies.into_iter().flatten().find(|(offered, _)| *offered == encoding);
    let body = to_body(copy.map_or_else(|| plain.clone(), |(_, file)| file));
    let mut response = (content_type, body).into_response();
    response.headers_mut().extend(encoding.header().map(|value| (header::CONTENT_ENCODING, value)));
    response
}

fn to_body(file: EmbeddedFile) -> Body {
    Body::from(match file.data {
        std::borrow::Cow::Borrowed(data) => Bytes::from_static(data),
        std::borrow::Cow::Owned(data) => Bytes::from(data),
    })
}

/// Whether the name contains a hash of the content, as in `app-0f3c9a1b2d4e5f60.js`.
fn is_hashed(name: &str) -> bool {
    let stem = name.rsplit('/').next().unwrap_or(name);
    stem.split(['-', '_', '.'])
        .any(|part| part.len() >= 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The content security policy of `index.html`: allows files and connections of its own origin, and by
/// hash the inline scripts that the build put into the page.
fn csp(page: &[u8]) -> String {
    let mut scripts = String::from("'self' 'wasm-unsafe-eval'");
    for script in inline_scripts(&String::from_utf8_lossy(page)) {
        let _ = write!(scripts, " 'sha256-{}'", STANDARD.encode(Sha256::digest(script)));
    }
    format!(
        "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'; report-uri /csp-report"
    )
}

/// The contents of the scripts without `src`.
fn inline_scripts(page: &str) -> Vec<&str> {
    let tags = page.split("<script").skip(1);
    tags.filter_map(|tag| {
        let (attributes, rest) = tag.split_once('>')?;
        let (text, _) = rest.split_once("</script>")?;
        (!attributes.contains(" src=") && !text.is_empty()).then_some(text)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_inline_scripts_are_hashed() {
        let page = "<script src=\"a.js\"></script><script type=\"module\">import a</script>";
        assert_eq!(inline_scripts(page), ["import a"]);
        // printf 'import a' | openssl dgst -sha256 -binary | base64
        let hash = STANDARD.encode(Sha256::digest("import a"));
        assert!(csp(page.as_bytes()).contains(&format!("'wasm-unsafe-eval' 'sha256-{hash}';")));
    }

    #[test]
    fn only_hashed_names_are_immutable() {
        assert!(is_hashed("frontend-0f3c9a1b2d4e5f60_bg.wasm"));
        assert!(!is_hashed("snippets/x-0f3c9a1b2d4e5f60/inline0.js"));
        assert!(!is_hashed("index.html"));
        assert!(!is_hashed("icons/hallway-192.png"));
    }
}
