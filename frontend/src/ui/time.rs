//! Moments as people write them, in the reader's own zone and language.

use std::cell::RefCell;

use chrono::{Days, NaiveDate};
use js_sys::{Array, Date, Function, Intl::DateTimeFormat, Object, Reflect};
use leptos::prelude::*;
use shared::Timestamp;
use wasm_bindgen::JsValue;

/// The calendar day of a moment where the reader is.
pub fn local_day(at: Timestamp) -> NaiveDate {
    day(&date(at))
}

/// How far the reader's clock is ahead of UTC now: "+02:00".
pub fn utc_offset() -> String {
    ahead(&Date::new_0())
}

/// The same as a day begins.
pub fn utc_offset_on(day: NaiveDate) -> String {
    ahead(&midnight(day))
}

fn ahead(at: &Date) -> String {
    let minutes = -(at.get_timezone_offset() as i32);
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// "14:05"
pub fn clock(at: Timestamp) -> String {
    format(&date(at), &[("hour", "2-digit"), ("minute", "2-digit")])
}

/// "Monday, 23 November 2026 at 14:05"
pub fn full(at: Timestamp) -> String {
    format(&date(at), &[("dateStyle", "full"), ("timeStyle", "short")])
}

/// "23 Nov 2026, 14:05"
pub fn short(at: Timestamp) -> String {
    format(&date(at), &[("dateStyle", "medium"), ("timeStyle", "short")])
}

/// "14:05" today, "Tuesday 14:05" within a week, "23 Nov 2026" before.
pub fn recent(at: Timestamp) -> String {
    let (then, now) = (date(at), Date::new_0());
    let days = day(&now).signed_duration_since(day(&then)).num_days();
    match days {
        0 => clock(at),
        1..=6 => format(&then, &[("weekday", "long"), ("hour", "2-digit"), ("minute", "2-digit")]),
        _ => format(&then, &[("dateStyle", "medium")]),
    }
}

/// "November 2026"
pub fn month_name(of: NaiveDate) -> String {
    format(&midnight(of), &[("month", "long"), ("year", "numeric")])
}

/// "Nov"
pub fn month_short(of: NaiveDate) -> String {
    format(&midnight(of), &[("month", "short")])
}

/// The day that it is.
pub fn today() -> NaiveDate {
    day(&Date::new_0())
}

/// "Today", "Yesterday", "Monday, 23 November", with the year if it is another one.
pub fn day_name(of: NaiveDate) -> String {
    use chrono::Datelike;
    let today = today();
    if of == today {
        return "Today".into();
    }
    if of.checked_add_days(Days::new(1)) == Some(today) {
        return "Yesterday".into();
    }
    let this_year: Options = &[("weekday", "long"), ("day", "numeric"), ("month", "long")];
    let any_year: Options =
        &[("weekday", "long"), ("day", "numeric"), ("month", "long"), ("year", "numeric")];
    format(&midnight(of), if of.year() == today.year() { this_year } else { any_year })
}

/// The beginning of a day where the reader is.
fn midnight(of: NaiveDate) -> Date {
    use chrono::Datelike;
    Date::new_with_year_month_day(of.year() as u32, of.month0() as i32, of.day() as i32)
}

fn date(at: Timestamp) -> Date {
    Date::new(&JsValue::from_f64(at.timestamp_millis() as f64))
}

fn day(date: &Date) -> NaiveDate {
    let (year, month) = (date.get_full_year() as i32, date.get_month() + 1);
    NaiveDate::from_ymd_opt(year, month, date.get_date()).unwrap_or_default()
}

type Options = &'static [(&'static str, &'static str)];

thread_local! {
    /// Making a format takes far longer than writing a date in it, and every row has some.
    static FORMATS: RefCell<Vec<(Options, Function)>> = const { RefCell::new(Vec::new()) };
}

fn format(date: &Date, options: Options) -> String {
    FORMATS.with_borrow_mut(|formats| {
        let known = formats.iter().position(|(of, _)| *of == options);
        let at = known.unwrap_or_else(|| {
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

/// "1,234,567", as the reader writes it.
pub fn number(of: i64) -> String {
    js_sys::Number::from(of as f64).to_locale_string(&language()).into()
}

fn language() -> String {
    window().navigator().language().unwrap_or_else(|| "en".into())
}
