//! The timings of a scripted history, and its report.

use std::sync::Arc;

use serde_json::json;
use shared::{
    ids::{ClientId, Rev, RoomId, UserId},
    live::RemovedReason,
    messages::Message,
};
use uuid::Uuid;

use super::{time_series::TimeSeries, *};
use crate::{
    checker::{Anomaly, Violation},
    history::{ChangedRow, Draft, Entry, Event, FaultPhase, History, RIG, Transport},
};

const MS: u64 = 1_000;

struct Script(Vec<Entry>);

impl Script {
    fn at(&mut self, at_ms: u64, process: u32, event: Event) {
        self.0.push(Entry { at_us: at_ms * MS, process, event });
    }

    fn send(&mut self, at_ms: u64, process: u32) -> ClientId {
        let client_id = ClientId(Uuid::now_v7());
        self.send_again(at_ms, process, client_id);
        client_id
    }

    fn send_again(&mut self, at_ms: u64, process: u32, client_id: ClientId) {
        let draft = Draft { room: RoomId(1), user: UserId(1), client_id, content: "hello".into() };
        self.at(
            at_ms,
            process,
            Event::Send { draft: draft.into(), node: 0, via: Transport::Socket },
        );
    }

    fn ack(&mut self, at_ms: u64, process: u32, client_id: ClientId) {
        self.at(at_ms, process, Event::Ack { client_id, message: message(client_id) });
    }

    fn receive(&mut self, at_ms: u64, process: u32, client_id: ClientId) {
        let row = ChangedRow::Message(message(client_id));
        self.at(at_ms, process, Event::Change { room: RoomId(1), rev: Rev(1), row });
    }

    fn subscribed(&mut self, at_ms: u64, process: u32) {
        self.at(at_ms, process, Event::Subscribed { room: RoomId(1), rev: Rev(0) });
    }

    fn fault(&mut self, at_ms: u64, phase: FaultPhase) {
        self.at(at_ms, RIG, Event::Fault { name: "kill & <rise>".into(), phase });
    }

    fn timings(self) -> Timings {
        Timings::new(&History(self.0), 700 * MS, 2)
    }
}

fn message(client_id: ClientId) -> Arc<Message> {
    let message = json!({
        "id": 1, "room": 1, "seq": 1, "rev": 1, "user": {"id": 1, "username": "ada"},
        "content": "hello", "client_id": client_id, "reply_to": null,
        "created_at": "2026-01-01T00:00:00Z", "edited_at": null, "deleted_at": null,
    });
    Arc::new(serde_json::from_value(message).unwrap())
}

/// Two clients, one of which loses its socket during a fault.
fn script() -> Script {
    let mut script = Script(Vec::new());
    script.subscribed(0, 1);
    script.subscribed(0, 2);
    let first = script.send(100, 1);
    script.ack(110, 1, first);
    script.receive(112, 2, first);
    script.fault(200, FaultPhase::Begin);
    script.at(205, 2, Event::Closed { code: None });
    let second = script.send(250, 1);
    script.at(300, 1, Event::Unknown { client_id: second });
    script.send_again(320, 1, second);
    script.fault(400, FaultPhase::End);
    script.ack(450, 1, second);
    script.at(480, 2, Event::Connect { node: 0, user: UserId(2) });
    script.subscribed(505, 2);
    script.receive(510, 2, second);
    script.receive(520, 2, second);
    script
}

#[test]
fn durations_count_from_the_first_attempt_and_from_the_disconnect() {
    let timings = script().timings();
    let interval = |start, took| Interval { start_us: start * MS, took_us: took * MS };
    assert_eq!(timings.acks, [interval(100, 10), interval(250, 200)]);
    assert_eq!(timings.deliveries, [interval(100, 12), interval(250, 260)]);
    assert_eq!(timings.reconnects, [interval(205, 300)]);
    assert_eq!(timings.sends.len(), 2);
    let [fault] = &timings.faults[..] else { panic!("{:?}", timings.faults) };
    assert_eq!((fault.from_us, fault.to_us), (200 * MS, 400 * MS));
    assert_eq!(durations_within(&timings.acks, &(0..200 * MS)), [10 * MS]);
    assert!(timings.never_reconnected.is_empty());
}

