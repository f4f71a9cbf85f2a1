//! Simulates a server and a client between which changes get lost, repeated and reordered. At the
//! end the state of the client must equal a fresh read.

use chrono::DateTime;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    access::{Rank, Role},
    ids::{MessageId, RoomId},
    messages::Reactions,
    users::UserRef,
};

mod events;

const ME: UserId = UserId(1);

#[derive(Clone, Debug)]
enum Step {
    Post {
        by: i64,
    },
    Edit {
        nth: usize,
    },
    Delete {
        nth: usize,
    },
    SetMember {
        user: i64,
        left: bool,
    },
    /// The next undelivered live change arrives, or is lost.
    Deliver {
        lost: bool,
    },
    /// A delivered change arrives again.
    Redeliver {
        nth: usize,
    },
    /// The socket breaks, all changes in flight are lost, and the client subscribes again.
    Reconnect,
    /// The client requests a page over REST. The response arrives with `ReceivePage`.
    RequestPage {
        before: i64,
    },
    ReceivePage,
    /// The client sends a message. The server stores it, but the ack can get lost.
    Send {
        acked: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..4i64).prop_map(|by| Step::Post { by }),
        2 => (0..50usize).prop_map(|nth| Step::Edit { nth }),
        1 => (0..50usize).prop_map(|nth| Step::Delete { nth }),
        1 => (1..4i64, any::<bool>()).prop_map(|(user, left)| Step::SetMember { user, left }),
        8 => prop::bool::weighted(0.1).prop_map(|lost| Step::Deliver { lost }),
        2 => (0..50usize).prop_map(|nth| Step::Redeliver { nth }),
        1 => Just(Step::Reconnect),
        2 => (1..60i64).prop_map(|before| Step::RequestPage { before }),
        2 => Just(Step::ReceivePage),
        2 => any::<bool>().prop_map(|acked| Step::Send { acked }),
    ]
}

/// The room at the server: its counter, its rows in their latest state, and the live changes.
#[derive(Default)]
struct Server {
    rev: i64,
    messages: Vec<Message>,
    members: BTreeMap<i64, Member>,
    live: Vec<Change>,
}

impl Server {
    fn bump(&mut self) -> Rev {
        self.rev += 1;
        Rev(self.rev)
    }

    fn post(&mut self, by: i64, client_id: ClientId) -> Message {
        let (rev, seq) = (self.bump(), self.messages.len() as i64 + 1);
        let message = Message {
            id: MessageId(seq),
            room: RoomId(1),
            seq: Seq(seq),
            rev,
            user: UserRef { id: UserId(by), username: format!("user{by}"), display_name: None },
            format: Format::Text,
            content: format!("text {rev}"),
            client_id,
            reply_to: None,
            created_at: DateTime::UNIX_EPOCH,
            edited_at: None,
            deleted_at: None,
            reactions: Reactions::default(),
        };
        self.messages.push(message.clone());
        self.live.push(Change::new(rev, Row::Message(message.clone())));
        message
    }

    fn change_message(&mut self, nth: usize, delete: bool) {
        if self.messages.is_empty() {
            return;
        }
        let nth = nth % self.messages.len();
        if self.messages[nth].deleted_at.is_some() {
            return;
        }
        let rev = self.bump();
        let message = &mut self.messages[nth];
        message.rev = rev;
        message.content = if delete { String::new() } else { format!("text {rev}") };
        message.deleted_at = delete.then_some(DateTime::UNIX_EPOCH);
        let message = message.clone();
        self.live.push(Change::new(rev, Row::Message(message)));
    }

    fn set_member(&mut self, user: i64, left: bool) {
        let rev = self.bump();
        let member = Member {
            user: UserRef { id: UserId(user), username: format!("user{user}"), display_name: None },
            role: Role::Member,
            rank: Rank::Member,
            visible_from: Seq(1),
            timed_out_until: None,
            joined_at: DateTime::UNIX_EPOCH,
            left,
            rev,
        };
        self.members.insert(user, member.clone());
        self.live.push(Change::new(rev, Row::Member(member)));
    }

