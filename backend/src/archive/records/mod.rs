//! The lines that follow the last room: first the invitations, then the audit log.

use anyhow::{Result, ensure};

mod audit;
mod invitations;

pub use invitations::{InvitationState, read_invitations};

/// Fails unless neither the invitations nor the audit log have begun yet; `lines` is the number of their
/// lines so far.
pub fn ensure_before_records(kind: &str, lines: u64) -> Result<()> {
    ensure!(lines == 0, "{kind}: must come before the invitations and the audit log");
    Ok(())
}
