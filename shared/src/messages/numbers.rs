//! Parsing of unsigned decimal numbers in dates, times, offsets and anchors.

use std::str::FromStr;

/// Parses a number that consists of ASCII digits only. `str::parse` also accepts a `+`.
pub(super) fn parse_number<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Parses numbers of exactly `widths` digits, separated by `separator`.
pub(super) fn parse_fields<const N: usize>(
    text: &str,
    separator: char,
    widths: [usize; N],
) -> Option<[u32; N]> {
    let mut fields = text.split(separator);
    let mut numbers = [0; N];
    for (number, width) in numbers.iter_mut().zip(widths) {
        *number = parse_number(fields.next().filter(|field| field.len() == width)?)?;
    }
    fields.next().is_none().then_some(numbers)
}
