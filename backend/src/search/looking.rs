//! Looking into texts: work for the processor, of which other tasks of its thread should not wait.

use std::{cmp::Ordering, ops::Range, sync::Arc, time::Instant};

use shared::{messages::Message, search::tokenizer::Matcher};

use super::{ask::Ask, queries::WITHIN};
use crate::{Error, Result};

/// Bytes that are looked into at once: to another thread and back would take as long.
const LITTLE: usize = 8_192;

/// Messages of which some were looked at.
pub struct Looked {
    /// Those of which the whole query is true.
    pub messages: Vec<Message>,
    /// The last one that was looked at, if time was over before the end.
    pub last: Option<Message>,
}

/// Those of some messages of which the whole query is true, as many as there is time for, and one
/// at least.
pub async fn matching(sought: Arc<Matcher>, rows: Vec<Message>, began: Instant) -> Result<Looked> {
    aside(move || {
        let count = rows.len();
        let mut looked = Looked { messages: Vec::new(), last: None };
        for (nth, row) in rows.into_iter().enumerate() {
            if began.elapsed() > WITHIN && nth + 1 < count {
                looked.last = Some(row.clone());
            }
            if sought.is_match(&row.content) {
                looked.messages.push(row);
            }
            if looked.last.is_some() {
                break;
            }
        }
        looked
    })
    .await
}

/// Messages with what is looked for in each.
pub async fn marked(
    ask: &Ask,
    messages: Vec<Message>,
) -> Result<Vec<(Message, Vec<Range<usize>>)>> {
    let sought = ask.sought.clone();
    let is_little = messages.iter().map(|message| message.content.len()).sum::<usize>() <= LITTLE;
    let mark = move |message: Message| (sought.ranges(&message.content), message);
    let mark = move || {
        let marked = messages.into_iter().map(mark).map(|(ranges, message)| (message, ranges));
        marked.collect()
    };
    if is_little { Ok(mark()) } else { aside(mark).await }
}

/// The best so many of some messages, of two as good the newer first.
pub async fn best(ask: &Ask, messages: Vec<Message>, count: usize) -> Result<Vec<Message>> {
    let sought = ask.sought.clone();
    let first = |(a, one): &(f32, Message), (b, other): &(f32, Message)| -> Ordering {
        b.total_cmp(a).then(other.id.cmp(&one.id))
    };
    aside(move || {
        let rank = |message: Message| (sought.relevance(&message.content), message);
        let mut ranked: Vec<_> = messages.into_iter().map(rank).collect();
        ranked.sort_by(first);
        ranked.into_iter().take(count).map(|(_, message)| message).collect()
    })
    .await
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use shared::{
        Timestamp,
        ids::{ClientId, MessageId, Rev, RoomId, Seq},
        search::parse,
        users::UserRef,
    };

    use super::*;

    fn said(texts: &[&str]) -> Vec<Message> {
        let message = |(nth, text): (usize, &&str)| Message {
            id: MessageId(70 + nth as i64),
            room: RoomId(1),
            seq: Seq(1 + nth as i64),
            rev: Rev(1),
            user: UserRef { id: 1.into(), username: "ada".into() },
            content: (*text).to_owned(),
            client_id: ClientId(uuid::Uuid::nil()),
            reply_to: None,
            created_at: Timestamp::UNIX_EPOCH,
            edited_at: None,
            deleted_at: None,
        };
        texts.iter().enumerate().map(message).collect()
    }

    #[tokio::test]
    async fn when_time_is_over_one_more_is_looked_at() {
        let sought = Arc::new(Matcher::new(&parse("disk").unwrap()));
        let now = Instant::now();
        let over = now.checked_sub(2 * WITHIN).unwrap();
        let look = async |texts: &[&str], began| {
            let looked = matching(sought.clone(), said(texts), began).await.unwrap();
            let found = looked.messages.into_iter().map(|message| message.seq.0);
            (found.collect::<Vec<_>>(), looked.last.map(|message| message.seq.0))
        };
        let texts = ["disk", "tape", "disk"];
        assert_eq!(look(&texts, now).await, (vec![1, 3], None));
        assert_eq!(look(&texts, over).await, (vec![1], Some(1)));
        assert_eq!(look(&["tape", "disk"], over).await, (vec![], Some(1)));
        assert_eq!(look(&["disk"], over).await, (vec![1], None), "there was no more");
    }
}
