//! Dates, times and numbers in the reader's time zone and language.

use std::{cell::RefCell, time::Duration};

use chrono::{Datelike, NaiveDate, Weekday};
use js_sys::{
    Array, Date, Function,
    Intl::{DateTimeFormat, NumberFormat},
    Object, Reflect,
};
use leptos::prelude::*;
use shared::Timestamp;
use wasm_bindgen::{JsCast, JsValue};

/// The calendar day of a time in the reader's zone.
pub fn local_day(at: Timestamp) -> NaiveDate {
    naive_date(&js_date(at))
}

/// The reader's time zone as a query parameter: "tz=Europe%2FBerlin".
pub fn zone_parameter() -> String {
    let options = DateTimeFormat::default().resolved_options();
    let zone = Reflect::get(&options, &"timeZone".into()).ok();
    // Chromium's name for a zone that it does not know. An empty parameter is UTC.
    let zone = zone.and_then(|zone| zone.as_string()).filter(|zone| zone != "Etc/Unknown");
    format!("tz={}", js_sys::encode_uri_component(&zone.unwrap_or_default()))
}

/// "14:05"
pub fn clock(at: Timestamp) -> String {
    format(&js_date(at), &[("hour", "2-digit"), ("minute", "2-digit")])
}

/// "Monday, 23 November 2026 at 14:05"
pub fn full(at: Timestamp) -> String {
    format(&js_date(at), &[("dateStyle", "full"), ("timeStyle", "short")])
}

/// "23 Nov 2026, 14:05"
pub fn short(at: Timestamp) -> String {
    format(&js_date(at), &[("dateStyle", "medium"), ("timeStyle", "short")])
}

/// "14:05" today, "Tuesday 14:05" within a week, "23 Nov 2026" before that. Subscribes to [`today`].
pub fn recent(at: Timestamp) -> String {
    let then = js_date(at);
    let days = today().signed_duration_since(naive_date(&then)).num_days();
    match days {
        0 => clock(at),
        1..=6 => format(&then, &[("weekday", "long"), ("hour", "2-digit"), ("minute", "2-digit")]),
        _ => format(&then, &[("dateStyle", "medium")]),
    }
}

/// "November 2026"
pub fn month_name(day: NaiveDate) -> String {
    format(&midnight(day), &[("month", "long"), ("year", "numeric")])
}

/// "23 Nov"
pub fn day_short(day: NaiveDate) -> String {
    format(&midnight(day), &[("day", "numeric"), ("month", "short")])
}

/// "Nov"
pub fn month_short(day: NaiveDate) -> String {
    format(&midnight(day), &[("month", "short")])
}

/// The time by the clock of this device.
pub fn now() -> Timestamp {
    Timestamp::from_timestamp_millis(Date::now() as i64).unwrap_or_default()
}

/// The beginning of a day in the reader's zone.
pub fn start_of_day(day: NaiveDate) -> Timestamp {
    Timestamp::from_timestamp_millis(midnight(day).get_time() as i64).unwrap_or_default()
}

/// The current day.
pub fn today_untracked() -> NaiveDate {
    naive_date(&Date::new_0())
}

/// How often the clock of the page ticks. A timer to midnight, or to the end of a status, would be late
/// after the computer slept.
const TICK_INTERVAL: Duration = Duration::from_secs(5);

thread_local! {
    static TODAY: ArcRwSignal<NaiveDate> = ArcRwSignal::new(today_untracked());
    /// Counts the ticks of the clock.
    static TICKS: ArcRwSignal<u32> = ArcRwSignal::new(0);
}

/// The time by the clock of this device, as a signal that changes with each tick.
pub fn ticking_now() -> Timestamp {
    TICKS.with(|ticks| ticks.track());
    now()
}

/// The current day, as a signal that changes at midnight.
pub fn today() -> NaiveDate {
    TODAY.with(|today| today.get())
}

/// Updates [`ticking_now`] and [`today`] as long as the page is open.
pub fn start_clock() {
    set_interval(
        || {
            TICKS.with(|ticks| ticks.update(|count| *count = count.wrapping_add(1)));
            let day = today_untracked();
            TODAY.with(|today| {
                if today.get_untracked() != day {
                    today.set(day);
                }
            });
        },
        TICK_INTERVAL,
    );
}

/// The form of a day's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DayName {
    Today,
    Yesterday,
    /// The weekday and the date.
    WithoutYear,
    /// The weekday and the date with the year.
    WithYear,
}

impl DayName {
    fn of(day: NaiveDate, today: NaiveDate) -> Self {
        match today.signed_duration_since(day).num_days() {
            0 => Self::Today,
            1 => Self::Yesterday,
            _ if day.year() == today.year() => Self::WithoutYear,
            _ => Self::WithYear,
        }
    }
}

