//! The rooms that a user is in, with the user's read position in each.

use std::sync::LazyLock;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, RelationTrait, Statement,
    sea_query::{Expr, ExprTrait},
};
use shared::ids::{Rev, RoomId, Seq, UserId};

use super::{
    database::sqlite_json::{from_json, is_sqlite, query_json},
    entities::{members, messages, rooms},
    message_rows::{NewestMessage, newest_message},
    search_index::{IndexedRange, indexed_range_sql},
    timestamps::now,
    visibility::RoomView,
};

/// A room that a user is in.
#[derive(Clone, Debug)]
pub struct JoinedRoom {
    pub id: RoomId,
    pub name: String,
    pub topic: String,
    /// The `seq` of the newest message.
    pub last_seq: Seq,
    /// The `rev` of the last change.
    pub last_rev: Rev,
    /// The user's read position.
    pub read_seq: Seq,
    /// The first message that the user may read.
    pub first_seq: Seq,
    /// The messages that the search index contains.
    pub indexed: IndexedRange,
}

impl JoinedRoom {
    /// The room of a view.
    pub fn new(room: &RoomView, indexed: IndexedRange) -> Self {
        Self {
            id: room.id.into(),
            name: room.name.clone(),
            topic: room.topic.clone(),
            last_seq: room.last_seq.into(),
            last_rev: room.last_rev.into(),
            read_seq: room.read_seq(),
            first_seq: room.first_seq(),
            indexed,
        }
    }
}

/// The columns `id`, `name`, `topic`, `last_seq`, `last_rev`, `read_seq` and `visible_from`, and the
/// `to_seq` and `from_id` of the range that is indexed.
type Row = (i64, String, String, i64, i64, i64, i64, i64, i64);

impl From<Row> for JoinedRoom {
    fn from(row: Row) -> Self {
        let (id, name, topic, last_seq, last_rev, read_seq, first_seq, to_seq, from_id) = row;
        Self {
            id: id.into(),
            name,
            topic,
            last_seq: last_seq.into(),
            last_rev: last_rev.into(),
            read_seq: read_seq.into(),
            first_seq: first_seq.into(),
            indexed: IndexedRange { from_id, to_seq: to_seq.into() },
        }
    }
}

/// Selects the rows as one JSON text, for SQLite.
static JOINED_ROOMS: LazyLock<String> = LazyLock::new(|| {
    let (to_seq, from_id) = indexed_range_sql("r");
    format!(
        "SELECT json_group_array(json_array(r.id, r.name, r.topic, r.last_seq, r.last_rev, \
         m.read_seq, m.visible_from, {to_seq}, {from_id}) ORDER BY r.sort_key) \
         FROM members m JOIN rooms r ON r.id = m.room_id \
         WHERE m.user_id = ? AND NOT m.has_left AND r.deleted_at IS NULL"
    )
});

/// The rooms of a user, by name.
pub async fn joined_rooms(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Vec<JoinedRoom>, DbErr> {
    use members::Column as M;
    use rooms::Column as R;
    let rows: Vec<Row> = if is_sqlite(db) {
        query_json(db, &JOINED_ROOMS, [user.0.into()]).await?
    } else {
        let (to_seq, from_id) = indexed_range_sql("rooms");
        members::Entity::find()
            .select_only()
            .columns([R::Id, R::Name, R::Topic, R::LastSeq, R::LastRev])
            .columns([M::ReadSeq, M::VisibleFrom])
            .expr_as(Expr::cust(to_seq), "to_seq")
            .expr_as(Expr::cust(from_id), "from_id")
            .join(JoinType::InnerJoin, members::Relation::Room.def())
            .filter(M::UserId.eq(user.0))
            .filter(M::HasLeft.eq(false))
            .filter(R::DeletedAt.is_null())
            .order_by_asc(R::SortKey)
            .into_tuple()
            .all(db)
            .await?
    };
    Ok(rows.into_iter().map(JoinedRoom::from).collect())
}

/// The rooms in which a user has messages that are not deleted, whether or not the user is in them and the
/// room is deleted; by id. One index seek for each room of the server, because no index begins with the
/// author.
pub async fn rooms_written_in(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Vec<RoomId>, DbErr> {
    use messages::Column as C;
    let in_room =
        Expr::col((messages::Entity, C::RoomId)).equals((rooms::Entity, rooms::Column::Id));
    let written = messages::Entity::find()
        .select_only()
        .column(C::Id)
        .filter(in_room)
        .filter(C::UserId.eq(user.0))
        .filter(C::DeletedAt.is_null());
    let select = rooms::Entity::find()
        .select_only()
        .column(rooms::Column::Id)
        .filter(Expr::exists(written.into_query()))
        .order_by_asc(rooms::Column::Id);
    Ok(select.into_tuple::<i64>().all(db).await?.into_iter().map(RoomId).collect())
}

/// The rooms of a user and the newest message of all rooms. SQLite reads both in one statement,
/// because a second one would cost another thread switch, which takes longer than either of them.
pub async fn joined_rooms_and_newest_message(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<(Vec<JoinedRoom>, NewestMessage), DbErr> {
    if !is_sqlite(db) {
        return Ok((joined_rooms(db, user).await?, newest_message(db).await?));
    }
    let last = |column| format!("(SELECT {column} FROM messages ORDER BY id DESC LIMIT 1)");
    let sql = format!("SELECT ({}), {}, {}", *JOINED_ROOMS, last("id"), last("created_at"));
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [user.0.into()]);
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("messages".to_owned()))?;
    let rows: Vec<Row> = from_json(&row.try_get_by_index::<String>(0)?)?;
    let newest = NewestMessage {
        id: row.try_get_by_index::<Option<i64>>(1)?.unwrap_or(0),
        created_at: row.try_get_by_index::<Option<i64>>(2)?.unwrap_or_else(now),
    };
    Ok((rows.into_iter().map(JoinedRoom::from).collect(), newest))
}
