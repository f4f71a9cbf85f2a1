//! The rooms as admins see them: size, hosts and activity, but neither topics nor texts. Direct rooms do
//! not exist here.

use std::collections::{BTreeSet, HashMap, HashSet};

use axum::{extract::State, response::NoContent};
use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query as SqlQuery},
};
use serde::Deserialize;
use shared::{
    access::{Role, RoomKind},
    administration::{AdminRoom, AdminRoomList},
    ids::{RoomId, UserId},
    problem::FieldError,
    rooms::Member,
    rules,
    users::UserRef,
};

use super::checks::{check_q, check_rate, page_default};
use crate::{
    App, Result,
    auth::Admin,
    http::{
        client_address::ClientAddress,
        extract::{Json, Path, Query},
    },
    realtime::ledger::{DeleteAbandonedRoom, EnterRoom},
    rooms::{RoomPath, check_limit},
    tables::{
        Connection, Stored, contains_ignoring_case, members, messages, rooms, to_timestamp, users,
    },
};

/// The maximum number of hosts of a room in the list.
const HOSTS_MAX: i64 = 10;

/// Selects rooms.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminRoomsQuery {
    /// A part of the name, ignoring case; at most 255 characters.
    #[schemars(length(max = 255))]
    q: Option<String>,
    /// Only rooms with a greater id.
    #[serde(default)]
    after: RoomId,
    /// 1 to 200.
    #[serde(default = "page_default")]
    #[schemars(range(min = 1, max = 200))]
    limit: u64,
    /// `open` or `private`; both by default.
    kind: Option<RoomKind>,
}

pub async fn list(
    State(app): State<App>,
    Admin(caller): Admin,
    Query(query): Query<AdminRoomsQuery>,
) -> Result<Json<AdminRoomList>> {
    check_rate(&app, &caller)?;
    check_limit(query.limit)?;
    let q = check_q(query.q.clone())?;
    if query.kind == Some(RoomKind::Direct) {
        return Err(FieldError::new("kind", "must be open or private").into());
    }
    // A permit, because a part of a name is found in no index.
    let permit = app.limits.searches.acquire(caller.user.id).await?;
    let (db, me) = (app.db.searcher.clone(), caller.user.id);
    permit.run(async move { Ok(list_rooms(&db, &query, q, me).await?) }).await.map(Json)
}

async fn list_rooms(
    db: &impl Connection,
    query: &AdminRoomsQuery,
    q: Option<String>,
    me: UserId,
) -> Result<AdminRoomList, DbErr> {
    use rooms::Column as C;
    let mut select = rooms::Entity::find()
        .filter(C::DeletedAt.is_null())
        .filter(C::Kind.ne(Stored(RoomKind::Direct)))
        .filter(C::Id.gt(query.after.0))
        .order_by_asc(C::Id)
        .limit(query.limit + 1);
    if let Some(q) = q.as_deref().map(rules::name_key) {
        select = select.filter(contains_ignoring_case(C::SortKey, &q));
    }
    if let Some(kind) = query.kind {
        select = select.filter(C::Kind.eq(Stored(kind)));
    }
    let mut rows = select.all(db).await?;
    let has_more = rows.len() as u64 > query.limit;
    rows.truncate(query.limit as usize);
    let next = rows.last().filter(|_| has_more).map(|row| RoomId(row.id));
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut hosts = find_hosts(db, &ids).await?;
    let last_times = last_message_times(db, &rows).await?;
    let deleted = count_deleted(db, &ids).await?;
    let joined = joined_ids(db, &ids, me).await?;
    let listings = rows.into_iter().map(|row| AdminRoom {
        hosts: hosts.remove(&row.id).unwrap_or_default(),
        last_message_at: last_times.get(&row.id).copied().map(to_timestamp),
        message_count: row.last_seq - deleted.get(&row.id).copied().unwrap_or(0),
        joined: joined.contains(&row.id),
        id: row.id.into(),
        name: row.name,
        kind: row.kind.0,
        member_count: row.member_count,
        created_at: to_timestamp(row.created_at),
        archived_at: row.archived_at.map(to_timestamp),
    });
    Ok(AdminRoomList { rooms: listings.collect(), next })
}

