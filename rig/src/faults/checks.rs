//! What must hold besides the checker's verdict.

use std::fmt;

use shared::{live::CloseCode, problem::Code};

use crate::report::{Band, Figure, Sample, Samples, quantile, within};

/// What counts as normal is the last so many microseconds before something is broken; so long at
/// least everybody was left alone then.
const CALM_US: u64 = 2_000_000;
/// What a latency may grow by in any case, in milliseconds: on a machine that does other things
/// as well, a p99 of a few hundred moves by as much with no fault at all.
const NOISE_MS: f64 = 10.0;

/// Something that must hold, to be read off the history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Check {
    /// Everybody who lost a socket is subscribed again within so many seconds.
    Resumed(f64),
    /// The first ack comes within so many seconds of the mending.
    Recovered(f64),
    /// What was said before the mending is acked within so many seconds of it.
    BacklogGone(f64),
    /// Nobody loses a socket.
    SocketsStay,
    /// Sockets end with «restart» (1012) only.
    ClosedByRestart,
    /// The ack p99 is at most so many times the normal one.
    AckKept(f64),
    /// The delivery p99 is at most so many times the normal one.
    DeliveryKept(f64),
    /// The delivery p99 is at most so many seconds.
    DeliveryWithin(f64),
    /// Nothing that is said meanwhile is acked before the mending.
    NoAckMeanwhile,
    /// Something is refused with this code.
    RefusedWith(Code),
    /// Who did not read was closed, with «too slow» (4008) or, where no room was left for that,
    /// without a word.
    ClosedAsTooSlow,
    /// Who did not read is subscribed again within so many seconds of reading again.
    AwakeWithin(f64),
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resumed(s) => write!(f, "all clients resumed ≤ {s} s"),
            Self::Recovered(s) => write!(f, "acks again ≤ {s} s after"),
            Self::BacklogGone(s) => write!(f, "backlog gone ≤ {s} s after"),
            Self::SocketsStay => write!(f, "sockets stay"),
            Self::ClosedByRestart => write!(f, "sockets close with 1012 only"),
            Self::AckKept(n) => write!(f, "ack p99 ≤ {n} × normal"),
            Self::DeliveryKept(n) => write!(f, "delivery p99 ≤ {n} × normal"),
            Self::DeliveryWithin(s) => write!(f, "delivery p99 ≤ {s} s"),
            Self::NoAckMeanwhile => write!(f, "no ack"),
            Self::RefusedWith(code) => write!(f, "refused with {}", name(*code)),
            Self::ClosedAsTooSlow => write!(f, "closed as too slow"),
            Self::AwakeWithin(s) => write!(f, "resumable ≤ {s} s"),
        }
    }
}

impl Check {
    /// Whether it compares a latency with that of calm. On a machine that does other things as well
    /// such a comparison can fail with nothing wrong.
    pub fn is_comparison(self) -> bool {
        matches!(self, Self::AckKept(_) | Self::DeliveryKept(_))
    }

    /// What was measured. Figures that have no sample are not measured, which counts as broken.
    pub fn figure(self, samples: &Samples) -> Figure {
        let bands = &samples.bands;
        let seconds = |us: Option<u64>| us.map(|us| us as f64 / 1e6);
        match self {
            Self::Resumed(limit) => {
                Figure::new("all clients resumed within", seconds(resumed(samples)), limit, "s")
            }
            Self::Recovered(limit) => {
                Figure::new("first ack after mending", seconds(recovered(samples)), limit, "s")
            }
            Self::BacklogGone(limit) => {
                let backlog = seconds(Some(backlog(samples)));
                Figure::new("backlog gone after mending", backlog, limit, "s")
            }
            Self::SocketsStay => {
                Figure::never("sockets lost", samples.closes.len() + samples.lost.len())
            }
            Self::ClosedByRestart => {
                let restart = Some(CloseCode::Restart as u16);
                let others = samples.closes.iter().filter(|(_, code)| *code != restart).count();
                Figure::never("sockets closed without code 1012", others)
            }
            Self::AckKept(factor) => kept("ack p99", &samples.acks, bands, factor),
            Self::DeliveryKept(factor) => kept("delivery p99", &samples.deliveries, bands, factor),
            Self::DeliveryWithin(limit) => {
                let p99 = quantile(during(&samples.deliveries, bands), 0.99);
                Figure::new("delivery p99 meanwhile", seconds(p99), limit, "s")
            }
            Self::NoAckMeanwhile => {
                let acks = bands.iter().map(|band| acks_within(samples, band)).sum();
                Figure::never("acks of what was said meanwhile", acks)
            }
            Self::RefusedWith(code) => {
                let name = format!("times that nothing was refused with {}", name(code));
                Figure::never(name, never_refused(samples, code))
            }
            Self::ClosedAsTooSlow => {
                let name = "stopped readers that were not closed as too slow";
                Figure::never(name, not_closed(samples))
            }
            Self::AwakeWithin(limit) => {
                let longest = samples.awakenings.iter().map(|one| one.took_us).max();
                Figure::new("resumed after reading again within", seconds(longest), limit, "s")
            }
        }
    }
}

/// The longest absence; none if somebody never came back.
fn resumed(samples: &Samples) -> Option<u64> {
    let longest = samples.resumes.iter().map(|one| one.took_us).max().unwrap_or(0);
    samples.lost.is_empty().then_some(longest)
}

