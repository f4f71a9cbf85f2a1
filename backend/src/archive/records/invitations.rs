//! The lines of invitations. The hash of the token goes along, so that a link works on the new server.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use shared::{
    access::Rank,
    problem::FieldError,
    rules::{INVITATION_ROOMS_MAX, INVITATION_USES_MAX},
};

use super::super::{
    check,
    lines::{Invitation, InvitationUse},
    rows::decode_hash,
};
use crate::tables::{Connection, Stored, invitation_uses, invitations, to_timestamp};

/// The lines with a greater id, by id.
pub async fn read_invitations(
    db: &impl Connection,
    after: i64,
    limit: u64,
) -> Result<Vec<Invitation>, DbErr> {
    use invitation_uses::Column as U;
    let rows = invitations::Entity::find()
        .filter(invitations::Column::Id.gt(after))
        .order_by_asc(invitations::Column::Id)
        .limit(limit);
    let rows = rows.all(db).await?;
    let uses = invitation_uses::Entity::find()
        .filter(U::InvitationId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(U::UserId);
    let mut used_by: HashMap<i64, Vec<InvitationUse>> = HashMap::new();
    for row in uses.all(db).await? {
        let invitation_uses::Model { invitation_id, user_id: user, created_at } = row;
        let line = InvitationUse { user, at: to_timestamp(created_at) };
        used_by.entry(invitation_id).or_default().push(line);
    }
    let line = |row: invitations::Model| {
        let used_by = used_by.remove(&row.id).unwrap_or_default();
        to_line(row, used_by)
    };
    Ok(rows.into_iter().map(line).collect())
}

fn to_line(row: invitations::Model, used_by: Vec<InvitationUse>) -> Invitation {
    let invitations::Model {
        id,
        token_hash,
        rank: Stored(rank),
        rooms: Stored(rooms),
        uses,
        used,
        created_by,
        created_at,
        expires_at,
        revoked_at,
    } = row;
    Invitation {
        id,
        token_hash,
        rank,
        rooms,
        uses,
        used,
        created_by,
        created_at: to_timestamp(created_at),
        expires_at: to_timestamp(expires_at),
        revoked_at: revoked_at.map(to_timestamp),
        used_by,
    }
}

impl Invitation {
    /// Converts the line, once [`InvitationState::check`] has accepted it.
    pub fn into_rows(self) -> (invitations::Model, Vec<invitation_uses::Model>) {
        let invitation_id = self.id;
        let uses = self.used_by.into_iter().map(|InvitationUse { user, at }| {
            let created_at = at.timestamp_micros();
            invitation_uses::Model { invitation_id, user_id: user, created_at }
        });
        let row = invitations::Model {
            id: self.id,
            token_hash: self.token_hash,
            rank: Stored(self.rank),
            rooms: Stored(self.rooms),
            uses: self.uses,
            used: self.used,
            created_by: self.created_by,
            created_at: self.created_at.timestamp_micros(),
            expires_at: self.expires_at.timestamp_micros(),
            revoked_at: self.revoked_at.map(|at| at.timestamp_micros()),
        };
        (row, uses.collect())
    }
}

/// The state that the loader checks the next invitation against.
#[derive(Default)]
pub struct InvitationState {
    last_id: i64,
    token_hashes: HashSet<String>,
}

impl InvitationState {
    /// Checks the next line.
    pub fn check(
        &mut self,
        line: &Invitation,
        max_id: i64,
        is_account: impl Fn(i64) -> bool,
    ) -> Result<(), FieldError> {
        check::range("id", line.id, self.last_id + 1, max_id)?;
        check_fields(line)?;
        if !is_account(line.created_by) {
            return Err(FieldError::new("created_by", "must be the id of an account"));
        }
        let users: Vec<i64> = line.used_by.iter().map(|it| it.user).collect();
        if !users.is_sorted_by(|a, b| a < b) || !users.iter().all(|id| is_account(*id)) {
            let message = "must be accounts in ascending order of their ids";
            return Err(FieldError::new("used_by", message));
        }
        if !self.token_hashes.insert(line.token_hash.clone()) {
            return Err(FieldError::new("token_hash", "is that of another invitation"));
        }
        self.last_id = line.id;
        Ok(())
    }
}

fn check_fields(line: &Invitation) -> Result<(), FieldError> {
    if decode_hash(&line.token_hash).is_none() {
        return Err(FieldError::new("token_hash", "must be 64 lower-case hexadecimal digits"));
    }
    if line.rank == Rank::Owner {
        return Err(FieldError::new("rank", "must be guest, member or admin"));
    }
    if line.rooms.len() > INVITATION_ROOMS_MAX {
        let message = format!("must be at most {INVITATION_ROOMS_MAX} rooms");
        return Err(FieldError::new("rooms", message));
    }
    for room in &line.rooms {
        check::range("rooms", *room, 1, check::ID_MAX)?;
    }
    check::range("uses", line.uses, 1, INVITATION_USES_MAX.into())?;
    check::range("used", line.used, 0, line.uses)?;
    check::range("used_by", line.used_by.len() as i64, 0, line.used)?;
    for at in [line.created_at, line.expires_at] {
        check::timestamp("created_at and expires_at", at)?;
    }
    line.revoked_at.map_or(Ok(()), |at| check::timestamp("revoked_at", at))?;
    line.used_by.iter().try_for_each(|it| check::timestamp("used_by", it.at))
}
