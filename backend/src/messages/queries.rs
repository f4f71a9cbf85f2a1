//! Reading what was said. Numbers are dense, so a page is a range of them: one index seek, however
//! long the room.

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use shared::{
    ids::{MessageId, RoomId, Seq},
    messages::Message,
    problem::Code,
};

use crate::{
    Result,
    tables::{messages, messages_in_range, rooms},
};

/// The messages of a room from one number to another, both included.
pub async fn range(
    db: &impl ConnectionTrait,
    room: RoomId,
    from: i64,
    to: i64,
) -> Result<Vec<Message>> {
    Ok(messages_in_range(db, room, from, to).await?)
}

/// One message.
pub async fn one(db: &impl ConnectionTrait, room: RoomId, seq: Seq) -> Result<Message> {
    Ok(range(db, room, seq.0, seq.0).await?.pop().ok_or(Code::NotFound)?)
}

/// The place of a message that is known by its number on the server; none if it is not in the room.
pub async fn seq_of(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    id: MessageId,
) -> Result<Option<Seq>> {
    let seq = messages::Entity::find_by_id(id.0)
        .select_only()
        .column(messages::Column::Seq)
        .filter(messages::Column::RoomId.eq(room.id))
        .filter(messages::Column::Seq.lte(room.last_seq));
    Ok(seq.into_tuple::<i64>().one(db).await?.map(Seq))
}

/// The number of the first message of a room since a moment. The index holds all that is asked for,
/// in this order.
pub fn since(room: &rooms::Model, moment: i64) -> Select<messages::Entity> {
    use messages::Column as C;
    messages::Entity::find()
        .select_only()
        .column(C::Seq)
        .filter(C::RoomId.eq(room.id))
        .filter(C::CreatedAt.gte(moment))
        .filter(C::Seq.lte(room.last_seq))
        .order_by_asc(C::CreatedAt)
        .order_by_asc(C::Seq)
        .limit(1)
}

/// The first message of a room since a moment, and when it was said.
pub async fn first_since(
    db: &impl ConnectionTrait,
    room: &rooms::Model,
    moment: i64,
) -> Result<Option<(Seq, i64)>> {
    let first = since(room, moment).column(messages::Column::CreatedAt);
    let first = first.into_tuple::<(i64, i64)>().one(db).await?;
    Ok(first.map(|(seq, said)| (Seq(seq), said)))
}
