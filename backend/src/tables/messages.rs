//! What was said. A deleted message keeps its row without its text.

use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};
use shared::{
    ids::{ClientId, Seq},
    messages::Message,
};

use super::{now, to_timestamp, users};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub room_id: i64,
    pub seq: i64,
    pub rev: i64,
    pub user_id: i64,
    pub client_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub content: String,
    pub sent_hash: Option<Vec<u8>>,
    pub reply_to: Option<i64>,
    pub created_at: i64,
    pub edited_at: Option<i64>,
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::users::Entity",
        from = "Column::UserId",
        to = "super::users::Column::Id"
    )]
    User,
}

impl Related<super::users::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row as readers see it.
    pub fn into_message(self, author: &users::Model) -> Message {
        Message {
            id: self.id.into(),
            room: self.room_id.into(),
            seq: self.seq.into(),
            rev: self.rev.into(),
            user: author.to_ref(),
            content: self.content,
            client_id: ClientId(self.client_id),
            reply_to: self.reply_to.map(Seq),
            created_at: to_timestamp(self.created_at),
            edited_at: self.edited_at.map(to_timestamp),
            deleted_at: self.deleted_at.map(to_timestamp),
        }
    }
}

/// The last message that was said anywhere.
#[derive(Clone, Copy, Debug)]
pub struct NewestMessage {
    /// Its number, which is about how many there are.
    pub id: i64,
    /// When that was.
    pub at: i64,
}

/// The newest message.
pub async fn newest_message(db: &impl ConnectionTrait) -> Result<NewestMessage, DbErr> {
    let newest = Entity::find()
        .select_only()
        .columns([Column::Id, Column::CreatedAt])
        .order_by_desc(Column::Id)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    let (id, at) = newest.unwrap_or_else(|| (0, now()));
    Ok(NewestMessage { id, at })
}
