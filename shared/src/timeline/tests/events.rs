//! The events of a room stand between its messages.

use super::*;
use crate::rooms::RoomEventKind;

fn event(rev: i64, after: i64) -> RoomEvent {
    RoomEvent {
        rev: Rev(rev),
        after_seq: Seq(after),
        kind: RoomEventKind::Joined,
        by: UserRef { id: ME, username: "ada".into(), display_name: None },
        user: None,
        from: None,
        to: None,
        at: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn events_stand_after_their_message_once_and_by_rev() {
    let mut server = Server::default();
    let message = server.post(1, ClientId(Uuid::from_u128(1)));
    let mut timeline = Timeline::new(ME, Seq(0), Rev(0));
    timeline.apply(Change::new(message.rev, Row::Message(message)));
    server.set_member(2, false);
    server.set_member(2, true);
    let with_event = |change: &Change, rev: i64| Change {
        rev: Rev(rev),
        event: Some(Box::new(event(rev, 1))),
        ..change.clone()
    };
    // The earlier event comes with the latest row; the timeline keeps both, in their order.
    let latest = &server.live[2];
    for rev in [2, 3, 3] {
        assert_eq!(timeline.apply(with_event(latest, rev)), ApplyOutcome::InOrder);
    }
    timeline.insert_events([event(3, 1), event(9, 0), event(7, 2)]);
    let revs = |timeline: &Timeline, after| -> Vec<i64> {
        timeline.events_after(Seq(after)).map(|event| event.rev.0).collect()
    };
    assert_eq!(revs(&timeline, 0), [9]);
    assert_eq!(revs(&timeline, 1), [2, 3]);
    assert_eq!(revs(&timeline, 2), [7]);
    assert_eq!((timeline.rev(), timeline.members().count()), (Rev(3), 0));
    timeline.reset(Seq(1), Rev(3));
    assert_eq!(revs(&timeline, 1), [0; 0]);
}
