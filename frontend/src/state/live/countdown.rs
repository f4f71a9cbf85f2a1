//! Waiting times in words.

/// How long slow mode still lasts, in words.
pub fn describe_slow_mode(seconds: u64) -> String {
    let wait = match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{}:{:02} min", seconds / 60, seconds % 60),
        _ => format!("{}:{:02} h", seconds / 3_600, seconds % 3_600 / 60),
    };
    format!("Slow mode: you can post again in {wait}.")
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
        let wait =
            |seconds| describe_slow_mode(seconds).replace("Slow mode: you can post again in ", "");
        assert_eq!(wait(5), "5 s.");
        assert_eq!(wait(65), "1:05 min.");
        assert_eq!(wait(3_600), "1:00 h.");
        assert_eq!(wait(21_599), "5:59 h.");
    }

    #[test]
    fn the_wait_is_rounded_up_and_limited() {
        assert_eq!(seconds_left(10_000.0, 9_999.0, 30), 1);
        assert_eq!(seconds_left(10_000.0, 10_000.0, 30), 0);
        assert_eq!(seconds_left(10_000.0, 99_000.0, 30), 0);
        assert_eq!(seconds_left(99_000.0, 0.0, 30), 30);
    }
}
