//! Reports of messages to those who manage a room.

use serde::{Deserialize, Serialize};

use super::Message;
use crate::{
    Timestamp,
    ids::{ReportId, Seq},
    problem::FieldError,
    rules::{REPORT_REASON_MAX_CHARS, normalize_content},
    users::UserRef,
};

/// `POST /rooms/{id}/messages/{seq}/report`: reports a message to the hosts of its room.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewReport {
    /// What is wrong with the message; at most 500 characters, may be empty.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = 500)))]
    pub reason: String,
}

/// Whether somebody has dealt with a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReportState {
    /// Nobody has.
    #[default]
    Open,
    /// Somebody did something about it.
    Resolved,
    /// Somebody decided that nothing has to be done.
    Dismissed,
}

/// A report of a message. It has no copy of the text: a deleted message is gone from it too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// The id of the report.
    pub id: ReportId,
    /// The `seq` of the message.
    pub seq: Seq,
    /// The message as it is now; absent for an admin who is not in the room, and so does not read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// Who wrote the message.
    pub author: UserRef,
    /// Who reported it. The author does not see the report.
    pub reporter: UserRef,
    /// What the reporter says; may be empty.
    pub reason: String,
    /// Whether somebody has dealt with it.
    pub state: ReportState,
    /// When the message was reported.
    pub created_at: Timestamp,
    /// Who resolved or dismissed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<UserRef>,
    /// When it was resolved or dismissed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

/// `GET /rooms/{id}/reports`: reports, ordered by id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReportList {
    /// One page of the list.
    pub reports: Vec<Report>,
    /// The `after` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<ReportId>,
}

/// `PATCH /rooms/{id}/reports/{report}`: closes a report.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PatchReport {
    /// `resolved` or `dismissed`.
    pub state: ReportState,
}

/// Checks the reason of a report, trims it, and removes its control characters.
pub fn validate_reason(text: &str) -> Result<String, FieldError> {
    let reason = normalize_content(text);
    match reason.chars().count() {
        length if length > REPORT_REASON_MAX_CHARS => {
            let max = REPORT_REASON_MAX_CHARS;
            let message = format!("must be at most {max} characters, but is {length}");
            Err(FieldError::new("reason", message))
        }
        _ => Ok(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_trimmed_and_has_a_limit() {
        assert_eq!(validate_reason(" rude\r\n").unwrap(), "rude");
        assert_eq!(validate_reason("").unwrap(), "");
        let longest = "\u{1f600}".repeat(500);
        assert_eq!(validate_reason(&longest).unwrap(), longest);
        assert_eq!(validate_reason(&(longest + "!")).unwrap_err().field, "reason");
    }
}
