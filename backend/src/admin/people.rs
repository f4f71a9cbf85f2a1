//! The accounts, and what admins do to them. `PATCH /users/{id}` is in the slice `users`.

use std::collections::HashMap;

use axum::{extract::State, response::NoContent};
use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
};
use serde::Deserialize;
use shared::{
    access::{Rank, RoomKind},
    administration::{AccountList, AccountListing, NewPassword},
    ids::UserId,
    rules,
};

use super::checks::{check_q, check_rate, page_default};
use crate::{
    App, Error, Result,
    auth::Admin,
    http::{
        client_address::ClientAddress,
        extract::{Json, Path, Query},
    },
    rooms::check_limit,
    tables::{Connection, Stored, members, rooms, sessions, to_timestamp, users},
    users::{end_sessions, set_random_password},
};

/// Selects accounts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountsQuery {
    /// A part of the username or the display name, ignoring case; at most 255 characters.
    #[schemars(length(max = 255))]
    q: Option<String>,
    /// Only accounts with a greater id.
    #[serde(default)]
    after: UserId,
    /// 1 to 200.
    #[serde(default = "page_default")]
    #[schemars(range(min = 1, max = 200))]
    limit: u64,
    /// Only accounts of this rank.
    rank: Option<Rank>,
    /// Only disabled accounts, or only enabled ones.
    disabled: Option<bool>,
}

/// The path parameter of an account.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AccountPath {
    /// The id of the account.
    id: UserId,
}

pub async fn list(
    State(app): State<App>,
    Admin(caller): Admin,
    Query(query): Query<AccountsQuery>,
) -> Result<Json<AccountList>> {
    check_rate(&app, &caller)?;
    check_limit(query.limit)?;
    let q = check_q(query.q.clone())?;
    // A permit, because a part of a name is found in no index.
    let permit = app.limits.searches.acquire(caller.user.id).await?;
    let db = app.db.searcher.clone();
    permit.run(async move { Ok(list_accounts(&db, &query, q).await?) }).await.map(Json)
}

async fn list_accounts(
    db: &impl Connection,
    query: &AccountsQuery,
    q: Option<String>,
) -> Result<AccountList, DbErr> {
    use users::Column as C;
    let mut select = users::Entity::find()
        .filter(C::Id.gt(query.after.0))
        .filter(C::DeletedAt.is_null())
        .order_by_asc(C::Id)
        .limit(query.limit + 1);
    if let Some(q) = q.as_deref().map(rules::name_key) {
        select = select.filter(users::name_contains(&q));
    }
    if let Some(rank) = query.rank {
        select = select.filter(C::Rank.eq(Stored(rank)));
    }
    if let Some(is_disabled) = query.disabled {
        select = select.filter(C::IsDisabled.eq(is_disabled));
    }
    let mut rows = select.all(db).await?;
    let has_more = rows.len() as u64 > query.limit;
    rows.truncate(query.limit as usize);
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let (last_uses, room_counts) = (last_uses(db, &ids).await?, room_counts(db, &ids).await?);
    let next = rows.last().filter(|_| has_more).map(|row| UserId(row.id));
    let listings = rows.into_iter().map(|row| AccountListing {
        last_seen_at: last_uses.get(&row.id).copied().map(to_timestamp),
        room_count: room_counts.get(&row.id).copied().unwrap_or(0),
        user: row.into(),
    });
    Ok(AccountList { users: listings.collect(), next })
}

/// The last use of any session of each account.
async fn last_uses(db: &impl Connection, ids: &[i64]) -> Result<HashMap<i64, i64>, DbErr> {
    use sessions::Column as C;
    let select = sessions::Entity::find()
        .select_only()
        .column(C::UserId)
        .column_as(C::UsedAt.max(), "last_use")
        .filter(C::UserId.is_in(ids.iter().copied()))
        .group_by(C::UserId);
    Ok(select.into_tuple::<(i64, i64)>().all(db).await?.into_iter().collect())
}

/// The number of open and private rooms of each account. Direct rooms do not count, because nobody
/// outside knows of them.
async fn room_counts(db: &impl Connection, ids: &[i64]) -> Result<HashMap<i64, i64>, DbErr> {
    use members::Column as M;
    let select = members::Entity::find()
        .select_only()
        .column(M::UserId)
        .column_as(M::RoomId.count(), "rooms")
        .join(JoinType::InnerJoin, members::Relation::Room.def())
        .filter(M::UserId.is_in(ids.iter().copied()))
        .filter(M::HasLeft.eq(false))
        .filter(rooms::Column::DeletedAt.is_null())
        .filter(rooms::Column::Kind.ne(Stored(RoomKind::Direct)))
        .group_by(M::UserId);
    Ok(select.into_tuple::<(i64, i64)>().all(db).await?.into_iter().collect())
}

pub async fn sign_out(
    State(app): State<App>,
    Admin(caller): Admin,
    ClientAddress(address): ClientAddress,
    Path(AccountPath { id }): Path<AccountPath>,
) -> Result<NoContent> {
    check_rate(&app, &caller)?;
    end_sessions(&app, caller.user.id, address, id).await?;
    Ok(NoContent)
}

pub async fn set_password(
    State(app): State<App>,
    Admin(caller): Admin,
    ClientAddress(address): ClientAddress,
    Path(AccountPath { id }): Path<AccountPath>,
) -> Result<Json<NewPassword>> {
    check_rate(&app, &caller)?;
    app.limits.random_passwords.check(&caller.user.id, 1).map_err(Error::too_many)?;
    set_random_password(&app, caller.user.id, address, id).await.map(Json)
}
