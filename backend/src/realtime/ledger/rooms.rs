//! Creates and updates rooms; `deletion` deletes and `bin` restores them. The transaction checks that the caller may.

use std::collections::BTreeSet;

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use shared::{
    access::{Action, History, Policies, Role, RoomKind},
    admission::{CreateRooms, check_create_room},
    ids::{RoomId, Seq, UserId},
    problem::{Code, FieldError},
    rooms::Room,
    rules,
};

mod bin;
mod default_rooms;
mod deletion;
mod events;

pub(super) use bin::AnnounceRestored;
pub use bin::RestoreRoom;
pub use deletion::{DeleteAbandonedRoom, DeleteRoom};
use events::publish_update;

use super::{
    Batch, RoomWrite,
    members::{MemberChanges, active_accounts, has_host, set_role},
};
use crate::{
    Error, Result,
    tables::{
        Stored, audit_creation, audit_update, lock_room_names, rooms, server_settings, users,
    },
};

/// Creates a room. Its creator is its host.
pub struct CreateRoom {
    /// The caller.
    pub by: UserId,
    /// The name, validated by `shared::rules`.
    pub name: String,
    /// The topic, validated by `shared::rules`; `None` for a room without one.
    pub topic: Option<String>,
    /// Who finds it; not a direct room.
    pub kind: RoomKind,
    /// Which messages new members may read.
    pub history: History,
    /// The lowest role that may do each of these.
    pub policies: Policies,
    /// The creator, if it is not the caller.
    pub created_by: Option<UserId>,
    /// The members; only the creator by default.
    pub members: Option<BTreeSet<UserId>>,
}

/// Changes a room; `None` keeps a field.
pub struct UpdateRoom {
    /// The room.
    pub room: RoomId,
    /// The caller.
    pub by: UserId,
    /// The new values.
    pub changes: RoomChanges,
}

/// The new values of a room; `None` keeps a field.
#[derive(Default)]
pub struct RoomChanges {
    /// The name, validated by `shared::rules`.
    pub name: Option<String>,
    /// The topic, validated by `shared::rules`; `Some(None)` removes it.
    pub topic: Option<Option<String>>,
    /// Who finds it.
    pub kind: Option<RoomKind>,
    /// The first message that those may read who join the room after it became open; the next one by
    /// default.
    pub open_from: Option<Seq>,
    /// Which messages new members may read.
    pub history: Option<History>,
    /// The lowest role that may do each of these.
    pub policies: Option<Policies>,
    /// Whether it is archived.
    pub archived: Option<bool>,
    /// Whether new accounts join it.
    pub is_default: Option<bool>,
    /// The account that counts as its creator.
    pub created_by: Option<UserId>,
    /// All members: others are removed.
    pub members: Option<BTreeSet<UserId>>,
}

impl RoomWrite for CreateRoom {
    type Out = Room;

    fn room(&self) -> Option<RoomId> {
        None
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Room> {
        let caller = batch.active_user(self.by).await?;
        let setting = server_settings(batch.txn).await?.create_rooms.0;
        check_may_create(&caller, self.kind, setting)?;
        if self.kind == RoomKind::Open {
            check_name_is_free(batch, &self.name, None).await?;
        }
        let created_by = find_creator(batch, self.created_by).await?.unwrap_or(caller.id);
        let members = self.members.clone().unwrap_or_else(|| [created_by.into()].into());
        let members = MemberChanges::plan(batch, None, &members).await?;
        let key = rules::name_key(&self.name);
        let row = rooms::ActiveModel {
            name: Set(self.name.clone()),
            name_key: Set((self.kind == RoomKind::Open).then(|| key.clone())),
            sort_key: Set(key),
            topic: Set(self.topic.clone().unwrap_or_default()),
            has_topic: Set(self.topic.is_some()),
            history: Set(Stored(self.history)),
            policies: Set(Stored(self.policies)),
            ..rooms::ActiveModel::empty(self.kind, created_by, batch.now)
        };
        let room = rooms::Entity::insert(row).exec_with_returning(batch.txn).await?;
        let id = RoomId(room.id);
        audit_creation(batch.txn, &room, self.by).await?;
        batch.add_room(room);
        members.apply(batch, id, self.by).await?;
        Ok(batch.room(id)?.clone().into())
    }
}

/// Checks that an account may create a room of this kind.
fn check_may_create(caller: &users::Model, kind: RoomKind, setting: CreateRooms) -> Result<()> {
    match kind {
        RoomKind::Direct => Err(no_direct_kind()),
        _ => Ok(check_create_room(caller.rank.0, kind, setting)?),
    }
}

fn no_direct_kind() -> Error {
    FieldError::new("kind", "must be open or private: direct rooms are created by POST /direct")
        .into()
}

impl RoomWrite for UpdateRoom {
    type Out = Room;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Room> {
        let changes = &self.changes;
        self.authorize(batch).await?;
        let current = batch.room(self.room)?.clone();
        let name = changes.name.as_ref().unwrap_or(&current.name);
        let kind = changes.kind.unwrap_or(current.kind.0);
        if kind == RoomKind::Open && (changes.name.is_some() || kind != current.kind.0) {
            check_name_is_free(batch, name, Some(self.room)).await?;
        }
        let is_new = |id: &UserId| id.0 != current.created_by;
        let created_by = find_creator(batch, changes.created_by.filter(is_new)).await?;
        let members = match &changes.members {
            Some(wanted) => Some(MemberChanges::plan(batch, Some(self.room), wanted).await?),
            None => None,
        };
        // Before the first write.
        self.new_open_from(&current)?;
        self.check_default(batch, &current).await?;
        if kind == RoomKind::Private && kind != current.kind.0 {
            self.become_host(batch).await?;
        }
        self.update_row(batch, created_by).await?;
        audit_update(batch.txn, &current, batch.room(self.room)?, self.by).await?;
        if let Some(members) = members {
            members.apply(batch, self.room, self.by).await?;
        }
        Ok(batch.room(self.room)?.clone().into())
    }
}

impl UpdateRoom {
    /// Everything but a new topic needs [`Action::Manage`], and `is_default` [`Action::SetDefault`].
    async fn authorize(&self, batch: &mut Batch<'_>) -> Result<()> {
        let RoomChanges { name, topic, kind, open_from, history, policies, archived, .. } =
            &self.changes;
        let RoomChanges { is_default, created_by, members, .. } = &self.changes;
        let manages = name.is_some()
            || kind.is_some()
            || open_from.is_some()
            || history.is_some()
            || policies.is_some()
            || archived.is_some()
            || created_by.is_some()
            || members.is_some();
        let action = match (manages, topic) {
            (true, _) => Action::Manage,
            (false, Some(_)) => Action::ChangeTopic,
            (false, None) => Action::See,
        };
        batch.authorize(self.room, self.by, action).await?;
        if is_default.is_some() {
            batch.authorize(self.room, self.by, Action::SetDefault).await?;
        }
        match kind {
            Some(RoomKind::Direct) => Err(no_direct_kind()),
            _ => Ok(()),
        }
    }

