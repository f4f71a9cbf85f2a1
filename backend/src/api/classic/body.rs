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
        URL_ENCODED => {
            let pairs = url::form_urlencoded::parse(&bytes);
            let pairs = pairs.map(|(name, text)| (name.into_owned(), text.into_owned().into()));
            Ok(Fields::from_form(pairs))
        }
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
        let text = String::from_utf8_lossy(&bytes).into_owned();
        pairs.push((name, if is_file { Value::Array(Vec::new()) } else { text.into() }));
    }
    Ok(Fields::from_form(pairs))
}
