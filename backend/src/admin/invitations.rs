//! The handlers of the invitations. A token is only ever in the body of a request or a response: neither
//! in a URL nor in the log.

use std::{collections::BTreeSet, net::IpAddr};

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::NoContent,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, EntityTrait, QueryFilter, Set,
    sea_query::Expr,
};
use serde::Deserialize;
use shared::{
    access::Rank,
    administration::AuditAction,
    admission::{
        AcceptedInvitation, CreatedInvitation, InvitationList, InvitationPreview,
        InvitationRequest, NewInvitation, may_invite,
    },
    ids::InvitationId,
    paths,
    problem::{Code, FieldError},
    rules,
    users::{InvitationToken, User},
};

use super::{qr, queries};
use crate::{
    App, Error, Result,
    auth::{Caller, random_bytes, run_to_completion},
    http::{
        client_address::{ClientAddress, network_of},
        extract::{Created, Json, Path, Query, WithStatus},
    },
    rooms::check_limit,
    tables::{AuditRecord, Stored, audit, invitations, now, server_settings},
    users,
};

/// The length of a token: 128 bits.
const TOKEN_BYTES: usize = 16;
const DAY_US: i64 = 86_400_000_000;

/// Selects invitations.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Only invitations with a smaller id.
    before: Option<InvitationId>,
    /// 1 to 200.
    #[serde(default = "page_default")]
    #[schemars(range(min = 1, max = 200))]
    limit: u64,
    /// Those of all accounts (admins).
    #[serde(default)]
    all: bool,
}

fn page_default() -> u64 {
    rules::PAGE_DEFAULT
}

/// The path parameter of an invitation.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct InvitationPath {
    /// The id of the invitation.
    id: InvitationId,
}

pub async fn list(
    State(app): State<App>,
    Caller { user, .. }: Caller,
    Query(ListQuery { before, limit, all }): Query<ListQuery>,
) -> Result<Json<InvitationList>> {
    let limit = check_limit(limit)?;
    if all && !user.rank.is_admin() {
        return Err(Code::AdminOnly.into());
    }
    let created_by = (!all).then_some(user.id);
    queries::list(&app.db.reader, &user, created_by, before, limit).await.map(Json)
}

pub async fn create(
    State(app): State<App>,
    Caller { user, .. }: Caller,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Json(request): Json<NewInvitation>,
) -> Result<Created<CreatedInvitation>> {
    let now = now();
    let row = validate(&app, &user, request, now).await?;
    app.limits.newcomers.check_invitation(&user)?;
    app.limits.invitations.check(&user.id, 1).map_err(Error::too_many)?;
    app.limits.invitations_of_network.check(&network_of(address), 1).map_err(Error::too_many)?;
    let token = InvitationToken(URL_SAFE_NO_PAD.encode(&random_bytes()?[..TOKEN_BYTES]));
    let url = link(&app, &headers, &token);
    let qr = qr::svg(&url)?;
    let row = invitations::ActiveModel { token_hash: Set(invitations::token_hash(&token)), ..row };
    let (handles, by) = (app.clone(), user.id);
    let row = run_to_completion(app.db.backend(), async move {
        let transaction = handles.db.begin().await?;
        let row = row.insert(&transaction).await?;
        let record = AuditRecord::new(AuditAction::InvitationCreated, Some(by));
        audit(&transaction, record.new_value(row.rank.0).address(address)).await?;
        transaction.commit().await?;
        Ok(row)
    })
    .await?;
    let invitation = queries::to_invitation(row, user.short(), Vec::new(), |_| true);
    Ok(WithStatus(CreatedInvitation { invitation, url, token, qr }))
}

