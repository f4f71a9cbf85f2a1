//! The handlers that count messages: calendar and insights.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    messages::{Calendar, Insights, Month},
    problem::FieldError,
    rules,
};

use super::{
    calendar::{current_month, month_calendar},
    insights::room_insights,
};
use crate::{
    App, Result,
    http::{
        conditional::{Conditional, EntityTag, IfNoneMatch},
        extract::Query,
        time_zone::Zone,
    },
    rooms::Membership,
};

/// Which month to count.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarQuery {
    /// A month such as `2026-03`; the current one by default.
    month: Option<Month>,
    /// The time zone of the days.
    #[serde(default)]
    tz: Zone,
}

/// Which days to count.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InsightsQuery {
    /// The number of days including today, 1 to 90.
    #[serde(default = "insights_days")]
    #[schemars(range(min = 1, max = 90))]
    days: u64,
    /// The time zone of the days and hours.
    #[serde(default)]
    tz: Zone,
}

fn insights_days() -> u64 {
    rules::INSIGHTS_MAX_DAYS
}

pub async fn calendar(
    State(app): State<App>,
    membership: Membership,
    Query(CalendarQuery { month, tz }): Query<CalendarQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Conditional<Calendar>> {
    let room = membership.room;
    let month = month.unwrap_or_else(|| current_month(tz));
    let state = format!("{}/{}/{}/{month}/{tz}", room.id, room.last_seq, room.first_seq());
    let tag = EntityTag::weak(&app.db.epoch, &state);
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    let calendar = month_calendar(&app.db.reader, &room, month, tz).await?;
    Ok(Conditional::Full(tag, calendar))
}

pub async fn insights(
    State(app): State<App>,
    membership: Membership,
    Query(InsightsQuery { days, tz }): Query<InsightsQuery>,
    if_none_match: IfNoneMatch,
) -> Result<Conditional<Insights>> {
    if !(1..=rules::INSIGHTS_MAX_DAYS).contains(&days) {
        let message = format!("must be 1 to {}, but is {days}", rules::INSIGHTS_MAX_DAYS);
        return Err(FieldError::new("days", message).into());
    }
    let room = membership.room;
    let (id, rev, first) = (room.id, room.last_rev, room.first_seq());
    let state = format!("{id}/{rev}/{first}/{days}/{tz}/{}", tz.today());
    let tag = EntityTag::weak(&app.db.epoch, &state);
    if if_none_match.matches(&tag) {
        return Ok(Conditional::NotModified(tag));
    }
    // Counting is as much work as a search, so it needs a permit too.
    let permit = app.limits.searches.acquire(membership.caller.user.id).await?;
    let db = app.db.searcher.clone();
    let insights = permit.run(async move { room_insights(&db, &room, days, tz).await });
    Ok(Conditional::Full(tag, insights.await?))
}
