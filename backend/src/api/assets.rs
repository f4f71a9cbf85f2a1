//! The app's files, embedded in the program (in a debug build read from `dist/`). Any deep link of
//! the app gets its page; what is on the page is the app's own affair.

use std::fmt::Write;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};
use shared::paths;

use crate::{
    App,
    http::{
        conditional::{Held, Tag},
        problems::Rendered,
    },
};

#[derive(RustEmbed)]
#[folder = "../dist"]
#[allow_missing = true]
struct Dist;

const PAGE: &str = "index.html";

const MISSING: &str = "This Hallway was built without its app: the folder `dist` was missing.\n\
    Run `cargo xtask build` (or `cargo xtask run`) and start it again.\n\
    The API is there nevertheless: /swagger/\n";

/// A year: the name of such a file changes with what is in it.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// `/`, `/ui/` and everything below it.
pub fn routes() -> Router<App> {
    let to_ui = || async { Redirect::temporary(&format!("{}/", paths::UI)) };
    Router::new()
        .route("/", get(to_ui))
        .route(
            "/favicon.ico",
            get(|headers: HeaderMap| async move { file("favicon.ico", &headers) }),
        )
        .route(paths::UI, get(|headers: HeaderMap| async move { file(PAGE, &headers) }))
        .route("/ui/{*path}", get(any))
}

async fn any(Path(path): Path<String>, headers: HeaderMap) -> Response {
    // A name with a dot is a file: whoever asks for a script that is gone must not get a page.
    let is_link = !path.rsplit('/').next().unwrap_or_default().contains('.');
    file(if is_link && Dist::get(&path).is_none() { PAGE } else { &path }, &headers)
}

fn file(name: &str, headers: &HeaderMap) -> Response {
    let Some(plain) = Dist::get(name) else {
        let text = if name == PAGE { MISSING } else { "There is no such file.\n" };
        let status =
            if name == PAGE { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NOT_FOUND };
        return mark((status, text).into_response());
    };
    let tag = tag(&plain);
    let mut response = match Held::of(headers).has(&tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => body(name, &plain, headers),
    };
    let answer = response.headers_mut();
    let keep = if is_hashed(name) { FOR_EVER } else { ASK_AGAIN };
    answer.insert(header::CACHE_CONTROL, keep);
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    tag.name(answer);
    if name == PAGE
        && let Ok(csp) = HeaderValue::from_str(&csp(&plain.data))
    {
        answer.insert(header::CONTENT_SECURITY_POLICY, csp);
    }
    mark(response)
}

fn mark(mut response: Response) -> Response {
    response.extensions_mut().insert(Rendered);
    response
}

fn body(name: &str, plain: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let text = matches!(kind.type_(), mime_guess::mime::TEXT);
    let kind = if text { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    let kind = [(header::CONTENT_TYPE, kind)];
    let small = accepts(headers, "br").then(|| Dist::get(&format!("{name}.br"))).flatten();
    match small {
        Some(small) => (kind, [(header::CONTENT_ENCODING, "br")], bytes(small)).into_response(),
        None => (kind, bytes(plain.clone())).into_response(),
    }
}

fn bytes(file: EmbeddedFile) -> Body {
    Body::from(match file.data {
        std::borrow::Cow::Borrowed(data) => Bytes::from_static(data),
        std::borrow::Cow::Owned(data) => Bytes::from(data),
    })
}

/// Whether an encoding may be used.
pub(super) fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|given| given.to_str().ok())
        .flat_map(|given| given.split(','))
        .any(|item| {
            let (name, weight) = item.split_once(';').unwrap_or((item, ""));
            let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
            name.trim().eq_ignore_ascii_case(encoding) && weight != Some(0.0)
        })
}

fn tag(file: &EmbeddedFile) -> Tag {
    let mut hash = String::new();
    for byte in &file.metadata.sha256_hash()[..16] {
        let _ = write!(hash, "{byte:02x}");
    }
    Tag::strong(&hash)
}

/// Whether the name holds a hash of the content, as the build gives it: `app-0f3c9a1b2d4e5f60.js`.
fn is_hashed(name: &str) -> bool {
    let stem = name.rsplit('/').next().unwrap_or(name);
    stem.split(['-', '_', '.'])
        .any(|part| part.len() >= 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// What the page may do: its own files, its own server, and the inline scripts that the build put
/// into it, by their hash.
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

/// The texts of the scripts that have no `src`.
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
    fn only_hashed_names_are_kept_for_ever() {
        assert!(is_hashed("frontend-0f3c9a1b2d4e5f60_bg.wasm"));
        assert!(is_hashed("snippets/x-0f3c9a1b2d4e5f60/inline0.js") == is_hashed("inline0.js"));
        assert!(!is_hashed("index.html"));
        assert!(!is_hashed("icons/hallway-192.png"));
    }

    #[test]
    fn an_encoding_with_no_weight_is_not_accepted() {
        let given = |value: &str| {
            HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap())])
        };
        assert!(accepts(&given("gzip, deflate, br;q=0.5"), "br"));
        assert!(!accepts(&given("gzip, br;q=0"), "br"));
        assert!(!accepts(&HeaderMap::new(), "br"));
    }
}
