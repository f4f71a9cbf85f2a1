//! Quantiles and medians, and the formatting of numbers.

/// The nearest-rank quantile: the smallest value such that `share` (0 to 1) of all values do not
/// exceed it. `None` without values.
pub fn quantile(mut values: Vec<u64>, share: f64) -> Option<u64> {
    values.sort_unstable();
    let rank = (values.len() as f64 * share).ceil() as usize;
    values.get(rank.max(1) - 1).copied()
}

/// The median; the lower one of the two middle values if their number is even. 0 without values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

/// Formats a rounded number with grouped digits: `1 500`, `0.5`.
pub fn format_grouped(value: f64) -> String {
    if value.abs() < 1_000.0 {
        let factor = if value.abs() < 10.0 { 100.0 } else { 10.0 };
        return ((value * factor).round() / factor).to_string();
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// Formats a count with at most three significant digits: `54 k`, `1.23 M`.
pub fn format_short(count: f64) -> String {
    match count {
        1e6.. => format!("{:.2} M", count / 1e6),
        1e4.. => format!("{:.0} k", count / 1e3),
        1e3.. => format!("{:.1} k", count / 1e3),
        _ => format!("{count:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        assert_eq!(quantile(vec![], 0.99), None);
        assert_eq!(quantile(vec![7], 0.99), Some(7));
        assert_eq!(quantile((1..=100).rev().collect(), 0.99), Some(99));
        assert_eq!(quantile((1..=100).collect(), 1.0), Some(100));
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.0);
    }

    #[test]
    fn numbers_are_grouped_or_shortened() {
        assert_eq!(format_grouped(12_345.0), "12\u{a0}345");
        assert_eq!([0.5, 0.123, 123.45].map(format_grouped), ["0.5", "0.12", "123.5"]);
        let counts = [12.4, 4_321.0, 54_321.0, 1_234_567.0].map(format_short);
        assert_eq!(counts, ["12", "4.3 k", "54 k", "1.23 M"]);
    }
}
