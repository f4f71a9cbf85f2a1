//! The criteria that a history must meet besides the absence of violations.

use std::fmt;

use shared::{live::CloseCode, problem::Code};

use crate::{
    report::{FaultPeriod, Interval, Measurement, Timings, durations_within},
    stats::quantile,
};

/// The period before a fault that counts as normal operation, in microseconds.
const NORMAL_PERIOD_US: u64 = 2_000_000;
/// The p99 of a latency may always grow by this much, in milliseconds. On a machine with other
/// work, the p99 of a few hundred values varies that much without any fault.
const NOISE_MS: f64 = 10.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Criterion {
    /// Every client that lost its socket is connected again within this many seconds.
    ReconnectedWithin(f64),
    /// The first ack comes within this many seconds of the repair.
    AckWithin(f64),
    /// All messages sent before the repair are acknowledged within this many seconds of it.
    BacklogWithin(f64),
    /// No client loses its socket.
    SocketsStay,
    /// Every socket that ends has close code 1012 (restart).
    ClosedByRestart,
    /// The ack p99 is at most this many times the normal one.
    AckFactor(f64),
    /// The delivery p99 is at most this many times the normal one.
    DeliveryFactor(f64),
    /// The delivery p99 is at most this many seconds.
    DeliveryWithin(f64),
    /// No message sent during the fault is acknowledged before the repair.
    NoAck,
    /// There are at least as many refusals with this code as faults.
    RefusedWith(Code),
    /// Every reader that stopped is closed with code 4008 (too slow), or without a code if there
    /// was no buffer space left to send it.
    ClosedAsTooSlow,
    /// Every reader that stopped and lost its socket is connected again within this many seconds
    /// after it reads again.
    ResumedWithin(f64),
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReconnectedWithin(s) => write!(f, "all clients connected again ≤ {s} s"),
            Self::AckWithin(s) => write!(f, "first ack ≤ {s} s after the repair"),
            Self::BacklogWithin(s) => write!(f, "backlog acknowledged ≤ {s} s after the repair"),
            Self::SocketsStay => write!(f, "sockets stay"),
            Self::ClosedByRestart => write!(f, "sockets close with 1012 only"),
            Self::AckFactor(n) => write!(f, "ack p99 ≤ {n} × normal"),
            Self::DeliveryFactor(n) => write!(f, "delivery p99 ≤ {n} × normal"),
            Self::DeliveryWithin(s) => write!(f, "delivery p99 ≤ {s} s"),
            Self::NoAck => write!(f, "no ack"),
            Self::RefusedWith(code) => write!(f, "refused with {}", json_name(*code)),
            Self::ClosedAsTooSlow => write!(f, "closed as too slow"),
            Self::ResumedWithin(s) => write!(f, "connected again ≤ {s} s after reading again"),
        }
    }
}

impl Criterion {
    /// Whether the criterion compares a latency with normal operation. On a machine with other
    /// work, such a criterion can fail by chance.
    pub fn is_relative(self) -> bool {
        matches!(self, Self::AckFactor(_) | Self::DeliveryFactor(_))
    }

    /// Measures a history. Without values the measurement is empty, which counts as broken.
    pub fn measure(self, timings: &Timings) -> Measurement {
        let seconds = |us: Option<u64>| us.map(|us| us as f64 / 1e6);
        let (name, value, limit) = match self {
            Self::ReconnectedWithin(limit) => {
                ("all clients connected again within", longest_reconnect(timings), limit)
            }
            Self::AckWithin(limit) => {
                ("first ack after the repair", longest_wait_for_ack(timings), limit)
            }
            Self::BacklogWithin(limit) => {
                ("backlog acknowledged after the repair", Some(longest_backlog(timings)), limit)
            }
            Self::DeliveryWithin(limit) => {
                let durations = during_faults(&timings.deliveries, &timings.faults);
                ("delivery p99 meanwhile", quantile(durations, 0.99), limit)
            }
            Self::ResumedWithin(limit) => {
                let took = timings.reconnects_after_pause.iter().map(|one| one.took_us);
                ("connected again after reading again within", took.max(), limit)
            }
            Self::AckFactor(n) => return relative_p99("ack p99", &timings.acks, timings, n),
            Self::DeliveryFactor(n) => {
                return relative_p99("delivery p99", &timings.deliveries, timings, n);
            }
            _ => return self.count_violations(timings),
        };
        Measurement::new(name, seconds(value), limit, "s")
    }

    /// Counts the violations of a criterion that allows none.
    fn count_violations(self, timings: &Timings) -> Measurement {
        let closes_unlike = |codes: &[Option<u16>]| {
            timings.closes.iter().filter(|(_, code)| !codes.contains(code)).count()
        };
        match self {
            Self::SocketsStay => {
                let lost = timings.closes.len() + timings.never_reconnected.len();
                Measurement::never("sockets lost", lost)
            }
            Self::ClosedByRestart => {
                let others = closes_unlike(&[Some(CloseCode::Restart as u16)]);
                Measurement::never("sockets closed without code 1012", others)
            }
            Self::NoAck => {
                let acks = timings.faults.iter().map(|fault| acks_during(timings, fault)).sum();
                Measurement::never("acks of messages sent meanwhile", acks)
            }
            Self::RefusedWith(code) => {
                let count = timings.refusals.iter().filter(|(_, other)| *other == code).count();
                let name = format!("faults without a refusal with {}", json_name(code));
                Measurement::never(name, timings.faults.len().saturating_sub(count))
            }
            _ => {
                let others = closes_unlike(&[None, Some(CloseCode::TooSlow as u16)]);
                let closed = timings.closes.len() - others;
                let name = "stopped readers that were not closed as too slow";
                Measurement::never(name, timings.paused.saturating_sub(closed))
            }
        }
    }
}

