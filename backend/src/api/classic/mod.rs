//! The contract of the chat that came before: its clients run unchanged. Thin over the same
//! functions as every other door; nothing is decided here but the shapes.

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
use shared::problem::Code;

use crate::{App, http::problems};

mod messages;
mod people;
mod rooms;
mod socket;

/// The classic endpoints, with and without their last slash, their errors in the classic shapes.
pub fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/register",
            post_with(people::register, |op| doc(op, "classicRegister", "Make an account")),
        )
        .api_route("/login", post_with(people::login, |op| doc(op, "classicLogin", "Sign in")))
        .api_route(
            "/rooms",
            get_with(rooms::list, |op| doc(op, "classicListRooms", "All rooms"))
                .post_with(rooms::post, |op| doc(op, "classicCreateRoom", "Make a room (admins)")),
        )
        .api_route(
            "/rooms/{id}",
            get_with(rooms::get, |op| doc(op, "classicGetRoom", "One room"))
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
            post_with(rooms::join, |op| doc(op, "classicJoinRoom", "Come into a room")),
        )
        .api_route(
            "/messages/{id}",
            get_with(messages::list, |op| doc(op, "classicListMessages", "All that was said")),
        )
        .api_route(
            "/messages/create/{id}",
            post_with(messages::create, |op| doc(op, "classicCreateMessage", "Say something")),
        )
        .api_route(
            "/ws/chat/{id}",
            get_with(socket::socket, |op| {
                let op = op.with(problems::of(&[Code::CrossOrigin, Code::UpgradeRequired]));
                doc(op, "classicSocket", "The websocket of a room")
            }),
        )
        .layer(middleware::from_fn(problems::render_classic))
}

fn doc<'t>(op: TransformOperation<'t>, id: &str, summary: &str) -> TransformOperation<'t> {
    op.id(id).tag("classic").summary(summary).with(old_shapes).description(
        "Unchanged from the chat that came before. Errors are `{\"detail\": ..}` or \
         `{\"field\": [..]}`.",
    )
}

/// The errors as old clients get them (`http::problems::render_classic`): in other shapes, and what
/// breaks a rule is a 400.
fn old_shapes(mut op: TransformOperation<'_>) -> TransformOperation<'_> {
    let responses = &mut op.inner_mut().responses.get_or_insert_default().responses;
    if let Some(broken) = responses.shift_remove(&StatusCode::Code(422)) {
        responses.entry(StatusCode::Code(400)).or_insert(broken);
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
