//! Matches and ranks texts in Rust, on blocking threads because the work is CPU-bound.

use std::{cmp::Ordering, ops::Range, sync::Arc, time::Duration, time::Instant};

use shared::{messages::Message, search::tokenizer::Matcher};

use crate::{Error, Result};

/// How long a search runs before its response carries a cursor instead of more hits.
pub const TIME_BUDGET: Duration = Duration::from_millis(400);
/// Texts up to this many bytes are matched in place, because a thread switch would take as long.
const IN_PLACE_MAX: usize = 8_192;

/// The result of a recheck.
pub struct Rechecked {
    /// The messages that match the whole query.
    pub messages: Vec<Message>,
    /// The last message that was examined, if the time budget ran out before the end.
    pub stopped_at: Option<Message>,
}

/// Keeps the messages that match the whole query. Even if the time budget has run out, it examines
/// one message, so that every request makes progress.
pub async fn recheck(
    matcher: Arc<Matcher>,
    candidates: Vec<Message>,
    started: Instant,
) -> Result<Rechecked> {
    run_blocking(move || {
        let count = candidates.len();
        let mut rechecked = Rechecked { messages: Vec::new(), stopped_at: None };
        for (nth, message) in candidates.into_iter().enumerate() {
            if started.elapsed() > TIME_BUDGET && nth + 1 < count {
                rechecked.stopped_at = Some(message.clone());
            }
            if matcher.is_match(&message.content) {
                rechecked.messages.push(message);
            }
            if rechecked.stopped_at.is_some() {
                break;
            }
        }
        rechecked
    })
    .await
}

/// The messages that match the whole query.
pub async fn matching(matcher: &Arc<Matcher>, mut messages: Vec<Message>) -> Result<Vec<Message>> {
    let matcher = matcher.clone();
    run_blocking(move || {
        messages.retain(|message| matcher.is_match(&message.content));
        messages
    })
    .await
}

/// Adds to each message the byte ranges of its text that match.
pub async fn with_ranges(
    matcher: &Arc<Matcher>,
    messages: Vec<Message>,
) -> Result<Vec<(Message, Vec<Range<usize>>)>> {
    let matcher = matcher.clone();
    let bytes: usize = messages.iter().map(|message| message.content.len()).sum();
    let add_ranges = move || {
        let add = |message: Message| {
            let ranges = matcher.ranges(&message.content);
            (message, ranges)
        };
        messages.into_iter().map(add).collect()
    };
    if bytes <= IN_PLACE_MAX { Ok(add_ranges()) } else { run_blocking(add_ranges).await }
}

/// The most relevant messages, at most `count`; of two equally relevant ones the newer first.
pub async fn most_relevant(
    matcher: &Arc<Matcher>,
    messages: Vec<Message>,
    count: usize,
) -> Result<Vec<Message>> {
    let matcher = matcher.clone();
    let order = |(a, one): &(f32, Message), (b, other): &(f32, Message)| -> Ordering {
        b.total_cmp(a).then(other.id.cmp(&one.id))
    };
    run_blocking(move || {
        let score = |message: Message| (matcher.relevance(&message.content), message);
        let mut ranked: Vec<_> = messages.into_iter().map(score).collect();
        ranked.sort_by(order);
        ranked.into_iter().take(count).map(|(_, message)| message).collect()
    })
    .await
}

async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use shared::{
        Timestamp,
        ids::{ClientId, MessageId, Rev, RoomId, Seq},
        messages::Reactions,
        search::parse,
        text::Format,
        users::UserRef,
    };

    use super::*;

    fn messages(texts: &[&str]) -> Vec<Message> {
        let message = |(nth, text): (usize, &&str)| Message {
            id: MessageId(70 + nth as i64),
            room: RoomId(1),
            seq: Seq(1 + nth as i64),
            rev: Rev(1),
            user: UserRef { id: 1.into(), username: "ada".into(), display_name: None },
            format: Format::Text,
            content: (*text).to_owned(),
            client_id: ClientId(uuid::Uuid::nil()),
            reply_to: None,
            created_at: Timestamp::UNIX_EPOCH,
            edited_at: None,
            deleted_at: None,
            reactions: Reactions::default(),
        };
        texts.iter().enumerate().map(message).collect()
    }

    #[tokio::test]
    async fn examines_one_message_after_the_time_budget() {
        let matcher = Arc::new(Matcher::new(&parse("disk").unwrap()));
        let now = Instant::now();
        let too_late = now.checked_sub(2 * TIME_BUDGET).unwrap();
        let seqs = async |texts: &[&str], started| {
            let rechecked = recheck(matcher.clone(), messages(texts), started).await.unwrap();
            let matches = rechecked.messages.into_iter().map(|message| message.seq.0);
            (matches.collect::<Vec<_>>(), rechecked.stopped_at.map(|message| message.seq.0))
        };
        let texts = ["disk", "tape", "disk"];
        assert_eq!(seqs(&texts, now).await, (vec![1, 3], None));
        assert_eq!(seqs(&texts, too_late).await, (vec![1], Some(1)));
        assert_eq!(seqs(&["tape", "disk"], too_late).await, (vec![], Some(1)));
        assert_eq!(seqs(&["disk"], too_late).await, (vec![1], None), "there was no more");
    }
}
