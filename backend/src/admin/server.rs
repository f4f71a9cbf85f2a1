//! The handlers of the settings of the server.

use axum::extract::State;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect};
use shared::{
    administration::AuditAction,
    admission::{PatchServer, Server, SetUp, SignUp, email::validate_email_domains},
    problem::{Code, FieldError},
    rules,
    users::User,
};

use crate::{
    App, Result, Settings,
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
    let server = to_server(&app, settings, is_set_up);
    Ok(Json(if caller.is_some() { server } else { for_strangers(server) }))
}

fn to_server(app: &App, row: server_settings::Model, is_set_up: bool) -> Server {
    Server {
        name: row.name,
        sign_up: row.sign_up.0,
        is_set_up,
        email_domains: row.email_domains.0,
        has_smtp: Some(app.settings.sends_mails()),
        create_rooms: Some(row.create_rooms.0),
        direct: Some(row.direct.0),
    }
}

/// Returns the settings that the page needs to show the sign-in and sign-up forms.
fn for_strangers(server: Server) -> Server {
    let Server { name, sign_up, is_set_up, mut email_domains, .. } = server;
    if sign_up != SignUp::Domain {
        email_domains.clear();
    }
    let (create_rooms, direct, has_smtp) = (None, None, None);
    Server { name, sign_up, is_set_up, email_domains, has_smtp, create_rooms, direct }
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
    let request = validate(request)?;
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        // The row is also the lock for the names of rooms: without it, two requests that each change
        // one setting would undo each other's.
        lock_room_names(&transaction).await?;
        let by = users::Entity::find_by_id(by.user.id.0).one(&transaction).await?;
        let by = by.filter(|by| by.is_active() && by.rank.0.is_admin()).ok_or(Code::AdminOnly)?;
        let before = server_settings(&transaction).await?;
        let row = changed(before.clone(), request);
        check_sign_up(&app.settings, &before, &row)?;
        row.clone().into_active_model().reset_all().update(&transaction).await?;
        let record = |action| AuditRecord::new(action, Some(by.id.into())).address(address);
        audit_all(&transaction, changes(&before, &row, record)).await?;
        transaction.commit().await?;
        Ok(Json(to_server(&app, row, true)))
    })
    .await
}

/// The request with normalized values.
fn validate(request: PatchServer) -> Result<PatchServer> {
    let PatchServer { name, email_domains, .. } = &request;
    let name = name.as_deref().map(rules::validate_server_name).transpose()?;
    let domains = email_domains.as_deref().map(validate_email_domains).transpose()?;
    Ok(PatchServer { name, email_domains: domains, ..request })
}

/// The settings after a valid request.
fn changed(before: server_settings::Model, request: PatchServer) -> server_settings::Model {
    let PatchServer { name, sign_up, email_domains, create_rooms, direct } = request;
    server_settings::Model {
        id: before.id,
        name: name.unwrap_or(before.name),
        sign_up: sign_up.map_or(before.sign_up, Stored),
        create_rooms: create_rooms.map_or(before.create_rooms, Stored),
        direct: direct.map_or(before.direct, Stored),
        email_domains: email_domains.map_or(before.email_domains, Stored),
    }
}

/// Checks that people can sign up by e-mail domain, if they are to: 422 with the reason.
fn check_sign_up(
    settings: &Settings,
    before: &server_settings::Model,
    after: &server_settings::Model,
) -> Result<()> {
    if after.sign_up.0 != SignUp::Domain {
        return Ok(());
    }
    if after.email_domains.0.is_empty() {
        let message = "must not be empty while sign_up is domain";
        return Err(FieldError::new("email_domains", message).into());
    }
    let missing = match (settings.sends_mails(), settings.public_url.is_some()) {
        // A server that has lost its mail server can still be renamed.
        _ if before.sign_up.0 == SignUp::Domain => return Ok(()),
        (true, true) => return Ok(()),
        (false, _) => "can send no mails (HALLWAY_SMTP_URL and HALLWAY_SMTP_FROM)",
        (true, false) => "does not know its address for links (HALLWAY_PUBLIC_URL)",
    };
    Err(FieldError::new("sign_up", format!("cannot be domain, because the server {missing}"))
        .into())
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
    let (old, new) = (&before.email_domains.0, &after.email_domains.0);
    let domains = (old != new).then(|| {
        record(A::EmailDomainsChanged).old_value(summarize(old)).new_value(summarize(new))
    });
    [renamed, sign_up, domains, rooms, direct].into_iter().flatten()
}

/// The domains in the length of a column of the audit log.
fn summarize(domains: &[String]) -> String {
    const VALUE_MAX_CHARS: usize = 255;
    let text = domains.join(", ");
    if text.len() <= VALUE_MAX_CHARS {
        return text;
    }
    // Domains are ASCII.
    format!("{}…", &text[..VALUE_MAX_CHARS - 1])
}
