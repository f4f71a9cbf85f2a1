//! Queries for rooms and members.

use std::collections::HashSet;

use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Func},
};
use shared::{
    access::{Rank, Role, RoomKind},
    ids::{RoomId, UserId},
    problem::Code,
    rooms::{RoomList, RoomListing},
    rules,
    text::extends_name,
    users::{User, UserRef},
};

use crate::{
    Result,
    tables::{
        Connection, RoomView, Stored, contains_ignoring_case, members, people_of, prefix_pattern,
        room_view, rooms, users, visible_rooms,
    },
};

/// A room that a user may see; 404 for any other.
pub async fn find_room(db: &impl Connection, id: RoomId, user: &User) -> Result<rooms::Model> {
    let room = rooms::Entity::find_by_id(id.0).filter(visible_rooms(user.id, user.rank));
    Ok(room.one(db).await?.ok_or(Code::NotFound)?)
}

/// A room as a current member reads it: 404 if the user may not see the room, 403 (`not_a_member`) if the
/// user is not in it.
pub async fn find_membership(db: &impl Connection, id: RoomId, user: &User) -> Result<RoomView> {
    match room_view(db, id, user.id).await? {
        Some(view) => Ok(view),
        None => {
            find_room(db, id, user).await?;
            Err(Code::NotAMember.into())
        }
    }
}

