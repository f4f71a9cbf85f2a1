//! What a file is made of, whatever its form.

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Timestamp,
    ids::RoomId,
    messages::{Message, Offset},
};

use super::{csv::Csv, html::Html, jsonl::Jsonl, markdown::Markdown};

/// How a file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Format {
    #[default]
    Jsonl,
    Csv,
    Markdown,
    Html,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Jsonl, Self::Csv, Self::Markdown, Self::Html];

    /// The content type, without its parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/jsonl",
            Self::Csv => "text/csv",
            Self::Markdown => "text/markdown",
            Self::Html => "text/html",
        }
    }

    /// The content type.
    pub fn content_type(self) -> String {
        let header = if self == Self::Csv { "; header=present" } else { "" };
        format!("{}; charset=utf-8{header}", self.media_type())
    }

    /// What a file's name ends with.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Markdown => "md",
            Self::Html => "html",
        }
    }

    /// What writes it.
    pub fn form(self) -> Box<dyn Form> {
        match self {
            Self::Jsonl => Box::new(Jsonl),
            Self::Csv => Box::new(Csv),
            Self::Markdown => Box::new(Markdown::default()),
            Self::Html => Box::new(Html::default()),
        }
    }
}

/// What writes a file. `out` is memory, where writing does not fail.
pub trait Form: Send {
    /// What comes first.
    fn begin(&mut self, about: &About, out: &mut Vec<u8>);

    /// The next messages.
    fn messages(&mut self, about: &About, messages: &[Message], out: &mut Vec<u8>);

    /// What comes last.
    fn end(&mut self, out: &mut Vec<u8>);
}

/// What a file is about.
pub struct About {
    /// The room's name, or the search.
    pub title: String,
    /// A sentence that says what is in it.
    pub summary: String,
    /// Whether it is of many rooms: then each message says of which.
    pub is_search: bool,
    /// The names of the rooms.
    pub rooms: HashMap<RoomId, String>,
    /// The reader's clock.
    pub offset: Offset,
}

impl About {
    /// The name of a message's room.
    pub fn room(&self, message: &Message) -> &str {
        self.rooms.get(&message.room).map_or("", String::as_str)
    }

    /// A moment by the reader's clock.
    pub fn there(&self, moment: Timestamp) -> DateTime<FixedOffset> {
        moment.with_timezone(&self.offset.0)
    }
}

/// The day that a transcript has come to.
#[derive(Default)]
pub struct Days(Option<NaiveDate>);

impl Days {
    /// The day of a moment, in words, where it is another one than before.
    pub fn turn(&mut self, moment: &DateTime<FixedOffset>) -> Option<String> {
        let day = moment.date_naive();
        let is_new = self.0.replace(day) != Some(day);
        is_new.then(|| day.format("%A, %-d %B %Y").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_named_when_it_begins() {
        let mut days = Days::default();
        let mut turn = |text: &str| days.turn(&text.parse().unwrap());
        assert_eq!(turn("2026-03-01T23:00:00+02:00").unwrap(), "Sunday, 1 March 2026");
        assert_eq!(turn("2026-03-01T23:59:59+02:00"), None);
        assert_eq!(turn("2026-03-02T00:00:00+02:00").unwrap(), "Monday, 2 March 2026");
    }
}
