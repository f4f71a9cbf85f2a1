//! Answers that a client may keep and ask about again: what is still the same costs no body.

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
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::extract::Json;

/// Kept by the one who asked and nobody between, and asked about before each use.
const KEEP: HeaderValue = HeaderValue::from_static("private, no-cache");

/// The name of an answer's state: an entity tag of RFC 9110.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag(String);

impl Tag {
    /// Of answers that mean the same. Visible ASCII without quotes.
    pub fn weak(state: &str) -> Self {
        Self(format!("W/\"{state}\""))
    }

    /// Of answers that are the same byte for byte. Visible ASCII without quotes.
    pub fn strong(state: &str) -> Self {
        Self(format!("\"{state}\""))
    }

    /// The same of a state that is long, or holds what anybody typed.
    pub fn hashed(state: &str) -> Self {
        Self::weak(&format!("{:x}", Sha256::digest(state))[..32])
    }

    /// Puts it on an answer.
    pub fn name(&self, headers: &mut HeaderMap) {
        if let Ok(tag) = HeaderValue::from_str(&self.0) {
            headers.insert(header::ETAG, tag);
        }
    }

    /// Without its weakness, which does not count when a body is to be saved.
    fn opaque(&self) -> &str {
        self.0.trim_start_matches("W/")
    }
}

/// What the client holds already: the tags of its `If-None-Match`.
pub struct Held(Vec<String>);

impl Held {
    /// Those that a request names.
    pub fn of(headers: &HeaderMap) -> Self {
        let given = headers.get_all(header::IF_NONE_MATCH).iter();
        let given = given.filter_map(|tags| tags.to_str().ok()).flat_map(|tags| tags.split(','));
        Self(given.map(|tag| tag.trim().trim_start_matches("W/").to_owned()).collect())
    }

    /// Whether it holds this state.
    pub fn has(&self, tag: &Tag) -> bool {
        self.0.iter().any(|held| held == "*" || held == tag.opaque())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Held {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

impl OperationInput for Held {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let parameter_data = ParameterData {
            name: "If-None-Match".into(),
            description: Some("The `ETag` of the answer that the client holds.".into()),
            required: false,
            deprecated: None,
            format: text(ctx),
            example: None,
            examples: Default::default(),
            explode: None,
            extensions: Default::default(),
        };
        let header = Parameter::Header { parameter_data, style: HeaderStyle::Simple };
        add_parameters(ctx, operation, [header]);
    }
}

/// JSON with its tag, or only the word that nothing is different.
pub enum Revalidated<T> {
    /// The client holds it.
    Same(Tag),
    /// The client does not.
    New(Tag, T),
    /// A part, for want of time: asked again it may be more, so it has no tag.
    Part(T),
}

impl<T> Revalidated<T> {
    /// An answer that the client does not hold.
    pub fn of(is_whole: bool, tag: Tag, value: T) -> Self {
        if is_whole { Self::New(tag, value) } else { Self::Part(value) }
    }
}

impl<T: Serialize> IntoResponse for Revalidated<T> {
    fn into_response(self) -> Response {
        let (tag, mut response) = match self {
            Self::Same(tag) => (Some(tag), StatusCode::NOT_MODIFIED.into_response()),
            Self::New(tag, value) => (Some(tag), Json(value).into_response()),
            Self::Part(value) => (None, Json(value).into_response()),
        };
        if let Some(tag) = tag {
            tag.name(response.headers_mut());
        }
        response.headers_mut().insert(header::CACHE_CONTROL, KEEP);
        response
    }
}

impl<T: JsonSchema> OperationOutput for Revalidated<T> {
    type Inner = T;

    fn operation_response(ctx: &mut GenContext, operation: &mut Operation) -> Option<Documented> {
        let mut answer = Json::<T>::operation_response(ctx, operation)?;
        let description = "Changes whenever the answer does; send it back as `If-None-Match`. Not there when \
             there was time for a part of the answer only.";
        answer.headers.insert("ETag".into(), ReferenceOr::Item(tag_header(ctx, description)));
        Some(answer)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        let answer = Self::operation_response(ctx, operation);
        let tag = ReferenceOr::Item(tag_header(ctx, "The one that was sent."));
        let same = Documented {
            description: "Nothing is different from what `If-None-Match` names.".into(),
            headers: [("ETag".to_owned(), tag)].into_iter().collect(),
            ..Documented::default()
        };
        let answer = answer.map(|answer| (Some(200), answer));
        answer.into_iter().chain([(Some(304), same)]).collect()
    }
}

fn tag_header(ctx: &mut GenContext, description: &str) -> Header {
    Header {
        description: Some(description.into()),
        style: HeaderStyle::Simple,
        required: false,
        deprecated: None,
        format: text(ctx),
        example: None,
        examples: Default::default(),
        extensions: Default::default(),
    }
}

fn text(ctx: &mut GenContext) -> ParameterSchemaOrContent {
    let json_schema = ctx.schema.subschema_for::<String>();
    let schema = SchemaObject { json_schema, example: None, external_docs: None };
    ParameterSchemaOrContent::Schema(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_held_or_not() {
        let held = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(line));
            }
            Held::of(&headers)
        };
        let tag = Tag::weak("a/1");
        for lines in [
            &["W/\"a/1\""][..],
            &["\"a/1\""],
            &["\"b\", W/\"a/1\""],
            &["\"b\"", "W/\"a/1\""],
            &["*"],
        ] {
            assert!(held(lines).has(&tag), "{lines:?}");
        }
        for lines in [&[][..], &[""], &["a/1"], &["W/\"a/2\""], &["\"a/1"], &["\"*\""]] {
            assert!(!held(lines).has(&tag), "{lines:?}");
        }
        assert!(held(&["W/\"a/1\""]).has(&Tag::strong("a/1")));
    }

    #[test]
    fn a_part_of_an_answer_has_no_tag() {
        let tagged = |is_whole| {
            let answer = Revalidated::of(is_whole, Tag::weak("a/1"), 7).into_response();
            assert_eq!(answer.status(), StatusCode::OK);
            answer.headers().contains_key(header::ETAG)
        };
        assert!(tagged(true) && !tagged(false));
    }
}
