//! Search finds exactly what the reference matcher finds among the readable messages, however far the index
//! is: its follower stopped, half way or done, and during a rebuild.

use hallway::tables::search_index::{index_next, pending_rooms, rebuild_next};
use proptest::{
    prelude::*,
    sample::{Index, select},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use sea_orm::ConnectionTrait;
use serde_json::json;
use shared::{
    ids::{RoomId, Seq},
    messages::{MapHits, Message},
    paths,
    search::{Has, parse, tokenizer::Matcher},
    text::{Format, FormattedText},
};

use super::{address, room, search, summary};
use crate::{
    database::refuse,
    fixture::{Client, Fixture},
};

/// The number of random histories.
const HISTORIES: usize = 4;
/// The number of steps of a history.
const STEPS: usize = 40;
/// Queries are compared after each so many steps, because each comparison is hundreds of requests.
const COMPARE_EVERY: usize = 10;

/// Texts, each with what it has as plain text and as Markdown.
const TEXTS: &[(&str, Contents, Contents)] = &[
    ("disk", &[], &[]),
    ("the disk is full, @admin", &[Has::Mention], &[Has::Mention]),
    ("full tape", &[], &[]),
    ("https://example.org/disk", &[Has::Link], &[Has::Link]),
    ("see https://example.org/ and `disk`", &[Has::Link, Has::Code], &[Has::Link, Has::Code]),
    ("```\ntape\n```", &[Has::Code], &[Has::Code]),
    ("getDiskUsage", &[], &[]),
    ("病院 disk", &[], &[]),
    ("@admin tape", &[Has::Mention], &[Has::Mention]),
    ("`https://example.org/ @admin disk`", &[Has::Link, Has::Code, Has::Mention], &[Has::Code]),
    ("[tape](https:\\//example.org/) \\`disk\\`", &[Has::Code], &[Has::Link]),
    ("~~~\ndisk @admin\n~~~", &[Has::Mention], &[Has::Code]),
    ("**full** *@admin*", &[Has::Mention], &[Has::Mention]),
];

/// The facets of a text.
type Contents = &'static [Has];

/// A query, and whether a message is a hit.
type Case = (&'static str, fn(&Message) -> bool);

/// Queries, each with a condition on the messages besides its terms.
const QUERIES: &[Case] = &[
    ("", |_| true),
    ("disk", |_| true),
    ("full tape", |_| true),
    ("\"disk is full\"", |_| true),
    ("~isk", |_| true),
    ("~is OR tape", |_| true),
    ("disk -full", |_| true),
    ("-tape", |_| true),
    ("院", |_| true),
    ("has:link", has_link),
    ("-has:link", |message| !has_link(message)),
    ("disk -has:code", |message| !has_code(message)),
    ("has:code has:link", |message| has_code(message) || has_link(message)),
    ("has:link has:mention disk", |message| has_link(message) || has_mention(message)),
    ("has:code has:edit", |message| has_code(message) || message.edited_at.is_some()),
    ("has:code has:reply -has:link", |message| {
        (has_code(message) || message.reply_to.is_some()) && !has_link(message)
    }),
    ("is:edited", |message| message.edited_at.is_some()),
    ("from:member", |message| message.user.username == "member"),
    ("disk in:Lobby", |message| message.room == RoomId(1)),
    ("-in:Lobby", |message| message.room != RoomId(1)),
    ("after:7d", |_| true),
];

fn has_link(message: &Message) -> bool {
    contents(message).contains(&Has::Link)
}

fn has_code(message: &Message) -> bool {
    contents(message).contains(&Has::Code)
}

fn has_mention(message: &Message) -> bool {
    contents(message).contains(&Has::Mention)
}

fn contents(message: &Message) -> Contents {
    let Some((_, as_text, as_markdown)) = TEXTS.iter().find(|(text, ..)| *text == message.content)
    else {
        return &[];
    };
    match message.format {
        Format::Text => as_text,
        Format::Markdown => as_markdown,
    }
}

/// A step of a history. An [`Index`] selects one of the messages, rooms or texts.
#[derive(Clone, Debug)]
enum Step {
    Post {
        room: Index,
        text: FormattedText<'static>,
        is_reply: bool,
    },
    Edit {
        message: Index,
        text: FormattedText<'static>,
    },
    Delete {
        message: Index,
    },
    StopFollower,
    ResumeFollower,
    /// Indexes some of the messages.
    Index {
        count: i64,
    },
    BeginRebuild,
    /// Rebuilds a part of the index.
    Rebuild {
        count: u64,
    },
}

fn text() -> impl Strategy<Value = FormattedText<'static>> {
    let format_and_text = (select(&Format::ALL[..]), select(TEXTS));
    format_and_text.prop_map(|(format, (text, ..))| FormattedText::new(format, text))
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        10 => (any::<Index>(), text(), any::<bool>())
            .prop_map(|(room, text, is_reply)| Step::Post { room, text, is_reply }),
        4 => (any::<Index>(), text()).prop_map(|(message, text)| Step::Edit { message, text }),
        2 => any::<Index>().prop_map(|message| Step::Delete { message }),
        2 => Just(Step::StopFollower),
        1 => Just(Step::ResumeFollower),
        4 => (1..4_i64).prop_map(|count| Step::Index { count }),
        1 => Just(Step::BeginRebuild),
        2 => (1..8_u64).prop_map(|count| Step::Rebuild { count }),
    ];
    proptest::collection::vec(step, STEPS)
}

