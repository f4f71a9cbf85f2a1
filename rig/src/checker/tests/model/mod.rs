//! A reference model of a correct server: one room on two nodes, senders, and readers whose
//! connections break. The model records the history that the workload would record.

use std::{collections::BTreeMap, sync::Arc};

use shared::{
    Timestamp,
    access::{Rank, Role},
    ids::{ClientId, MessageId, Rev, RoomId, Seq, UserId},
    messages::{Change, Message, Reactions, Row},
    problem::Code,
    rooms::Member,
    text::Format,
    timeline::Timeline,
    users::UserRef,
};
use uuid::Uuid;

mod readers;

use crate::history::{Draft, Entry, Event, History, NodeState, RIG, ReaderState, Transport};

pub const ROOM: RoomId = RoomId(1);
/// The user who is removed and joins again.
pub const GUEST: UserId = UserId(3);
/// The emoji of all reactions.
pub const EMOJI: &str = "👍";
/// The process that edits, deletes and reacts. The process number of a sender is its user id.
pub const EDITOR: u32 = 10;
/// The process that removes the guest and, for the guest, joins again.
pub const ADMIN: u32 = 11;
/// The first of the [`READERS`] reader processes. The last one belongs to the guest.
pub const READER: u32 = 20;
pub const READERS: usize = 3;

/// The result of the first attempt to send a message.
#[derive(Clone, Copy, Debug)]
pub enum SendResult {
    Acked,
    /// Stored, but the ack is lost; sent again.
    AckLost,
    /// Never arrives; sent again.
    SendLost,
    /// Refused because the database failed before or just after the commit; sent again.
    Unavailable {
        stored: bool,
    },
    /// Refused without retry.
    Refused,
    /// Stored, but the ack is lost and the sender does not retry.
    Abandoned,
}

/// A reader, with both ends of its connection.
struct Reader {
    process: u32,
    user: UserId,
    timeline: Timeline,
    /// The last change that the server sent; `None` without a subscription.
    sent_rev: Option<Rev>,
}

pub struct Model {
    /// The history so far.
    entries: Vec<Entry>,
    now_us: u64,
    sent_count: u128,
    rev: Rev,
    messages: Vec<Message>,
    members: BTreeMap<UserId, Member>,
    /// All changes, in the states that they had at the time.
    log: Vec<Change>,
    readers: Vec<Reader>,
}

impl Model {
    pub fn new() -> Self {
        let reader = |nth: usize| {
            let (user, process) = (UserId(nth as i64 + 1), READER + nth as u32);
            Reader { process, user, timeline: Timeline::new(user, Seq(0), Rev(0)), sent_rev: None }
        };
        let mut model = Self {
            entries: Vec::new(),
            now_us: 0,
            sent_count: 0,
            rev: Rev(0),
            messages: Vec::new(),
            members: BTreeMap::new(),
            log: Vec::new(),
            readers: (0..READERS).map(reader).collect(),
        };
        (1..=3).for_each(|user| model.set_member(UserId(user), false));
        (0..READERS).for_each(|nth| model.connect(nth));
        model
    }

    /// Lets time pass.
    pub fn wait(&mut self, us: u64) {
        self.now_us += us;
    }

    fn record(&mut self, process: u32, event: Event) {
        self.now_us += 1_000;
        self.entries.push(Entry { at_us: self.now_us, process, event });
    }

    fn log_change(&mut self, row: Row) {
        self.log.push(Change::new(self.rev, row));
    }

    fn set_member(&mut self, user: UserId, left: bool) {
        self.rev = self.rev.next();
        let (rev, joined_at) = (self.rev, timestamp(self.now_us));
        let user = user_ref(user);
        let member = Member {
            user,
            role: Role::Member,
            rank: Rank::Member,
            visible_from: Seq(1),
            timed_out_until: None,
            joined_at,
            left,
            rev,
        };
        self.members.insert(member.user.id, member.clone());
        self.log_change(Row::Member(member));
    }

    fn is_member(&self, user: UserId) -> bool {
        !self.members[&user].left
    }

    pub fn send(&mut self, user: UserId, result: SendResult) {
        self.sent_count += 1;
        let client_id = ClientId(Uuid::from_u128(self.sent_count));
        let content = format!("message {}", self.sent_count);
        let draft = Arc::new(Draft { room: ROOM, user, client_id, content });
        let result = if self.is_member(user) { result } else { SendResult::Refused };
        let process = user.0 as u32;
        self.attempt(process, &draft);
        let is_stored = !matches!(
            result,
            SendResult::SendLost | SendResult::Unavailable { stored: false } | SendResult::Refused
        );
        if is_stored {
            self.post(&draft);
        }
        let nack = |code: Code| Event::Nack { client_id, code, retry: code.is_retryable() };
        match result {
            SendResult::Acked => return self.ack(process, &draft),
            SendResult::Refused => return self.record(process, nack(Code::NotAMember)),
            SendResult::Abandoned => return self.record(process, Event::Unknown { client_id }),
            SendResult::AckLost | SendResult::SendLost => {
                self.record(process, Event::Unknown { client_id })
            }
            SendResult::Unavailable { .. } => self.record(process, nack(Code::Unavailable)),
        }
        self.attempt(process, &draft);
        if !is_stored {
            self.post(&draft);
        }
        self.ack(process, &draft);
    }

    fn attempt(&mut self, process: u32, draft: &Arc<Draft>) {
        self.record(process, Event::Send { draft: draft.clone(), node: 0, via: Transport::Socket });
    }

