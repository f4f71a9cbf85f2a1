//! A small honest world: one room on two nodes, people who write, readers whose links break. It
//! writes the history that the workload would write of a server that keeps its promises.

use std::{collections::BTreeMap, sync::Arc};

use shared::{
    Timestamp,
    ids::{ClientId, MessageId, Rev, RoomId, Seq, UserId},
    messages::{Change, Message, Row},
    problem::Code,
    rooms::{Member, Role},
    timeline::Timeline,
    users::UserRef,
};
use uuid::Uuid;

mod readers;

use crate::history::{Door, Entry, Event, Final, Fold, History, RIG, Said};

/// The room.
pub const ROOM: RoomId = RoomId(1);
/// Whoever is put out and comes in again.
pub const GUEST: UserId = UserId(3);
/// Who edits and deletes; who puts people out. Senders have their user's number.
pub const EDITOR: u32 = 10;
pub const DOORMAN: u32 = 11;
/// The first reader; the one of the guest is the last of [`READERS`].
pub const READER: u32 = 20;
pub const READERS: usize = 3;
/// What becomes of an attempt to say something.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    Acked,
    /// Stored, but the link breaks; said again.
    AckLost,
    /// Never arrives; said again.
    SendLost,
    /// The database is away, before the commit or just after it; said again.
    Busy {
        stored: bool,
    },
    /// Refused for good.
    Refused,
    /// Stored, and nobody ever hears of it.
    Forgotten,
}

/// A reader's end of a link and the server's: which change was sent last, none if not subscribed.
struct Reader {
    process: u32,
    user: UserId,
    timeline: Timeline,
    sent: Option<Rev>,
}

pub struct World {
    entries: Vec<Entry>,
    now_us: u64,
    names: u128,
    rev: Rev,
    messages: Vec<Message>,
    members: BTreeMap<UserId, Member>,
    log: Vec<Change>,
    readers: Vec<Reader>,
}

impl World {
    pub fn new() -> Self {
        let reader = |nth: usize| {
            let (user, process) = (UserId(nth as i64 + 1), READER + nth as u32);
            Reader { process, user, timeline: Timeline::new(user, Seq(0), Rev(0)), sent: None }
        };
        let mut world = Self {
            entries: Vec::new(),
            now_us: 0,
            names: 0,
            rev: Rev(0),
            messages: Vec::new(),
            members: BTreeMap::new(),
            log: Vec::new(),
            readers: (0..READERS).map(reader).collect(),
        };
        (1..=3).for_each(|user| world.member(UserId(user), false));
        (0..READERS).for_each(|nth| world.connect(nth));
        world
    }

    pub fn wait(&mut self, us: u64) {
        self.now_us += us;
    }

    fn note(&mut self, process: u32, event: Event) {
        self.now_us += 1_000;
        self.entries.push(Entry { at_us: self.now_us, process, event });
    }

    fn change(&mut self, row: Row) {
        self.log.push(Change { rev: self.rev, row });
    }

    fn member(&mut self, user: UserId, left: bool) {
        self.rev = self.rev.next();
        let (rev, joined_at) = (self.rev, at(self.now_us));
        let user = person(user);
        let member = Member { user, role: Role::Member, joined_at, left, rev };
        self.members.insert(member.user.id, member.clone());
        self.change(Row::Member(member));
    }

    fn is_in(&self, user: UserId) -> bool {
        !self.members[&user].left
    }

    /// Somebody says something.
    pub fn say(&mut self, user: UserId, fate: Fate) {
        self.names += 1;
        let client_id = ClientId(Uuid::from_u128(self.names));
        let content = format!("word {}", self.names);
        let said = Arc::new(Said { room: ROOM, user, client_id, content });
        let fate = if self.is_in(user) { fate } else { Fate::Refused };
        let process = user.0 as u32;
        self.attempt(process, &said);
        let is_stored =
            !matches!(fate, Fate::SendLost | Fate::Busy { stored: false } | Fate::Refused);
        if is_stored {
            self.post(&said);
        }
        let nack = |code: Code| Event::Nack { client_id, code, retry: code.is_retryable() };
        match fate {
            Fate::Acked => return self.ack(process, &said),
            Fate::Refused => return self.note(process, nack(Code::NotAMember)),
            Fate::Forgotten => return self.note(process, Event::Unknown { client_id }),
            Fate::AckLost | Fate::SendLost => self.note(process, Event::Unknown { client_id }),
            Fate::Busy { .. } => self.note(process, nack(Code::Unavailable)),
        }
        self.attempt(process, &said);
        if !is_stored {
            self.post(&said);
        }
        self.ack(process, &said);
    }

