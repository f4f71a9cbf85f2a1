//! Rooms. Only the ledger advances their counters `last_seq` and `last_rev`.

use std::collections::BTreeSet;

use sea_orm::{ActiveValue::Set, entity::prelude::*};
use sha2::{Digest, Sha256};
use shared::{
    access::{History, Policies, RoomAccess, RoomKind},
    ids::{Seq, UserId},
    rooms::Room,
};

use crate::tables::{stored::Stored, timestamps::to_timestamp};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rooms")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub name: String,
    /// The name of an open room without regard to case, which no other has.
    pub name_key: Option<String>,
    /// The name without regard to case, of any room.
    pub sort_key: String,
    /// Empty without a topic.
    pub topic: String,
    /// False for a room without a topic, which the classic endpoints tell from an empty one.
    pub has_topic: bool,
    pub kind: Stored<RoomKind>,
    /// Identifies the people of a direct room.
    pub direct_key: Option<String>,
    pub history: Stored<History>,
    /// The first message that a new member may read, unless `history` hides all earlier ones.
    pub open_from: i64,
    pub policies: Stored<Policies>,
    pub archived_at: Option<i64>,
    /// Whether new accounts join it. Only an open room that is neither archived nor deleted.
    pub is_default: bool,
    pub created_by: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub deleted_at: Option<i64>,
    pub member_count: i64,
    pub last_seq: i64,
    pub last_rev: i64,
    pub rev: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl ActiveModel {
    /// The row of a new room that has no name, topic or member yet.
    pub fn empty(kind: RoomKind, created_by: i64, now: i64) -> Self {
        Self {
            name: Set(String::new()),
            name_key: Set(None),
            sort_key: Set(String::new()),
            topic: Set(String::new()),
            has_topic: Set(false),
            kind: Set(Stored(kind)),
            direct_key: Set(None),
            history: Set(Stored(History::All)),
            open_from: Set(1),
            policies: Set(Stored(Policies::default())),
            archived_at: Set(None),
            is_default: Set(false),
            created_by: Set(created_by),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
            member_count: Set(0),
            last_seq: Set(0),
            last_rev: Set(1),
            rev: Set(1),
            ..Default::default()
        }
    }
}

impl Model {
    /// The number of columns.
    pub const WIDTH: usize = 21;

    /// Reads a row of SQLite that has the columns of this table, in their order, from position `first` on.
    pub fn from_sqlite(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(first)?,
            name: row.get(first + 1)?,
            name_key: row.get(first + 2)?,
            sort_key: row.get(first + 3)?,
            topic: row.get(first + 4)?,
            has_topic: row.get(first + 5)?,
            kind: row.get(first + 6)?,
            direct_key: row.get(first + 7)?,
            history: row.get(first + 8)?,
            open_from: row.get(first + 9)?,
            policies: row.get(first + 10)?,
            archived_at: row.get(first + 11)?,
            is_default: row.get(first + 12)?,
            created_by: row.get(first + 13)?,
            created_at: row.get(first + 14)?,
            updated_at: row.get(first + 15)?,
            deleted_at: row.get(first + 16)?,
            member_count: row.get(first + 17)?,
            last_seq: row.get(first + 18)?,
            last_rev: row.get(first + 19)?,
            rev: row.get(first + 20)?,
        })
    }
}

/// The key of the direct room of these people: hexadecimal SHA-256 of their ids in ascending order, each
/// in eight bytes, big-endian.
pub fn direct_key(people: &BTreeSet<UserId>) -> String {
    let mut hash = Sha256::new();
    people.iter().for_each(|user| hash.update(user.0.to_be_bytes()));
    base16ct::lower::encode_string(&hash.finalize())
}

impl Model {
    /// What [`shared::access::may`] needs to know.
    pub fn access(&self) -> RoomAccess {
        RoomAccess {
            kind: self.kind.0,
            policies: self.policies.0,
            is_archived: self.archived_at.is_some(),
        }
    }

    /// The first message that somebody who joins now may read.
    pub fn visible_from(&self) -> Seq {
        match self.history.0 {
            History::All => Seq(self.open_from),
            History::Joining => Seq(self.last_seq + 1),
        }
    }
}

impl From<Model> for Room {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            topic: row.topic,
            kind: row.kind.0,
            history: row.history.0,
            policies: row.policies.0,
            archived_at: row.archived_at.map(to_timestamp),
            is_default: row.is_default,
            created_by: row.created_by.into(),
            created_at: to_timestamp(row.created_at),
            updated_at: to_timestamp(row.updated_at),
            member_count: row.member_count,
            last_seq: row.last_seq.into(),
            last_rev: row.last_rev.into(),
            rev: row.rev.into(),
        }
    }
}
