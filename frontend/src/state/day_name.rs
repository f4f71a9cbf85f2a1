//! How a day is named, depending on the current day.

use chrono::{Datelike, NaiveDate};

/// The form of a day's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayName {
    Today,
    Yesterday,
    /// The weekday and the date.
    WithoutYear,
    /// The weekday and the date with the year.
    WithYear,
}

impl DayName {
    pub fn of(day: NaiveDate, today: NaiveDate) -> Self {
        match today.signed_duration_since(day).num_days() {
            0 => Self::Today,
            1 => Self::Yesterday,
            _ if day.year() == today.year() => Self::WithoutYear,
            _ => Self::WithYear,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of a day as an open page shows them, midnight after midnight.
    #[test]
    fn the_name_of_a_day_changes_at_midnight() {
        let day = NaiveDate::from_ymd_opt(2026, 12, 29).unwrap();
        let names: Vec<_> = day.iter_days().take(5).map(|today| DayName::of(day, today)).collect();
        use DayName::*;
        assert_eq!(names, [Today, Yesterday, WithoutYear, WithYear, WithYear]);
    }

    #[test]
    fn yesterday_may_be_in_another_year_and_tomorrow_has_a_date() {
        let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
        assert_eq!(DayName::of(date(2026, 12, 31), date(2027, 1, 1)), DayName::Yesterday);
        assert_eq!(DayName::of(date(2026, 11, 29), date(2026, 11, 28)), DayName::WithoutYear);
    }
}
