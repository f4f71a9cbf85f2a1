//! Round numbers beside a picture.

/// How values become heights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Axis {
    /// From 0 to this.
    Linear(f64),
    /// Powers of ten, from one to another.
    Log(i32, i32),
}

impl Axis {
    /// From 0 to a round number above all values.
    pub fn linear(values: impl Iterator<Item = f64>) -> Self {
        let max = values.fold(0.0, f64::max).max(1.0);
        Self::Linear(step(max / 4.0) * (max / step(max / 4.0)).ceil())
    }

    /// From a power of ten below all values to one above.
    pub fn log(values: impl Iterator<Item = f64> + Clone) -> Self {
        let positive = values.filter(|value| *value > 0.0);
        let min = positive.clone().fold(f64::INFINITY, f64::min).clamp(0.1, 1.0);
        let max = positive.fold(10.0, f64::max);
        Self::Log(min.log10().floor() as i32, max.log10().ceil() as i32)
    }

    /// Where a value is, from 0 (bottom) to 1 (top).
    pub fn place(self, value: f64) -> f64 {
        let place = match self {
            Self::Linear(max) => value / max,
            Self::Log(from, to) => {
                (value.max(1e-9).log10() - f64::from(from)) / f64::from(to - from)
            }
        };
        place.clamp(0.0, 1.0)
    }

    /// The values that get a line, and how they are written.
    pub fn ticks(self) -> Vec<(f64, String)> {
        let values: Vec<f64> = match self {
            Self::Linear(max) => {
                let step = step(max / 4.0);
                (0..=(max / step).round() as u32).map(|n| f64::from(n) * step).collect()
            }
            Self::Log(from, to) => (from..=to).map(|power| 10_f64.powi(power)).collect(),
        };
        values.into_iter().map(|value| (value, written(value))).collect()
    }
}

/// A step of 1, 2 or 5 times a power of ten, not below this.
pub fn step(at_least: f64) -> f64 {
    let power = 10_f64.powf(at_least.log10().floor());
    let fits = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= at_least);
    fits.unwrap_or(10.0) * power
}

/// A number as people write it: `1 500`, `0.5`.
pub fn written(value: f64) -> String {
    if value != 0.0 && value.abs() < 10.0 && value.fract() != 0.0 {
        let text = format!("{value:.2}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let digits = format!("{:.0}", value.abs());
    let head = digits.len() % 3;
    let mut groups: Vec<&str> = Vec::new();
    if head > 0 {
        groups.push(&digits[..head]);
    }
    groups.extend((head..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    let sign = if value < 0.0 { "-" } else { "" };
    sign.to_owned() + &groups.join("\u{a0}")
}
