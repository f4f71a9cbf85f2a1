//! Memberships with read positions. The row stays when a user leaves the room.

use sea_orm::entity::prelude::*;
use shared::{
    access::{Rank, Role},
    rooms::Member,
};

use super::users;
use crate::tables::{stored::Stored, timestamps::to_timestamp};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "members")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub room_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    pub joined_at: i64,
    pub has_left: bool,
    /// The newest message of the room when the member left; null before, and for those who left before this
    /// was stored.
    pub left_seq: Option<i64>,
    pub read_seq: i64,
    pub rev: i64,
    #[sea_orm(column_name = "room_role")]
    pub role: Stored<Role>,
    /// The rank of the account that the row's last change published.
    #[sea_orm(column_name = "server_rank")]
    pub rank: Stored<Rank>,
    /// The `seq` of the first message that the member may read.
    pub visible_from: i64,
    /// The newest message of a direct room when the member hid it: the room is hidden until there is a
    /// newer one. Written on its own, so the copies that the ledger keeps may be out of date.
    pub hidden_seq: Option<i64>,
    /// The `profile_rev` of the account that the row's last change published.
    pub published_profile: i64,
    /// The position among the favourites of the user, who alone sees it.
    pub favourite: Option<i64>,
    /// Whether the user muted the room, which they alone see.
    pub is_muted: bool,
    /// Until when the member may not post, in microseconds since 1970.
    pub timed_out_until: Option<i64>,
    /// The last post of the member while the room had slow mode.
    pub last_post_at: Option<i64>,
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
    /// The number of columns.
    pub const WIDTH: usize = 16;

    /// Reads a row of SQLite that has the columns of this table, in their order, from position `first` on.
    pub fn from_sqlite(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            room_id: row.get(first)?,
            user_id: row.get(first + 1)?,
            joined_at: row.get(first + 2)?,
            has_left: row.get(first + 3)?,
            left_seq: row.get(first + 4)?,
            read_seq: row.get(first + 5)?,
            rev: row.get(first + 6)?,
            role: row.get(first + 7)?,
            rank: row.get(first + 8)?,
            visible_from: row.get(first + 9)?,
            hidden_seq: row.get(first + 10)?,
            published_profile: row.get(first + 11)?,
            favourite: row.get(first + 12)?,
            is_muted: row.get(first + 13)?,
            timed_out_until: row.get(first + 14)?,
            last_post_at: row.get(first + 15)?,
        })
    }
}

impl Model {
    /// The role; `None` if the user has left the room.
    pub fn current_role(&self) -> Option<Role> {
        (!self.has_left).then_some(self.role.0)
    }

    /// The row after a change that publishes what rooms show of the account.
    pub fn published(self, user: &users::Model) -> Self {
        Self { rank: user.rank, published_profile: user.profile_rev, ..self }
    }

    /// Whether the last change of the row published what rooms show of the account now.
    pub fn is_published(&self, user: &users::Model) -> bool {
        (self.rank, self.published_profile) == (user.rank, user.profile_rev)
    }

    /// The membership as clients see it.
    pub fn to_member(&self, user: &users::Model) -> Member {
        Member {
            user: user.to_ref(),
            role: self.role.0,
            rank: user.rank.0,
            visible_from: self.visible_from.into(),
            timed_out_until: self.timed_out_until.map(to_timestamp),
            joined_at: to_timestamp(self.joined_at),
            left: self.has_left,
            rev: self.rev.into(),
        }
    }
}
