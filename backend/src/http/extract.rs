//! How a request is read. What cannot be read is a clear problem that names the field.

use aide::{
    OperationInput,
    generate::GenContext,
    openapi::{Operation, ReferenceOr},
    operation::{ParamLocation, add_parameters, parameters_from_schema},
};
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use shared::problem::{Code, FieldError};

use super::problems;
use crate::{Error, Result};

/// A JSON body, in or out.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self> {
        if !is_json(request.headers()) {
            return Err(Code::UnsupportedMediaType.into());
        }
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
                BytesRejection::FailedToBufferBody(cause) if cause.status().as_u16() == 413 => {
                    Error::from(Code::TooLarge)
                }
                _ => Error::new(Code::BadRequest, "The body did not arrive whole."),
            })?;
        json(&bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let essence = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Reads JSON; an error says at which field.
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = error.path().to_string();
        let cause = error.into_inner();
        match cause.classify() {
            serde_json::error::Category::Data => {
                let said = cause.to_string();
                // The field says where it is; line and column would only be in the way.
                field_error("body", &field, said.split(" at line ").next().unwrap_or(&said))
            }
            _ => Error::new(Code::BadRequest, format!("The body is not valid JSON: {cause}.")),
        }
    })?;
    deserializer.end().map_err(|cause| {
        Error::new(Code::BadRequest, format!("The body is not valid JSON: {cause}."))
    })?;
    Ok(value)
}

/// serde names a field that is missing, or should not be there, in its sentence and not in the path.
fn field_error(root: &str, path: &str, message: &str) -> Error {
    let named = |start| message.strip_prefix(start).and_then(|rest| rest.split_once('`'));
    if let Some((name, rest)) = named("unknown field `") {
        return FieldError::new(name, format!("is not known here{rest}")).into();
    }
    let missing = named("missing field `").map(|(name, _)| (name, "is missing"));
    let twice = || named("duplicate field `").map(|(name, _)| (name, "is there twice"));
    match (missing.or_else(twice), path) {
        (Some((name, says)), "." | "") => FieldError::new(name, says),
        (Some((name, says)), path) => FieldError::new(format!("{path}.{name}"), says),
        (None, "." | "") => FieldError::new(root, message),
        (None, path) => FieldError::new(path, message),
    }
    .into()
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: JsonSchema> OperationInput for Json<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        axum::Json::<T>::operation_input(ctx, operation);
        let codes =
            [Code::BadRequest, Code::TooLarge, Code::UnsupportedMediaType, Code::InvalidFields];
        problems::document(ctx, operation, &codes);
    }
}

impl<T: JsonSchema> aide::OperationOutput for Json<T> {
    type Inner = T;

    fn operation_response(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Option<aide::openapi::Response> {
        axum::Json::<T>::operation_response(ctx, operation)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, aide::openapi::Response)> {
        axum::Json::<T>::inferred_responses(ctx, operation)
    }
}

/// A JSON body with another status than 200.
pub struct Answer<const STATUS: u16, T>(pub T);

/// What was made.
pub type Created<T> = Answer<201, T>;

impl<const STATUS: u16, T: Serialize> IntoResponse for Answer<STATUS, T> {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(STATUS).unwrap_or_default();
        // Not a problem to be written over it, whatever the status.
        (status, Extension(problems::Rendered), axum::Json(self.0)).into_response()
    }
}

impl<const STATUS: u16, T: JsonSchema> aide::OperationOutput for Answer<STATUS, T> {
    type Inner = T;

    fn operation_response(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Option<aide::openapi::Response> {
        axum::Json::<T>::operation_response(ctx, operation)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, aide::openapi::Response)> {
        let response = Self::operation_response(ctx, operation);
        response.into_iter().map(|response| (Some(STATUS), response)).collect()
    }
}

/// An answer with headers of its own.
pub struct With<T>(pub HeaderMap, pub T);

impl<T: IntoResponse> IntoResponse for With<T> {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

impl<T: aide::OperationOutput> aide::OperationOutput for With<T> {
    type Inner = T::Inner;

