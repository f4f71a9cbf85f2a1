//! Reads messages of a room. Every `seq` exists, so a page is a range of them: one index seek in a
//! room of any length.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use shared::{
    ids::{MessageId, Seq},
    messages::Message,
    problem::Code,
};

use crate::{
    Result,
    tables::{Connection, RoomView, messages},
};

/// The messages of a room from one `seq` to another, both included.
pub async fn range(
    db: &impl Connection,
    room: &RoomView,
    from: i64,
    to: i64,
) -> Result<Vec<Message>> {
    Ok(room.messages_in_range(db, from, to).await?)
}

/// The message with a `seq`; [`Code::NotFound`] if the room has none.
pub async fn by_seq(db: &impl Connection, room: &RoomView, seq: Seq) -> Result<Message> {
    Ok(range(db, room, seq.0, seq.0).await?.pop().ok_or(Code::NotFound)?)
}

/// The `seq` of the message with an `id`; `None` if it is not in the room.
pub async fn seq_of_id(
    db: &impl Connection,
    room: &RoomView,
    id: MessageId,
) -> Result<Option<Seq>> {
    let seq = messages::Entity::find_by_id(id.0)
        .select_only()
        .column(messages::Column::Seq)
        .filter(messages::Column::RoomId.eq(room.id))
        .filter(messages::Column::Seq.between(room.first_seq().0, room.last_seq));
    Ok(seq.into_tuple::<i64>().one(db).await?.map(Seq))
}

/// Selects the `seq` of the first message since a time, in microseconds since 1970. The index on
/// `created_at` covers the statement.
pub fn first_seq_since(room: &RoomView, micros: i64) -> Select<messages::Entity> {
    use messages::Column as C;
    messages::Entity::find()
        .select_only()
        .column(C::Seq)
        .filter(C::RoomId.eq(room.id))
        .filter(C::CreatedAt.gte(micros))
        .filter(C::Seq.between(room.first_seq().0, room.last_seq))
        .order_by_asc(C::CreatedAt)
        .order_by_asc(C::Seq)
        .limit(1)
}

/// The first message of a room since a time: its `seq` and when it was posted, in microseconds
/// since 1970.
pub async fn first_since(
    db: &impl Connection,
    room: &RoomView,
    micros: i64,
) -> Result<Option<(Seq, i64)>> {
    let first = first_seq_since(room, micros).column(messages::Column::CreatedAt);
    let first = first.into_tuple::<(i64, i64)>().one(db).await?;
    Ok(first.map(|(seq, created_at)| (Seq(seq), created_at)))
}
