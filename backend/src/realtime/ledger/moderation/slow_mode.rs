//! Slow mode: the time that a member waits between two messages in a room.

use shared::{
    access::{Action, may},
    ids::{RoomId, UserId},
    problem::Code,
};

use crate::{
    Error, Result,
    realtime::ledger::Batch,
    tables::{members, users},
};

/// Admits a new message of a member and remembers its time, or fails with [`Code::SlowMode`] and the time
/// to wait. The row of the room is locked, so two nodes never admit two messages at once.
pub(in crate::realtime::ledger) async fn admit(
    batch: &mut Batch<'_>,
    room: RoomId,
    author: &users::Model,
    member: Option<&members::Model>,
) -> Result<()> {
    let row = batch.room(room)?;
    let (slow_s, access) = (row.policies.0.slow_s, row.access());
    let role = member.map(|member| member.role.0);
    if slow_s == 0 || may(author.rank.0, &access, role, Action::TimeOut) {
        return Ok(());
    }
    let last = member.and_then(|member| member.last_post_at);
    match last.map(|last| wait_s(last, batch.now, slow_s)) {
        Some(wait @ 1..) => {
            let plural = if wait == 1 { "" } else { "s" };
            let detail =
                format!("This room is in slow mode. You can post again in {wait} second{plural}.");
            Err(Error::new(Code::SlowMode, detail).retry_after(wait))
        }
        _ => batch.set_last_post(room, UserId(author.id)).await,
    }
}

/// The whole seconds until the next message, after one at `last`; times are in microseconds. Never more
/// than the slow mode, if the clock of another node is fast.
fn wait_s(last: i64, now: i64, slow_s: u32) -> u64 {
    let end = last + i64::from(slow_s) * 1_000_000;
    let wait = u64::try_from(end - now).unwrap_or(0).div_ceil(1_000_000);
    wait.min(u64::from(slow_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_rounded_up_and_limited() {
        const S: i64 = 1_000_000;
        assert_eq!(wait_s(0, 0, 30), 30);
        assert_eq!(wait_s(0, 29 * S + 1, 30), 1);
        assert_eq!(wait_s(0, 30 * S, 30), 0);
        assert_eq!(wait_s(0, 99 * S, 30), 0);
        assert_eq!(wait_s(60 * S, 0, 30), 30, "the clock of another node is a minute fast");
    }
}