/// The longest time from the loss of a socket until its client was connected again; `None` if a
/// client never connected again.
fn longest_reconnect(timings: &Timings) -> Option<u64> {
    let longest = timings.reconnects.iter().map(|one| one.took_us).max().unwrap_or(0);
    timings.never_reconnected.is_empty().then_some(longest)
}

/// The longest time from a repair to the next ack; `None` if there was no ack.
fn longest_wait_for_ack(timings: &Timings) -> Option<u64> {
    let first = |fault: &FaultPeriod| {
        let acks = timings.acks.iter().map(Interval::end_us);
        let after = acks.filter(|end| *end > fault.to_us).min()?;
        Some(after - fault.to_us)
    };
    timings.faults.iter().map(first).collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The longest time from a repair to the last ack of the messages that were sent before the repair.
fn longest_backlog(timings: &Timings) -> u64 {
    let last = |fault: &FaultPeriod| {
        let before = timings.acks.iter().filter(|ack| ack.start_us < fault.to_us);
        before.map(|ack| ack.end_us().saturating_sub(fault.to_us)).max()
    };
    timings.faults.iter().filter_map(last).max().unwrap_or(0)
}

/// The number of messages that were sent and acknowledged during a fault.
fn acks_during(timings: &Timings, fault: &FaultPeriod) -> usize {
    let period = fault.from_us..fault.to_us;
    let sent = timings.acks.iter().filter(|ack| period.contains(&ack.start_us));
    sent.filter(|ack| ack.end_us() < fault.to_us).count()
}

/// The p99 during the faults, with a limit relative to the p99 before them.
fn relative_p99(name: &str, intervals: &[Interval], timings: &Timings, factor: f64) -> Measurement {
    let faults = &timings.faults;
    let ms = |durations| quantile(durations, 0.99).map(|us| us as f64 / 1e3);
    let before = |fault: &FaultPeriod| {
        durations_within(
            intervals,
            &(fault.from_us.saturating_sub(NORMAL_PERIOD_US)..fault.from_us),
        )
    };
    let normal = ms(faults.iter().flat_map(before).collect()).unwrap_or(0.0);
    let limit = (normal * factor).max(normal + NOISE_MS);
    let name = format!("{name} meanwhile (normal: {normal:.1} ms)");
    Measurement::new(name, ms(during_faults(intervals, faults)), limit, "ms")
}

fn during_faults(intervals: &[Interval], faults: &[FaultPeriod]) -> Vec<u64> {
    let during = |fault: &FaultPeriod| durations_within(intervals, &(fault.from_us..fault.to_us));
    faults.iter().flat_map(during).collect()
}

/// The name of a code in JSON.
fn json_name(code: Code) -> String {
    serde_json::to_value(code).ok().and_then(|v| Some(v.as_str()?.to_owned())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    fn interval(start_us: u64, took_us: u64) -> Interval {
        Interval { start_us, took_us }
    }

    /// A fault from 10 s to 12 s, with one message before, one during, and two after it.
    fn timings() -> Timings {
        let acks = vec![
            interval(9 * S, 10_000),
            interval(11 * S, 3 * S),
            interval(13 * S, 25_000),
            interval(18 * S, 12_000),
        ];
        let faults = vec![FaultPeriod { name: "x".into(), from_us: 10 * S, to_us: 12 * S }];
        Timings { acks, faults, end_us: 20 * S, ..Timings::default() }
    }

    fn measured(criterion: Criterion) -> Option<f64> {
        criterion.measure(&timings()).value
    }

    #[test]
    fn recovery_counts_from_the_repair() {
        assert_eq!(measured(Criterion::AckWithin(5.0)), Some(1.025));
        assert_eq!(measured(Criterion::BacklogWithin(5.0)), Some(2.0));
        assert!(!Criterion::BacklogWithin(1.9).measure(&timings()).holds());
        assert_eq!(measured(Criterion::NoAck), Some(0.0));
    }

    #[test]
    fn without_a_later_ack_recovery_is_broken() {
        let mut timings = timings();
        timings.acks.retain(|ack| ack.start_us < 10 * S);
        assert!(!Criterion::AckWithin(5.0).measure(&timings).holds());
    }

    #[test]
    fn latencies_are_compared_with_normal_operation() {
        let measurement = Criterion::AckFactor(1.2).measure(&timings());
        assert_eq!((measurement.value, measurement.limit), (Some(3_000.0), 20.0));
        let mut fast = timings();
        fast.acks[1].took_us = 13_000;
        assert!(Criterion::AckFactor(1.2).measure(&fast).holds());
    }

    #[test]
    fn sockets_and_codes_are_counted() {
        let mut timings = timings();
        assert!(Criterion::SocketsStay.measure(&timings).holds());
        timings.closes = vec![(11 * S, Some(1012)), (11 * S, None)];
        assert!(!Criterion::SocketsStay.measure(&timings).holds());
        assert_eq!(Criterion::ClosedByRestart.measure(&timings).value, Some(1.0));
        timings.paused = 2;
        assert_eq!(Criterion::ClosedAsTooSlow.measure(&timings).value, Some(1.0));
        let reconnected = Criterion::ReconnectedWithin(5.0);
        assert!(reconnected.measure(&timings).holds(), "nobody was disconnected for long");
        timings.never_reconnected = vec![7];
        assert!(!reconnected.measure(&timings).holds());
        let refused = Criterion::RefusedWith(Code::StorageFull);
        assert!(!refused.measure(&timings).holds());
        timings.refusals = vec![(11 * S, Code::StorageFull)];
        assert!(refused.measure(&timings).holds());
        assert_eq!(refused.to_string(), "refused with storage_full");
    }
}
