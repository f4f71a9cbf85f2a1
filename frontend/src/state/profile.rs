//! Profiles: what the form changes, presets of statuses, and when a status ends.

use chrono::{Datelike, Days, NaiveDate, TimeDelta, Weekday};
use shared::{
    Timestamp,
    users::{PatchProfile, Status, User},
};

/// When a status ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// When the status that is being edited ends.
    Unchanged,
    Never,
    HalfHour,
    Hour,
    Today,
    Week,
}

impl Expiry {
    /// The choices of the form, each with its value and label.
    pub const CHOICES: [(Self, &str, &str); 5] = [
        (Self::Never, "never", "Don't clear"),
        (Self::HalfHour, "half-hour", "30 minutes"),
        (Self::Hour, "hour", "1 hour"),
        (Self::Today, "today", "Today"),
        (Self::Week, "week", "This week"),
    ];

    /// The choice with this value; [`Expiry::Unchanged`] for any other.
    pub fn parse(value: &str) -> Self {
        let choice = Self::CHOICES.iter().find(|(_, of, _)| *of == value);
        choice.map_or(Self::Unchanged, |(expiry, ..)| *expiry)
    }

    /// The end of a status that is set now.
    pub fn until(self, times: Times) -> Option<Timestamp> {
        match self {
            Self::Unchanged => times.current_end,
            Self::Never => None,
            Self::HalfHour => Some(times.now + TimeDelta::minutes(30)),
            Self::Hour => Some(times.now + TimeDelta::hours(1)),
            Self::Today => Some(times.tomorrow),
            Self::Week => Some(times.next_week),
        }
    }
}

/// The times that the choices mean, in the reader's zone.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub now: Timestamp,
    pub tomorrow: Timestamp,
    pub next_week: Timestamp,
    /// When the present status ends.
    pub current_end: Option<Timestamp>,
}

/// The emoji and text of common statuses, and when they end.
pub const PRESETS: [(&str, &str, Expiry); 5] = [
    ("📅", "In a meeting", Expiry::Hour),
    ("🥪", "At lunch", Expiry::HalfHour),
    ("🏠", "Working from home", Expiry::Today),
    ("🤒", "Out sick", Expiry::Today),
    ("🌴", "On holiday", Expiry::Week),
];

/// The first day of the next week.
pub fn next_week(today: NaiveDate, first: Weekday) -> NaiveDate {
    today + Days::new(u64::from(6 - today.weekday().days_since(first)) + 1)
}

/// A status of these texts; none if both are empty.
pub fn status_of(emoji: &str, text: &str, until: Option<Timestamp>) -> Option<Status> {
    let (emoji, text) = (filled(emoji), filled(text));
    (emoji.is_some() || text.is_some()).then_some(Status { emoji, text, until })
}

/// What a form changes of my profile.
pub fn changes(
    me: &User,
    display_name: &str,
    pronouns: &str,
    status: Option<Status>,
) -> PatchProfile {
    let changed = |before: &Option<String>, after: &str| {
        let after = filled(after);
        (after != *before).then_some(after)
    };
    PatchProfile {
        display_name: changed(&me.display_name, display_name),
        pronouns: changed(&me.pronouns, pronouns),
        status: (status != me.status).then_some(status),
    }
}

fn filled(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// "🌴 On holiday"; none if the status is over.
pub fn status_line(status: Option<&Status>, now: Timestamp) -> Option<String> {
    let status = status.filter(|status| !status.is_over(now))?;
    let parts = [&status.emoji, &status.text].into_iter().flatten();
    Some(parts.map(String::as_str).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use shared::access::Rank;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    fn me() -> User {
        User {
            id: 1.into(),
            username: "ada".into(),
            display_name: Some("Ada".into()),
            pronouns: None,
            status: status_of("🌴", "", None),
            rank: Rank::Member,
            is_admin: false,
            is_disabled: false,
            is_pending: false,
            email: None,
            is_deleted: false,
            created_at: at(0),
        }
    }

    #[test]
    fn only_what_differs_is_changed() {
        let unchanged = changes(&me(), " Ada ", "", me().status);
        assert_eq!(unchanged, PatchProfile::default());
        let changed = changes(&me(), "", "she/her", None);
        assert_eq!(changed.display_name, Some(None));
        assert_eq!(changed.pronouns, Some(Some("she/her".into())));
        assert_eq!(changed.status, Some(None));
    }

    #[test]
    fn a_status_ends_when_the_choice_says() {
        let times =
            Times { now: at(0), tomorrow: at(50), next_week: at(60), current_end: Some(at(70)) };
        let until = |value| Expiry::parse(value).until(times);
        assert_eq!(until("never"), None);
        assert_eq!(until("half-hour"), Some(at(1_800)));
        assert_eq!(until("hour"), Some(at(3_600)));
        assert_eq!(until("today"), Some(at(50)));
        assert_eq!(until("week"), Some(at(60)));
        assert_eq!(until("unchanged"), Some(at(70)));
    }

    #[test]
    fn the_next_week_begins_after_today() {
        let day = |day| NaiveDate::from_ymd_opt(2024, 1, day).unwrap();
        // 1 January 2024 was a Monday.
        assert_eq!(next_week(day(1), Weekday::Mon), day(8));
        assert_eq!(next_week(day(7), Weekday::Mon), day(8));
        assert_eq!(next_week(day(1), Weekday::Sun), day(7));
        assert_eq!(next_week(day(7), Weekday::Sun), day(14));
    }

    #[test]
    fn a_status_is_shown_until_it_is_over() {
        let status = status_of("🌴", "On holiday", Some(at(10)));
        assert_eq!(status_line(status.as_ref(), at(9)).as_deref(), Some("🌴 On holiday"));
        assert_eq!(status_line(status.as_ref(), at(10)), None);
        assert_eq!(status_line(status_of(" ", "", None).as_ref(), at(0)), None);
    }
}