/// Checks a request and the rights of who invites. They are checked again when somebody uses the
/// invitation.
async fn validate(
    app: &App,
    user: &User,
    request: NewInvitation,
    now: i64,
) -> Result<invitations::ActiveModel> {
    let NewInvitation { rank, rooms, uses, expires_at } = request;
    let db = &app.db.reader;
    let sign_up = server_settings(db).await?.sign_up.0;
    if !may_invite(user.rank, sign_up, Rank::Guest) {
        return Err(Code::RankTooLow.into());
    }
    let uses = uses.unwrap_or(1);
    let expires_at = match expires_at {
        Some(at) => at.timestamp_micros(),
        None => now + rules::INVITATION_DAYS_DEFAULT * DAY_US,
    };
    let rooms: Vec<_> = rooms.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let has_right = may_invite(user.rank, sign_up, rank);
    let mut errors = validate_fields(has_right, uses, expires_at - now);
    if rooms.len() > rules::INVITATION_ROOMS_MAX {
        let (max, count) = (rules::INVITATION_ROOMS_MAX, rooms.len());
        let message = format!("must be at most {max} rooms, but are {count}");
        errors.push(FieldError::new("rooms", message));
    } else if let Some(room) = queries::find_closed_room(db, user, &rooms).await? {
        let message = format!("must be rooms to which you may add people, but one is {room}");
        errors.push(FieldError::new("rooms", message));
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    Ok(invitations::ActiveModel {
        id: NotSet,
        token_hash: NotSet,
        rank: Set(Stored(rank)),
        rooms: Set(Stored(rooms.into_iter().map(|room| room.0).collect())),
        uses: Set(uses.into()),
        used: Set(0),
        created_by: Set(user.id.0),
        created_at: Set(now),
        expires_at: Set(expires_at),
        revoked_at: Set(None),
    })
}

/// The errors of an invitation that would be valid for this many microseconds.
fn validate_fields(has_right: bool, uses: u32, valid_for: i64) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !has_right {
        let message = "must be member or guest; an owner may also invite an admin";
        errors.push(FieldError::new("rank", message));
    }
    if !(1..=rules::INVITATION_USES_MAX).contains(&uses) {
        let max = rules::INVITATION_USES_MAX;
        errors.push(FieldError::new("uses", format!("must be 1 to {max}, but is {uses}")));
    }
    if !(1..=rules::INVITATION_DAYS_MAX * DAY_US).contains(&valid_for) {
        let days = rules::INVITATION_DAYS_MAX;
        let message = format!("must be in the future and at most {days} days from now");
        errors.push(FieldError::new("expires_at", message));
    }
    errors
}

/// The link of an invitation. Without a public URL, it begins with the host that the caller used.
fn link(app: &App, headers: &HeaderMap, token: &InvitationToken) -> String {
    let host = || headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = app.settings.public_origin();
    let origin = origin.unwrap_or_else(|| format!("http://{}", host().unwrap_or("localhost")));
    format!("{origin}{}/invite#{}", paths::UI, token.0)
}

pub async fn revoke(
    State(app): State<App>,
    Caller { user, .. }: Caller,
    ClientAddress(address): ClientAddress,
    Path(InvitationPath { id }): Path<InvitationPath>,
) -> Result<NoContent> {
    use invitations::Column as C;
    run_to_completion(app.db.backend(), async move {
        let transaction = app.db.begin().await?;
        let row = invitations::Entity::find_by_id(id.0).one(&transaction).await?;
        let is_seen =
            |row: &invitations::Model| user.rank.is_admin() || row.created_by == user.id.0;
        let row = row.filter(is_seen).ok_or(Code::NotFound)?;
        if row.revoked_at.is_none() {
            let record = AuditRecord::new(AuditAction::InvitationRevoked, Some(user.id));
            audit(&transaction, record.old_value(row.rank.0).address(address)).await?;
        }
        invitations::Entity::update_many()
            .col_expr(C::RevokedAt, Expr::value(now()))
            .filter(C::Id.eq(id.0))
            .filter(C::RevokedAt.is_null())
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(NoContent)
    })
    .await
}

fn count_lookup(app: &App, address: IpAddr) -> Result<()> {
    app.limits.invitation_lookups.check(&network_of(address), 1).map_err(Error::too_many)
}

pub async fn preview(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Json(InvitationRequest { token }): Json<InvitationRequest>,
) -> Result<Json<InvitationPreview>> {
    count_lookup(&app, address)?;
    let db = &app.db.reader;
    let server = server_settings(db).await?.name;
    let found = match users::find_usable_invitation(db, &token, now()).await {
        Ok(found) => Some(found),
        Err(error) if error.code() == Code::InvitationInvalid => None,
        Err(error) => return Err(error),
    };
    Ok(Json(InvitationPreview {
        server,
        is_valid: found.is_some(),
        rank: found.as_ref().map(|(row, _)| row.rank.0),
        invited_by: found.map(|(_, inviter)| inviter.username),
    }))
}

pub async fn accept(
    State(app): State<App>,
    Caller { user, .. }: Caller,
    ClientAddress(address): ClientAddress,
    Json(InvitationRequest { token }): Json<InvitationRequest>,
) -> Result<Json<AcceptedInvitation>> {
    app.limits.invitation_accepts.check(&user.id, 1).map_err(Error::too_many)?;
    count_lookup(&app, address)?;
    let rooms = users::accept_invitation(&app, user.id, token).await?;
    Ok(Json(AcceptedInvitation { rooms }))
}