    fn changes_after(&self, rev: Rev) -> Vec<Change> {
        let messages = self.messages.iter().map(|m| (m.rev, Row::Message(m.clone())));
        let members = self.members.values().map(|m| (m.rev, Row::Member(m.clone())));
        let mut changes: Vec<_> =
            messages.chain(members).map(|(rev, row)| Change::new(rev, row)).collect();
        changes.retain(|change| change.rev > rev);
        changes.sort_by_key(|change| change.rev);
        changes
    }

    fn page(&self, before: i64) -> (Vec<Message>, Rev) {
        let end = self.messages.len().min((before - 1) as usize);
        (self.messages[end.saturating_sub(5)..end].to_vec(), Rev(self.rev))
    }
}

/// The client, with its socket and its page request.
struct Client {
    timeline: Timeline,
    /// The number of live changes that arrived or were lost.
    delivered_count: usize,
    received: Vec<Change>,
    page_response: Option<(Vec<Message>, Rev)>,
    /// The `client_id` of the last sent message.
    last_client_id: u128,
}

impl Client {
    fn new(timeline: Timeline, delivered_count: usize, last_client_id: u128) -> Self {
        Self { timeline, delivered_count, received: vec![], page_response: None, last_client_id }
    }

    /// Applies the missed changes; if there are more than `max_replayed`, resets instead.
    fn subscribe(&mut self, server: &Server, max_replayed: usize) {
        let missed = server.changes_after(self.timeline.rev());
        if missed.len() > max_replayed {
            self.timeline.reset(Seq(server.messages.len() as i64), Rev(server.rev));
        } else {
            for change in missed {
                self.timeline.apply(change);
            }
            self.timeline.advance_rev(Rev(server.rev));
        }
        self.delivered_count = server.live.len();
    }

    fn run_step(&mut self, server: &mut Server, step: Step, max_replayed: usize) {
        match step {
            Step::Post { by } => drop(server.post(by + 1, ClientId(Uuid::from_u128(1 << 64)))),
            Step::Edit { nth } => server.change_message(nth, false),
            Step::Delete { nth } => server.change_message(nth, true),
            Step::SetMember { user, left } => server.set_member(user, left),
            Step::Deliver { lost } => {
                let Some(change) = server.live.get(self.delivered_count).cloned() else { return };
                self.delivered_count += 1;
                if !lost {
                    self.received.push(change.clone());
                    if self.timeline.apply(change) == ApplyOutcome::MissedEarlier {
                        self.subscribe(server, max_replayed);
                    }
                }
            }
            Step::Redeliver { nth } => {
                if !self.received.is_empty() {
                    let change = self.received[nth % self.received.len()].clone();
                    if self.timeline.apply(change) == ApplyOutcome::MissedEarlier {
                        self.subscribe(server, max_replayed);
                    }
                }
            }
            Step::Reconnect => self.subscribe(server, max_replayed),
            Step::RequestPage { before } => self.page_response = Some(server.page(before)),
            Step::ReceivePage => {
                if let Some((messages, rev)) = self.page_response.take() {
                    let _ = self.timeline.insert_page(messages, rev);
                }
            }
            Step::Send { acked } => {
                self.last_client_id += 1;
                let client_id = ClientId(Uuid::from_u128(self.last_client_id));
                self.timeline.add_pending(client_id, (Format::Text, "mine".into()), None);
                let message = server.post(ME.0, client_id);
                if acked {
                    self.timeline.upsert_message(message);
                }
            }
        }
    }
}

