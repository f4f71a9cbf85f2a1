//! What is marked beside a scrollbar: places as one path for each kind, and the names of months
//! where there is space for them.

use chrono::{Datelike, NaiveDate};
use shared::ids::Seq;
use std::{fmt::Write, ops::Range};

/// How high a path is. Finer than the points of a screen, so that marks fall together where nobody
/// could tell them apart.
pub const HEIGHT: i64 = 1_000;
/// How far names are apart, as a part of the height.
const APART: f64 = 0.034;

/// Short lines from left to right in a box of [`HEIGHT`], for messages of a room of so many.
pub fn path(
    seqs: impl IntoIterator<Item = Seq>,
    last_seq: Seq,
    Range { start, end }: Range<u8>,
) -> String {
    let mut path = String::new();
    let mut before = None;
    for seq in seqs {
        let y = y(seq, last_seq);
        if before != Some(y) {
            let _ = write!(path, "M{start} {y}H{end}");
            before = Some(y);
        }
    }
    path
}

/// How far down a message is on a path.
pub fn y(seq: Seq, last_seq: Seq) -> i64 {
    (part(seq, last_seq) * HEIGHT as f64) as i64
}

/// How far down a message is, from 0 to 1.
fn part(seq: Seq, last_seq: Seq) -> f64 {
    ((seq.0 - 1) as f64 / last_seq.0.max(1) as f64).clamp(0.0, 1.0)
}

/// A name beside the scrollbar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Name {
    /// How far down, from 0 to 1.
    pub part: f64,
    /// The month that begins there.
    pub month: NaiveDate,
    /// Whether it is the first of its year, and named for it.
    pub is_year: bool,
}

/// The names that have space, top to bottom: years first, then months, of each the later ones first,
/// for what a room begins with is seldom a whole year.
pub fn names(months: &[(NaiveDate, Seq)], last_seq: Seq) -> Vec<Name> {
    let mut year = None;
    let mut all = Vec::new();
    for (month, seq) in months {
        let is_year = year != Some(month.year());
        year = Some(month.year());
        all.push(Name { part: part(*seq, last_seq), month: *month, is_year });
    }
    let mut kept: Vec<Name> = Vec::new();
    for wanted in [true, false] {
        for name in all.iter().rev().filter(|name| name.is_year == wanted) {
            let at = kept.partition_point(|other| other.part < name.part);
            let near = kept[at.saturating_sub(1)..].iter().take(2);
            if near.into_iter().all(|other| (other.part - name.part).abs() >= APART) {
                kept.insert(at, *name);
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(year: i32, month: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, 1).unwrap()
    }

    #[test]
    fn marks_that_fall_together_are_one() {
        let seqs = |seqs: &[i64]| seqs.iter().map(|seq| Seq(*seq)).collect::<Vec<_>>();
        let long = path(seqs(&[1, 2, 500_001, 1_000_000]), Seq(1_000_000), 0..4);
        assert_eq!(long, "M0 0H4M0 500H4M0 999H4");
        assert_eq!(path(seqs(&[1, 2]), Seq(2), 5..8), "M5 0H8M5 500H8");
        assert_eq!(path([], Seq(0), 0..1), "");
    }

    #[test]
    fn names_do_not_stand_over_each_other() {
        let said = [
            (month(2024, 11), Seq(1)),
            (month(2024, 12), Seq(20)),
            (month(2025, 1), Seq(120)),
            (month(2025, 2), Seq(140)),
            (month(2025, 6), Seq(600)),
            (month(2026, 1), Seq(610)),
        ];
        let names = names(&said, Seq(1_000));
        let shown: Vec<_> = names.iter().map(|n| (n.month, n.is_year)).collect();
        let expected = [(month(2024, 11), true), (month(2025, 1), true), (month(2026, 1), true)];
        assert_eq!(shown, expected, "months give way to years");
        let short = [(month(2024, 12), Seq(1)), (month(2025, 1), Seq(20))];
        assert_eq!(super::names(&short, Seq(1_000))[0].month, month(2025, 1), "one of two years");
        assert!(names.windows(2).all(|pair| pair[1].part - pair[0].part >= APART));
        let roomy = super::names(&said[..5], Seq(700));
        assert!(roomy.iter().any(|name| name.month == month(2025, 6) && !name.is_year));
    }
}
