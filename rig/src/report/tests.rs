//! Times are taken from a history as they are, and drawn.

use std::sync::Arc;

use serde_json::json;
use shared::{
    ids::{ClientId, Rev, RoomId, UserId},
    live::RemovedReason,
    messages::Message,
};
use uuid::Uuid;

use super::{axis::Axis, picture, series::Series, *};
use crate::{
    checker::{Kind, Violation},
    history::{Door, Entry, Event, History, Phase, RIG, Said, Seen},
};

const MS: u64 = 1_000;

struct Story(Vec<Entry>);

impl Story {
    fn at(&mut self, at_ms: u64, process: u32, event: Event) {
        self.0.push(Entry { at_us: at_ms * MS, process, event });
    }

    fn send(&mut self, at_ms: u64, process: u32) -> ClientId {
        let client_id = ClientId(Uuid::now_v7());
        self.send_again(at_ms, process, client_id);
        client_id
    }

    fn send_again(&mut self, at_ms: u64, process: u32, client_id: ClientId) {
        let said = Said { room: RoomId(1), user: UserId(1), client_id, content: "hello".into() };
        self.at(at_ms, process, Event::Send { said: said.into(), node: 0, by: Door::Socket });
    }

    fn ack(&mut self, at_ms: u64, process: u32, client_id: ClientId) {
        self.at(at_ms, process, Event::Ack { client_id, message: message(client_id) });
    }

    fn see(&mut self, at_ms: u64, process: u32, client_id: ClientId) {
        let row = Seen::Message(message(client_id));
        self.at(at_ms, process, Event::Change { room: RoomId(1), rev: Rev(1), row });
    }

    fn subscribed(&mut self, at_ms: u64, process: u32) {
        self.at(at_ms, process, Event::Subscribed { room: RoomId(1), rev: Rev(0) });
    }

    fn fault(&mut self, at_ms: u64, phase: Phase) {
        self.at(at_ms, RIG, Event::Fault { name: "kill & <rise>".into(), phase });
    }

