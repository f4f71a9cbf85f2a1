//! The command `/goto`: typed into the composer, it jumps to a day or a message instead of being sent.

use chrono::NaiveDate;
use shared::ids::Seq;

/// Where to jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GotoTarget {
    Message(Seq),
    /// The first message of a day.
    Day(NaiveDate),
}

/// Parses a string: `None` if it is not this command, an error message if its target is invalid.
pub fn parse(text: &str, today: NaiveDate) -> Option<Result<GotoTarget, String>> {
    let rest = text.trim().strip_prefix("/goto")?;
    if rest.starts_with(|c: char| !c.is_whitespace()) {
        return None;
    }
    let target = rest.trim();
    Some(parse_target(target, today).ok_or_else(|| {
        let problem = match target {
            "" => "Where to?".into(),
            _ => format!("“{target}” is not a day or a message."),
        };
        format!("{problem} Try /goto 2026-03-01, /goto yesterday, or a message number: /goto 1234.")
    }))
}

fn parse_target(target: &str, today: NaiveDate) -> Option<GotoTarget> {
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

    fn parse(text: &str) -> Option<Result<GotoTarget, String>> {
        super::parse(text, day(2026, 3, 1))
    }

    #[test]
    fn days_and_messages_are_targets() {
        for (text, target) in [
            ("/goto 1234", GotoTarget::Message(Seq(1234))),
            ("  /goto   7 ", GotoTarget::Message(Seq(7))),
            ("/goto today", GotoTarget::Day(day(2026, 3, 1))),
            ("/goto yesterday", GotoTarget::Day(day(2026, 2, 28))),
            ("/goto 2024-02-29", GotoTarget::Day(day(2024, 2, 29))),
            ("/goto\t2024-2-9", GotoTarget::Day(day(2024, 2, 9))),
        ] {
            assert_eq!(parse(text), Some(Ok(target)), "{text}");
        }
    }

    #[test]
    fn the_error_names_the_invalid_target() {
        for text in [
            "/goto moon",
            "/goto 2026-02-29",
            "/goto 2026-13-01",
            "/goto 2026-03",
            "/goto 1-2-3-4",
            "/goto -5",
            "/goto +5",
            "/goto 12 13",
            "/goto 99999999999999999999",
            "/goto 26-03-01",
        ] {
            let error = parse(text).unwrap().unwrap_err();
            let target = text.strip_prefix("/goto ").unwrap();
            assert!(error.contains(&format!("“{target}”")), "{error}");
            assert!(error.contains("/goto 1234"), "{error}");
        }
        assert!(parse("/goto").unwrap().unwrap_err().starts_with("Where to?"));
    }

    #[test]
    fn any_other_text_is_a_message() {
        for text in ["", "/", "/gotowest", "/go 7", "go to 7", "see /goto 7", "/shrug", "/GOTO 7"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
