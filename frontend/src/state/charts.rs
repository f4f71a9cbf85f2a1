//! SVG paths of the charts of a room's activity.

use std::fmt::Write;

/// The height of the bar chart's view box.
pub const BAR_HEIGHT: u64 = 100;
/// The number of shades of the heat map for hours with at least one message.
pub const HEAT_LEVELS: u64 = 4;

/// The path of a bar chart: each bar is one unit wide, the largest is [`BAR_HEIGHT`] high, and any
/// count above 0 gives a visible bar.
pub fn bar_chart(counts: &[u64]) -> String {
    let max = counts.iter().copied().max().unwrap_or(0).max(1);
    let mut path = String::new();
    for (x, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (count * BAR_HEIGHT / max).max(2);
        let _ = write!(path, "M{x}.1 {BAR_HEIGHT}v-{height}h.8v{height}z");
    }
    path
}

/// The path of the cells of a heat map that have this level, from 1 to [`HEAT_LEVELS`]. Each cell is
/// one unit wide and high; each inner list is a row.
pub fn heat_map(rows: &[Vec<u64>], level: u64) -> String {
    let max = rows.iter().flatten().copied().max().unwrap_or(0).max(1);
    let mut path = String::new();
    for (y, row) in rows.iter().enumerate() {
        for (x, count) in row.iter().enumerate() {
            if (count * HEAT_LEVELS).div_ceil(max) == level {
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
    fn the_largest_bar_has_full_height_and_the_smallest_is_visible() {
        assert_eq!(bar_chart(&[0, 1_000, 1]), "M1.1 100v-100h.8v100zM2.1 100v-2h.8v2z");
        assert_eq!(bar_chart(&[0, 0]), "");
        assert_eq!(bar_chart(&[]), "");
    }

    #[test]
    fn every_hour_with_a_message_has_exactly_one_level() {
        let rows = [vec![0, 1, 4], vec![8, 0, 5]];
        assert_eq!(heat_map(&rows, 1), "M1.05 0.05h.9v.9h-.9z");
        assert_eq!(heat_map(&rows, 2), "M2.05 0.05h.9v.9h-.9z");
        assert_eq!(heat_map(&rows, 3), "M2.05 1.05h.9v.9h-.9z");
        assert_eq!(heat_map(&rows, 4), "M0.05 1.05h.9v.9h-.9z");
    }
}
