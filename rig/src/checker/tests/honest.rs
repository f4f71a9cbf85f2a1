//! Whatever happens to an honest server, the checker finds nothing; and a history survives the disk.

use proptest::prelude::*;
use shared::ids::UserId;

use super::model::{Fate, READERS, World};
use crate::{checker::check, history::History};

#[derive(Clone, Debug)]
enum Act {
    Say(i64, Fate),
    Rewrite { nth: usize, delete: bool, heard: bool },
    MoveGuest,
    Deliver(usize, usize),
    Refill(usize),
    Echo(usize),
    Connect(usize),
    Subscribe(usize),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let fate = prop_oneof![
        6 => Just(Fate::Acked),
        1 => Just(Fate::AckLost),
        1 => Just(Fate::SendLost),
        1 => any::<bool>().prop_map(|stored| Fate::Busy { stored }),
        1 => Just(Fate::Refused),
        1 => Just(Fate::Forgotten),
    ];
    prop_oneof![
        6 => (1..4i64, fate).prop_map(|(user, fate)| Act::Say(user, fate)),
        3 => (0..90usize, any::<bool>(), any::<bool>())
            .prop_map(|(nth, delete, heard)| Act::Rewrite { nth, delete, heard }),
        1 => Just(Act::MoveGuest),
        6 => (0..READERS, 1..4usize).prop_map(|(nth, most)| Act::Deliver(nth, most)),
        1 => (0..READERS).prop_map(Act::Refill),
        1 => (0..READERS).prop_map(Act::Echo),
        1 => (0..READERS).prop_map(Act::Connect),
        1 => (0..READERS).prop_map(Act::Subscribe),
        2 => (0..3_000_000u64).prop_map(Act::Wait),
    ]
}

fn play(acts: Vec<Act>) -> History {
    let mut world = World::new();
    for act in acts {
        match act {
            Act::Say(user, fate) => world.say(UserId(user), fate),
            Act::Rewrite { nth, delete, heard } => world.rewrite(nth, delete, heard),
            Act::MoveGuest => world.move_guest(),
            Act::Deliver(nth, most) => world.deliver(nth, most),
            Act::Refill(nth) => world.refill(nth),
            Act::Echo(nth) => world.echo(nth),
            Act::Connect(nth) => world.connect(nth),
            Act::Subscribe(nth) => world.subscribe(nth),
            Act::Wait(us) => world.wait(us),
        }
    }
    world.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn honest_histories_are_clean(acts in prop::collection::vec(act(), 0..150)) {
        let history = play(acts);
        let violations = check(&history);
        prop_assert!(violations.is_empty(), "{}", violations[0]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn a_history_survives_the_disk(acts in prop::collection::vec(act(), 0..60)) {
        let history = play(acts);
        let file = tempfile::NamedTempFile::new().unwrap();
        history.write(file.path()).unwrap();
        prop_assert_eq!(History::read(file.path()).unwrap(), history);
    }
}
