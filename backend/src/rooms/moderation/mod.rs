//! Time-outs, bans and reports, for those who manage a room.

use aide::axum::{
    ApiRouter,
    routing::{delete_with, get_with, patch_with, post_with, put_with},
};
use shared::{
    access::{Action, check},
    ids::RoomId,
    paths,
    problem::Code,
    users::User,
};

use super::{MANAGE, doc, queries};
use crate::{
    App, Error, Result,
    auth::Caller,
    http::problems,
    tables::{Connection, RoomView, room_view},
};

mod bans;
mod reports;
mod time_outs;

pub(super) fn routes() -> ApiRouter<App> {
    member_routes().merge(report_routes())
}

fn member_routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            paths::TIME_OUT,
            put_with(time_outs::begin, |op| {
                doc(op, "timeOutMember", "Keep a member from posting for a while (hosts)")
                    .description(
                        "The member reads, but neither posts, edits nor changes the topic until the end; \
                         the time-out replaces an earlier one. All members see it. It outlasts leaving \
                         and joining again, and ends for a new host.",
                    )
                    .with(problems::of(MANAGE))
                    .with(problems::of(&[Code::HostProtected]))
            })
            .delete_with(time_outs::end, |op| {
                doc(op, "endTimeOut", "End the time-out of a member; no error without one (hosts)")
                    .with(problems::of(MANAGE))
            }),
        )
        .api_route(
            paths::BANS,
            get_with(bans::list, |op| {
                doc(op, "listBans", "List the banned accounts of a room, by id, in pages (hosts)")
                    .with(problems::of(MANAGE))
                    .with(problems::of(&[Code::TooManyRequests]))
            }),
        )
        .api_route(
            paths::BAN,
            delete_with(bans::lift, |op| {
                doc(op, "liftBan", "Let a banned account join and be added again (hosts)")
                    .with(problems::of(MANAGE))
            }),
        )
}

fn report_routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            paths::REPORT_MESSAGE,
            post_with(reports::create, |op| {
                doc(op, "reportMessage", "Report a message to the hosts of its room")
                    .description(
                        "No error if I have reported it before; the first reason stays. The author \
                         does not see who reported the message, and not that somebody did.",
                    )
                    .with(problems::of(&[
                        Code::NotFound,
                        Code::NotAMember,
                        Code::DirectRoom,
                        Code::MessageDeleted,
                        Code::TooManyRequests,
                    ]))
            }),
        )
        .api_route(
            paths::REPORTS,
            get_with(reports::list, |op| {
                doc(op, "listReports", "List the reports of a room, by id, in pages (hosts)")
                    .description(
                        "Without those of my own messages, and of messages that were posted before I \
                         could read.",
                    )
                    .with(problems::of(MANAGE))
                    .with(problems::of(&[Code::TooManyRequests]))
            }),
        )
        .api_route(
            paths::REPORT,
            patch_with(reports::close, |op| {
                doc(op, "closeReport", "Resolve or dismiss a report (hosts)")
                    .with(problems::of(MANAGE))
                    .with(problems::of(&[Code::TooManyRequests]))
            }),
        )
}

/// Counts a request; 429 if there are too many.
fn check_rate(app: &App, caller: &Caller) -> Result<()> {
    app.limits.moderation.check(&caller.user.id, 1).map_err(Error::too_many)
}

/// Checks that a user manages a room; returns their view of it, `None` for an admin who is not a member.
async fn managed_room(db: &impl Connection, id: RoomId, user: &User) -> Result<Option<RoomView>> {
    let room = queries::find_room(db, id, user).await?;
    let view = room_view(db, id, user.id).await?;
    let role = view.as_ref().map(|view| view.member().role.0);
    check(user.rank, &room.access(), role, Action::Manage)?;
    Ok(view)
}
