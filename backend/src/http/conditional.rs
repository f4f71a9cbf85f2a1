//! Conditional GET requests (RFC 9110): an unchanged response becomes a 304 without a body.

use std::convert::Infallible;

use aide::{
    OperationInput, OperationOutput,
    generate::GenContext,
    openapi::{
        Header, HeaderStyle, Operation, Parameter, ParameterData, ParameterSchemaOrContent,
        ReferenceOr, Response as Documented, SchemaObject,
    },
    operation::add_parameters,
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use headers::{ETag, HeaderMapExt};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::extract::Json;
use crate::tables::Epoch;

/// Only the client may cache the response, and must revalidate it before each use.
const REVALIDATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// An entity tag, which identifies the state that a response shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag(String);

impl EntityTag {
    /// For responses of equal meaning. `state` is visible ASCII without quotes; it need not contain
    /// the version of the program, which may format the same state differently, nor the epoch of
    /// the database.
    pub fn weak(epoch: &Epoch, state: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        Self(format!("W/\"{version}/{epoch}/{state}\""))
    }

    /// For responses that are equal byte for byte, whatever is in the database. `state` is visible
    /// ASCII without quotes.
    pub fn strong(state: &str) -> Self {
        Self(format!("\"{state}\""))
    }

    /// A weak tag from a hash, for a `state` that is long or contains user input.
    pub fn hashed(epoch: &Epoch, state: &str) -> Self {
        Self::weak(epoch, &format!("{:x}", Sha256::digest(state))[..32])
    }

    /// Sets the `ETag` header.
    pub fn insert_into(&self, headers: &mut HeaderMap) {
        if let Ok(tag) = HeaderValue::from_str(&self.0) {
            headers.insert(header::ETAG, tag);
        }
    }
}

/// The `If-None-Match` header of a request; a malformed header is ignored.
pub struct IfNoneMatch(Option<headers::IfNoneMatch>);

impl IfNoneMatch {
    pub fn from_headers(headers: &HeaderMap) -> Self {
        Self(headers.typed_get())
    }

    /// Whether the client already has the response with this tag.
    pub fn matches(&self, tag: &EntityTag) -> bool {
        let (Some(condition), Ok(tag)) = (&self.0, tag.0.parse::<ETag>()) else { return false };
        !condition.precondition_passes(&tag)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::from_headers(&parts.headers))
    }
}

impl OperationInput for IfNoneMatch {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let parameter_data = ParameterData {
            name: "If-None-Match".into(),
            description: Some("The `ETag` of the response that the client has cached.".into()),
            required: false,
            deprecated: None,
            format: string_schema(ctx),
            example: None,
            examples: Default::default(),
            explode: None,
            extensions: Default::default(),
        };
        let header = Parameter::Header { parameter_data, style: HeaderStyle::Simple };
        add_parameters(ctx, operation, [header]);
    }
}

/// A JSON response to a conditional request.
pub enum Conditional<T> {
    /// 304: the client has this response.
    NotModified(EntityTag),
    /// 200 with a tag.
    Full(EntityTag, T),
    /// 200, cut short by a time limit. It has no tag, because the next response may contain more.
    Partial(T),
}

impl<T> Conditional<T> {
    pub fn new(is_complete: bool, tag: EntityTag, value: T) -> Self {
        if is_complete { Self::Full(tag, value) } else { Self::Partial(value) }
    }
}

impl<T: Serialize> IntoResponse for Conditional<T> {
    fn into_response(self) -> Response {
        let (tag, mut response) = match self {
            Self::NotModified(tag) => (Some(tag), StatusCode::NOT_MODIFIED.into_response()),
            Self::Full(tag, value) => (Some(tag), Json(value).into_response()),
            Self::Partial(value) => (None, Json(value).into_response()),
        };
        if let Some(tag) = tag {
            tag.insert_into(response.headers_mut());
        }
        response.headers_mut().insert(header::CACHE_CONTROL, REVALIDATE);
        response
    }
}

impl<T: JsonSchema> OperationOutput for Conditional<T> {
    type Inner = T;

    fn operation_response(ctx: &mut GenContext, operation: &mut Operation) -> Option<Documented> {
        let mut response = Json::<T>::operation_response(ctx, operation)?;
        let description = "Changes whenever the response does; send it back as `If-None-Match`. \
                           Missing when the response was cut short by a time limit.";
        response.headers.insert("ETag".into(), ReferenceOr::Item(etag_header(ctx, description)));
        Some(response)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        let full = Self::operation_response(ctx, operation).map(|response| (Some(200), response));
        let etag = ReferenceOr::Item(etag_header(ctx, "The tag of `If-None-Match` that matched."));
        let not_modified = Documented {
            description: "The response that `If-None-Match` names is still current.".into(),
            headers: [("ETag".to_owned(), etag)].into_iter().collect(),
            ..Documented::default()
        };
        full.into_iter().chain([(Some(304), not_modified)]).collect()
    }
}

fn etag_header(ctx: &mut GenContext, description: &str) -> Header {
    Header {
        description: Some(description.into()),
        style: HeaderStyle::Simple,
        required: false,
        deprecated: None,
        format: string_schema(ctx),
        example: None,
        examples: Default::default(),
        extensions: Default::default(),
    }
}

fn string_schema(ctx: &mut GenContext) -> ParameterSchemaOrContent {
    let json_schema = ctx.schema.subschema_for::<String>();
    let schema = SchemaObject { json_schema, example: None, external_docs: None };
    ParameterSchemaOrContent::Schema(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_none_match_compares_weakly() {
        let parse = |header_lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in header_lines {
                headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(line));
            }
            IfNoneMatch::from_headers(&headers)
        };
        let tag = EntityTag("W/\"a/1\"".to_owned());
        for header_lines in [
            &["W/\"a/1\""][..],
            &["\"a/1\""],
            &["\"b\", W/\"a/1\""],
            &["\"b\"", "W/\"a/1\""],
            &["*"],
        ] {
            assert!(parse(header_lines).matches(&tag), "{header_lines:?}");
        }
        for header_lines in [&[][..], &[""], &["a/1"], &["W/\"a/2\""], &["\"a/1"], &["\"*\""]] {
            assert!(!parse(header_lines).matches(&tag), "{header_lines:?}");
        }
        assert!(parse(&["W/\"a/1\""]).matches(&EntityTag::strong("a/1")));
    }

    #[test]
    fn a_partial_response_has_no_tag() {
        let has_tag = |is_complete| {
            let tag = EntityTag::weak(&Epoch::default(), "a/1");
            let response = Conditional::new(is_complete, tag, 7).into_response();
            assert_eq!(response.status(), StatusCode::OK);
            response.headers().contains_key(header::ETAG)
        };
        assert!(has_tag(true) && !has_tag(false));
    }
}
