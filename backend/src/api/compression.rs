//! Compresses the responses of handlers. No async task ever compresses more than a few
//! milliseconds, because everybody else's requests wait for it: larger bodies go to a thread for
//! blocking work if one of a few permits is free, and are sent uncompressed otherwise.

use std::{
    io::{self, Write},
    num::NonZero,
    sync::{Arc, LazyLock},
    thread,
};

use axum::{
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use futures_util::{StreamExt, stream};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{Error, http::encoding::Encoding};

/// Shorter bodies fit into one packet anyway.
const MIN_BYTES: usize = 1_024;
/// Longer bodies are compressed on a thread for blocking work. This many take 2 to 3 ms.
const INLINE_MAX_BYTES: usize = 64 * 1_024;
/// 60 MB/s on JSON of messages; 4 is slower and gains 2 %, 1 is slower on long texts.
const BROTLI_QUALITY: i32 = 3;
/// The window in bits, 256 KiB: it bounds the memory of an encoder.
const BROTLI_WINDOW: i32 = 18;
/// 70 MB/s on JSON of messages.
const GZIP_LEVEL: Compression = Compression::new(1);

/// One core always remains for everything else.
static PERMITS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    Arc::new(Semaphore::new((cores - 1).max(1)))
});

/// Middleware: compresses the body if the client accepts it. Parses `Accept-Encoding` only once the
/// response needs it, because most are short, and files have chosen their encoding already.
pub async fn compress(request: Request, next: Next) -> Response {
    let accepted: Vec<_> =
        request.headers().get_all(header::ACCEPT_ENCODING).iter().cloned().collect();
    let is_head = request.method() == Method::HEAD;
    let mut response = next.run(request).await;
    if !is_compressible(&response) {
        return response;
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    match response.body().size_hint().exact().map(|length| length as usize) {
        _ if is_head => response,
        Some(..MIN_BYTES) => response,
        Some(_) => {
            let encoding = Encoding::choose(&accepted, &[Encoding::Brotli, Encoding::Gzip]);
            compress_whole(response, encoding).await
        }
        None => match Encoding::choose(&accepted, &[Encoding::Gzip]) {
            Encoding::Gzip => set_encoding(response.map(gzip_stream), Encoding::Gzip),
            _ => response,
        },
    }
}

/// Whether the response is text whose encoding the handler has not chosen itself. Those that have
/// (files) say `Vary: accept-encoding`.
fn is_compressible(response: &Response) -> bool {
    let headers = response.headers();
    let has_body = !response.status().is_informational()
        && ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&response.status());
    let is_chosen = headers.contains_key(header::CONTENT_ENCODING)
        || headers.get_all(header::VARY).iter().any(|vary| vary == "accept-encoding");
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or("");
    let is_text = ["text/", "application/"].iter().any(|start| content_type.starts_with(start))
        && !content_type.starts_with("text/event-stream");
    has_body && !is_chosen && is_text
}

async fn compress_whole(response: Response, encoding: Encoding) -> Response {
    if encoding == Encoding::Identity {
        return response;
    }
    let (parts, body) = response.into_parts();
    // The body is in memory: its length is known.
    let Ok(plain) = to_bytes(body, usize::MAX).await else {
        return Response::from_parts(parts, Body::empty());
    };
    let compressed = if plain.len() <= INLINE_MAX_BYTES {
        Some(pack(&plain, encoding))
    } else if let Ok(permit) = PERMITS.clone().try_acquire_owned() {
        let plain = plain.clone();
        let work = move || {
            let packed = pack(&plain, encoding);
            drop(permit);
            packed
        };
        spawn_blocking(work).await.ok()
    } else {
        None
    };
    match compressed {
        Some(Ok(packed)) => set_encoding(Response::from_parts(parts, packed.into()), encoding),
        _ => Response::from_parts(parts, plain.into()),
    }
}

fn pack(plain: &[u8], encoding: Encoding) -> io::Result<Vec<u8>> {
    let mut packed = Vec::with_capacity(plain.len() / 4);
    match encoding {
        Encoding::Brotli => {
            let parameters = BrotliEncoderParams {
                quality: BROTLI_QUALITY,
                lgwin: BROTLI_WINDOW,
                size_hint: plain.len(),
                ..Default::default()
            };
            brotli::BrotliCompress(&mut &*plain, &mut packed, &parameters)?;
        }
        Encoding::Gzip => {
            let mut encoder = GzEncoder::new(&mut packed, GZIP_LEVEL);
            encoder.write_all(plain)?;
            encoder.finish()?;
        }
        Encoding::Identity => packed.extend_from_slice(plain),
    }
    Ok(packed)
}

/// Compresses a stream chunk by chunk, each on a thread for blocking work. A chunk waits for a
/// permit, which slows the download; an error of the stream stays an error.
fn gzip_stream(body: Body) -> Body {
    let encoder = GzEncoder::new(Vec::new(), GZIP_LEVEL);
    let state = (body.into_data_stream(), Some(encoder));
    Body::from_stream(stream::try_unfold(state, async |(mut plain, encoder)| {
        let Some(encoder) = encoder else { return Ok(None) };
        match plain.next().await.transpose().map_err(Error::internal)? {
            None => {
                let end = encoder.finish().map_err(Error::internal)?;
                Ok::<_, Error>(Some((Bytes::from(end), (plain, None))))
            }
            Some(chunk) => {
                let permit = PERMITS.clone().acquire_owned().await.map_err(Error::internal)?;
                let work = move || {
                    let packed = pack_chunk(encoder, &chunk);
                    drop(permit);
                    packed
                };
                let packed = spawn_blocking(work).await.map_err(Error::internal)?;
                let (packed, encoder) = packed.map_err(Error::internal)?;
                Ok(Some((packed, (plain, Some(encoder)))))
            }
        }
    }))
}

/// Flushes the encoder, so that the client can read everything up to the end of the chunk.
fn pack_chunk(
    mut encoder: GzEncoder<Vec<u8>>,
    chunk: &[u8],
) -> io::Result<(Bytes, GzEncoder<Vec<u8>>)> {
    encoder.write_all(chunk)?;
    encoder.flush()?;
    let packed = std::mem::take(encoder.get_mut());
    Ok((packed.into(), encoder))
}

fn set_encoding(mut response: Response, encoding: Encoding) -> Response {
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.extend(encoding.header().map(|value| (header::CONTENT_ENCODING, value)));
    response
}
