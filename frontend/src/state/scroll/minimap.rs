//! The minimap beside the scrollbar: one SVG path per kind of mark, and the names of months where
//! there is space for them.

use std::{fmt::Write, ops::Range};

use chrono::{Datelike, NaiveDate};
use shared::ids::Seq;

use super::geometry::ReadableSpan;

/// The height of a path's view box. It is finer than the pixels of a screen, so only marks at
/// the same pixel merge.
pub const HEIGHT: i64 = 1_000;
/// The least distance between two labels, as a fraction of the height.
const LABEL_DISTANCE: f64 = 0.034;

/// A path of horizontal lines, one for each of these messages.
pub fn marks_path(
    seqs: impl IntoIterator<Item = Seq>,
    span: ReadableSpan,
    Range { start, end }: Range<u8>,
) -> String {
    let mut path = String::new();
    let mut before = None;
    for seq in seqs {
        let y = y(seq, span);
        if before != Some(y) {
            let _ = write!(path, "M{start} {y}H{end}");
            before = Some(y);
        }
    }
    path
}

/// The y coordinate of a message on a path.
pub fn y(seq: Seq, span: ReadableSpan) -> i64 {
    (offset(seq, span) * HEIGHT as f64) as i64
}

/// The position of a message as a fraction of the height.
fn offset(seq: Seq, span: ReadableSpan) -> f64 {
    ((seq.0 - span.first.0) as f64 / span.len().max(1) as f64).clamp(0.0, 1.0)
}

/// A month's name beside the scrollbar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonthLabel {
    /// Its position as a fraction of the height.
    pub offset: f64,
    /// The month that starts there.
    pub month: NaiveDate,
    /// Whether it is the first month of its year, and shows the year instead.
    pub is_year: bool,
}

/// The labels that there is space for, top to bottom. Years take precedence over months. Later ones
/// take precedence over earlier ones, because the first year of a room is rarely a full year.
pub fn month_labels(months: &[(NaiveDate, Seq)], span: ReadableSpan) -> Vec<MonthLabel> {
    let mut year = None;
    let mut all = Vec::new();
    for (month, seq) in months {
        let is_year = year != Some(month.year());
        year = Some(month.year());
        all.push(MonthLabel { offset: offset(*seq, span), month: *month, is_year });
    }
    let mut placed: Vec<MonthLabel> = Vec::new();
    for is_year in [true, false] {
        for label in all.iter().rev().filter(|label| label.is_year == is_year) {
            let at = placed.partition_point(|other| other.offset < label.offset);
            let mut neighbours = placed[at.saturating_sub(1)..].iter().take(2);
            if neighbours.all(|other| (other.offset - label.offset).abs() >= LABEL_DISTANCE) {
                placed.insert(at, *label);
            }
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(last: i64) -> ReadableSpan {
        ReadableSpan::new(Seq(1), Seq(last))
    }

    fn month(year: i32, month: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, 1).unwrap()
    }

    #[test]
    fn marks_at_the_same_height_merge() {
        let seqs = |seqs: &[i64]| seqs.iter().map(|seq| Seq(*seq)).collect::<Vec<_>>();
        let long = marks_path(seqs(&[1, 2, 500_001, 1_000_000]), span(1_000_000), 0..4);
        assert_eq!(long, "M0 0H4M0 500H4M0 999H4");
        assert_eq!(marks_path(seqs(&[1, 2]), span(2), 5..8), "M5 0H8M5 500H8");
        assert_eq!(marks_path([], span(0), 0..1), "");
        let readable = ReadableSpan::new(Seq(101), Seq(200));
        assert_eq!(marks_path(seqs(&[101, 151]), readable, 0..4), "M0 0H4M0 500H4");
    }

    #[test]
    fn labels_do_not_overlap() {
        let months = [
            (month(2024, 11), Seq(1)),
            (month(2024, 12), Seq(20)),
            (month(2025, 1), Seq(120)),
            (month(2025, 2), Seq(140)),
            (month(2025, 6), Seq(600)),
            (month(2026, 1), Seq(610)),
        ];
        let labels = month_labels(&months, span(1_000));
        let shown: Vec<_> = labels.iter().map(|label| (label.month, label.is_year)).collect();
        let expected = [(month(2024, 11), true), (month(2025, 1), true), (month(2026, 1), true)];
        assert_eq!(shown, expected, "years take precedence over months");
        assert!(labels.windows(2).all(|pair| pair[1].offset - pair[0].offset >= LABEL_DISTANCE));
        let close = [(month(2024, 12), Seq(1)), (month(2025, 1), Seq(20))];
        let labels = month_labels(&close, span(1_000));
        assert_eq!(labels[0].month, month(2025, 1), "the later year takes precedence");
        let labels = month_labels(&months[..5], span(700));
        assert!(labels.iter().any(|label| label.month == month(2025, 6) && !label.is_year));
    }
}