    fn operation_response(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Option<aide::openapi::Response> {
        T::operation_response(ctx, operation)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, aide::openapi::Response)> {
        T::inferred_responses(ctx, operation)
    }
}

/// The query, as a struct. What breaks a rule is a 422 that names the field.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads a query string; an error says at which field.
pub fn query<T: DeserializeOwned>(text: &str) -> Result<T> {
    let pairs = form_urlencoded::parse(text.as_bytes());
    let deserializer = serde_urlencoded::Deserializer::new(pairs);
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let field = error.path().to_string();
        field_error("query", &field, &error.into_inner().to_string())
    })
}

impl<T: JsonSchema> OperationInput for Query<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let schema = ctx.schema.subschema_for::<T>();
        let parameters = parameters_from_schema(ctx, schema, ParamLocation::Query);
        add_parameters(ctx, operation, parameters);
        problems::document(ctx, operation, &[Code::InvalidFields]);
    }
}

/// The variables of the address, as a struct. What is no such thing (a word for a number, a number
/// beyond all numbers) is not there: 404.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(_) => Err(Code::NotFound.into()),
        }
    }
}

impl<T: JsonSchema> OperationInput for Path<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let schema = ctx.schema.subschema_for::<T>();
        let mut parameters = parameters_from_schema(ctx, schema, ParamLocation::Path);
        // Another extractor of the same handler may have named some already.
        let named = |name: &str| {
            operation.parameters.iter().any(|known| {
                matches!(known, ReferenceOr::Item(known) if known.parameter_data_ref().name == name)
            })
        };
        parameters.retain(|parameter| !named(&parameter.parameter_data_ref().name));
        add_parameters(ctx, operation, parameters);
        problems::document(ctx, operation, &[Code::NotFound]);
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Inner {
        number: u8,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Outer {
        name: String,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        number: Option<u8>,
    }

    fn wrong(body: &str) -> (Code, String) {
        let error = json::<Outer>(body.as_bytes()).unwrap_err();
        let field = error.problem.errors.first().map(|error| error.field.clone());
        (error.code(), field.unwrap_or_default())
    }

    #[test]
    fn a_wrong_field_is_named() {
        assert_eq!(wrong("{}"), (Code::InvalidFields, "name".into()));
        assert_eq!(wrong(r#"{"name": 1}"#), (Code::InvalidFields, "name".into()));
        assert_eq!(wrong("[]").0, Code::InvalidFields);
        let deep = r#"{"name": "a", "inner": {"number": 256}}"#;
        assert_eq!(wrong(deep), (Code::InvalidFields, "inner.number".into()));
        let missing = r#"{"name": "a", "inner": {}}"#;
        assert_eq!(wrong(missing), (Code::InvalidFields, "inner.number".into()));
    }

    #[test]
    fn what_is_no_json_is_a_bad_request() {
        for body in ["", "{", "{\"name\": \"a\"} x", "nul", "{\"name\": \"\\ud800\"}"] {
            assert_eq!(wrong(body).0, Code::BadRequest, "{body}");
        }
        let latin1 = json::<Outer>(b"{\"name\": \"\xff\"}").unwrap_err();
        assert_eq!(latin1.code(), Code::BadRequest);
        assert_eq!(wrong(&"[".repeat(100_000)).0, Code::InvalidFields);
    }

    #[test]
    fn a_wrong_query_is_named() {
        let error = query::<Inner>("number=abc").unwrap_err();
        assert_eq!(
            (error.code(), &*error.problem.errors[0].field),
            (Code::InvalidFields, "number")
        );
        let error = query::<Inner>("number=1&number=1").unwrap_err();
        assert_eq!(error.problem.errors[0].field, "number");
        let error = query::<Strict>("numbers=1").unwrap_err();
        assert_eq!(error.problem.errors[0].field, "numbers");
        assert_eq!(error.problem.errors[0].message, "is not known here, expected `number`");
        assert_eq!(query::<Strict>("number=1").unwrap().number, Some(1));
        let error = query::<Inner>("").unwrap_err();
        assert_eq!(error.problem.errors[0].message, "is missing");
    }
}
