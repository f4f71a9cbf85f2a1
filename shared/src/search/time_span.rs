//! Spans of time in a query.

use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta, TimeZone, Utc};
use winnow::{
    Parser,
    combinator::{alt, opt, preceded, terminated},
    error::EmptyError,
    token::take_while,
};

use crate::{Timestamp, time_zone::start_of_day};

/// A span of time: `2026`, `2026-03`, `2026-03-01`, `today`, `yesterday`, `7d`, `2w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeSpan {
    /// A year, 1 to 9999.
    Year(i32),
    /// A month of a year, stored as its first day.
    Month(NaiveDate),
    /// A day.
    Day(NaiveDate),
    /// The current day.
    Today,
    /// The previous day.
    Yesterday,
    /// The last `n` times 24 hours, `n` ≥ 1.
    Days(u16),
    /// The last `n` times 7 days, `n` ≥ 1.
    Weeks(u16),
}

/// The inclusive start and the exclusive end; `None` is unbounded.
pub type TimeRange = (Option<Timestamp>, Option<Timestamp>);

impl TimeSpan {
    /// The inclusive start and the exclusive end of the span.
    ///
    /// `zone` is the reader's; calendar days start at its midnight. `7d` and `2w` end now.
    ///
    /// ```
    /// use chrono::{DateTime, FixedOffset, Utc};
    /// use shared::search::{Predicate, parse};
    ///
    /// let query = parse("on:2024-02")?;
    /// let Predicate::On(february) = query.filters[0].predicate else { unreachable!() };
    /// let (from, to) = february.span(DateTime::UNIX_EPOCH, &FixedOffset::east_opt(3600).unwrap());
    /// assert_eq!(from.to_rfc3339(), "2024-01-31T23:00:00+00:00");
    /// assert_eq!(to.to_rfc3339(), "2024-02-29T23:00:00+00:00");
    /// # Ok::<(), shared::search::QueryError>(())
    /// ```
    pub fn span<Z: TimeZone>(self, now: DateTime<Utc>, zone: &Z) -> (Timestamp, Timestamp) {
        let first = self.first_day(now.with_timezone(zone).date_naive());
        let next = match self {
            Self::Days(days) => return (now - TimeDelta::days(days.into()), now),
            Self::Weeks(weeks) => return (now - TimeDelta::weeks(weeks.into()), now),
            Self::Year(_) => first + Months::new(12),
            Self::Month(_) => first + Months::new(1),
            Self::Day(_) | Self::Today | Self::Yesterday => first + Days::new(1),
        };
        (start_of_day(first, zone), start_of_day(next, zone))
    }

    /// The first day of the span, for a reader whose day is `today`.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use shared::search::TimeSpan;
    ///
    /// let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    /// let first = |span: &str| span.parse::<TimeSpan>().unwrap().first_day(day(15));
    /// assert_eq!(["2026-03", "yesterday", "1w"].map(first), [1, 14, 8].map(day));
    /// ```
    pub fn first_day(self, today: NaiveDate) -> NaiveDate {
        match self {
            Self::Year(year) => NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default(),
            Self::Month(first) => first,
            Self::Day(day) => day,
            Self::Today => today,
            Self::Yesterday => today - Days::new(1),
            Self::Days(days) => today - Days::new(days.into()),
            Self::Weeks(weeks) => today - Days::new(7 * u64::from(weeks)),
        }
    }

    /// Whether the span depends on the current time.
    pub fn is_relative(self) -> bool {
        matches!(self, Self::Today | Self::Yesterday | Self::Days(_) | Self::Weeks(_))
    }

    /// The lower bound of `after:`: the end of a calendar span, but the start of `7d` and `2w`.
    pub(super) fn after_bound<Z: TimeZone>(self, now: DateTime<Utc>, zone: &Z) -> Timestamp {
        let (from, to) = self.span(now, zone);
        if matches!(self, Self::Days(_) | Self::Weeks(_)) { from } else { to }
    }
}

impl std::fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use chrono::Datelike;
        match self {
            Self::Year(year) => write!(f, "{year:04}"),
            Self::Month(first) => write!(f, "{:04}-{:02}", first.year(), first.month()),
            Self::Day(day) => {
                write!(f, "{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
            }
            Self::Today => f.write_str("today"),
            Self::Yesterday => f.write_str("yesterday"),
            Self::Days(days) => write!(f, "{days}d"),
            Self::Weeks(weeks) => write!(f, "{weeks}w"),
        }
    }
}

impl std::str::FromStr for TimeSpan {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.to_ascii_lowercase();
        match text.as_str() {
            "today" => Ok(Self::Today),
            "yesterday" => Ok(Self::Yesterday),
            text => alt((ago, calendar)).parse(text).map_err(|_| ()),
        }
    }
}

fn ago(text: &mut &str) -> Result<TimeSpan, EmptyError> {
    let count = |text: &mut &str| {
        take_while(1..=5, |c: char| c.is_ascii_digit())
            .try_map(str::parse::<u16>)
            .verify(|&count| count > 0)
            .parse_next(text)
    };
    alt((terminated(count, 'd').map(TimeSpan::Days), terminated(count, 'w').map(TimeSpan::Weeks)))
        .parse_next(text)
}

fn calendar(text: &mut &str) -> Result<TimeSpan, EmptyError> {
    let digits = |count: usize| {
        take_while(count..=count, |c: char| c.is_ascii_digit()).try_map(str::parse::<u32>)
    };
    let field = || opt(preceded('-', digits(2)));
    (digits(4), field(), field())
        .verify_map(|(year, month, day)| {
            let year = i32::try_from(year).ok().filter(|&year| year > 0)?;
            Some(match (month, day) {
                (None, _) => TimeSpan::Year(year),
                (Some(month), None) => TimeSpan::Month(NaiveDate::from_ymd_opt(year, month, 1)?),
                (Some(month), Some(day)) => {
                    TimeSpan::Day(NaiveDate::from_ymd_opt(year, month, day)?)
                }
            })
        })
        .parse_next(text)
}
