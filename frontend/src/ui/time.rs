//! Dates, times and numbers in the reader's time zone and language.

use std::cell::RefCell;

use chrono::{Datelike, Days, NaiveDate};
use js_sys::{
    Array, Date, Function,
    Intl::{DateTimeFormat, NumberFormat},
    Object, Reflect,
};
use leptos::prelude::*;
use shared::Timestamp;
use wasm_bindgen::JsValue;

/// The calendar day of a time in the reader's zone.
pub fn local_day(at: Timestamp) -> NaiveDate {
    naive_date(&js_date(at))
}

/// The reader's current offset from UTC: "+02:00".
pub fn utc_offset() -> String {
    format_offset(&Date::new_0())
}

/// The reader's offset from UTC when a day begins.
pub fn utc_offset_on(day: NaiveDate) -> String {
    format_offset(&midnight(day))
}

fn format_offset(at: &Date) -> String {
    let minutes = -(at.get_timezone_offset() as i32);
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
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

/// "14:05" today, "Tuesday 14:05" within a week, "23 Nov 2026" before that.
pub fn recent(at: Timestamp) -> String {
    let (then, now) = (js_date(at), Date::new_0());
    let days = naive_date(&now).signed_duration_since(naive_date(&then)).num_days();
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

/// "Nov"
pub fn month_short(day: NaiveDate) -> String {
    format(&midnight(day), &[("month", "short")])
}

/// The current day.
pub fn today() -> NaiveDate {
    naive_date(&Date::new_0())
}

/// "Today", "Yesterday", "Monday, 23 November", with the year if it is not the current one.
pub fn day_name(day: NaiveDate) -> String {
    let today = today();
    if day == today {
        return "Today".into();
    }
    if day.checked_add_days(Days::new(1)) == Some(today) {
        return "Yesterday".into();
    }
    let this_year: Options = &[("weekday", "long"), ("day", "numeric"), ("month", "long")];
    let any_year: Options =
        &[("weekday", "long"), ("day", "numeric"), ("month", "long"), ("year", "numeric")];
    format(&midnight(day), if day.year() == today.year() { this_year } else { any_year })
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

/// "1,234,567"
pub fn number(value: i64) -> String {
    let text =
        NUMBERS.with(|format| format.call1(&JsValue::NULL, &JsValue::from_f64(value as f64)));
    text.ok().and_then(|text| text.as_string()).unwrap_or_default()
}

fn language() -> String {
    window().navigator().language().unwrap_or_else(|| "en".into())
}
