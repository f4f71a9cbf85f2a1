//! Checks of bans and reports.

use shared::{messages::validate_reason, problem::FieldError};

use super::{
    super::lines::{Member, Message},
    Result, timestamp,
};

/// Checks the ban of a member.
pub fn ban(line: &Member) -> Result {
    line.ban.as_ref().map_or(Ok(()), |ban| timestamp("ban.created_at", ban.created_at))
}

/// Checks the reports of a message.
pub fn reports(line: &Message) -> Result {
    if !line.reports.is_sorted_by(|a, b| a.reporter < b.reporter) {
        return Err(FieldError::new("reports", "must be in the order of their reporters"));
    }
    for report in &line.reports {
        if validate_reason(&report.reason)? != report.reason {
            return Err(FieldError::new("reports", "must have trimmed reasons"));
        }
        timestamp("reports.created_at", report.created_at)?;
        report.closed_at.map_or(Ok(()), |at| timestamp("reports.closed_at", at))?;
    }
    Ok(())
}
