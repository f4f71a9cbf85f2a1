//! The target of the command `/goto`: a day or a message.

use chrono::NaiveDate;
use shared::{ids::Seq, unicode::isolate};

/// Where to jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GotoTarget {
    Message(Seq),
    /// The first message of a day.
    Day(NaiveDate),
}

/// Parses the text after `/goto`.
pub fn parse_target(target: &str, today: NaiveDate) -> Result<GotoTarget, String> {
    find_target(target, today).ok_or_else(|| {
        let problem = match target {
            "" => "Where to?".into(),
            _ => format!("“{}” is not a day or a message.", isolate(target)),
        };
        format!("{problem} Try /goto 2026-03-01, /goto yesterday, or a message number: /goto 1234.")
    })
}

fn find_target(target: &str, today: NaiveDate) -> Option<GotoTarget> {
    match target {
        "today" => return Some(GotoTarget::Day(today)),
        "yesterday" => return today.pred_opt().map(GotoTarget::Day),
        _ => {}
    }
    let mut parts = target.split('-').map(parse_digits);
    match (parts.next()?, parts.next(), parts.next(), parts.next()) {
        (Some(seq), None, ..) => Some(GotoTarget::Message(Seq(seq))),
        (Some(year), Some(Some(month)), Some(Some(day)), None) => {
            let year = i32::try_from(year).ok().filter(|year| (1_000..=9_999).contains(year))?;
            let (month, day) = (u32::try_from(month).ok()?, u32::try_from(day).ok()?);
            NaiveDate::from_ymd_opt(year, month, day).map(GotoTarget::Day)
        }
        _ => None,
    }
}

/// Parses digits without a sign.
fn parse_digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn parse(target: &str) -> Result<GotoTarget, String> {
        parse_target(target, day(2026, 3, 1))
    }

    #[test]
    fn days_and_messages_are_targets() {
        for (target, expected) in [
            ("1234", GotoTarget::Message(Seq(1234))),
            ("today", GotoTarget::Day(day(2026, 3, 1))),
            ("yesterday", GotoTarget::Day(day(2026, 2, 28))),
            ("2024-02-29", GotoTarget::Day(day(2024, 2, 29))),
            ("2024-2-9", GotoTarget::Day(day(2024, 2, 9))),
        ] {
            assert_eq!(parse(target), Ok(expected), "{target}");
        }
    }

    #[test]
    fn the_error_names_the_invalid_target() {
        for target in [
            "moon",
            "2026-02-29",
            "2026-13-01",
            "2026-03",
            "1-2-3-4",
            "-5",
            "+5",
            "12 13",
            "99999999999999999999",
            "26-03-01",
        ] {
            let error = parse(target).unwrap_err();
            assert!(error.contains(&format!("“{target}”")), "{error}");
            assert!(error.contains("/goto 1234"), "{error}");
        }
        assert!(parse("").unwrap_err().starts_with("Where to?"));
    }
}
