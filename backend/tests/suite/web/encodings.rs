//! Content encodings: which responses are compressed, and that compressing slows nobody else.

use std::{
    io::Read,
    time::{Duration, Instant},
};

use flate2::read::GzDecoder;
use reqwest::header::HeaderMap;
use shared::paths;

use crate::fixture::{Client, Fixture, LiveSocket};

/// Sends a request with this `Accept-Encoding`; returns the headers and the body as sent.
async fn fetch(client: &Client, method: &str, path: &str, accept: &str) -> (HeaderMap, Vec<u8>) {
    let request = client.request(method, path).header("accept-encoding", accept);
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{path}: {}", response.status());
    (response.headers().clone(), response.bytes().await.unwrap().to_vec())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// Decodes a body by its `Content-Encoding`.
fn decode(headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match header(headers, "content-encoding") {
        "gzip" => _ = GzDecoder::new(body).read_to_end(&mut plain).unwrap(),
        "br" => brotli::BrotliDecompress(&mut &*body, &mut plain).unwrap(),
        "" => plain.extend_from_slice(body),
        other => panic!("{other}"),
    }
    plain
}

/// Posts messages of `bytes` bytes each as the member.
async fn post_long_messages(fixture: &Fixture, count: usize, bytes: usize) {
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let text = |nth| format!("word {nth} {}", "abcdefgh".repeat(bytes / 8));
    live.post_all(fixture.room, (1..=count).map(text)).await;
}

#[tokio::test]
async fn generated_responses_are_compressed_as_the_client_asks() {
    let fixture = Fixture::start().await;
    post_long_messages(&fixture, 12, 8_000).await;
    let short = format!("{}?before=3", fixture.path(paths::MESSAGES));
    // More than the limit up to which a body is compressed on the request's own task.
    let long = format!("{}?before=200", fixture.path(paths::MESSAGES));
    for path in [&short, &long] {
        let (headers, plain) = fetch(&fixture.member, "GET", path, "identity").await;
        assert_eq!(header(&headers, "content-encoding"), "");
        assert_eq!(header(&headers, "vary"), "accept-encoding");
        for (accept, expected) in [
            ("gzip, deflate, br", "br"),
            ("gzip", "gzip"),
            ("br;q=0.5, gzip", "gzip"),
            ("br;q=0, gzip;q=0", ""),
            ("zstd", ""),
        ] {
            let (mut headers, mut body) = fetch(&fixture.member, "GET", path, accept).await;
            // While all threads for it are busy, long bodies are sent as they are.
            for _ in 0..40 {
                if expected.is_empty() || !header(&headers, "content-encoding").is_empty() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
                (headers, body) = fetch(&fixture.member, "GET", path, accept).await;
            }
            assert_eq!(header(&headers, "content-encoding"), expected, "{accept}");
            assert_eq!(header(&headers, "vary"), "accept-encoding");
            assert_eq!(decode(&headers, &body), plain, "{accept}");
            assert!(expected.is_empty() || body.len() < plain.len() / 4, "{accept}");
        }
    }
    let (headers, body) = fetch(&fixture.member, "HEAD", &long, "br").await;
    assert!(body.is_empty() && header(&headers, "content-encoding").is_empty());
    let (headers, _) = fetch(&fixture.anon, "GET", "/health/live", "br").await;
    assert_eq!(header(&headers, "content-encoding"), "", "it fits into one packet");
}

#[tokio::test]
async fn exports_are_streamed_in_gzip_or_uncompressed() {
    let fixture = Fixture::start().await;
    post_long_messages(&fixture, 20, 8_000).await;
    let path = fixture.path(paths::EXPORT);
    let (_, plain) = fetch(&fixture.member, "GET", &path, "identity").await;
    for (accept, expected) in [("gzip, br", "gzip"), ("br", ""), ("gzip;q=0", "")] {
        let (headers, body) = fetch(&fixture.member, "GET", &path, accept).await;
        assert_eq!(header(&headers, "content-encoding"), expected, "{accept}");
        assert_eq!(decode(&headers, &body), plain, "{accept}");
    }
}

#[tokio::test]
async fn the_documentation_is_sent_as_the_client_asks() {
    let fixture = Fixture::start().await;
    for path in ["/openapi.json", "/swagger/", "/redoc/"] {
        let (_, plain) = fetch(&fixture.anon, "GET", path, "identity").await;
        for accept in ["gzip, br", "gzip", "br", "gzip;q=0"] {
            let (headers, body) = fetch(&fixture.anon, "GET", path, accept).await;
            let expected =
                if accept.starts_with("gzip") && !accept.ends_with("=0") { "gzip" } else { "" };
            assert_eq!(header(&headers, "content-encoding"), expected, "{path} {accept}");
            assert_eq!(header(&headers, "vary"), "accept-encoding", "{path}");
            assert_eq!(decode(&headers, &body), plain, "{path} {accept}");
        }
    }
}

/// Half of the requests of an idle client take at most this long while many clients read long pages
/// with this `Accept-Encoding`.
async fn median_beside_readers(fixture: &Fixture, accept: &'static str) -> Duration {
    let path = format!("{}?before=200", fixture.path(paths::MESSAGES));
    let readers: Vec<_> = (0..12)
        .map(|_| {
            let (member, path) = (fixture.member.clone(), path.clone());
            tokio::spawn(async move {
                loop {
                    fetch(&member, "GET", &path, accept).await;
                }
            })
        })
        .collect();
    let mut times = Vec::new();
    for _ in 0..25 {
        let start = Instant::now();
        fixture.anon.get("/health/live").await.expect_status(200);
        times.push(start.elapsed());
    }
    readers.iter().for_each(tokio::task::JoinHandle::abort);
    times.sort();
    times[times.len() / 2]
}

/// Compressing on the tasks that serve requests made this a hundred times slower.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compressing_long_pages_does_not_slow_others() {
    let fixture = Fixture::start().await;
    post_long_messages(&fixture, 60, 16_000).await;
    let plain = median_beside_readers(&fixture, "identity").await;
    for accept in ["br", "gzip"] {
        let compressed = median_beside_readers(&fixture, accept).await;
        assert!(
            compressed < plain * 4 + Duration::from_millis(150),
            "{accept}: {compressed:?} {plain:?}"
        );
    }
}
