//! Best first.

use shared::{
    messages::Message,
    search::{Query, words::relevance},
};

/// The best so many of some messages, of two as good the newer first.
pub fn best(messages: Vec<Message>, query: &Query, count: usize) -> Vec<Message> {
    let mut ranked: Vec<_> =
        messages.into_iter().map(|message| (relevance(&message.content, query), message)).collect();
    ranked.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(other.id.cmp(&one.id)));
    ranked.truncate(count);
    ranked.into_iter().map(|(_, message)| message).collect()
}
