//! The extractor of the bodies of the classic endpoints: JSON, a form, or a multipart form.

use aide::{OperationInput, generate::GenContext, openapi::Operation};
use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request},
    http::header,
};
use schemars::JsonSchema;
use serde_json::Value;
use shared::problem::Code;

use super::fields::Fields;
use crate::{
    App, Error, Result,
    auth::is_same_origin,
    http::{
        extract::{Json, read_body},
        media_type::{is_json, media_type},
    },
};

/// The media types of the bodies.
pub const MEDIA_TYPES: [&str; 3] = ["application/json", URL_ENCODED, MULTIPART];

const URL_ENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// A request that is read from fields.
pub trait FromFields: Sized {
    /// Reads the request. The fields keep the errors; a request with errors is not used.
    fn from_fields(fields: &mut Fields) -> Self;
}

/// A valid body.
pub struct Validated<T>(pub T);

impl<T: FromFields> FromRequest<App> for Validated<T> {
    type Rejection = Error;

    async fn from_request(request: Request<Body>, app: &App) -> Result<Self> {
        let mut fields = read_fields(request, app).await?;
        let value = T::from_fields(&mut fields);
        fields.finish()?;
        Ok(Self(value))
    }
}

impl<T: JsonSchema> OperationInput for Validated<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Json::<T>::operation_input(ctx, operation);
    }
}

async fn read_fields(request: Request<Body>, app: &App) -> Result<Fields> {
    let media_type = media_type(request.headers());
    let is_form = [URL_ENCODED, MULTIPART].contains(&&*media_type);
    // Any page of any site can send a form without asking, and so sign a visitor in as somebody else.
    if is_form && !is_same_origin(request.headers(), &app.settings) {
        return Err(Code::CrossOrigin.into());
    }
    let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
    let bytes = read_body(request, app).await?;
    match &*media_type {
        _ if bytes.is_empty() => Ok(Fields::from_form([])),
        URL_ENCODED => Ok(Fields::from_form(parse_url_encoded(&bytes))),
        MULTIPART => {
            let mut form = Request::new(Body::from(bytes));
            form.headers_mut().extend(content_type.map(|value| (header::CONTENT_TYPE, value)));
            read_multipart(form).await
        }
        json if is_json(json) => Fields::from_json(&bytes),
        _ => Err(Code::UnsupportedMediaType.into()),
    }
}

async fn read_multipart(request: Request<Body>) -> Result<Fields> {
    let error = |cause: &dyn std::fmt::Display| {
        Error::new(Code::BadRequest, format!("Multipart form parse error - {cause}"))
    };
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|cause| error(&cause.body_text()))?;
    let mut pairs = Vec::new();
    while let Some(part) = form.next_field().await.map_err(|cause| error(&cause.body_text()))? {
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.file_name().is_some();
        let bytes = part.bytes().await.map_err(|cause| error(&cause.body_text()))?;
        pairs.push((name, if is_file { no_text() } else { to_text(bytes.to_vec()) }));
    }
    Ok(Fields::from_form(pairs))
}

/// The names and values of a URL-encoded form.
fn parse_url_encoded(form: &[u8]) -> impl Iterator<Item = (String, Value)> {
    let pairs = form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let name = url_decode(parts.next().unwrap_or_default());
        let value = url_decode(parts.next().unwrap_or_default());
        (String::from_utf8_lossy(&name).into_owned(), to_text(value))
    })
}

/// Decodes a part of a URL-encoded form. A `%` without two hexadecimal digits stands for itself.
fn url_decode(mut text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let mut bytes = Vec::with_capacity(text.len());
    while let [first, rest @ ..] = text {
        let escaped = match rest {
            [high, low, ..] if *first == b'%' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match (escaped, first) {
            (Some((high, low)), _) => bytes.push((high << 4) | low),
            (None, b'+') => bytes.push(b' '),
            (None, _) => bytes.push(*first),
        }
        text = if escaped.is_some() { &rest[2..] } else { rest };
    }
    bytes
}

/// A text; what is not UTF-8 is a value that no field takes, so that the response names the field.
fn to_text(bytes: Vec<u8>) -> Value {
    String::from_utf8(bytes).map_or_else(|_| no_text(), Value::String)
}

/// A value that no field takes.
fn no_text() -> Value {
    Value::Array(Vec::new())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_is_decoded() {
        let form = b"a=1+2&&b=%C3%a4%3d&c&=d&e=100%&f=%4&g=x=y%zz";
        let pairs: Vec<_> = parse_url_encoded(form).collect();
        let expected = [
            ("a", "1 2"),
            ("b", "\u{e4}="),
            ("c", ""),
            ("", "d"),
            ("e", "100%"),
            ("f", "%4"),
            ("g", "x=y%zz"),
        ];
        assert_eq!(pairs, expected.map(|(name, text)| (name.to_owned(), json!(text))));
    }

    #[test]
    fn what_is_not_utf_8_is_no_text() {
        for form in [&b"a=%FF"[..], b"a=\xff", b"a=%C3", b"a=%ED%A0%80"] {
            let pairs: Vec<_> = parse_url_encoded(form).collect();
            assert_eq!(pairs, [("a".to_owned(), no_text())], "{form:?}");
        }
        assert_eq!(to_text("\u{fffd}".into()), json!("\u{fffd}"));
    }
}
