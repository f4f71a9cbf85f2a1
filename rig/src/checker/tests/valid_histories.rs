//! The checker finds no violation in the histories of a correct server, and a history survives a
//! round trip to disk.

use proptest::prelude::*;
use shared::ids::UserId;

use super::model::{Model, READERS, SendResult};
use crate::{checker::check, history::History};

#[derive(Clone, Debug)]
enum Action {
    Send(i64, SendResult),
    EditOrDelete { nth: usize, delete: bool, acked: bool },
    React { nth: usize, acked: bool },
    ToggleGuest,
    Deliver(usize, usize),
    OverflowQueue(usize),
    Ping(usize),
    Connect(usize),
    Subscribe(usize),
    Wait(u64),
}

fn action() -> impl Strategy<Value = Action> {
    let result = prop_oneof![
        6 => Just(SendResult::Acked),
        1 => Just(SendResult::AckLost),
        1 => Just(SendResult::SendLost),
        1 => any::<bool>().prop_map(|stored| SendResult::Unavailable { stored }),
        1 => Just(SendResult::Refused),
        1 => Just(SendResult::Abandoned),
    ];
    prop_oneof![
        6 => (1..4i64, result).prop_map(|(user, result)| Action::Send(user, result)),
        3 => (0..90usize, any::<bool>(), any::<bool>())
            .prop_map(|(nth, delete, acked)| Action::EditOrDelete { nth, delete, acked }),
        2 => (0..90usize, any::<bool>()).prop_map(|(nth, acked)| Action::React { nth, acked }),
        1 => Just(Action::ToggleGuest),
        6 => (0..READERS, 1..4usize).prop_map(|(nth, at_most)| Action::Deliver(nth, at_most)),
        1 => (0..READERS).prop_map(Action::OverflowQueue),
        1 => (0..READERS).prop_map(Action::Ping),
        1 => (0..READERS).prop_map(Action::Connect),
        1 => (0..READERS).prop_map(Action::Subscribe),
        2 => (0..3_000_000u64).prop_map(Action::Wait),
    ]
}

fn run(actions: Vec<Action>) -> History {
    let mut model = Model::new();
    for action in actions {
        match action {
            Action::Send(user, result) => model.send(UserId(user), result),
            Action::EditOrDelete { nth, delete, acked } => model.edit_or_delete(nth, delete, acked),
            Action::React { nth, acked } => model.react(nth, acked),
            Action::ToggleGuest => model.toggle_guest(),
            Action::Deliver(nth, at_most) => model.deliver(nth, at_most),
            Action::OverflowQueue(nth) => model.overflow_queue(nth),
            Action::Ping(nth) => model.ping(nth),
            Action::Connect(nth) => model.connect(nth),
            Action::Subscribe(nth) => model.subscribe(nth),
            Action::Wait(us) => model.wait(us),
        }
    }
    model.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn valid_histories_have_no_violations(actions in prop::collection::vec(action(), 0..150)) {
        let history = run(actions);
        let violations = check(&history);
        prop_assert!(violations.is_empty(), "{}", violations[0]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn a_written_history_reads_back_the_same(actions in prop::collection::vec(action(), 0..60)) {
        let history = run(actions);
        let file = tempfile::NamedTempFile::new().unwrap();
        history.write(file.path()).unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        let entries = text.lines().map(|line| serde_json::from_str(line).unwrap());
        prop_assert_eq!(History(entries.collect()), history);
    }
}