/// How many faults, at least, passed without such a refusal.
fn never_refused(samples: &Samples, code: Code) -> usize {
    let count = samples.refusals.iter().filter(|(_, why)| *why == code).count();
    samples.bands.len().saturating_sub(count)
}

/// How many stopped readers were closed in no way that has to do with it.
fn not_closed(samples: &Samples) -> usize {
    let slow = [None, Some(CloseCode::TooSlow as u16)];
    let closed = samples.closes.iter().filter(|(_, code)| slow.contains(code)).count();
    samples.stalled.saturating_sub(closed)
}

/// The longest wait from a mending to the first ack after it; none if there was no ack.
fn recovered(samples: &Samples) -> Option<u64> {
    let ends: Vec<u64> = samples.acks.iter().map(|ack| ack.began_us + ack.took_us).collect();
    let first = |band: &Band| {
        let after = ends.iter().filter(|end| **end > band.to_us).min()?;
        Some(after - band.to_us)
    };
    samples.bands.iter().map(first).collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// How long after a mending the last ack came of what had been said before it.
fn backlog(samples: &Samples) -> u64 {
    let waited = |band: &Band| {
        let before = samples.acks.iter().filter(|ack| ack.began_us < band.to_us);
        before.map(|ack| (ack.began_us + ack.took_us).saturating_sub(band.to_us)).max()
    };
    samples.bands.iter().filter_map(waited).max().unwrap_or(0)
}

fn acks_within(samples: &Samples, band: &Band) -> usize {
    let began =
        samples.acks.iter().filter(|ack| (band.from_us..band.to_us).contains(&ack.began_us));
    began.filter(|ack| ack.began_us + ack.took_us < band.to_us).count()
}

fn kept(what: &str, samples: &[Sample], bands: &[Band], factor: f64) -> Figure {
    let ms = |times| quantile(times, 0.99).map(|us| us as f64 / 1e3);
    let calm = |band: &Band| within(samples, &(band.from_us.saturating_sub(CALM_US)..band.from_us));
    let normal = ms(bands.iter().flat_map(calm).collect()).unwrap_or(0.0);
    let limit = (normal * factor).max(normal + NOISE_MS);
    let name = format!("{what} meanwhile (normal: {normal:.1} ms)");
    Figure::new(name, ms(during(samples, bands)), limit, "ms")
}

fn during(samples: &[Sample], bands: &[Band]) -> Vec<u64> {
    bands.iter().flat_map(|band| within(samples, &(band.from_us..band.to_us))).collect()
}

/// The code as it is on the wire.
fn name(code: Code) -> String {
    serde_json::to_value(code).ok().and_then(|v| Some(v.as_str()?.to_owned())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    fn sample(began_us: u64, took_us: u64) -> Sample {
        Sample { began_us, took_us }
    }

    /// Broken from 10 s to 12 s; one message of before, one of meanwhile, one of after.
    fn samples() -> Samples {
        let acks = vec![
            sample(9 * S, 10_000),
            sample(11 * S, 3 * S),
            sample(13 * S, 25_000),
            sample(18 * S, 12_000),
        ];
        let bands = vec![Band { name: "x".into(), from_us: 10 * S, to_us: 12 * S }];
        Samples { acks, bands, end_us: 20 * S, ..Samples::default() }
    }

    fn measured(check: Check) -> Option<f64> {
        check.figure(&samples()).value
    }

    #[test]
    fn waits_count_from_the_mending() {
        assert_eq!(measured(Check::Recovered(5.0)), Some(1.025));
        assert_eq!(measured(Check::BacklogGone(5.0)), Some(2.0));
        assert!(!Check::BacklogGone(1.9).figure(&samples()).holds());
        assert_eq!(measured(Check::NoAckMeanwhile), Some(0.0));
    }

    #[test]
    fn what_was_never_acked_again_is_broken() {
        let mut samples = samples();
        samples.acks.retain(|ack| ack.began_us < 10 * S);
        assert!(!Check::Recovered(5.0).figure(&samples).holds());
    }

    #[test]
    fn latencies_are_held_against_those_of_calm() {
        let figure = Check::AckKept(1.2).figure(&samples());
        assert_eq!((figure.value, figure.limit), (Some(3_000.0), 20.0));
        let mut fast = samples();
        fast.acks[1].took_us = 13_000;
        assert!(Check::AckKept(1.2).figure(&fast).holds());
    }

    #[test]
    fn sockets_and_codes_are_counted() {
        let mut samples = samples();
        assert!(Check::SocketsStay.figure(&samples).holds());
        samples.closes = vec![(11 * S, Some(1012)), (11 * S, None)];
        assert!(!Check::SocketsStay.figure(&samples).holds());
        assert_eq!(Check::ClosedByRestart.figure(&samples).value, Some(1.0));
        assert!(Check::Resumed(5.0).figure(&samples).holds(), "none was long");
        samples.lost = vec![7];
        assert!(!Check::Resumed(5.0).figure(&samples).holds());
        assert!(!Check::RefusedWith(Code::StorageFull).figure(&samples).holds());
        samples.refusals = vec![(11 * S, Code::StorageFull)];
        assert!(Check::RefusedWith(Code::StorageFull).figure(&samples).holds());
        assert_eq!(Check::RefusedWith(Code::StorageFull).to_string(), "refused with storage_full");
    }
}
