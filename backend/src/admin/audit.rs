//! The audit log: pages, and the whole log as a file.

use axum::extract::State;
use chrono::Utc;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    administration::{AuditAction, AuditList},
    ids::{AuditId, UserId},
    problem::FieldError,
};

use super::{
    audit_export::{AuditDownload, AuditFormat},
    checks::{check_q, check_rate, page_default},
};
use crate::{
    App, Result,
    auth::Admin,
    http::extract::{Json, Query},
    rooms::check_limit,
    tables::{AuditFilter, audit_page, newest_audit_id},
};

/// Selects entries.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Only entries with a greater id, oldest first.
    after: Option<AuditId>,
    /// Only entries with a smaller id, newest first.
    before: Option<AuditId>,
    /// 1 to 200.
    #[serde(default = "page_default")]
    #[schemars(range(min = 1, max = 200))]
    limit: u64,
    /// Only what this account did.
    actor: Option<UserId>,
    /// Only this action.
    action: Option<AuditAction>,
    /// A part of the name of the actor, of the account or of the room, ignoring case; at most 255
    /// characters.
    #[schemars(length(max = 255))]
    q: Option<String>,
}

/// Selects entries for a file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditExportQuery {
    /// `jsonl` by default.
    #[serde(default)]
    format: AuditFormat,
    /// Only what this account did.
    actor: Option<UserId>,
    /// Only this action.
    action: Option<AuditAction>,
    /// A part of the name of the actor, of the account or of the room, ignoring case; at most 255
    /// characters.
    #[schemars(length(max = 255))]
    q: Option<String>,
    /// Whether `csv` begins with a byte order mark, without which Excel reads it as another encoding
    /// than UTF-8.
    #[serde(default)]
    bom: bool,
}

pub async fn list(
    State(app): State<App>,
    Admin(caller): Admin,
    Query(query): Query<AuditQuery>,
) -> Result<Json<AuditList>> {
    check_rate(&app, &caller)?;
    let AuditQuery { after, before, limit, actor, action, q } = query;
    let limit = check_limit(limit)?;
    if after.is_some() && before.is_some() {
        return Err(FieldError::new("before", "cannot be given together with after").into());
    }
    let filter = AuditFilter { actor, action, q: check_q(q)? };
    // A permit, because a part of a name is found in no index.
    let permit = app.limits.searches.acquire(caller.user.id).await?;
    let db = app.db.searcher.clone();
    let page = async move { Ok(audit_page(&db, &filter, after, before, limit + 1).await?) };
    let mut entries = permit.run(page).await?;
    let has_more = entries.len() as u64 > limit;
    entries.truncate(limit as usize);
    let next = entries.last().filter(|_| has_more).map(|entry| entry.id);
    Ok(Json(AuditList { entries, next }))
}

pub async fn export(
    State(app): State<App>,
    Admin(caller): Admin,
    Query(query): Query<AuditExportQuery>,
) -> Result<AuditDownload> {
    check_rate(&app, &caller)?;
    let AuditExportQuery { format, actor, action, q, bom } = query;
    let filter = AuditFilter { actor, action, q: check_q(q)? };
    let permit = app.limits.exports.acquire(caller.user.id).await?;
    let newest = newest_audit_id(&app.db.reader).await?;
    let name = format!("Audit log {}", Utc::now().date_naive());
    Ok(AuditDownload::new(app, caller, permit, filter, newest, (format, bom), &name))
}