    /// Stores a message.
    fn post(&mut self, draft: &Draft) {
        self.rev = self.rev.next();
        let seq = Seq(self.messages.len() as i64 + 1);
        let message = Message {
            id: MessageId(seq.0 + 100),
            room: ROOM,
            seq,
            rev: self.rev,
            user: user_ref(draft.user),
            format: Format::Text,
            content: draft.content.clone(),
            client_id: draft.client_id,
            reply_to: None,
            created_at: timestamp(self.now_us),
            edited_at: None,
            deleted_at: None,
            reactions: Reactions::default(),
        };
        self.messages.push(message.clone());
        self.log_change(Row::Message(message));
    }

    fn ack(&mut self, process: u32, draft: &Draft) {
        let stored = self.messages.iter().find(|m| m.client_id == draft.client_id).cloned();
        let message = Arc::new(stored.expect("a stored message"));
        self.record(process, Event::Ack { client_id: draft.client_id, message });
    }

    /// Edits or deletes the message at index `nth` modulo the number of messages.
    pub fn edit_or_delete(&mut self, nth: usize, delete: bool, acked: bool) {
        let Some(nth) = nth.checked_rem(self.messages.len()) else { return };
        let (seq, content) = (self.messages[nth].seq, format!("edit after {}", self.rev));
        self.record(
            EDITOR,
            match delete {
                true => Event::Delete { room: ROOM, seq },
                false => Event::Edit { room: ROOM, seq, content: content.clone() },
            },
        );
        if self.messages[nth].deleted_at.is_some() {
            let code = Code::MessageDeleted;
            return self.record(EDITOR, Event::Refused { code, retry: false });
        }
        self.rev = self.rev.next();
        let (rev, now) = (self.rev, Some(timestamp(self.now_us)));
        let message = &mut self.messages[nth];
        message.rev = rev;
        message.content = if delete { String::new() } else { content };
        if delete {
            message.reactions = Reactions::default();
        }
        *(if delete { &mut message.deleted_at } else { &mut message.edited_at }) = now;
        let message = message.clone();
        self.log_change(Row::Message(message.clone()));
        self.record(
            EDITOR,
            match (acked, delete) {
                (false, _) => Event::NoReply,
                (true, true) => Event::Deleted { room: ROOM, seq },
                (true, false) => Event::Edited { message: message.into() },
            },
        );
    }

    /// Adds a reaction of its author to the message at index `nth` modulo the number of messages.
    pub fn react(&mut self, nth: usize, acked: bool) {
        let Some(nth) = nth.checked_rem(self.messages.len()) else { return };
        let (seq, user) = (self.messages[nth].seq, self.messages[nth].user.id);
        self.record(EDITOR, Event::React { room: ROOM, seq, user, emoji: EMOJI.into() });
        if self.messages[nth].deleted_at.is_some() {
            let code = Code::MessageDeleted;
            return self.record(EDITOR, Event::Refused { code, retry: false });
        }
        if !self.messages[nth].reactions.has(EMOJI, user) {
            self.rev = self.rev.next();
            self.messages[nth].rev = self.rev;
            self.messages[nth].reactions.add(EMOJI, user);
            self.log_change(Row::Message(self.messages[nth].clone()));
        }
        let message = Arc::new(self.messages[nth].clone());
        self.record(EDITOR, if acked { Event::Reacted { message } } else { Event::NoReply });
    }

    /// Removes the guest, or lets the guest join again.
    pub fn toggle_guest(&mut self) {
        let (room, user) = (ROOM, GUEST);
        let was_member = self.is_member(GUEST);
        let invocation =
            if was_member { Event::Remove { room, user } } else { Event::Join { room, user } };
        self.record(ADMIN, invocation);
        self.set_member(GUEST, was_member);
        let nth = READERS - 1;
        if was_member {
            if self.readers[nth].sent_rev.is_some() {
                self.deliver(nth, usize::MAX);
                self.leave(nth);
            }
            self.record(ADMIN, Event::Removed { room, user });
        } else {
            self.record(ADMIN, Event::Joined { room, user });
            self.subscribe(nth);
        }
    }

    /// Delivers all changes and records the final states.
    pub fn finish(mut self) -> History {
        if !self.is_member(GUEST) {
            self.toggle_guest();
        }
        let members = || self.members.values().filter(|member| !member.left).cloned();
        let existing = || self.messages.iter().filter(|message| message.deleted_at.is_none());
        let found = || existing().rev().map(|message| message.seq);
        for node in 0..2 {
            let state = NodeState {
                node,
                room: ROOM,
                last_seq: Seq(self.messages.len() as i64),
                last_rev: self.rev,
                messages: self.messages.iter().cloned().map(Arc::new).collect(),
                found: found().collect(),
                members: members().collect(),
            };
            self.now_us += 1_000;
            let event = Event::NodeState(state.into());
            self.entries.push(Entry { at_us: self.now_us, process: RIG, event });
        }
        for nth in 0..READERS {
            self.ping(nth);
            assert!(self.readers[nth].timeline.insert_page(self.messages.clone(), self.rev));
            let state = ReaderState::new(ROOM, &self.readers[nth].timeline);
            self.record(self.readers[nth].process, Event::ReaderState(state.into()));
        }
        History(self.entries)
    }
}

fn user_ref(id: UserId) -> UserRef {
    UserRef { id, username: format!("user{id}"), display_name: None }
}

fn timestamp(us: u64) -> Timestamp {
    Timestamp::from_timestamp_micros(us as i64).expect("a time in range")
}
