//! Access to rooms: the [`Membership`] extractor admits only members of the room.

use aide::{OperationInput, generate::GenContext, openapi::Operation};
use axum::{extract::FromRequestParts, http::request::Parts};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{ids::RoomId, problem::Code};

use super::queries;
use crate::{
    App, Error, Result,
    auth::Caller,
    http::{extract::Path, problems},
    tables::{Connection, RoomView},
};

/// The path parameter of a room.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct RoomPath {
    /// The id of the room.
    pub id: RoomId,
}

/// A caller and the room in the path, for handlers that check the membership in the same visit to the database
/// as they read the room.
pub struct RoomCaller {
    pub caller: Caller,
    id: RoomId,
}

impl RoomCaller {
    /// The room as its member reads it: 404 if the caller sees no such room, 403 for other callers.
    pub async fn find_membership(&self, db: &impl Connection) -> Result<RoomView> {
        queries::find_membership(db, self.id, &self.caller.user).await
    }
}

impl FromRequestParts<App> for RoomCaller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = <Caller as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        let Path(RoomPath { id }) = Path::from_request_parts(parts, app).await?;
        Ok(Self { caller, id })
    }
}

/// A caller who is a member of the room in the path: 404 if the caller sees no such room, 403 for other
/// callers.
pub struct Membership {
    pub caller: Caller,
    pub room: RoomView,
}

impl Membership {
    pub fn room_id(&self) -> RoomId {
        RoomId(self.room.id)
    }
}

impl FromRequestParts<App> for Membership {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = RoomCaller::from_request_parts(parts, app).await?;
        let room = caller.find_membership(&app.db.reader).await?;
        Ok(Self { caller: caller.caller, room })
    }
}

/// Checks a member again during a long response: the error of [`Caller`] or of [`Membership`] once they
/// have lost access, otherwise their present view.
pub async fn recheck_membership(app: &App, caller: &Caller, room: RoomId) -> Result<RoomView> {
    app.auth.reauthenticate(caller).await?;
    queries::find_membership(&app.db.reader, room, &caller.user).await
}

impl OperationInput for Membership {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        RoomCaller::operation_input(ctx, operation);
    }
}

impl OperationInput for RoomCaller {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Caller::operation_input(ctx, operation);
        Path::<RoomPath>::operation_input(ctx, operation);
        problems::document(ctx, operation, &[Code::NotAMember]);
    }
}
