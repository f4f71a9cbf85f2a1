//! Extractors and response types. An invalid request gets a problem that names the field.

use aide::{
    OperationInput, OperationOutput,
    generate::GenContext,
    openapi::{Operation, ReferenceOr, Response as Documented},
    operation::{ParamLocation, add_parameters, parameters_from_schema},
};
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use shared::problem::{Code, FieldError};

use super::{
    media_type::{is_json, media_type},
    problems,
};
use crate::{Error, Result};

/// A JSON body of a request or a response.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self> {
        if !is_json(&media_type(request.headers())) {
            return Err(Code::UnsupportedMediaType.into());
        }
        parse_json(&read_body(request, state).await?).map(Self)
    }
}

/// The whole body of a request, within the limits of its size and time.
pub async fn read_body<S: Send + Sync>(request: Request<Body>, state: &S) -> Result<Bytes> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(cause) if cause.status().as_u16() == 413 => {
            Error::from(Code::TooLarge)
        }
        _ => Error::new(
            Code::BadRequest,
            "The body is incomplete or too slow: it must arrive within 15 s, and 1 s more for each \
             8 KiB.",
        ),
    })
}

/// Parses JSON; an error names the field.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = error.path().to_string();
        let cause = error.into_inner();
        match cause.classify() {
            serde_json::error::Category::Data => {
                let message = cause.to_string();
                // Drops the line and column that serde_json appends: the field path says where.
                let message = message.split(" at line ").next().unwrap_or(&message);
                field_error("body", &field, message)
            }
            _ => Error::new(Code::BadRequest, format!("The body is not valid JSON: {cause}.")),
        }
    })?;
    deserializer.end().map_err(|cause| {
        Error::new(Code::BadRequest, format!("The body is not valid JSON: {cause}."))
    })?;
    Ok(value)
}

