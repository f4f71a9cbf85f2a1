//! Accounts, rooms and the audit log, for admins.

use gloo_net::http::Method;
use shared::{
    access::{Rank, RoomKind},
    administration::{AccountList, AdminRoomList, AuditAction, AuditList, NewPassword},
    ids::{RoomId, UserId},
    paths::{self, fill},
    users::{DeleteUser, MessageRetention, PatchUser, User},
};

use super::{Result, delete, encode, get, percent_encode, send, send_json};
use crate::state::admin::administration::api_word;

/// The text of a search, and the cursor of the next page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListRequest {
    pub q: String,
    pub cursor: Option<i64>,
}

impl ListRequest {
    fn to_query(&self, cursor_name: &str) -> String {
        let mut query = "?limit=50".to_owned();
        if !self.q.trim().is_empty() {
            query += &format!("&q={}", percent_encode(self.q.trim()));
        }
        if let Some(cursor) = self.cursor {
            query += &format!("&{cursor_name}={cursor}");
        }
        query
    }
}

/// Which accounts to list.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum AccountFilter {
    #[default]
    All,
    Ranked(Rank),
    Disabled,
}

pub async fn list_accounts(request: ListRequest, filter: AccountFilter) -> Result<AccountList> {
    let filter = match filter {
        AccountFilter::All => String::new(),
        AccountFilter::Ranked(rank) => format!("&rank={}", api_word(rank)),
        AccountFilter::Disabled => "&disabled=true".to_owned(),
    };
    get(&format!("{}{}{filter}", paths::USERS, request.to_query("after"))).await
}

pub async fn change_account(id: UserId, patch: PatchUser) -> Result<User> {
    send_json(Method::PATCH, &fill(paths::USER, &[&id]), patch).await
}

pub async fn delete_account(id: UserId, messages: MessageRetention) -> Result<()> {
    let body = encode(&DeleteUser { messages })?;
    send(Method::DELETE, &fill(paths::USER, &[&id]), Some(body)).await.map(drop)
}

pub async fn sign_out_account(id: UserId) -> Result<()> {
    send(Method::POST, &fill(paths::USER_SIGN_OUT, &[&id]), None).await.map(drop)
}

pub async fn reset_password(id: UserId) -> Result<NewPassword> {
    super::decode(&send(Method::POST, &fill(paths::USER_PASSWORD, &[&id]), None).await?)
}

pub async fn list_all_rooms(request: ListRequest, kind: Option<RoomKind>) -> Result<AdminRoomList> {
    let kind = kind.map(|kind| format!("&kind={}", api_word(kind))).unwrap_or_default();
    get(&format!("{}{}{kind}", paths::ADMIN_ROOMS, request.to_query("after"))).await
}

pub async fn enter_room(id: RoomId) -> Result<()> {
    send(Method::POST, &fill(paths::ADMIN_ROOM_ENTER, &[&id]), None).await.map(drop)
}

pub async fn delete_abandoned_room(id: RoomId) -> Result<()> {
    delete(&fill(paths::ADMIN_ROOM, &[&id])).await
}

pub async fn list_audit(request: ListRequest, action: Option<AuditAction>) -> Result<AuditList> {
    let action = action.map(|action| format!("&action={}", api_word(action))).unwrap_or_default();
    get(&format!("{}{}{action}", paths::AUDIT, request.to_query("before"))).await
}

/// The address of the audit log as a file; `format` is `csv` or `jsonl`.
pub fn audit_file(format: &str, q: &str, action: Option<AuditAction>) -> String {
    // Excel reads a file without the mark as another encoding than UTF-8.
    let bom = if format == "csv" { "&bom=true" } else { "" };
    let q = match q.trim() {
        "" => String::new(),
        q => format!("&q={}", percent_encode(q)),
    };
    let action = action.map(|action| format!("&action={}", api_word(action))).unwrap_or_default();
    format!("{}?format={format}{bom}{q}{action}", paths::AUDIT_EXPORT)
}