    fn samples(self) -> Samples {
        Samples::of(&History(self.0), 700 * MS, 2)
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

/// Two people, one of whom loses the socket while the server is away.
fn story() -> Story {
    let mut story = Story(Vec::new());
    story.subscribed(0, 1);
    story.subscribed(0, 2);
    let first = story.send(100, 1);
    story.ack(110, 1, first);
    story.see(112, 2, first);
    story.fault(200, Phase::Begin);
    story.at(205, 2, Event::Closed { code: None });
    let second = story.send(250, 1);
    story.at(300, 1, Event::Unknown { client_id: second });
    story.send_again(320, 1, second);
    story.fault(400, Phase::End);
    story.ack(450, 1, second);
    story.at(480, 2, Event::Connect { node: 0, user: UserId(2) });
    story.subscribed(505, 2);
    story.see(510, 2, second);
    story.see(520, 2, second);
    story
}

#[test]
fn times_count_from_the_first_attempt_and_from_the_loss() {
    let samples = story().samples();
    let sample = |began, took| Sample { began_us: began * MS, took_us: took * MS };
    assert_eq!(samples.acks, [sample(100, 10), sample(250, 200)]);
    assert_eq!(samples.deliveries, [sample(100, 12), sample(250, 260)]);
    assert_eq!(samples.resumes, [sample(205, 300)]);
    assert_eq!(samples.sends.len(), 2);
    let [band] = &samples.bands[..] else { panic!("{:?}", samples.bands) };
    assert_eq!((band.from_us, band.to_us), (200 * MS, 400 * MS));
    assert_eq!(within(&samples.acks, &(0..200 * MS)), [10 * MS]);
    assert!(samples.lost.is_empty());
}

#[test]
fn what_was_said_while_somebody_was_out_is_no_late_delivery() {
    let mut story = story();
    let reason = RemovedReason::Removed;
    story.at(600, 2, Event::OutOf { room: RoomId(1), reason });
    let meanwhile = story.send(610, 1);
    story.subscribed(650, 2);
    story.see(651, 2, meanwhile);
    let later = story.send(660, 1);
    story.see(670, 2, later);
    let deliveries = story.samples().deliveries;
    assert_eq!(deliveries.len(), 3);
    assert_eq!(deliveries[2], Sample { began_us: 660 * MS, took_us: 10 * MS });
}

#[test]
fn a_stopped_reader_is_timed_from_reading_again() {
    let mut story = story();
    story.at(506, 2, Event::Subscribe { room: RoomId(1), after_rev: Rev(0) });
    story.at(510, 2, Event::Stalled);
    story.at(610, 2, Event::Awake);
    story.at(620, 2, Event::Closed { code: None });
    story.at(630, 2, Event::Welcome);
    story.at(631, 2, Event::Subscribe { room: RoomId(1), after_rev: Rev(0) });
    story.subscribed(650, 2);
    let samples = story.samples();
    assert_eq!(samples.awakenings, [Sample { began_us: 610 * MS, took_us: 40 * MS }]);
    assert_eq!((samples.stalled, samples.deliveries), (1, vec![]));
}

#[test]
fn who_does_not_come_back_is_named() {
    let mut story = story();
    story.at(600, 1, Event::Closed { code: Some(1012) });
    assert_eq!(story.samples().lost, [1]);
}

#[test]
fn a_quantile_is_a_value_that_was_seen() {
    assert_eq!(quantile(vec![], 0.99), None);
    assert_eq!(quantile(vec![7], 0.99), Some(7));
    assert_eq!(quantile((1..=100).rev().collect(), 0.99), Some(99));
    assert_eq!(quantile((1..=100).collect(), 1.0), Some(100));
}

#[test]
fn a_series_has_rates_per_second_and_gaps_where_nothing_was() {
    let series = Series::of(&story().samples());
    assert_eq!(series.slice_us, 100 * MS);
    assert_eq!(series.sends, [0.0, 10.0, 10.0, 0.0, 0.0, 0.0]);
    assert_eq!(series.ack_p99_ms, [None, Some(10.0), Some(200.0), None, None, None]);
    assert_eq!(series.here, [2.0, 2.0, 1.0, 1.0, 1.0, 2.0]);
}

#[test]
fn axes_end_at_round_numbers() {
    assert_eq!(Axis::linear([730.0].into_iter()), Axis::Linear(800.0));
    let texts: Vec<_> = Axis::Linear(800.0).ticks().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["0", "200", "400", "600", "800"]);
    assert_eq!(Axis::log([3.0, 1_700.0].into_iter()), Axis::Log(0, 4));
    assert_eq!(Axis::Log(0, 4).place(100.0), 0.5);
    assert_eq!(written(12_345.0), "12\u{a0}345");
    assert_eq!(written(0.5), "0.5");
}

#[test]
fn a_report_says_what_is_wrong_and_the_picture_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut report = Report {
        title: "kill-server on sqlite".into(),
        about: "The server is killed.".into(),
        figures: vec![Figure::new("ready again after", 0.42, 1.0, "s")],
        violations: Vec::new(),
        failure: None,
    };
    assert!(report.is_good());
    report.figures.push(Figure::new("resumed within", None, 5.0, "s"));
    let detail = "number 7 <is> missing".to_owned();
    report.violations.push(Violation { kind: Kind::LostWrite, detail, entries: vec![3] });
    assert!(!report.is_good());
    let samples = story().samples();
    report.write(folder.path(), &samples).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let (markdown, html) = (read("report.md"), read("report.html"));
    assert!(markdown.contains("| ready again after | 0.42 s | 1 s | holds |"), "{markdown}");
    assert!(markdown.contains("| resumed within | not measured | 5 s | **broken** |"));
    assert!(markdown.contains("1 violations, 1 figures out"), "{markdown}");
    assert!(html.contains("number 7 &lt;is&gt; missing"));
    let svg = picture::draw("a & b", &Series::of(&samples));
    assert!(svg.contains("kill &amp; &lt;rise&gt;") && svg.contains("a &amp; b"));
    assert_eq!(svg.matches("<path class=\"line one\"").count(), 5, "four lines and one key");
}
