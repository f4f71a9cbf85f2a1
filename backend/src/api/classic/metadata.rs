//! Answers `OPTIONS` as Django REST framework does: with the methods and fields of an endpoint.

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::body::MEDIA_TYPES;
use crate::http::{extract::Json, problems::Rendered};

/// An endpoint: path, name, methods, and the fields of `POST` or `PUT`.
struct View(&'static str, &'static str, &'static str, &'static [Field]);

/// A field: name, type, maximum length.
struct Field(&'static str, &'static str, Presence, Option<u32>);

#[derive(Clone, Copy, PartialEq)]
enum Presence {
    Required,
    Optional,
    /// Only in responses.
    ReadOnly,
}

use Presence::{Optional, ReadOnly, Required};

const VIEWS: [View; 7] = [
    View("/register", "Register", "POST, OPTIONS", REGISTER),
    View("/login", "Login", "POST, OPTIONS", LOGIN),
    View("/rooms", "Room List", "GET, POST, HEAD, OPTIONS", ROOM),
    View("/rooms/{id}", "Room Instance", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS", ROOM),
    View("/rooms/{id}/join", "Join Room", "POST, OPTIONS", &[]),
    View("/messages/{id}", "Message List", "GET, HEAD, OPTIONS", &[]),
    View("/messages/create/{id}", "Create Message", "POST, OPTIONS", MESSAGE),
];

const REGISTER: &[Field] = &[
    Field("username", "string", Required, Some(150)),
    Field("password", "string", Required, Some(1024)),
    Field("is_admin", "boolean", Optional, None),
];

const LOGIN: &[Field] =
    &[Field("username", "string", Required, None), Field("password", "string", Required, None)];

const ROOM: &[Field] = &[
    Field("id", "integer", ReadOnly, None),
    Field("name", "string", Required, Some(255)),
    Field("topic", "string", Optional, Some(255)),
    Field("created_by", "field", Optional, None),
    Field("users", "field", Optional, None),
    Field("created_at", "datetime", ReadOnly, None),
    Field("updated_at", "datetime", ReadOnly, None),
];

const MESSAGE: &[Field] = &[
    Field("id", "integer", ReadOnly, None),
    Field("room", "field", ReadOnly, None),
    Field("content", "string", Required, None),
    Field("user", "string", ReadOnly, None),
    Field("created_at", "datetime", ReadOnly, None),
];

/// Middleware: answers `OPTIONS`.
pub async fn answer_options(request: Request, next: Next) -> Response {
    let view = request
        .extensions()
        .get::<MatchedPath>()
        .and_then(|path| VIEWS.into_iter().find(|View(view_path, ..)| *view_path == path.as_str()));
    match view {
        Some(view) if request.method() == Method::OPTIONS => answer(&view),
        _ => next.run(request).await,
    }
}

fn answer(View(_, name, methods, fields): &View) -> Response {
    let mut metadata = json!({
        "name": name,
        "description": "",
        "renders": ["application/json"],
        "parses": MEDIA_TYPES,
    });
    let written = ["POST", "PUT"].into_iter().find(|method| methods.contains(method));
    if let Some(method) = written.filter(|_| !fields.is_empty()) {
        let described: Map<_, _> =
            fields.iter().map(|field| (field.0.to_owned(), describe(field))).collect();
        metadata["actions"] = json!({ method: described });
    }
    let mut response = Json(metadata).into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
    response.extensions_mut().insert(Rendered);
    response
}

fn describe(Field(name, kind, presence, max_length): &Field) -> Value {
    let words = name.replace('_', " ");
    let label: String = words[..1].to_uppercase() + &words[1..];
    let mut field = json!({
        "type": kind,
        "required": *presence == Required,
        "read_only": *presence == ReadOnly,
        "label": label,
    });
    if let Some(max_length) = max_length {
        field["max_length"] = json!(max_length);
    }
    field
}
