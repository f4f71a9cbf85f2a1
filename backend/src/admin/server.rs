//! The handlers of the settings of the server.

use axum::extract::State;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect, Set};
use shared::{
    administration::AuditAction,
    admission::{PatchServer, Server, SetUp},
    problem::Code,
    rules,
    users::User,
};

use crate::{
    App, Result,
    auth::{Admin, MaybeCaller, run_to_completion},
    http::{
        client_address::ClientAddress,
        extract::{Created, Json, WithStatus},
    },
    tables::{AuditRecord, Stored, audit_all, lock_room_names, server_settings, users},
};

pub async fn get(State(app): State<App>, MaybeCaller(caller): MaybeCaller) -> Result<Json<Server>> {
    let db = &app.db.reader;
    let settings = server_settings(db).await?;
    let is_set_up = users::Entity::find().limit(1).one(db).await?.is_some();
    Ok(Json(to_server(settings, is_set_up, caller.is_some())))
}

fn to_server(row: server_settings::Model, is_set_up: bool, is_signed_in: bool) -> Server {
    Server {
        name: row.name,
        sign_up: row.sign_up.0,
        is_set_up,
        create_rooms: is_signed_in.then_some(row.create_rooms.0),
        direct: is_signed_in.then_some(row.direct.0),
    }
}

pub async fn set_up(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Json(request): Json<SetUp>,
) -> Result<Created<User>> {
    crate::users::set_up(&app, address, request).await.map(WithStatus)
}

pub async fn patch(
    State(app): State<App>,
    Admin(by): Admin,
    ClientAddress(address): ClientAddress,
    Json(request): Json<PatchServer>,
) -> Result<Json<Server>> {
    let PatchServer { name, sign_up, create_rooms, direct } = request;
    let name = name.as_deref().map(rules::validate_server_name).transpose()?;
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        // The row is also the lock for the names of rooms: without it, two requests that each change
        // one setting would undo each other's.
        lock_room_names(&transaction).await?;
        let by = users::Entity::find_by_id(by.user.id.0).one(&transaction).await?;
        let by = by.filter(|by| by.is_active() && by.rank.0.is_admin()).ok_or(Code::AdminOnly)?;
        let before = server_settings(&transaction).await?;
        let mut settings = before.clone().into_active_model();
        if let Some(name) = name {
            settings.name = Set(name);
        }
        if let Some(sign_up) = sign_up {
            settings.sign_up = Set(Stored(sign_up));
        }
        if let Some(create_rooms) = create_rooms {
            settings.create_rooms = Set(Stored(create_rooms));
        }
        if let Some(direct) = direct {
            settings.direct = Set(Stored(direct));
        }
        settings.reset_all().update(&transaction).await?;
        let row = server_settings(&transaction).await?;
        let record = |action| AuditRecord::new(action, Some(by.id.into())).address(address);
        audit_all(&transaction, changes(&before, &row, record)).await?;
        transaction.commit().await?;
        Ok(Json(to_server(row, true, true)))
    })
    .await
}

/// The entries of the audit log for the settings that changed.
fn changes(
    before: &server_settings::Model,
    after: &server_settings::Model,
    record: impl Fn(AuditAction) -> AuditRecord,
) -> impl Iterator<Item = AuditRecord> {
    use AuditAction as A;
    let renamed = (before.name != after.name)
        .then(|| record(A::ServerRenamed).old_value(&before.name).new_value(&after.name));
    let (old, new) = (before.sign_up.0, after.sign_up.0);
    let sign_up = (old != new).then(|| record(A::SignUpChanged).old_value(old).new_value(new));
    let (old, new) = (before.create_rooms.0, after.create_rooms.0);
    let rooms = (old != new).then(|| record(A::CreateRoomsChanged).old_value(old).new_value(new));
    let (old, new) = (before.direct.0, after.direct.0);
    let direct = (old != new).then(|| record(A::DirectChanged).old_value(old).new_value(new));
    [renamed, sign_up, rooms, direct].into_iter().flatten()
}