#[test]
fn a_message_sent_during_an_absence_does_not_count_as_delivery() {
    let mut script = script();
    let reason = RemovedReason::Removed;
    script.at(600, 2, Event::LeftRoom { room: RoomId(1), reason });
    let meanwhile = script.send(610, 1);
    script.subscribed(650, 2);
    script.receive(651, 2, meanwhile);
    let later = script.send(660, 1);
    script.receive(670, 2, later);
    let deliveries = script.timings().deliveries;
    assert_eq!(deliveries.len(), 3);
    assert_eq!(deliveries[2], Interval { start_us: 660 * MS, took_us: 10 * MS });
}

#[test]
fn the_reconnect_of_a_paused_reader_counts_from_when_it_reads_again() {
    let mut script = script();
    script.at(506, 2, Event::Subscribe { room: RoomId(1), after_rev: Rev(0) });
    script.at(510, 2, Event::ReadPaused);
    script.at(610, 2, Event::ReadResumed);
    script.at(620, 2, Event::Closed { code: None });
    script.at(630, 2, Event::Welcome);
    script.at(631, 2, Event::Subscribe { room: RoomId(1), after_rev: Rev(0) });
    script.subscribed(650, 2);
    let timings = script.timings();
    assert_eq!(timings.reconnects_after_pause, [Interval { start_us: 610 * MS, took_us: 40 * MS }]);
    assert_eq!((timings.paused, timings.deliveries), (1, vec![]));
}

#[test]
fn a_client_that_never_reconnects_is_listed() {
    let mut script = script();
    script.at(600, 1, Event::Closed { code: Some(1012) });
    assert_eq!(script.timings().never_reconnected, [1]);
}

#[test]
fn a_time_series_has_rates_and_empty_slices() {
    let series = TimeSeries::new(&script().timings());
    assert_eq!(series.slice_us, 100 * MS);
    assert_eq!(series.sends, [0.0, 10.0, 10.0, 0.0, 0.0, 0.0]);
    assert_eq!(series.ack_p99_ms, [None, Some(10.0), Some(200.0), None, None, None]);
    assert_eq!(series.connected, [2.0, 2.0, 1.0, 1.0, 1.0, 2.0]);
}

#[test]
fn a_report_lists_problems_and_has_a_chart() {
    let dir = tempfile::tempdir().unwrap();
    let mut report = Report {
        title: "kill-server on sqlite".into(),
        description: "The server is killed.".into(),
        measurements: vec![Measurement::new("ready again after", 0.42, 1.0, "s")],
        violations: Vec::new(),
        failure: None,
    };
    assert!(report.is_good());
    report.measurements.push(Measurement::new("resumed within", None, 5.0, "s"));
    let detail = "number 7 <is> missing".to_owned();
    report.violations.push(Violation { anomaly: Anomaly::LostWrite, detail, entries: vec![3] });
    assert!(!report.is_good());
    let timings = script().timings();
    report.write(dir.path(), &timings).unwrap();
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    let (markdown, svg) = (read("report.md"), read("timeline.svg"));
    assert!(markdown.contains("| ready again after | 0.42 s | 1 s | holds |"), "{markdown}");
    assert!(markdown.contains("| resumed within | not measured | 5 s | **broken** |"));
    assert!(markdown.contains("1 violations, 1 measurements over"), "{markdown}");
    assert!(markdown.contains("- lost write: number 7 <is> missing"), "{markdown}");
    assert!(svg.contains("kill &amp; &lt;rise&gt;") && svg.contains("kill-server on sqlite"));
    assert!(svg.matches("<polyline").count() >= 5, "five lines: {svg}");
    assert!(svg.trim_end().ends_with("</svg>"));
}