    /// Makes the caller a host of a room that becomes private and has none: nobody else could manage it,
    /// and an admin who is not in it would lose sight of it.
    async fn become_host(&self, batch: &mut Batch<'_>) -> Result<()> {
        let row = batch.member_row(self.room, self.by).await?.filter(|(row, _)| !row.has_left);
        let (row, user) = row.ok_or(Code::NotAMember)?;
        if row.role.0 != Role::Host && !has_host(batch, self.room).await? {
            set_role(batch, row, &user, Role::Host, self.by).await?;
        }
        Ok(())
    }

    /// The first message that those may read who join later, unless the history hides it.
    fn new_open_from(&self, current: &rooms::Model) -> Result<i64> {
        let opens = self.changes.kind == Some(RoomKind::Open) && current.kind.0 != RoomKind::Open;
        match self.changes.open_from {
            Some(_) if !opens => Err(FieldError::new("open_from", ONLY_WHEN_OPENED).into()),
            Some(seq) if !(1..=current.last_seq + 1).contains(&seq.0) => {
                let last = current.last_seq + 1;
                let message = format!("must be 1 to {last}, but is {seq}");
                Err(FieldError::new("open_from", message).into())
            }
            Some(seq) => Ok(seq.0),
            None if opens => Ok(current.last_seq + 1),
            None => Ok(current.open_from),
        }
    }

    /// Writes and publishes the room if it changes.
    async fn update_row(&self, batch: &mut Batch<'_>, created_by: Option<i64>) -> Result<()> {
        let changes = &self.changes;
        let current = batch.room(self.room)?.clone();
        let mut changed = current.clone();
        if let Some(name) = &changes.name {
            changed.name.clone_from(name);
            changed.sort_key = rules::name_key(name);
        }
        if let Some(topic) = &changes.topic {
            changed.has_topic = topic.is_some();
            changed.topic = topic.clone().unwrap_or_default();
        }
        changed.kind = changes.kind.map_or(current.kind, Stored);
        changed.name_key = (changed.kind.0 == RoomKind::Open).then(|| changed.sort_key.clone());
        changed.open_from = self.new_open_from(&current)?;
        changed.history = changes.history.map_or(current.history, Stored);
        changed.policies = changes.policies.map_or(current.policies, Stored);
        changed.archived_at = match changes.archived {
            Some(true) => current.archived_at.or(Some(batch.now)),
            Some(false) => None,
            None => current.archived_at,
        };
        changed.is_default = self.new_default(&changed);
        changed.created_by = created_by.unwrap_or(current.created_by);
        match changed == current {
            true => Ok(()),
            false => publish_update(batch, &current, changed, self.by).await,
        }
    }
}

/// The error of `open_from` in any other request.
const ONLY_WHEN_OPENED: &str = "can only be given with `kind: open`, for a private room";

/// The id of the account that shall count as the creator of a room.
async fn find_creator(batch: &Batch<'_>, id: Option<UserId>) -> Result<Option<i64>> {
    let id: BTreeSet<UserId> = id.into_iter().collect();
    Ok(active_accounts(batch, "created_by", &id).await?.first().map(|user| user.id))
}

/// Fails with [`Code::RoomNameTaken`] if another room has the name, and keeps other transactions from
/// taking it until the commit.
///
/// Without the lock, the unique index would refuse one of two concurrent writes only after this check,
/// and the error would abort the whole batch.
async fn check_name_is_free(batch: &Batch<'_>, name: &str, except: Option<RoomId>) -> Result<()> {
    lock_room_names(batch.txn).await?;
    let key = rules::name_key(name);
    let stored = rooms::Entity::find().filter(rooms::Column::NameKey.eq(&*key)).one(batch.txn);
    let stored = stored.await?.map(|room| RoomId(room.id));
    // The batch may have renamed another room, which is not written yet.
    match stored.or_else(|| batch.changed_room_with_name(&key)) {
        Some(room) if except != Some(room) => {
            let mut error = Error::from(Code::RoomNameTaken);
            error.problem.errors.push(FieldError::new("name", "is taken by another room"));
            Err(error)
        }
        _ => Ok(()),
    }
}