/// A server with two rooms, and what its messages must be.
struct History {
    fixture: Fixture,
    rooms: [RoomId; 2],
    messages: Vec<Message>,
    /// The statement that lets the stopped follower go on.
    stopped: Option<String>,
}

impl History {
    async fn begin() -> Self {
        let fixture = Fixture::start().await;
        let rooms = [fixture.room, room(&fixture, "Attic").await];
        let messages = search(&fixture.member, &[]).await.hits;
        let messages = messages.into_iter().rev().map(|hit| hit.message).collect();
        Self { fixture, rooms, messages, stopped: None }
    }

    async fn execute(&mut self, step: Step) {
        let db = self.fixture.server.database().clone();
        match step {
            Step::Post { room, text, is_reply } => {
                self.post(*room.get(&self.rooms), text, is_reply).await;
            }
            Step::Edit { message, text } => {
                let message = message.get_mut(&mut self.messages);
                if message.deleted_at.is_none() && message.user.username == "member" {
                    let path = paths::fill(paths::MESSAGE, &[&message.room, &message.seq]);
                    let edit = json!({"content": text.content, "format": text.format});
                    *message = self.fixture.member.patch(&path, edit).await.expect_json(200);
                }
            }
            Step::Delete { message } => {
                let message = message.get_mut(&mut self.messages);
                let path = paths::fill(paths::MESSAGE, &[&message.room, &message.seq]);
                self.fixture.admin.delete(&path).await.expect_status(204);
                *message = self.fixture.member.get(&path).await.expect_json(200);
            }
            Step::StopFollower => self.stop().await,
            Step::ResumeFollower => {
                self.resume().await;
            }
            Step::Index { count } => {
                let was_stopped = self.resume().await;
                let pending = pending_rooms(&db.reader).await.unwrap();
                let rooms: Vec<_> = pending.iter().map(|one| (one.room, one.last_seq)).collect();
                index_next(&db, &rooms, count).await.unwrap();
                if was_stopped {
                    self.stop().await;
                }
            }
            Step::BeginRebuild => {
                let was_stopped = self.resume().await;
                self.fixture.server.begin_rebuild().await;
                if was_stopped {
                    self.stop().await;
                }
            }
            Step::Rebuild { count } => drop(rebuild_next(&db, count).await.unwrap()),
        }
    }

    async fn post(&mut self, room: RoomId, text: FormattedText<'_>, is_reply: bool) {
        let has_messages = self.messages.iter().any(|message| message.room == room);
        let reply_to = (is_reply && has_messages).then_some(1);
        let FormattedText { format, content } = text;
        let new = json!({"content": content, "format": format, "reply_to": reply_to});
        let path = paths::fill(paths::MESSAGES, &[&room]);
        self.messages.push(self.fixture.member.post(&path, new).await.expect_json(201));
    }

