//! The rooms that a user is in, with the user's read position in each.

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    RelationTrait, TryGetableMany,
    sea_query::{Expr, ExprTrait},
};
use shared::ids::{Rev, RoomId, Seq, UserId};

use super::{
    database::Connection,
    entities::{members, messages, rooms},
    search_index::{IndexedRange, indexed_range_sql},
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

/// The rooms of a user, by name.
pub async fn joined_rooms(db: &impl Connection, user: UserId) -> Result<Vec<JoinedRoom>, DbErr> {
    use members::Column as M;
    use rooms::Column as R;
    let (to_seq, from_id) = indexed_range_sql("rooms");
    let select = members::Entity::find()
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
        .into_query();
    type Row = (i64, String, String, i64, i64, i64, i64, i64, i64);
    let room = |row: Row| {
        let (id, name, topic, last_seq, last_rev, read_seq, first_seq, to_seq, from_id) = row;
        JoinedRoom {
            id: id.into(),
            name,
            topic,
            last_seq: last_seq.into(),
            last_rev: last_rev.into(),
            read_seq: read_seq.into(),
            first_seq: first_seq.into(),
            indexed: IndexedRange { from_id, to_seq: to_seq.into() },
        }
    };
    let rows = db.fetch_rows(
        &select,
        |row| row.try_into(),
        |row| Row::try_get_many_by_index(row).map_err(DbErr::from),
    );
    Ok(rows.await?.into_iter().map(room).collect())
}

/// The rooms in which a user has messages that are not deleted, whether or not the user is in them and the
/// room is deleted; by id. One index seek for each room of the server, because no index begins with the
/// author.
pub async fn rooms_written_in(db: &impl Connection, user: UserId) -> Result<Vec<RoomId>, DbErr> {
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
