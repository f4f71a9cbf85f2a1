//! The handlers of direct rooms.

use aide::axum::{
    ApiRouter,
    routing::{post_with, put_with},
};
use axum::{extract::State, response::NoContent};
use shared::{
    paths,
    problem::Code,
    rooms::{MyRoom, NewDirect},
    rules,
};

use super::{RoomPath, doc};
use crate::{
    App, Error, Result,
    auth::Caller,
    http::{
        extract::{Json, MaybeCreated, Path},
        problems,
    },
    realtime::ledger::{CreateDirect, DirectRoom, SetHidden},
    tables,
};

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            paths::DIRECT,
            post_with(post, |op| {
                doc(
                    op,
                    "createDirect",
                    "Start a direct room, or find the one that these people have",
                )
                .description(
                    "The others see a new room once something is posted in it. Without other \
                         people it is a room for notes. With `from`, a room that the caller has \
                         with some of the people becomes the room of all of them, with its past; \
                         409 if all of them have another one.",
                )
                .with(problems::of(&[
                    Code::NotFound,
                    Code::NotAMember,
                    Code::DirectRoomExists,
                    Code::TooManyRequests,
                ]))
            }),
        )
        .api_route(
            paths::HIDDEN,
            put_with(hide, |op| {
                doc(
                    op,
                    "hideRoom",
                    "Hide a direct room from my rooms until something is posted in it",
                )
                .with(problems::of(HIDE))
            })
            .delete_with(show, |op| {
                doc(op, "showRoom", "Show a direct room again that I have hidden")
                    .with(problems::of(HIDE))
            }),
        )
}

/// The errors of hiding a room.
const HIDE: &[Code] = &[Code::NotFound, Code::NotAMember, Code::InvalidFields];

async fn post(
    State(app): State<App>,
    Caller { user, .. }: Caller,
    Json(NewDirect { users, from }): Json<NewDirect>,
) -> Result<MaybeCreated<MyRoom>> {
    let people = users.into_iter().chain([user.id]).collect();
    rules::validate_direct_people(&people)?;
    app.limits.newcomers.check_direct_room(&user)?;
    app.limits.direct_rooms.check(&user.id, 1).map_err(Error::too_many)?;
    let create = CreateDirect { by: user.id, people, from };
    let DirectRoom { id, is_new } = app.ledger.write(create).await?;
    let body = tables::my_room(&app.db.reader, user.id, id).await?.ok_or(Code::NotFound)?;
    Ok(MaybeCreated { is_new, body })
}

async fn hide(
    State(app): State<App>,
    Caller { user, .. }: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
) -> Result<NoContent> {
    app.ledger.write(SetHidden { room: id, user: user.id, hidden: true }).await?;
    Ok(NoContent)
}

async fn show(
    State(app): State<App>,
    Caller { user, .. }: Caller,
    Path(RoomPath { id }): Path<RoomPath>,
) -> Result<NoContent> {
    app.ledger.write(SetHidden { room: id, user: user.id, hidden: false }).await?;
    Ok(NoContent)
}