    async fn stop(&mut self) {
        if self.stopped.is_none() {
            let writer = &self.fixture.server.database().writer;
            self.stopped = Some(refuse(writer, "search_positions", "UPDATE").await);
        }
    }

    /// Lets the follower go on; returns whether it was stopped.
    async fn resume(&mut self) -> bool {
        let Some(resume) = self.stopped.take() else { return false };
        self.fixture.server.database().writer.execute_unprepared(&resume).await.unwrap();
        true
    }

    /// Compares the hits of every query, read in pages from both ends, its number of hits, and its hits
    /// in one room.
    async fn compare(&self) {
        let reader = &self.fixture.member;
        for (q, is_hit) in QUERIES {
            let matcher = Matcher::new(&parse(q).unwrap());
            let hits = self.messages.iter().filter(|message| {
                message.deleted_at.is_none()
                    && is_hit(message)
                    && matcher.is_match(&message.content)
            });
            let expected: Vec<&Message> = hits.collect();
            let mut older = read_pages(reader, q, "before").await;
            older.reverse();
            let newer = read_pages(reader, q, "after").await;
            assert!(older.iter().eq(expected.iter().copied()), "{q}: {older:#?}");
            assert!(newer.iter().eq(expected.iter().copied()), "{q}: {newer:#?}");
            assert_eq!(summary(reader, q).await.total, expected.len() as u64, "{q}");
            if !q.contains("in:") {
                let room = self.rooms[0];
                let in_room = expected.iter().filter(|message| message.room == room);
                let in_room: Vec<Seq> = in_room.map(|message| message.seq).collect();
                let path = address(&paths::fill(paths::MAP_HITS, &[&room]), &[("q", q)]);
                let map: MapHits = reader.get(&path).await.expect_json(200);
                assert_eq!((map.hits, map.older), (in_room, None), "{q}");
            }
        }
    }
}

/// All hits, in the order of the search: from the newest (`before`) or from the oldest (`after`).
async fn read_pages(reader: &Client, q: &str, side: &str) -> Vec<Message> {
    let mut found = Vec::new();
    let start = if side == "before" { "newest" } else { "oldest" };
    let mut anchor = Some(start.to_owned());
    while let Some(at) = anchor {
        let hits = search(reader, &[("q", q), ("anchor", &*at), (side, "7")]).await;
        let page = hits.hits.into_iter().map(|hit| hit.message);
        // A page has the newest hit first.
        let next = match side {
            "before" => {
                found.extend(page);
                hits.older
            }
            _ => {
                found.extend(page.rev());
                hits.newer
            }
        };
        anchor = next.map(|next| next.to_string());
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn search_equals_the_matcher_however_far_the_index_is() {
    let mut runner = TestRunner::default();
    for _ in 0..HISTORIES {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        println!("{steps:?}");
        let mut history = History::begin().await;
        for (nth, step) in steps.into_iter().enumerate() {
            history.execute(step).await;
            if nth % COMPARE_EVERY == COMPARE_EVERY - 1 {
                history.compare().await;
            }
        }
        history.resume().await;
        history.fixture.server.wait_until_indexed().await;
        history.compare().await;
    }
}

#[tokio::test]
async fn what_is_not_indexed_is_as_invisible_as_the_rest() {
    let fixture = Fixture::start().await;
    let writer = &fixture.server.database().writer;
    let resume = refuse(writer, "search_positions", "UPDATE").await;
    let other = room(&fixture, "Attic").await;
    fixture.admin.post_message(other, "swordfish").await;
    fixture.admin.post_message(fixture.room, "swordfish").await;
    assert_eq!(super::texts(&fixture.member, "swordfish").await.len(), 2);
    assert!(super::texts(&fixture.outsider, "swordfish").await.is_empty());
    let leave = paths::fill(paths::MEMBERSHIP, &[&other]);
    fixture.member.delete(&leave).await.expect_status(204);
    assert_eq!(super::texts(&fixture.member, "swordfish").await.len(), 1);
    writer.execute_unprepared(&resume).await.unwrap();
}
