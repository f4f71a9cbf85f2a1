//! The records in an archive: invitations, the audit log, and reports.

use serde::{Deserialize, Serialize};
use shared::{Timestamp, access::Rank, administration::AuditAction, messages::ReportState};

/// An invitation. It may name rooms that no longer exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    pub id: i64,
    /// Hexadecimal SHA-256 of the token.
    pub token_hash: String,
    pub rank: Rank,
    pub rooms: Vec<i64>,
    /// How many people may use it, and how many have.
    pub uses: i64,
    pub used: i64,
    /// The user id of its creator.
    pub created_by: i64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// The accounts that used it, ordered by user id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used_by: Vec<InvitationUse>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationUse {
    pub user: i64,
    pub at: Timestamp,
}

/// An entry of the audit log. It may name accounts and rooms that no longer exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub id: i64,
    pub created_at: Timestamp,
    pub action: AuditAction,
    /// The account that did it; missing for the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<i64>,
    /// The name of the room at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// A report of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    pub reporter: i64,
    pub reason: String,
    pub state: ReportState,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}
