//! Lets an admin into a private room to which nobody added them.

use std::net::IpAddr;

use sea_orm::EntityTrait;
use shared::{
    access::{Action, Role, RoomKind},
    administration::AuditAction,
    ids::{RoomId, UserId},
    problem::Code,
    rooms::{Member, RoomEventKind},
};

use super::{
    super::{Batch, NewEvent, RoomWrite},
    NewMember, add_member, has_host,
};
use crate::{
    Result,
    tables::{AuditRecord, audit_all, is_banned, room_bans, users},
};

/// Makes an admin a member of a private room, or its host if it has none. The timeline shows it to the
/// other members, and the audit log has an entry. An open room is joined. Does nothing for a member. A
/// ban does not keep an admin out of a private room, because nobody else could look into complaints about
/// its hosts; it ends, because nobody is a member and banned.
pub struct EnterRoom {
    /// The room.
    pub room: RoomId,
    /// The admin.
    pub by: UserId,
    /// The address of the admin.
    pub address: IpAddr,
}

/// An admin's account; [`Code::AdminOnly`] for others.
pub(in crate::realtime::ledger) async fn active_admin(
    batch: &Batch<'_>,
    id: UserId,
) -> Result<users::Model> {
    let user = batch.active_user(id).await?;
    if user.rank.0.is_admin() { Ok(user) } else { Err(Code::AdminOnly.into()) }
}

impl RoomWrite for EnterRoom {
    type Out = Member;

    fn room(&self) -> Option<RoomId> {
        Some(self.room)
    }

    fn account(&self) -> Option<UserId> {
        Some(self.by)
    }

    async fn execute(&self, batch: &mut Batch<'_>) -> Result<Member> {
        let admin = active_admin(batch, self.by).await?;
        let kind = batch.room(self.room)?.kind.0;
        if kind == RoomKind::Direct {
            return Err(Code::NotFound.into());
        }
        match batch.member_row(self.room, self.by).await? {
            Some((row, user)) if !row.has_left => return Ok(row.to_member(&user)),
            _ => {}
        }
        if kind == RoomKind::Open {
            batch.authorize(self.room, self.by, Action::Join).await?;
            if is_banned(batch.txn, self.room, self.by).await? {
                return Err(Code::Banned.into());
            }
            return add_member(batch, self.room, &admin, NewMember::joining(&admin)).await;
        }
        let ban = (self.room.0, self.by.0);
        room_bans::Entity::delete_by_id(ban).exec(batch.txn).await?;
        let role = if has_host(batch, self.room).await? { Role::Member } else { Role::Host };
        let record =
            AuditRecord::in_room(AuditAction::RoomEntered, self.by, batch.room(self.room)?);
        let record = record.map(|record| record.new_value(role).address(self.address));
        audit_all(batch.txn, record).await?;
        let event = Some(NewEvent::new(RoomEventKind::Entered, admin.to_ref()));
        let member = NewMember { role, event, ..NewMember::default() };
        add_member(batch, self.room, &admin, member).await
    }
}
