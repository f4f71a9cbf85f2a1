//! Builds the router of the server: all routes, their OpenAPI document and the middleware.

use aide::{
    axum::ApiRouter,
    openapi::{OpenApi, Tag},
    transform::TransformOpenApi,
};
use axum::Router;

use crate::{App, admin, auth, export, messages, rooms, search, users};

mod assets;
mod classic;
mod compression;
mod docs;
mod health;
mod middleware;
mod prometheus;
pub mod serve;
mod socket;
mod surplus;

pub fn router(app: App) -> Router {
    let (router, document) = documented_routes();
    middleware::add_pages_and_middleware(router, &document, app)
}

/// The OpenAPI document as JSON.
pub fn openapi() -> String {
    serde_json::to_string_pretty(&documented_routes().1).unwrap_or_default()
}

fn documented_routes() -> (Router<App>, OpenApi) {
    aide::generate::on_error(|error| tracing::debug!(%error, "cannot document an operation"));
    aide::generate::extract_schemas(true);
    let mut document = OpenApi::default();
    let router = ApiRouter::new()
        .merge(users::routes())
        .merge(admin::routes())
        .merge(rooms::routes())
        .merge(messages::routes())
        .merge(search::routes())
        .merge(export::routes())
        .merge(socket::routes())
        .merge(health::routes())
        .merge(classic::routes())
        .finish_api_with(&mut document, add_metadata);
    (router, document)
}

fn add_metadata(mut api: TransformOpenApi) -> TransformOpenApi {
    let tag = |name: &str, text: &str| Tag {
        name: name.into(),
        description: Some(text.into()),
        ..Tag::default()
    };
    auth::add_security_schemes(api.inner_mut());
    api.title("Hallway")
        .version(env!("CARGO_PKG_VERSION"))
        .description(
            "A chat of topic rooms. Errors are problem details (RFC 9457) with a stable `code`. \
             Timestamps are RFC 3339 in UTC. Lists use keyset pagination. A trailing slash in a \
             path makes no difference.",
        )
        .tag(tag("users", "Accounts and sessions"))
        .tag(tag("server", "Settings of the server, and invitations"))
        .tag(tag("rooms", "Rooms and their members"))
        .tag(tag("messages", "Messages and changes"))
        .tag(tag("search", "Search in all rooms"))
        .tag(tag("admin", "Administration of the server"))
        .tag(tag("live", "The websocket"))
        .tag(tag("health", "Health of the server"))
        .tag(tag("classic", "The endpoints of the classic chat, unchanged"))
}
