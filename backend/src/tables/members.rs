//! Who is, or was, in which room, and how far they have read.

use sea_orm::{DbBackend, JoinType, QueryOrder, QuerySelect, Statement, entity::prelude::*};
use shared::{
    ids::{Rev, RoomId, Seq, UserId},
    rooms::{Member, Role},
};

use super::{
    bulk::{as_one, from_json},
    messages::{NewestMessage, newest_message},
    now, rooms, to_timestamp, users,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "members")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub room_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    pub joined_at: i64,
    pub has_left: bool,
    pub read_seq: i64,
    pub rev: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::users::Entity",
        from = "Column::UserId",
        to = "super::users::Column::Id"
    )]
    User,
    #[sea_orm(
        belongs_to = "super::rooms::Entity",
        from = "Column::RoomId",
        to = "super::rooms::Column::Id"
    )]
    Room,
}

impl Related<super::users::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl Related<super::rooms::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Room.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row as others see it.
    pub fn to_member(&self, user: &users::Model) -> Member {
        Member {
            user: user.to_ref(),
            role: role(user.is_admin),
            joined_at: to_timestamp(self.joined_at),
            left: self.has_left,
            rev: self.rev.into(),
        }
    }
}

/// What an account may do in a room that it is in.
pub fn role(is_admin: bool) -> Role {
    if is_admin { Role::Admin } else { Role::Member }
}

/// A room, as somebody has it who is in it.
#[derive(Clone, Debug)]
pub struct JoinedRoom {
    /// The room's number.
    pub id: RoomId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub topic: String,
    /// Its newest message.
    pub last_seq: Seq,
    /// Its last change.
    pub last_rev: Rev,
    /// How far they have read.
    pub read_seq: Seq,
}

impl JoinedRoom {
    /// Of a room that somebody has read so far.
    pub fn new(room: &rooms::Model, read_seq: Seq) -> Self {
        Self {
            id: room.id.into(),
            name: room.name.clone(),
            topic: room.topic.clone(),
            last_seq: room.last_seq.into(),
            last_rev: room.last_rev.into(),
            read_seq,
        }
    }
}

/// Number, name, topic, newest message, last change, and how far somebody has read.
type Row = (i64, String, String, i64, i64, i64);

impl From<Row> for JoinedRoom {
    fn from((id, name, topic, last_seq, last_rev, read_seq): Row) -> Self {
        Self {
            id: id.into(),
            name,
            topic,
            last_seq: last_seq.into(),
            last_rev: last_rev.into(),
            read_seq: read_seq.into(),
        }
    }
}

/// All of SQLite's rows as one text.
const JOINED_ROOMS: &str = "SELECT json_group_array(json_array(r.id, r.name, r.topic, r.last_seq, r.last_rev, m.read_seq) \
     ORDER BY r.name_key) FROM members m JOIN rooms r ON r.id = m.room_id \
     WHERE m.user_id = ? AND NOT m.has_left AND r.deleted_at IS NULL";

/// The rooms that somebody is in, by name.
pub async fn joined_rooms(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Vec<JoinedRoom>, DbErr> {
    let rows: Vec<Row> = match db.get_database_backend() {
        DbBackend::Sqlite => as_one(db, JOINED_ROOMS, [user.0.into()]).await?,
        _ => {
            use super::rooms::Column as R;
            Entity::find()
                .select_only()
                .columns([R::Id, R::Name, R::Topic, R::LastSeq, R::LastRev])
                .column(Column::ReadSeq)
                .join(JoinType::InnerJoin, Relation::Room.def())
                .filter(Column::UserId.eq(user.0))
                .filter(Column::HasLeft.eq(false))
                .filter(R::DeletedAt.is_null())
                .order_by_asc(R::NameKey)
                .into_tuple()
                .all(db)
                .await?
        }
    };
    Ok(rows.into_iter().map(JoinedRoom::from).collect())
}

/// The same, and the newest of all messages. With SQLite in one statement: each is a way to another
/// thread and back, which takes longer than either of them.
pub async fn joined_rooms_and_newest(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<(Vec<JoinedRoom>, NewestMessage), DbErr> {
    if db.get_database_backend() != DbBackend::Sqlite {
        return Ok((joined_rooms(db, user).await?, newest_message(db).await?));
    }
    let last = |column| format!("(SELECT {column} FROM messages ORDER BY id DESC LIMIT 1)");
    let sql = format!("SELECT ({JOINED_ROOMS}), {}, {}", last("id"), last("created_at"));
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [user.0.into()]);
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("messages".to_owned()))?;
    let rows: Vec<Row> = from_json(&row.try_get_by_index::<String>(0)?)?;
    let (id, at): (Option<i64>, Option<i64>) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
    let newest = NewestMessage { id: id.unwrap_or(0), at: at.unwrap_or_else(now) };
    Ok((rows.into_iter().map(JoinedRoom::from).collect(), newest))
}
