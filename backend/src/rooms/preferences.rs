//! The handlers of what a member prefers: muted rooms and favourites.

use aide::axum::{
    ApiRouter,
    routing::{patch_with, put_with},
};
use axum::{extract::State, response::NoContent};
use shared::{
    paths,
    problem::Code,
    rooms::{PatchPreferences, ReplaceFavourites},
};

use super::{RoomPath, doc};
use crate::{
    App, Result,
    auth::Caller,
    http::{
        extract::{Json, Path},
        problems,
    },
    realtime::ledger::{SetFavourites, SetMuted},
};

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            paths::PREFERENCES,
            patch_with(patch, |op| {
                doc(op, "changePreferences", "Mute a room for myself, or end that")
                    .description(
                        "Other members do not see it. All of my devices get a `preferences` frame. \
                         Leaving the room forgets it.",
                    )
                    .with(problems::of(&[
                        Code::NotFound,
                        Code::NotAMember,
                        Code::InvalidFields,
                        Code::TooManyRequests,
                    ]))
            }),
        )
        .api_route(
            paths::FAVOURITES,
            put_with(put_favourites, |op| {
                doc(op, "replaceFavourites", "Replace the list of my favourite rooms")
                    .description(
                        "At most 100 rooms that I am in, in my order. Other members do not see it. All \
                         of my devices get a `preferences` frame for each room whose position changed.",
                    )
                    .with(problems::of(&[Code::InvalidFields, Code::TooManyRequests]))
            }),
        )
}

async fn patch(
    State(app): State<App>,
    Caller { user, .. }: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
    Json(PatchPreferences { muted }): Json<PatchPreferences>,
) -> Result<NoContent> {
    app.ledger.write(SetMuted { room: id, user: user.id, muted }).await?;
    Ok(NoContent)
}

async fn put_favourites(
    State(app): State<App>,
    Caller { user, .. }: Caller,
    Json(request): Json<ReplaceFavourites>,
) -> Result<NoContent> {
    request.validate()?;
    app.ledger.write(SetFavourites { user: user.id, rooms: request.rooms }).await?;
    Ok(NoContent)
}