/// Moves the name of a missing, unknown or duplicate field from serde's message to the path.
fn field_error(root: &str, path: &str, message: &str) -> Error {
    let name_after = |prefix| message.strip_prefix(prefix).and_then(|rest| rest.split_once('`'));
    if let Some((name, rest)) = name_after("unknown field `") {
        return FieldError::new(name, format!("is unknown{rest}")).into();
    }
    let missing = name_after("missing field `").map(|(name, _)| (name, "is missing"));
    let duplicate = || name_after("duplicate field `").map(|(name, _)| (name, "is duplicated"));
    match (missing.or_else(duplicate), path) {
        (Some((name, problem)), "." | "") => FieldError::new(name, problem),
        (Some((name, problem)), path) => FieldError::new(format!("{path}.{name}"), problem),
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

impl<T: JsonSchema> OperationOutput for Json<T> {
    type Inner = T;

    fn operation_response(ctx: &mut GenContext, operation: &mut Operation) -> Option<Documented> {
        axum::Json::<T>::operation_response(ctx, operation)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        axum::Json::<T>::inferred_responses(ctx, operation)
    }
}

/// A JSON response with a status other than 200.
pub struct WithStatus<const STATUS: u16, T>(pub T);

pub type Created<T> = WithStatus<201, T>;

impl<const STATUS: u16, T: Serialize> IntoResponse for WithStatus<STATUS, T> {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(STATUS).unwrap_or_default();
        // `Rendered` keeps `problems::render` from replacing the body of an error status.
        (status, Extension(problems::Rendered), axum::Json(self.0)).into_response()
    }
}

impl<const STATUS: u16, T: JsonSchema> OperationOutput for WithStatus<STATUS, T> {
    type Inner = T;

    fn operation_response(ctx: &mut GenContext, operation: &mut Operation) -> Option<Documented> {
        axum::Json::<T>::operation_response(ctx, operation)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        let response = Self::operation_response(ctx, operation);
        response.into_iter().map(|response| (Some(STATUS), response)).collect()
    }
}

/// The response to a request that makes something unless it exists: the new one (201), or that which exists
/// (200).
pub struct MaybeCreated<T> {
    pub is_new: bool,
    pub body: T,
}

impl<T: Serialize> IntoResponse for MaybeCreated<T> {
    fn into_response(self) -> Response {
        let status = if self.is_new { StatusCode::CREATED } else { StatusCode::OK };
        (status, axum::Json(self.body)).into_response()
    }
}

impl<T: JsonSchema> OperationOutput for MaybeCreated<T> {
    type Inner = T;

    fn operation_response(ctx: &mut GenContext, operation: &mut Operation) -> Option<Documented> {
        axum::Json::<T>::operation_response(ctx, operation)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        let statuses = [200, 201].into_iter();
        let response = |status| Some((Some(status), Self::operation_response(ctx, operation)?));
        statuses.filter_map(response).collect()
    }
}

/// A response with extra headers.
pub struct WithHeaders<T>(pub HeaderMap, pub T);

impl<T: IntoResponse> IntoResponse for WithHeaders<T> {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

impl<T: OperationOutput> OperationOutput for WithHeaders<T> {
    type Inner = T::Inner;

    fn operation_response(ctx: &mut GenContext, operation: &mut Operation) -> Option<Documented> {
        T::operation_response(ctx, operation)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        T::inferred_responses(ctx, operation)
    }
}

/// The query string as a struct; 422 for an invalid field.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parse_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Parses a query string; an error names the field.
pub fn parse_query<T: DeserializeOwned>(text: &str) -> Result<T> {
    let pairs = url::form_urlencoded::parse(text.as_bytes());
    // PostgreSQL has no texts with this character, so no text in the database matches it.
    if let Some((field, _)) = pairs.clone().find(|(_, value)| value.contains('\0')) {
        return Err(FieldError::new(field, "must not contain the character U+0000").into());
    }
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

/// The path parameters as a struct; 404 for an invalid one, because no such resource exists.
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
        // Another extractor of the handler may have documented some of the parameters already.
        let is_documented = |name: &str| {
            operation.parameters.iter().any(|parameter| {
                matches!(parameter, ReferenceOr::Item(it) if it.parameter_data_ref().name == name)
            })
        };
        parameters.retain(|parameter| !is_documented(&parameter.parameter_data_ref().name));
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

    fn error_of(body: &str) -> (Code, String) {
        let error = parse_json::<Outer>(body.as_bytes()).unwrap_err();
        let field = error.problem.errors.first().map(|error| error.field.clone());
        (error.code(), field.unwrap_or_default())
    }

    #[test]
    fn errors_name_the_field() {
        assert_eq!(error_of("{}"), (Code::InvalidFields, "name".into()));
        assert_eq!(error_of(r#"{"name": 1}"#), (Code::InvalidFields, "name".into()));
        assert_eq!(error_of("[]").0, Code::InvalidFields);
        let deep = r#"{"name": "a", "inner": {"number": 256}}"#;
        assert_eq!(error_of(deep), (Code::InvalidFields, "inner.number".into()));
        let missing = r#"{"name": "a", "inner": {}}"#;
        assert_eq!(error_of(missing), (Code::InvalidFields, "inner.number".into()));
    }

    #[test]
    fn malformed_json_is_a_bad_request() {
        for body in ["", "{", "{\"name\": \"a\"} x", "nul", "{\"name\": \"\\ud800\"}"] {
            assert_eq!(error_of(body).0, Code::BadRequest, "{body}");
        }
        let latin1 = parse_json::<Outer>(b"{\"name\": \"\xff\"}").unwrap_err();
        assert_eq!(latin1.code(), Code::BadRequest);
        assert_eq!(error_of(&"[".repeat(100_000)).0, Code::InvalidFields);
    }

    #[test]
    fn query_errors_name_the_field() {
        let error = parse_query::<Inner>("number=abc").unwrap_err();
        assert_eq!(
            (error.code(), &*error.problem.errors[0].field),
            (Code::InvalidFields, "number")
        );
        let error = parse_query::<Inner>("number=1&number=1").unwrap_err();
        assert_eq!(error.problem.errors[0].field, "number");
        let error = parse_query::<Strict>("numbers=1").unwrap_err();
        assert_eq!(error.problem.errors[0].field, "numbers");
        assert_eq!(error.problem.errors[0].message, "is unknown, expected `number`");
        assert_eq!(parse_query::<Strict>("number=1").unwrap().number, Some(1));
        let error = parse_query::<Inner>("").unwrap_err();
        assert_eq!(error.problem.errors[0].message, "is missing");
    }
}
