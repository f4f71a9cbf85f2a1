//! Pictures of how much is said: paths in boxes of their own units.

use std::fmt::Write;

/// How high a bar may be.
pub const HEIGHT: u64 = 100;
/// Shades of an hour in which something was said.
pub const SHADES: u64 = 4;

/// A bar for each count, one unit wide; the greatest is [`HEIGHT`] high, and none that is not 0 is
/// too low to be seen.
pub fn bars(counts: &[u64]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let mut path = String::new();
    for (nth, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let high = (count * HEIGHT / most).max(2);
        let _ = write!(path, "M{nth}.1 {HEIGHT}v-{high}h.8v{high}z");
    }
    path
}

/// Squares of one unit for what has this shade, of 1 to [`SHADES`]: a row for each list.
pub fn squares(rows: &[Vec<u64>], shade: u64) -> String {
    let most = rows.iter().flatten().copied().max().unwrap_or(0).max(1);
    let mut path = String::new();
    for (y, row) in rows.iter().enumerate() {
        for (x, count) in row.iter().enumerate() {
            if (count * SHADES).div_ceil(most) == shade {
                let _ = write!(path, "M{x}.05 {y}.05h.9v.9h-.9z");
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_bar_is_the_whole_height_and_the_least_is_seen() {
        assert_eq!(bars(&[0, 1_000, 1]), "M1.1 100v-100h.8v100zM2.1 100v-2h.8v2z");
        assert_eq!(bars(&[0, 0]), "");
        assert_eq!(bars(&[]), "");
    }

    #[test]
    fn every_hour_with_a_message_has_one_shade() {
        let rows = [vec![0, 1, 4], vec![8, 0, 5]];
        let with = |shade| squares(&rows, shade);
        assert_eq!(with(1), "M1.05 0.05h.9v.9h-.9z");
        assert_eq!(with(2), "M2.05 0.05h.9v.9h-.9z");
        assert_eq!(with(3), "M2.05 1.05h.9v.9h-.9z");
        assert_eq!(with(4), "M0.05 1.05h.9v.9h-.9z");
    }
}