/// A page of the rooms that a user may see, without direct rooms, and whose name or topic contains `q`;
/// ordered by id.
pub async fn list_rooms(
    db: &impl Connection,
    user: &User,
    after: RoomId,
    limit: u64,
    q: Option<&str>,
) -> Result<RoomList> {
    let mut select = rooms::Entity::find()
        .filter(visible_rooms(user.id, user.rank))
        .filter(rooms::Column::Kind.ne(Stored(RoomKind::Direct)))
        .filter(rooms::Column::Id.gt(after.0))
        .order_by_asc(rooms::Column::Id)
        .limit(limit + 1);
    if let Some(q) = q.map(rules::name_key).filter(|q| !q.is_empty()) {
        let in_name = contains_ignoring_case(rooms::Column::SortKey, &q);
        select = select.filter(in_name.or(contains_ignoring_case(rooms::Column::Topic, &q)));
    }
    let mut rows = select.all(db).await?;
    let has_more = rows.len() as u64 > limit;
    rows.truncate(limit as usize);
    let joined: HashSet<i64> = members::Entity::find()
        .select_only()
        .column(members::Column::RoomId)
        .filter(members::Column::UserId.eq(user.id.0))
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

/// Selects members.
pub struct MemberFilter {
    /// Only accounts with a greater id.
    pub after: UserId,
    /// Only members with this role.
    pub role: Option<Role>,
    /// Only members whose username or display name contains this text, ignoring case.
    pub q: String,
}

/// A page of members, ordered by user id, and the cursor of the next page. With a text, the query reads
/// the members of the room until the page is full, and no other account.
pub async fn list_members(
    db: &impl Connection,
    room: RoomId,
    filter: &MemberFilter,
    limit: u64,
) -> Result<(Vec<(members::Model, users::Model)>, Option<UserId>)> {
    let mut select = members::Entity::find()
        .filter(members::Column::RoomId.eq(room.0))
        .filter(members::Column::HasLeft.eq(false))
        .filter(members::Column::UserId.gt(filter.after.0))
        .order_by_asc(members::Column::UserId)
        .limit(limit + 1)
        .find_also_related(users::Entity);
    if let Some(role) = filter.role {
        select = select.filter(members::Column::Role.eq(Stored(role)));
    }
    if !filter.q.is_empty() {
        let q = rules::name_key(&filter.q);
        select = select.filter(users::name_contains(&q));
    }
    let rows = select.all(db).await?;
    let has_more = rows.len() as u64 > limit;
    let rows = rows.into_iter().take(limit as usize);
    let rows: Vec<_> = rows.filter_map(|(member, user)| Some((member, user?))).collect();
    let next = rows.last().filter(|_| has_more).map(|(member, _)| UserId(member.user_id));
    Ok((rows, next))
}

/// Users who share a room with `user` and whose username or display name contains `q`: prefix matches
/// first, at most
/// [`rules::PEOPLE_MAX`].
pub async fn list_people(db: &impl Connection, user: UserId, q: &str) -> Result<Vec<UserRef>> {
    let (name, display) = (users::Column::UsernameKey, users::Column::DisplayKey);
    let q = rules::name_key(q);
    // Not the display name itself: databases order NULL differently.
    let shown = Expr::expr(Func::coalesce([Expr::col(display), Expr::col(name)]));
    let starts_with_q = Expr::col(name).like(prefix_pattern(&q)).or(shown.like(prefix_pattern(&q)));
    let select = users::Entity::find()
        .filter(users::Column::Id.in_subquery(people_of(user)))
        .filter(users::Column::IsDisabled.eq(false))
        .filter(users::Column::IsPending.eq(false))
        .filter(users::name_contains(&q))
        .order_by_desc(starts_with_q)
        .order_by_asc(name)
        .limit(rules::PEOPLE_MAX);
    Ok(select.all(db).await?.iter().map(users::Model::to_ref).collect())
}

/// Users of the server whose username or display name contains `q`, at most [`rules::PEOPLE_MAX`]: first
/// those whose username begins with it.
///
/// The index of usernames finds those. Only where they are few, a second query reads the names of all users
/// for the others.
pub async fn list_accounts(db: &impl Connection, q: &str) -> Result<Vec<UserRef>> {
    let name = users::Column::UsernameKey;
    let q = rules::name_key(q);
    let active = users::Column::IsDisabled.eq(false).and(users::Column::IsPending.eq(false));
    let by_name = || users::Entity::find().filter(active.clone()).order_by_asc(name);
    let starts_with_q = Expr::col(name).like(prefix_pattern(&q));
    let mut first = by_name().filter(starts_with_q.clone());
    if let Some((from, end)) = prefix_range(db, &q) {
        first = first.filter(name.gte(from)).filter(name.lt(end));
    }
    let mut found = first.limit(rules::PEOPLE_MAX).all(db).await?;
    let missing = rules::PEOPLE_MAX - found.len() as u64;
    if missing > 0 && !q.is_empty() {
        let others =
            by_name().filter(users::name_contains(&q)).filter(starts_with_q.not()).limit(missing);
        found.extend(others.all(db).await?);
    }
    Ok(found.iter().map(users::Model::to_ref).collect())
}

/// A range of keys that contains all keys with a prefix. SQLite and MySQL order by bytes, so the range
/// finds them in the index; LIKE would read all names. Other databases have another order.
fn prefix_range(db: &impl Connection, prefix: &str) -> Option<(String, String)> {
    (db.get_database_backend() != DbBackend::Postgres)
        .then(|| (prefix.to_owned(), format!("{prefix}{}", char::MAX)))
}

/// The usernames that [may be mentioned](extends_name) where a text seems to mention a user; at
/// most [`rules::LONGER_NAMES_MAX`], of the first 200 with the same beginning.
pub async fn longer_names(db: &impl Connection, user: &User) -> Result<Vec<String>> {
    /// Bounds the query for a short name, with which many others begin. Blanks and punctuation order
    /// before letters, so the names that matter come first.
    const EXAMINED_NAMES_MAX: u64 = 200;
    let username = &user.username;
    let (key, prefix) = (users::Column::UsernameKey, rules::name_key(username));
    let mut select = users::Entity::find()
        .select_only()
        .column(users::Column::Username)
        .filter(Expr::col(key).like(prefix_pattern(&prefix)));
    if user.rank == Rank::Guest {
        select = select.filter(users::Column::Id.in_subquery(people_of(user.id)));
    }
    if let Some((from, end)) = prefix_range(db, &prefix) {
        select = select.filter(key.gte(from)).filter(key.lt(end));
    }
    let names =
        select.order_by_asc(key).limit(EXAMINED_NAMES_MAX).into_tuple::<String>().all(db).await?;
    let longer = names.into_iter().filter(|name| extends_name(name, username));
    Ok(longer.take(rules::LONGER_NAMES_MAX).collect())
}
