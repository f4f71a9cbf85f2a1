//! Facets: properties of a message that the index stores as tokens beside its words.

use chrono::{DateTime, Datelike, NaiveDate};
use sea_orm::{
    DbBackend,
    sea_query::{Expr, SimpleExpr},
};
use shared::text::FormattedText;

use crate::tables::entities::messages;

/// A property of a message that search filters by. Each is one token, so the engine looks it up
/// instead of reading every message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facet {
    /// In the room with this id.
    Room(i64),
    /// By the user with this id.
    Author(i64),
    /// Written on this day in UTC.
    Day(NaiveDate),
    /// Written in this month in UTC, given as its first day.
    Month(NaiveDate),
    /// Contains a link.
    Link,
    /// Contains code.
    Code,
    /// Replies to another message.
    Reply,
    /// Was edited.
    Edited,
}

impl Facet {
    /// The token in the index. It begins with `zx`, and no token of a word does.
    pub fn token(self) -> String {
        match self {
            Self::Room(id) => format!("zxr{id}"),
            Self::Author(id) => format!("zxu{id}"),
            Self::Day(day) => format!("zxd{}", day.format("%Y%m%d")),
            Self::Month(day) => format!("zxm{}", day.format("%Y%m")),
            Self::Link => "zxlink".into(),
            Self::Code => "zxcode".into(),
            Self::Reply => "zxreply".into(),
            Self::Edited => "zxedit".into(),
        }
    }

    /// The facets of a message.
    pub(super) fn of(row: &messages::Model) -> impl Iterator<Item = Self> {
        let day = DateTime::from_timestamp_micros(row.created_at).unwrap_or_default().date_naive();
        let month = day.with_day(1).unwrap_or(day);
        let flags = [
            (Self::Link.is_in_text(row.text()), Self::Link),
            (Self::Code.is_in_text(row.text()), Self::Code),
            (row.reply_to.is_some(), Self::Reply),
            (row.edited_at.is_some(), Self::Edited),
        ];
        let flags = flags.into_iter().filter_map(|(is_set, facet)| is_set.then_some(facet));
        [Self::Room(row.room_id), Self::Author(row.user_id), Self::Day(day), Self::Month(month)]
            .into_iter()
            .chain(flags)
    }

    /// Whether a text has this facet; false for the facets that do not depend on the text.
    pub fn is_in_text(self, text: FormattedText<'_>) -> bool {
        match self {
            Self::Link => text.has_link(),
            Self::Code => text.has_code(),
            _ => false,
        }
    }

    /// The SQL condition that a message in the index has this facet.
    pub fn condition(self, backend: DbBackend) -> SimpleExpr {
        let token = self.token();
        let indexed = match backend {
            DbBackend::Sqlite => {
                format!("message_words MATCH '{token}' AND message_words.rowid = messages.id")
            }
            DbBackend::Postgres => {
                format!("message_words.message_id = messages.id AND tokens @@ '{token}'::tsquery")
            }
            _ => format!(
                "message_words.message_id = messages.id \
                 AND MATCH (words, parts) AGAINST ('+{token}' IN BOOLEAN MODE)"
            ),
        };
        Expr::cust(format!("EXISTS (SELECT 1 FROM message_words WHERE {indexed})"))
    }
}
