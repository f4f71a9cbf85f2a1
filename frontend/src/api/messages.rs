//! Messages of a room.

use chrono::NaiveDate;
use gloo_net::http::Method;
use shared::{
    ids::{RoomId, Seq},
    messages::{
        Calendar, EditMessage, EmojiList, Insights, MapHits, Message, MessagePage, Month, RoomMap,
    },
    paths::{self, fill},
};

use super::{Result, decode, delete, get, percent_encode, search::search_path, send, send_json};
use crate::ui::time;

/// Selects a page of a room's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageRequest {
    Newest,
    Before(Seq),
    After(Seq),
    Around(Seq),
    /// From the first message of a day in the reader's time zone, or the nearest one.
    Since(NaiveDate),
}

pub async fn list_messages(room: RoomId, page: PageRequest) -> Result<MessagePage> {
    let anchor = match page {
        PageRequest::Newest => "newest&before=49".into(),
        PageRequest::Before(seq) => format!("seq:{}&before=49", seq.0 - 1),
        PageRequest::After(seq) => format!("seq:{}&after=49", seq.0 + 1),
        PageRequest::Around(seq) => format!("seq:{seq}"),
        PageRequest::Since(day) => format!("date:{day}&{}", time::zone_parameter()),
    };
    get(&format!("{}?anchor={anchor}", fill(paths::MESSAGES, &[&room]))).await
}

/// Finds the first message at or after `from` that mentions me.
pub async fn find_mention(room: RoomId, from: Seq) -> Result<Option<Seq>> {
    let path = fill(paths::MESSAGES, &[&room]);
    let page: MessagePage = get(&format!("{path}?q=mentions:me&anchor=seq:{from}&after=1")).await?;
    // If the room ends before `from`, the page is around the room's end.
    Ok(page.messages.iter().map(|message| message.seq).find(|seq| *seq >= from))
}

/// Counts the messages of each day of a month, by default the current one.
pub async fn get_calendar(room: RoomId, month: Option<Month>) -> Result<Calendar> {
    let mut path = with_zone(&fill(paths::CALENDAR, &[&room]));
    if let Some(month) = month {
        path += &format!("&month={month}");
    }
    get(&path).await
}

pub async fn get_message(room: RoomId, seq: Seq) -> Result<Message> {
    get(&fill(paths::MESSAGE, &[&room, &seq])).await
}

/// Returns the months and mentions that the scrollbar shows.
pub async fn get_room_map(room: RoomId) -> Result<RoomMap> {
    get(&with_zone(&fill(paths::MAP, &[&room]))).await
}

/// Returns where in a room the hits of a search are, from the newest message or `up_to` backwards.
pub async fn get_map_hits(room: RoomId, q: &str, up_to: Option<Seq>) -> Result<MapHits> {
    let mut path = search_path(&fill(paths::MAP_HITS, &[&room]), q);
    if let Some(seq) = up_to {
        path += &format!("&up_to={seq}");
    }
    get(&path).await
}

pub async fn get_insights(room: RoomId) -> Result<Insights> {
    get(&with_zone(&fill(paths::INSIGHTS, &[&room]))).await
}

pub async fn edit_message(room: RoomId, seq: Seq, content: String) -> Result<Message> {
    send_json(
        Method::PATCH,
        &fill(paths::MESSAGE, &[&room, &seq]),
        EditMessage { content, format: None },
    )
    .await
}

pub async fn delete_message(room: RoomId, seq: Seq) -> Result<()> {
    delete(&fill(paths::MESSAGE, &[&room, &seq])).await
}

/// Adds my reaction to a message, or removes it. One function, because each future takes some hundred bytes of the
/// first load.
pub async fn set_reaction(room: RoomId, seq: Seq, emoji: &str, is_added: bool) -> Result<Message> {
    let method = if is_added { Method::PUT } else { Method::DELETE };
    let path = fill(paths::REACTION, &[&room, &seq, &percent_encode(emoji)]);
    decode(&send(method, &path, None).await?)
}

/// Returns the emoji that reactions can be.
pub async fn list_emojis() -> Result<EmojiList> {
    get(paths::EMOJIS).await
}

fn with_zone(path: &str) -> String {
    format!("{path}?{}", time::zone_parameter())
}
