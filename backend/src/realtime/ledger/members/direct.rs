//! Direct rooms: which people have one, and who hides it.

use std::collections::BTreeSet;

use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr,
};
use shared::{
    access::{Action, RoomKind},
    admission::DirectRooms,
    ids::{RoomId, Seq, UserId},
    live::ServerFrame,
    problem::{Code, FieldError},
    rooms::RoomEventKind,
    users::{User, UserRef},
};

use super::{
    super::{Batch, NewEvent, RoomWrite},
    NewMember, add_member, current_rows,
};
use crate::{
    Error, Result,
    realtime::hub::NodeEvent,
    tables::{
        blocked_either_way, can_see_account, lock_room_names, members, rooms, server_settings,
        shares_room, users,
    },
};

/// Finds or creates the direct room of some people. A new one stays hidden from the others until something
/// is posted in it.
pub struct CreateDirect {
    /// The caller, who is one of the people.
    pub by: UserId,
    /// The people, validated by `shared::rules`.
    pub people: BTreeSet<UserId>,
    /// A direct room to which the people are added who are not in it yet.
    pub from: Option<RoomId>,
}

/// The direct room of some people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectRoom {
    /// The room.
    pub id: RoomId,
    /// Whether this write created it.
    pub is_new: bool,
}

/// Hides a direct room from a member until something is posted in it, or shows it again.
pub struct SetHidden {
    /// The room.
    pub room: RoomId,
    /// The member.
    pub user: UserId,
    /// Whether to hide it.
    pub hidden: bool,
}

impl RoomWrite for CreateDirect {
    type Out = DirectRoom;

    fn room(&self) -> Option<RoomId> {
        self.from
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<DirectRoom> {
        let caller = batch.active_user(self.by).await?;
        let by = caller.to_ref();
        let present = match self.from {
            Some(from) => self.present_people(batch, from).await?,
            None => Vec::new(),
        };
        let added = self.added_people(batch, caller.into(), &present).await?;
        // Otherwise the unique index would refuse one of two concurrent writes only after the check, and
        // on PostgreSQL the error would abort the whole batch.
        lock_room_names(batch.txn).await?;
        let key = rooms::direct_key(&self.people);
        let found = rooms::Entity::find().filter(rooms::Column::DirectKey.eq(&*key));
        let found = found.one(batch.txn).await?.map(|room| RoomId(room.id));
        if let Some(id) = found {
            if self.from.is_some_and(|from| from != id) {
                return Err(Code::DirectRoomExists.into());
            }
            show_again(batch, id, self.by).await?;
            return Ok(DirectRoom { id, is_new: false });
        }
        let id = match self.from {
            Some(from) => take_key(batch, from, key).await?,
            None => insert_room(batch, self.by, key).await?,
        };
        let names: Vec<UserRef> = sorted_refs(present.iter().chain(&added));
        for user in &added {
            // Nobody has said anything yet in a new room.
            let hidden = self.from.is_none() && user.id != self.by.0;
            let event = NewEvent::new(RoomEventKind::Added, by.clone()).for_user(user);
            let event = self.from.map(|_| event);
            let people = names.clone();
            let member = NewMember { people, hidden, event, ..NewMember::default() };
            add_member(batch, id, user, member).await?;
        }
        if self.from.is_some() {
            show_again(batch, id, self.by).await?;
        }
        Ok(DirectRoom { id, is_new: self.from.is_none() })
    }
}

impl CreateDirect {
    /// The people of the room to extend, all of whom must be among the people.
    async fn present_people(
        &self,
        batch: &mut Batch<'_>,
        from: RoomId,
    ) -> Result<Vec<users::Model>> {
        batch.authorize(from, self.by, Action::Read).await?;
        if batch.room(from)?.kind.0 != RoomKind::Direct {
            return Err(FieldError::new("from", "must be a direct room").into());
        }
        let rows = current_rows(from).find_also_related(users::Entity).all(batch.txn).await?;
        let present: Vec<_> = rows.into_iter().filter_map(|(_, user)| user).collect();
        if present.iter().any(|user| !self.people.contains(&UserId(user.id))) {
            let message = "must include everybody who is in the room that `from` names";
            return Err(FieldError::new("users", message).into());
        }
        Ok(present)
    }