/// "Today", "Yesterday", "Monday, 23 November", with the year if it is not the current one. Subscribes
/// to [`today`].
pub fn day_name(day: NaiveDate) -> String {
    let options: Options = match DayName::of(day, today()) {
        DayName::Today => return "Today".into(),
        DayName::Yesterday => return "Yesterday".into(),
        DayName::WithoutYear => &[("weekday", "long"), ("day", "numeric"), ("month", "long")],
        DayName::WithYear => {
            &[("weekday", "long"), ("day", "numeric"), ("month", "long"), ("year", "numeric")]
        }
    };
    format(&midnight(day), options)
}

/// A day inside a sentence: "today", "yesterday", and otherwise as [`day_name`].
pub fn day_in_sentence(day: NaiveDate) -> String {
    match &*day_name(day) {
        "Today" => "today".into(),
        "Yesterday" => "yesterday".into(),
        name => name.into(),
    }
}

/// The beginning of a day in the reader's zone.
fn midnight(day: NaiveDate) -> Date {
    Date::new_with_year_month_day(day.year() as u32, day.month0() as i32, day.day() as i32)
}

fn js_date(at: Timestamp) -> Date {
    Date::new(&JsValue::from_f64(at.timestamp_millis() as f64))
}

fn naive_date(date: &Date) -> NaiveDate {
    let (year, month) = (date.get_full_year() as i32, date.get_month() + 1);
    NaiveDate::from_ymd_opt(year, month, date.get_date()).unwrap_or_default()
}

type Options = &'static [(&'static str, &'static str)];

thread_local! {
    /// Formatters by their options: creating one takes far longer than using it, and each row of a
    /// timeline uses some.
    static FORMATS: RefCell<Vec<(Options, Function)>> = const { RefCell::new(Vec::new()) };
    static NUMBERS: Function =
        NumberFormat::new(&Array::of1(&language().into()), &Object::new()).format();
}

fn format(date: &Date, options: Options) -> String {
    FORMATS.with_borrow_mut(|formats| {
        let cached = formats.iter().position(|(of, _)| *of == options);
        let at = cached.unwrap_or_else(|| {
            formats.push((options, new_format(options)));
            formats.len() - 1
        });
        let text = formats[at].1.call1(&JsValue::NULL, date);
        text.ok().and_then(|text| text.as_string()).unwrap_or_default()
    })
}

fn new_format(options: Options) -> Function {
    let object = Object::new();
    for (key, value) in options {
        let _ = Reflect::set(&object, &(*key).into(), &(*value).into());
    }
    DateTimeFormat::new(&Array::of1(&language().into()), &object).format()
}

/// The day on which weeks begin where the reader lives; Monday (ISO 8601) in browsers that do not know.
pub fn first_weekday() -> Weekday {
    let locale = js_sys::Intl::Locale::new(&language()).ok();
    let first_day = locale.and_then(|locale| {
        let info = match Reflect::get(&locale, &"getWeekInfo".into()).ok()?.dyn_into::<Function>() {
            Ok(get) => get.call0(&locale).ok()?,
            Err(_) => Reflect::get(&locale, &"weekInfo".into()).ok()?,
        };
        Reflect::get(&info, &"firstDay".into()).ok()?.as_f64()
    });
    match first_day {
        Some(7.0) => Weekday::Sun,
        Some(6.0) => Weekday::Sat,
        Some(5.0) => Weekday::Fri,
        _ => Weekday::Mon,
    }
}

/// The seven weekdays from `first` on.
pub fn week_from(first: Weekday) -> [Weekday; 7] {
    let mut day = first;
    [(); 7].map(|()| {
        let next = day.succ();
        std::mem::replace(&mut day, next)
    })
}

/// "Mon"
pub fn weekday_short(day: Weekday) -> String {
    // 1 January 2024 was a Monday.
    let date = NaiveDate::from_ymd_opt(2024, 1, 1 + day.num_days_from_monday()).unwrap_or_default();
    format(&midnight(date), &[("weekday", "short")])
}

/// "1 message", "1,234 messages"
pub fn count(value: i64, noun: &str) -> String {
    format!("{} {noun}{}", number(value), if value == 1 { "" } else { "s" })
}

/// "1,234,567"
pub fn number(value: i64) -> String {
    let text =
        NUMBERS.with(|format| format.call1(&JsValue::NULL, &JsValue::from_f64(value as f64)));
    text.ok().and_then(|text| text.as_string()).unwrap_or_default()
}

pub(super) fn language() -> String {
    window().navigator().language().unwrap_or_else(|| "en".into())
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
