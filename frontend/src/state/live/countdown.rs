//! Waiting times in words.

/// How long I have to wait in slow mode; if I need not wait, how often one may post. Both in seconds.
pub fn describe_slow_mode(wait: u64, interval: u64) -> String {
    let (what, seconds) = match wait {
        0 => ("one message every", interval),
        wait => ("you can post again in", wait),
    };
    let length = match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{}:{:02} min", seconds / 60, seconds % 60),
        _ => format!("{}:{:02} h", seconds / 3_600, seconds % 3_600 / 60),
    };
    format!("Slow mode: {what} {length}.")
}

/// The whole seconds until `end`, both in milliseconds since 1970, but never more than `max_s`: the clock of
/// the browser may be wrong.
pub fn seconds_left(end: f64, now: f64, max_s: u32) -> u64 {
    let seconds = ((end - now) / 1_000.0).ceil().max(0.0);
    (seconds as u64).min(u64::from(max_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_as_exact_as_it_matters() {
        let describe = |wait| describe_slow_mode(wait, 30);
        assert_eq!(describe(5), "Slow mode: you can post again in 5 s.");
        assert_eq!(describe(65), "Slow mode: you can post again in 1:05 min.");
        assert_eq!(describe(3_600), "Slow mode: you can post again in 1:00 h.");
        assert_eq!(describe(21_599), "Slow mode: you can post again in 5:59 h.");
        assert_eq!(describe(0), "Slow mode: one message every 30 s.");
    }

    #[test]
    fn the_wait_is_rounded_up_and_limited() {
        assert_eq!(seconds_left(10_000.0, 9_999.0, 30), 1);
        assert_eq!(seconds_left(10_000.0, 10_000.0, 30), 0);
        assert_eq!(seconds_left(10_000.0, 99_000.0, 30), 0);
        assert_eq!(seconds_left(99_000.0, 0.0, 30), 30);
    }
}
