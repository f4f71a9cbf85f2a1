//! The people whom somebody blocks: they cannot write to each other in a direct room, and a mention by the
//! blocked one does not count. Only the person who blocks learns of it.

mod changes;

use aide::axum::{
    ApiRouter,
    routing::{get_with, put_with},
};
use axum::{extract::State, response::NoContent};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    ids::UserId,
    paths,
    problem::{Code, FieldError},
    users::BlockList,
};

use crate::{
    App, Error, Result,
    auth::Caller,
    http::{
        extract::{Json, Path},
        problems::of,
    },
    tables::block_list,
};

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            paths::BLOCKS,
            get_with(list, |op| {
                op.id("listBlocks").tag("users").summary("List the people whom I block").description(
                    "The last one first, at most 1 000. Nobody else can see the list.",
                )
            }),
        )
        .api_route(
            paths::BLOCK,
            put_with(block, |op| {
                op.id("blockUser")
                    .tag("users")
                    .summary("Block somebody")
                    .description(
                        "Neither of us can then start a direct room with the other or write in the \
                         one that we have; the response does not tell who blocks. Their mentions of \
                         me do not count. Larger rooms go on.",
                    )
                    .with(of(&[Code::NotFound, Code::InvalidFields, Code::TooManyRequests]))
            })
            .delete_with(unblock, |op| {
                op.id("unblockUser")
                    .tag("users")
                    .summary("Unblock somebody")
                    .with(of(&[Code::TooManyRequests]))
            }),
        )
}

#[derive(Deserialize, JsonSchema)]
struct BlockPath {
    /// The id of the account.
    user: UserId,
}

async fn list(State(app): State<App>, Caller { user, .. }: Caller) -> Result<Json<BlockList>> {
    Ok(Json(block_list(&app.db.reader, &user).await?))
}

async fn block(
    State(app): State<App>,
    Caller { user, .. }: Caller,
    Path(BlockPath { user: other }): Path<BlockPath>,
) -> Result<NoContent> {
    app.limits.blocks.check(&user.id, 1).map_err(Error::too_many)?;
    if other == user.id {
        return Err(FieldError::new("user", "must be somebody else than you").into());
    }
    changes::block(&app, user, other).await?;
    Ok(NoContent)
}

async fn unblock(
    State(app): State<App>,
    Caller { user, .. }: Caller,
    Path(BlockPath { user: other }): Path<BlockPath>,
) -> Result<NoContent> {
    app.limits.blocks.check(&user.id, 1).map_err(Error::too_many)?;
    changes::unblock(&app, user, other).await?;
    Ok(NoContent)
}