    /// The accounts of the people who are not in the room yet. The error is the same for an account that is
    /// disabled or pending, that does not exist, that the caller does not know, that blocks the caller or
    /// that the caller blocks; and for such a block in a room of two, which would have no effect in the larger
    /// room.
    async fn added_people(
        &self,
        batch: &Batch<'_>,
        caller: User,
        present: &[users::Model],
    ) -> Result<Vec<users::Model>> {
        let present: BTreeSet<UserId> = present.iter().map(|user| UserId(user.id)).collect();
        let ids: Vec<_> = self.people.difference(&present).copied().collect();
        let select = users::Entity::find()
            .filter(users::Column::Id.is_in(ids.iter().map(|id| id.0)))
            .filter(users::Column::IsDisabled.eq(false))
            .filter(users::Column::IsPending.eq(false))
            .order_by_asc(users::Column::Id);
        let accounts = select.all(batch.txn).await?;
        let of_pair = present.iter().filter(|id| present.len() == 2 && **id != caller.id);
        let met: Vec<_> = ids.iter().chain(of_pair).copied().collect();
        let blocked = blocked_either_way(batch.txn, caller.id, &met).await?;
        if let Some(id) = present.iter().find(|id| blocked.contains(*id)) {
            return Err(nobody(*id));
        }
        let only_shared = server_settings(batch.txn).await?.direct.0 == DirectRooms::Shared;
        for id in ids {
            let is_active = accounts.iter().any(|user| user.id == id.0);
            let is_known = match only_shared && id != caller.id {
                true => shares_room(batch.txn, caller.id, id).await?,
                false => can_see_account(batch.txn, &caller, id).await?,
            };
            if !is_known || !is_active || blocked.contains(&id) {
                return Err(nobody(id));
            }
        }
        Ok(accounts)
    }
}

/// The error for somebody to whom the caller cannot write, whatever the reason.
fn nobody(id: UserId) -> Error {
    let message = format!("must be people to whom you can write, but {id} is nobody");
    FieldError::new("users", message).into()
}

fn sorted_refs<'a>(people: impl Iterator<Item = &'a users::Model>) -> Vec<UserRef> {
    let mut refs: Vec<_> = people.map(users::Model::to_ref).collect();
    refs.sort_by_key(|user| user.id);
    refs
}

async fn insert_room(batch: &mut Batch<'_>, by: UserId, key: String) -> Result<RoomId> {
    let row = rooms::ActiveModel {
        direct_key: Set(Some(key)),
        ..rooms::ActiveModel::empty(RoomKind::Direct, by.0, batch.now)
    };
    let room = rooms::Entity::insert(row).exec_with_returning(batch.txn).await?;
    let id = RoomId(room.id);
    batch.add_room(room);
    Ok(id)
}

/// Makes a room that of other people. Written at once, because a later write of the batch may look for
/// either key.
async fn take_key(batch: &mut Batch<'_>, room: RoomId, key: String) -> Result<RoomId> {
    rooms::Entity::update_many()
        .col_expr(rooms::Column::DirectKey, Expr::value(key.clone()))
        .filter(rooms::Column::Id.eq(room.0))
        .exec(batch.txn)
        .await?;
    batch.update_room(room, |room| room.direct_key = Some(key));
    Ok(room)
}

/// Shows a room again that a member has hidden.
async fn show_again(batch: &mut Batch<'_>, room: RoomId, user: UserId) -> Result<()> {
    let row = members::Entity::find_by_id((room.0, user.0)).one(batch.txn).await?;
    match row.and_then(|row| row.hidden_seq) {
        Some(_) => write_hidden(batch, room, user, None).await,
        None => Ok(()),
    }
}

async fn write_hidden(
    batch: &mut Batch<'_>,
    room: RoomId,
    user: UserId,
    hidden: Option<Seq>,
) -> Result<()> {
    use members::Column as C;
    members::Entity::update_many()
        .col_expr(C::HiddenSeq, Expr::value(hidden.map(|seq| seq.0)))
        .filter(C::RoomId.eq(room.0))
        .filter(C::UserId.eq(user.0))
        .exec(batch.txn)
        .await?;
    let frame = ServerFrame::Hidden { room, hidden };
    batch.publish(NodeEvent::ToUser { user, frame });
    Ok(())
}

impl RoomWrite for SetHidden {
    type Out = ();

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.user)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<()> {
        batch.authorize(self.room, self.user, Action::Read).await?;
        let room = batch.room(self.room)?;
        if room.kind.0 != RoomKind::Direct {
            return Err(
                FieldError::new("id", "must be a direct room; any other can be left").into()
            );
        }
        let hidden = self.hidden.then_some(Seq(room.last_seq));
        write_hidden(batch, self.room, self.user, hidden).await
    }
}
