//! The API of the classic chat, so that its clients run unchanged. The handlers convert formats and
//! leave the work to the functions of the slices.

use aide::{
    axum::{
        ApiRouter,
        routing::{get_with, post_with},
    },
    openapi::{MediaType, ReferenceOr, SchemaObject, StatusCode},
    transform::TransformOperation,
};
use axum::middleware;
use schemars::json_schema;
use serde::Serializer;
use shared::{Timestamp, problem::Code};

use crate::{App, http::problems};

mod body;
mod fields;
mod format_suffix;
mod messages;
mod metadata;
mod people;
mod rooms;
mod socket;

pub use format_suffix::strip_format_suffix;

/// The classic endpoints, with errors in the classic formats.
pub fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/register",
            post_with(people::register, |op| doc(op, "classicRegister", "Create an account")),
        )
        .api_route("/login", post_with(people::login, |op| doc(op, "classicLogin", "Sign in")))
        .api_route(
            "/rooms",
            get_with(rooms::list, |op| doc(op, "classicListRooms", "List all rooms"))
                .post_with(rooms::post, |op| {
                    doc(op, "classicCreateRoom", "Create a room (admins)")
                }),
        )
        .api_route(
            "/rooms/{id}",
            get_with(rooms::get, |op| doc(op, "classicGetRoom", "Get a room"))
                .put_with(rooms::put, |op| doc(op, "classicReplaceRoom", "Change a room (admins)"))
                .patch_with(rooms::patch, |op| {
                    doc(op, "classicChangeRoom", "Change a room (admins)")
                })
                .delete_with(rooms::delete, |op| {
                    doc(op, "classicDeleteRoom", "Delete a room (admins)")
                }),
        )
        .api_route(
            "/rooms/{id}/join",
            post_with(rooms::join, |op| doc(op, "classicJoinRoom", "Join a room")),
        )
        .api_route(
            "/messages/{id}",
            get_with(messages::list, |op| {
                doc(op, "classicListMessages", "List the messages of a room")
            }),
        )
        .api_route(
            "/messages/create/{id}",
            post_with(messages::create, |op| doc(op, "classicCreateMessage", "Post a message")),
        )
        .api_route(
            "/ws/chat/{id}",
            get_with(socket::socket, |op| {
                let op = op.with(problems::of(&[Code::CrossOrigin, Code::UpgradeRequired]));
                doc(op, "classicSocket", "Open the websocket of a room")
            }),
        )
        .layer(middleware::from_fn(metadata::answer_options))
        .layer(middleware::from_fn(problems::render_classic))
}

/// A time as the classic chat writes it: always with six digits of microseconds.
fn format_moment(moment: &Timestamp) -> String {
    moment.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

fn serialize_moment<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format_moment(moment))
}

fn doc<'t>(op: TransformOperation<'t>, id: &str, summary: &str) -> TransformOperation<'t> {
    op.id(id).tag("classic").summary(summary).with(classic_errors).description(
        "Unchanged from the classic chat. A body is JSON, a form, or a multipart form; its values are \
         coerced (`\"true\"` is a boolean, 7 a text). Errors are `{\"detail\": ..}` or \
         `{\"field\": [..]}`.",
    )
}

/// Documents the errors as `http::problems::render_classic` renders them: in the classic formats, and
/// with status 400 for invalid fields.
fn classic_errors(mut op: TransformOperation<'_>) -> TransformOperation<'_> {
    let responses = &mut op.inner_mut().responses.get_or_insert_default().responses;
    if let Some(invalid_fields) = responses.shift_remove(&StatusCode::Code(422)) {
        responses.entry(StatusCode::Code(400)).or_insert(invalid_fields);
    }
    let errors = responses.iter_mut().filter(|(status, _)| match status {
        StatusCode::Code(code) => (400..500).contains(code),
        StatusCode::Range(_) => false,
    });
    for (_, response) in errors {
        if let ReferenceOr::Item(response) = response {
            let json_schema = json_schema!({ "type": "object" });
            let schema = SchemaObject { json_schema, example: None, external_docs: None };
            let media = MediaType { schema: Some(schema), ..MediaType::default() };
            response.content = [("application/json".to_owned(), media)].into_iter().collect();
        }
    }
    op
}
