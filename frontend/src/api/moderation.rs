//! Time-outs, bans and reports.

use gloo_net::http::Method;
use shared::{
    ids::{ReportId, RoomId, Seq, UserId},
    messages::{NewReport, PatchReport, ReportList, ReportState},
    paths::{self, fill},
    rooms::{BanList, TimeOut},
};

use super::{Result, delete, encode, get, send};

/// Keeps a member from posting. The socket then sends the new state of the member.
pub async fn time_out(room: RoomId, user: UserId, minutes: u32) -> Result<()> {
    let body = encode(&TimeOut { minutes })?;
    send(Method::PUT, &fill(paths::TIME_OUT, &[&room, &user]), Some(body)).await.map(drop)
}

pub async fn end_time_out(room: RoomId, user: UserId) -> Result<()> {
    delete(&fill(paths::TIME_OUT, &[&room, &user])).await
}

/// Removes a member who can neither join nor be added any more.
pub async fn ban_member(room: RoomId, user: UserId) -> Result<()> {
    delete(&format!("{}?ban=true", fill(paths::MEMBER, &[&room, &user]))).await
}

/// Returns the banned accounts of a room, at most 200.
pub async fn list_bans(room: RoomId) -> Result<BanList> {
    get(&format!("{}?limit=200", fill(paths::BANS, &[&room]))).await
}

pub async fn lift_ban(room: RoomId, user: UserId) -> Result<()> {
    delete(&fill(paths::BAN, &[&room, &user])).await
}

pub async fn report_message(room: RoomId, seq: Seq, reason: String) -> Result<()> {
    let body = encode(&NewReport { reason })?;
    send(Method::POST, &fill(paths::REPORT_MESSAGE, &[&room, &seq]), Some(body)).await.map(drop)
}

/// Returns the oldest open reports of a room, at most 200.
pub async fn list_open_reports(room: RoomId) -> Result<ReportList> {
    get(&format!("{}?state=open&limit=200", fill(paths::REPORTS, &[&room]))).await
}

pub async fn close_report(room: RoomId, report: ReportId, state: ReportState) -> Result<()> {
    let body = encode(&PatchReport { state })?;
    send(Method::PATCH, &fill(paths::REPORT, &[&room, &report]), Some(body)).await.map(drop)
}