    fn attempt(&mut self, process: u32, said: &Arc<Said>) {
        self.note(process, Event::Send { said: said.clone(), node: 0, by: Door::Socket });
    }

    fn post(&mut self, said: &Said) {
        self.rev = self.rev.next();
        let seq = Seq(self.messages.len() as i64 + 1);
        let message = Message {
            id: MessageId(seq.0 + 100),
            room: ROOM,
            seq,
            rev: self.rev,
            user: person(said.user),
            content: said.content.clone(),
            client_id: said.client_id,
            reply_to: None,
            created_at: at(self.now_us),
            edited_at: None,
            deleted_at: None,
        };
        self.messages.push(message.clone());
        self.change(Row::Message(message));
    }

    fn ack(&mut self, process: u32, said: &Said) {
        let stored = self.messages.iter().find(|m| m.client_id == said.client_id).cloned();
        let message = Arc::new(stored.expect("a stored message"));
        self.note(process, Event::Ack { client_id: said.client_id, message });
    }

    /// A message, by its place modulo how many there are, gets another text, or none any more.
    pub fn rewrite(&mut self, nth: usize, delete: bool, heard: bool) {
        let Some(nth) = nth.checked_rem(self.messages.len()) else { return };
        let (seq, content) = (self.messages[nth].seq, format!("word after {}", self.rev));
        self.note(
            EDITOR,
            match delete {
                true => Event::Delete { room: ROOM, seq },
                false => Event::Edit { room: ROOM, seq, content: content.clone() },
            },
        );
        if self.messages[nth].deleted_at.is_some() {
            let code = Code::MessageDeleted;
            return self.note(EDITOR, Event::Refused { code, retry: false });
        }
        self.rev = self.rev.next();
        let (rev, now) = (self.rev, Some(at(self.now_us)));
        let message = &mut self.messages[nth];
        message.rev = rev;
        message.content = if delete { String::new() } else { content };
        *(if delete { &mut message.deleted_at } else { &mut message.edited_at }) = now;
        let message = message.clone();
        self.change(Row::Message(message.clone()));
        self.note(
            EDITOR,
            match (heard, delete) {
                (false, _) => Event::Lost,
                (true, true) => Event::Deleted { room: ROOM, seq },
                (true, false) => Event::Edited { message: message.into() },
            },
        );
    }

    /// The guest is put out, or comes in again.
    pub fn move_guest(&mut self) {
        let (room, user) = (ROOM, GUEST);
        let is_in = self.is_in(GUEST);
        let asked = if is_in { Event::Remove { room, user } } else { Event::Join { room, user } };
        self.note(DOORMAN, asked);
        self.member(GUEST, is_in);
        let nth = READERS - 1;
        if is_in {
            if self.readers[nth].sent.is_some() {
                self.deliver(nth, usize::MAX);
                self.out(nth);
            }
            self.note(DOORMAN, Event::Removed { room, user });
        } else {
            self.note(DOORMAN, Event::Joined { room, user });
            self.subscribe(nth);
        }
    }

    /// All come in, everything arrives, and what is held is compared.
    pub fn finish(mut self) -> History {
        if !self.is_in(GUEST) {
            self.move_guest();
        }
        let members = || self.members.values().filter(|member| !member.left).cloned();
        for node in 0..2 {
            let last = Final {
                node,
                room: ROOM,
                last_seq: Seq(self.messages.len() as i64),
                last_rev: self.rev,
                messages: self.messages.iter().cloned().map(Arc::new).collect(),
                members: members().collect(),
            };
            self.now_us += 1_000;
            let event = Event::Final(last.into());
            self.entries.push(Entry { at_us: self.now_us, process: RIG, event });
        }
        for nth in 0..READERS {
            self.echo(nth);
            assert!(self.readers[nth].timeline.page(self.messages.clone(), self.rev));
            let fold = Fold::of(ROOM, &self.readers[nth].timeline);
            self.note(self.readers[nth].process, Event::Fold(fold.into()));
        }
        History(self.entries)
    }
}

fn person(id: UserId) -> UserRef {
    UserRef { id, username: format!("user{id}") }
}

fn at(us: u64) -> Timestamp {
    Timestamp::from_timestamp_micros(us as i64).expect("a time in range")
}
