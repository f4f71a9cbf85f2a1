//! The position at which a page of messages starts.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{
    date::{Date, InvalidDate},
    numbers::parse_number,
};
use crate::ids::{MessageId, NUMBER_MAX, Seq, is_in_range};

/// The position of a page of messages, written as `seq:57`, `newest` or `date:2026-03-01`.
///
/// ```
/// use shared::{ids::Seq, messages::Anchor};
/// assert_eq!("seq:57".parse(), Ok(Anchor::Seq(Seq(57))));
/// assert_eq!(Anchor::FirstUnread.to_string(), "first_unread");
/// assert_eq!("57".parse::<Anchor>().unwrap_err().to_string(), "must be `seq:57` or `id:57`");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anchor {
    /// `seq:57`: the message with this number in the room.
    Seq(Seq),
    /// `id:57`: the message with this id on the server.
    Id(MessageId),
    /// `oldest`: the first message of the room.
    Oldest,
    /// `newest`: the last message of the room.
    #[default]
    Newest,
    /// `first_unread`: the message after the last one that the caller has read.
    FirstUnread,
    /// `last_read`: the last message that the caller has read.
    LastRead,
    /// `date:2026-03-01` or `date:2026-03-01T14:30`: the first message of a day, or at or after a time.
    Date(Date),
}

/// The error of a string that is not an [`Anchor`]. Its message begins with "must be", to follow the
/// name of the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnchorError {
    /// A number without `seq:` or `id:`.
    Bare(i64),
    /// A `seq` or an `id` above [`NUMBER_MAX`].
    Range,
    /// A date that does not exist or has the wrong format.
    Date,
    /// Any other invalid text.
    Form,
}

impl std::error::Error for AnchorError {}

impl fmt::Display for AnchorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare(number) => write!(f, "must be `seq:{number}` or `id:{number}`"),
            Self::Range => write!(f, "must have a number of at most {NUMBER_MAX}"),
            Self::Date => f.write_str(
                "must be a day such as `date:2026-03-01` or a time such as \
                 `date:2026-03-01T14:30` or `date:2026-03-01T14:30:05`, in the zone `tz` or \
                 with an offset such as `+02:00` at the end",
            ),
            Self::Form => f.write_str(
                "must be `newest`, `oldest`, `first_unread`, `last_read`, `seq:57`, `id:57`, \
                 `date:2026-03-01` or `date:2026-03-01T14:30+02:00`",
            ),
        }
    }
}

impl FromStr for Anchor {
    type Err = AnchorError;

    fn from_str(text: &str) -> Result<Self, AnchorError> {
        Ok(match text {
            "oldest" => Self::Oldest,
            "newest" => Self::Newest,
            "first_unread" => Self::FirstUnread,
            "last_read" => Self::LastRead,
            _ => match text.split_once(':') {
                Some(("seq", number)) => Self::Seq(Seq(position(number)?)),
                Some(("id", number)) => Self::Id(MessageId(position(number)?)),
                Some(("date", date)) => {
                    Self::Date(date.parse().map_err(|InvalidDate| AnchorError::Date)?)
                }
                _ => return Err(parse_number(text).map_or(AnchorError::Form, AnchorError::Bare)),
            },
        })
    }
}

/// Parses the number of an anchor.
fn position(text: &str) -> Result<i64, AnchorError> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match parse_number(text).filter(|number| is_in_range(*number)) {
        Some(number) => Ok(number),
        None if is_number => Err(AnchorError::Range),
        None => Err(AnchorError::Form),
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seq(seq) => write!(f, "seq:{seq}"),
            Self::Id(id) => write!(f, "id:{id}"),
            Self::Oldest => f.write_str("oldest"),
            Self::Newest => f.write_str("newest"),
            Self::FirstUnread => f.write_str("first_unread"),
            Self::LastRead => f.write_str("last_read"),
            Self::Date(date) => write!(f, "date:{date}"),
        }
    }
}

impl Serialize for Anchor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Anchor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Anchor {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Anchor".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "The position at which the page starts.",
            "pattern": "^(newest|oldest|first_unread|last_read|(seq|id):[0-9]{1,15}|\
                date:[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\
                (T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?)?\
                (Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?)$",
            "examples": ["newest", "seq:57", "date:2026-03-01", "date:2026-03-01T14:30+02:00"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_survive_a_round_trip() {
        for text in [
            "oldest",
            "newest",
            "first_unread",
            "last_read",
            "seq:0",
            "seq:9007199254740991",
            "id:57",
            "date:2026-03-01",
            "date:2026-03-01+14:00",
            "date:0000-01-01-23:59",
            "date:9999-12-31T23:59:59-00:30",
            "date:2024-02-29T00:00",
            "date:2026-03-01T14:30:05+05:45",
        ] {
            let anchor: Anchor = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(anchor.to_string(), text);
            let json = serde_json::to_string(&anchor).unwrap();
            assert_eq!(json, format!("{text:?}"));
            assert_eq!(serde_json::from_str::<Anchor>(&json).unwrap(), anchor);
        }
    }

    #[test]
    fn invalid_anchors_are_rejected() {
        let parse_error = |text: &str| text.parse::<Anchor>().unwrap_err();
        assert_eq!(parse_error("57"), AnchorError::Bare(57));
        for text in ["seq:9007199254740992", "id:9223372036854775807", "seq:99999999999999999999"] {
            assert_eq!(parse_error(text), AnchorError::Range, "{text}");
        }
        for text in [
            "",
            "Newest",
            " newest",
            "seq",
            "seq:",
            "seq:-1",
            "seq:+1",
            "seq:1 ",
            "id:x",
            "-57",
            "99999999999999999999",
            "2026-03-01",
        ] {
            assert_eq!(parse_error(text), AnchorError::Form, "{text}");
        }
    }
}
