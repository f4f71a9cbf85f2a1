//! Queries for rooms and members.

use std::collections::HashSet;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
    sea_query::{Expr, ExprTrait},
};
use shared::{
    ids::{RoomId, UserId},
    problem::Code,
    rooms::{RoomList, RoomListing},
    rules,
    text::extends_name,
    users::UserRef,
};

use crate::{
    Result,
    tables::{contains_ignoring_case, members, prefix_pattern, rooms, users},
};

/// A room; 404 if it does not exist or is deleted.
pub async fn find_room(db: &impl ConnectionTrait, id: RoomId) -> Result<rooms::Model> {
    let room = rooms::Entity::find_by_id(id.0).filter(rooms::Column::DeletedAt.is_null());
    Ok(room.one(db).await?.ok_or(Code::NotFound)?)
}

/// A room and the row of a current member: 404 if the room does not exist or is deleted, 403
/// (`not_a_member`) for every other user.
pub async fn find_membership(
    db: &impl ConnectionTrait,
    id: RoomId,
    user: UserId,
) -> Result<(rooms::Model, members::Model)> {
    let row = members::Entity::find_by_id((id.0, user.0))
        .filter(members::Column::HasLeft.eq(false))
        .find_also_related(rooms::Entity)
        .one(db)
        .await?;
    match row {
        Some((member, Some(room))) if room.deleted_at.is_none() => Ok((room, member)),
        _ => {
            find_room(db, id).await?;
            Err(Code::NotAMember.into())
        }
    }
}

/// A page of the rooms whose name or topic contains `q`, ordered by id. Their `joined` is that of `user`.
pub async fn list_rooms(
    db: &impl ConnectionTrait,
    user: UserId,
    after: RoomId,
    limit: u64,
    q: Option<&str>,
) -> Result<RoomList> {
    let mut select = rooms::Entity::find()
        .filter(rooms::Column::DeletedAt.is_null())
        .filter(rooms::Column::Id.gt(after.0))
        .order_by_asc(rooms::Column::Id)
        .limit(limit + 1);
    if let Some(q) = q.map(rules::name_key).filter(|q| !q.is_empty()) {
        let in_name = contains_ignoring_case(rooms::Column::NameKey, &q);
        select = select.filter(in_name.or(contains_ignoring_case(rooms::Column::Topic, &q)));
    }
    let mut rows = select.all(db).await?;
    let has_more = rows.len() as u64 > limit;
    rows.truncate(limit as usize);
    let joined: HashSet<i64> = members::Entity::find()
        .select_only()
        .column(members::Column::RoomId)
        .filter(members::Column::UserId.eq(user.0))
        .filter(members::Column::HasLeft.eq(false))
        .filter(members::Column::RoomId.is_in(rows.iter().map(|room| room.id)))
        .into_tuple()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let next = rows.last().filter(|_| has_more).map(|room| RoomId(room.id));
    let rooms = rows.into_iter().map(|room| {
        let joined = joined.contains(&room.id);
        RoomListing { room: room.into(), joined }
    });
    Ok(RoomList { rooms: rooms.collect(), next })
}

/// A page of members, ordered by user id, and the cursor of the next page.
pub async fn list_members(
    db: &impl ConnectionTrait,
    room: RoomId,
    after: UserId,
    limit: u64,
) -> Result<(Vec<(members::Model, users::Model)>, Option<UserId>)> {
    let rows = members::Entity::find()
        .filter(members::Column::RoomId.eq(room.0))
        .filter(members::Column::HasLeft.eq(false))
        .filter(members::Column::UserId.gt(after.0))
        .order_by_asc(members::Column::UserId)
        .limit(limit + 1)
        .find_also_related(users::Entity)
        .all(db)
        .await?;
    let has_more = rows.len() as u64 > limit;
    let rows = rows.into_iter().take(limit as usize);
    let rows: Vec<_> = rows.filter_map(|(member, user)| Some((member, user?))).collect();
    let next = rows.last().filter(|_| has_more).map(|(member, _)| UserId(member.user_id));
    Ok((rows, next))
}

/// Users who share a room with `user` and whose names contain `q`: prefix matches first, at most
/// [`rules::PEOPLE_MAX`].
pub async fn list_people(db: &impl ConnectionTrait, user: UserId, q: &str) -> Result<Vec<UserRef>> {
    use members::Column as M;
    let my_rooms = members::Entity::find()
        .select_only()
        .column(M::RoomId)
        .inner_join(rooms::Entity)
        .filter(M::UserId.eq(user.0))
        .filter(M::HasLeft.eq(false))
        .filter(rooms::Column::DeletedAt.is_null());
    let their_members = members::Entity::find()
        .select_only()
        .column(M::UserId)
        .filter(M::HasLeft.eq(false))
        .filter(M::RoomId.in_subquery(my_rooms.into_query()));
    let name = users::Column::UsernameKey;
    let q = rules::name_key(q);
    let select = users::Entity::find()
        .filter(users::Column::Id.in_subquery(their_members.into_query()))
        .filter(users::Column::IsDisabled.eq(false))
        .filter(contains_ignoring_case(name, &q))
        .order_by_desc(Expr::col(name).like(prefix_pattern(&q)))
        .order_by_asc(name)
        .limit(rules::PEOPLE_MAX);
    Ok(select.all(db).await?.iter().map(users::Model::to_ref).collect())
}

/// The usernames that [may be mentioned](extends_name) where a text seems to mention `username`; at
/// most [`rules::LONGER_NAMES_MAX`], of the first 200 with the same beginning.
pub async fn longer_names(db: &impl ConnectionTrait, username: &str) -> Result<Vec<String>> {
    /// Bounds the query for a short name, with which many others begin. Blanks and punctuation order
    /// before letters, so the names that matter come first.
    const EXAMINED_NAMES_MAX: u64 = 200;
    let (key, prefix) = (users::Column::UsernameKey, rules::name_key(username));
    let mut select = users::Entity::find()
        .select_only()
        .column(users::Column::Username)
        .filter(Expr::col(key).like(prefix_pattern(&prefix)));
    // SQLite and MySQL order by bytes, so a range finds the prefix in the index; LIKE would read all names.
    if db.get_database_backend() != DbBackend::Postgres {
        let end = format!("{prefix}{}", char::MAX);
        select = select.filter(key.gte(prefix)).filter(key.lt(end));
    }
    let names =
        select.order_by_asc(key).limit(EXAMINED_NAMES_MAX).into_tuple::<String>().all(db).await?;
    let longer = names.into_iter().filter(|name| extends_name(name, username));
    Ok(longer.take(rules::LONGER_NAMES_MAX).collect())
}
