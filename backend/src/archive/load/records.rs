//! The lines of invitations and of the audit log, which follow the rooms.

use anyhow::{Result, ensure};

use super::{Loader, invalid_line};
use crate::archive::lines::{Entry, Invitation};

impl Loader<'_> {
    pub(super) fn load_invitation(&mut self, line: Invitation) -> Result<()> {
        self.finish_room()?;
        ensure!(self.counts.audit == 0, "invitation: must come before the audit log");
        let (max, users) = (self.header.last_ids.invitations, &self.user_ids);
        let checked = self.invitations.check(&line, max, |id| users.contains(&id));
        checked.map_err(|error| invalid_line("invitation", error))?;
        self.counts.invitations += 1;
        let (row, uses) = line.into_rows();
        self.batch.invitations.push(row);
        self.batch.invitation_uses.extend(uses);
        Ok(())
    }

    pub(super) fn load_audit(&mut self, entry: Entry) -> Result<()> {
        self.finish_room()?;
        let max = self.header.last_ids.audit;
        entry.check(self.last_audit_id, max).map_err(|error| invalid_line("audit", error))?;
        self.last_audit_id = entry.id;
        self.counts.audit += 1;
        self.batch.audit.push(entry.into());
        Ok(())
    }
}