#[test]
fn stored_and_later_messages_get_a_new_display_name() {
    let (mut server, mut timeline) = (Server::default(), Timeline::new(ME, Seq(0), Rev(0)));
    server.set_member(2, false);
    let posted = server.post(2, ClientId(Uuid::from_u128(1)));
    for change in server.live.drain(..) {
        timeline.apply(change);
    }
    assert_eq!(timeline.renames(UserId(2)), 0);
    let mut member = server.members[&2].clone();
    (member.rev, member.user.display_name) = (Rev(3), Some("Ada".into()));
    timeline.upsert_member(member.clone());
    assert_eq!(timeline.get(Seq(1)).unwrap().user, member.user);
    assert_eq!((timeline.renames(UserId(2)), timeline.renames(ME)), (1, 0));
    // A page that was read before the change arrives after it.
    timeline.upsert_message(Message { seq: Seq(2), ..posted });
    assert_eq!(timeline.get(Seq(2)).unwrap().user, member.user);
    timeline.upsert_member(member.clone());
    assert_eq!(timeline.renames(UserId(2)), 1, "once");
    // Who left keeps the name, unless the account is deleted.
    let left = |rev, username: &str| {
        let user = UserRef { id: UserId(2), username: username.into(), display_name: None };
        Member { user, left: true, rev: Rev(rev), ..member.clone() }
    };
    timeline.upsert_member(left(4, "user2"));
    assert_eq!(timeline.get(Seq(2)).unwrap().user, member.user);
    timeline.upsert_member(left(5, DELETED_USERNAME));
    assert_eq!(timeline.get(Seq(2)).unwrap().user.name(), DELETED_USERNAME);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_interleaving_converges_to_a_fresh_read(
        earlier_steps in prop::collection::vec(step(), 0..30),
        steps in prop::collection::vec(step(), 0..120),
        max_replayed in 3..40usize,
    ) {
        let mut server = Server::default();
        let mut earlier_client = Client::new(Timeline::new(ME, Seq(0), Rev(0)), 0, 1 << 32);
        for step in earlier_steps {
            earlier_client.run_step(&mut server, step, max_replayed);
        }
        let (last_seq, rev) = (Seq(server.messages.len() as i64), Rev(server.rev));
        let mut client = Client::new(Timeline::new(ME, last_seq, rev), server.live.len(), 0);
        for step in steps {
            client.run_step(&mut server, step, max_replayed);
        }
        client.run_step(&mut server, Step::ReceivePage, max_replayed);
        client.subscribe(&server, max_replayed);

        prop_assert_eq!(client.timeline.rev(), Rev(server.rev));
        prop_assert_eq!(client.timeline.last_seq(), Seq(server.messages.len() as i64));
        // The items are the messages of the server, each once and in order, and gaps for the rest.
        let mut next = client.timeline.first_loaded().unwrap_or(client.timeline.last_seq().next());
        for item in client.timeline.items() {
            match item {
                Item::Message(message) => {
                    prop_assert_eq!(message, &server.messages[next.0 as usize - 1]);
                    next = next.next();
                }
                Item::Gap { from, to } => {
                    prop_assert!(from == next && from <= to);
                    next = to.next();
                }
                Item::Pending(_) => {}
            }
        }
        prop_assert_eq!(next, client.timeline.last_seq().next());

        // A page with all messages fills every gap.
        let all = server.messages.clone();
        prop_assert!(client.timeline.insert_page(all.clone(), Rev(server.rev)));
        let shown: Vec<_> = client.timeline.items().collect();
        let fresh: Vec<_> = all.iter().map(Item::Message).collect();
        prop_assert_eq!(shown, fresh, "a stored message is still pending");
    }

    #[test]
    fn members_converge_to_the_state_of_the_server(
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut server = Server::default();
        let mut client = Client::new(Timeline::new(ME, Seq(0), Rev(0)), 0, 0);
        for step in steps {
            client.run_step(&mut server, step, usize::MAX);
        }
        client.subscribe(&server, usize::MAX);
        let shown: Vec<_> = client.timeline.members().cloned().collect();
        let fresh: Vec<_> = server.members.values().filter(|m| !m.left).cloned().collect();
        prop_assert_eq!(shown, fresh);
    }
}
