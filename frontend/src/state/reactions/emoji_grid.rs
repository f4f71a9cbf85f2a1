//! Moving in the grid of emoji, whose columns depend on the width of the page.

/// The left and the top of an emoji, in CSS pixels.
pub type Position = (f64, f64);

/// The emoji in the next row above or below that is nearest to one; `None` if there is no such row.
pub fn next_in_column(
    count: usize,
    at: usize,
    is_down: bool,
    position: impl Fn(usize) -> Option<Position>,
) -> Option<usize> {
    let (left, top) = position(at)?;
    let mut nearest: Option<(usize, Position)> = None;
    let others: Box<dyn Iterator<Item = usize>> = match is_down {
        true => Box::new(at + 1..count),
        false => Box::new((0..at).rev()),
    };
    for other in others {
        let (other_left, other_top) = position(other)?;
        if is_same(other_top, top) {
            continue;
        }
        match nearest {
            Some((_, (_, row))) if !is_same(other_top, row) => break,
            Some((_, (before, _))) if (before - left).abs() <= (other_left - left).abs() => {}
            _ => nearest = Some((other, (other_left, other_top))),
        }
    }
    nearest.map(|(index, _)| index)
}

/// Tolerates one pixel, because positions are fractions of a pixel.
fn is_same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_emoji_of_the_next_row_is_found_in_groups_of_any_length() {
        // Two groups of three columns: 0 1 2, 3 4; 5 6 7.
        let positions: Vec<Position> = [0, 1, 2, 10, 11, 20, 21, 22]
            .map(|n| (f64::from(n % 10) * 40.0, f64::from(n / 10) * 40.0 + 0.4))
            .into();
        let next = |at, is_down| {
            next_in_column(positions.len(), at, is_down, |at| positions.get(at).copied())
        };
        assert_eq!([0, 1, 2].map(|at| next(at, true)), [Some(3), Some(4), Some(4)]);
        assert_eq!([3, 4].map(|at| next(at, true)), [Some(5), Some(6)]);
        assert_eq!([5, 6, 7].map(|at| next(at, false)), [Some(3), Some(4), Some(4)]);
        assert_eq!([next(1, false), next(6, true), next(99, true)], [None; 3]);
    }
}
