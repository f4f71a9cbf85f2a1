//! `/goto`, typed where one writes: a day or a message to go to, and not a thing to say.

use chrono::NaiveDate;
use shared::ids::Seq;

/// Where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goto {
    /// A message of the room.
    Message(Seq),
    /// The first message of a day.
    Day(NaiveDate),
}

/// What a text asks for, or a sentence why that is nowhere; none if it is something to say.
pub fn read(text: &str, today: NaiveDate) -> Option<Result<Goto, String>> {
    let rest = text.trim().strip_prefix("/goto")?;
    if rest.starts_with(|c: char| !c.is_whitespace()) {
        return None;
    }
    let place = rest.trim();
    Some(find(place, today).ok_or_else(|| {
        let what = if place.is_empty() { "Where to?".into() } else { format!("“{place}” is no place.") };
        format!("{what} Write a day (/goto 2026-03-01, today, yesterday) or a message’s number (/goto 1234).")
    }))
}

fn find(place: &str, today: NaiveDate) -> Option<Goto> {
    match place {
        "today" => return Some(Goto::Day(today)),
        "yesterday" => return today.pred_opt().map(Goto::Day),
        _ => {}
    }
    let mut parts = place.split('-').map(number);
    match (parts.next()?, parts.next(), parts.next(), parts.next()) {
        (Some(seq), None, ..) => Some(Goto::Message(Seq(seq))),
        (Some(year), Some(Some(month)), Some(Some(day)), None) => {
            let part = |number| u32::try_from(number).ok();
            let year = i32::try_from(year).ok().filter(|year| (1_000..=9_999).contains(year))?;
            NaiveDate::from_ymd_opt(year, part(month)?, part(day)?).map(Goto::Day)
        }
        _ => None,
    }
}

/// Digits, and no sign.
fn number(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn read(text: &str) -> Option<Result<Goto, String>> {
        super::read(text, day(2026, 3, 1))
    }

    #[test]
    fn days_and_messages_are_places() {
        for (text, place) in [
            ("/goto 1234", Goto::Message(Seq(1234))),
            ("  /goto   7 ", Goto::Message(Seq(7))),
            ("/goto today", Goto::Day(day(2026, 3, 1))),
            ("/goto yesterday", Goto::Day(day(2026, 2, 28))),
            ("/goto 2024-02-29", Goto::Day(day(2024, 2, 29))),
            ("/goto\t2024-2-9", Goto::Day(day(2024, 2, 9))),
        ] {
            assert_eq!(read(text), Some(Ok(place)), "{text}");
        }
    }

    #[test]
    fn what_is_nowhere_is_named() {
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
            let said = read(text).unwrap().unwrap_err();
            let place = text.strip_prefix("/goto ").unwrap();
            assert!(said.contains(&format!("“{place}”")) && said.contains("/goto 1234"), "{said}");
        }
        assert!(read("/goto").unwrap().unwrap_err().starts_with("Where to?"));
    }

    #[test]
    fn everything_else_is_something_to_say() {
        for text in ["", "/", "/gotowest", "/go 7", "go to 7", "see /goto 7", "/shrug", "/GOTO 7"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