/// The hosts with the smallest ids of each room, at most [`HOSTS_MAX`].
async fn find_hosts(
    db: &impl Connection,
    ids: &[i64],
) -> Result<HashMap<i64, Vec<UserRef>>, DbErr> {
    use members::Column as M;
    let mut numbered = SqlQuery::select();
    let number = Expr::cust("ROW_NUMBER() OVER (PARTITION BY room_id ORDER BY user_id)");
    numbered
        .columns([M::RoomId, M::UserId])
        .expr_as(number, "number")
        .from(members::Entity)
        .and_where(M::RoomId.is_in(ids.iter().copied()))
        .and_where(M::HasLeft.eq(false))
        .and_where(M::Role.eq(Stored(Role::Host)));
    let mut select = SqlQuery::select();
    select
        .columns([M::RoomId, M::UserId])
        .from_subquery(numbered, "numbered")
        .and_where(Expr::col("number").lte(HOSTS_MAX));
    let rows = db.query_all(&select).await?;
    let keys = rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)));
    let keys = keys.collect::<Result<BTreeSet<(i64, i64)>, DbErr>>()?;
    let accounts = users::Entity::find()
        .filter(users::Column::Id.is_in(keys.iter().map(|(_, user)| *user)))
        .all(db)
        .await?;
    let accounts: HashMap<i64, UserRef> =
        accounts.into_iter().map(|row| (row.id, row.to_ref())).collect();
    let mut hosts: HashMap<i64, Vec<UserRef>> = HashMap::new();
    for (room, user) in keys {
        hosts.entry(room).or_default().extend(accounts.get(&user).cloned());
    }
    Ok(hosts)
}

/// When the newest message of each room was posted.
async fn last_message_times(
    db: &impl Connection,
    rooms: &[rooms::Model],
) -> Result<HashMap<i64, i64>, DbErr> {
    use messages::Column as C;
    let last = |room: &rooms::Model| {
        Condition::all().add(C::RoomId.eq(room.id)).add(C::Seq.eq(room.last_seq))
    };
    let any = rooms.iter().fold(Condition::any(), |any, room| any.add(last(room)));
    if any.is_empty() {
        return Ok(HashMap::new());
    }
    let select =
        messages::Entity::find().select_only().columns([C::RoomId, C::CreatedAt]).filter(any);
    Ok(select.into_tuple::<(i64, i64)>().all(db).await?.into_iter().collect())
}

/// The number of deleted messages of each room.
async fn count_deleted(db: &impl Connection, ids: &[i64]) -> Result<HashMap<i64, i64>, DbErr> {
    use messages::Column as C;
    let select = messages::Entity::find()
        .select_only()
        .column(C::RoomId)
        .column_as(C::Seq.count(), "deleted")
        .filter(C::RoomId.is_in(ids.iter().copied()))
        .filter(C::DeletedAt.is_not_null())
        .group_by(C::RoomId);
    Ok(select.into_tuple::<(i64, i64)>().all(db).await?.into_iter().collect())
}

async fn joined_ids(db: &impl Connection, ids: &[i64], me: UserId) -> Result<HashSet<i64>, DbErr> {
    use members::Column as M;
    let select = members::Entity::find()
        .select_only()
        .column(M::RoomId)
        .filter(M::UserId.eq(me.0))
        .filter(M::HasLeft.eq(false))
        .filter(M::RoomId.is_in(ids.iter().copied()));
    Ok(select.into_tuple().all(db).await?.into_iter().collect())
}

pub async fn enter(
    State(app): State<App>,
    Admin(caller): Admin,
    ClientAddress(address): ClientAddress,
    Path(RoomPath { id: room }): Path<RoomPath>,
) -> Result<Json<Member>> {
    check_rate(&app, &caller)?;
    app.ledger.write(EnterRoom { room, by: caller.user.id, address }).await.map(Json)
}

pub async fn delete(
    State(app): State<App>,
    Admin(caller): Admin,
    ClientAddress(address): ClientAddress,
    Path(RoomPath { id: room }): Path<RoomPath>,
) -> Result<NoContent> {
    check_rate(&app, &caller)?;
    app.ledger.delete_room(DeleteAbandonedRoom { room, by: caller.user.id, address }).await?;
    Ok(NoContent)
}
