//! CSV (RFC 4180), for spreadsheets.

use std::borrow::Cow;

use chrono::SecondsFormat;
use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use shared::{Timestamp, messages::Message};

use super::format::{About, Form};

const COLUMNS: [&str; 9] = [
    "room",
    "seq",
    "id",
    "created_at",
    "username",
    "content",
    "reply_to",
    "edited_at",
    "deleted_at",
];

/// Writes it.
pub struct Csv;

impl Form for Csv {
    fn begin(&mut self, _: &About, out: &mut Vec<u8>) {
        let _ = writer(out).write_record(COLUMNS);
    }

    fn messages(&mut self, about: &About, messages: &[Message], out: &mut Vec<u8>) {
        let moment =
            |moment: Timestamp| about.there(moment).to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let mut writer = writer(out);
        for message in messages {
            let record: [Cow<str>; 9] = [
                guarded(about.room(message)),
                message.seq.to_string().into(),
                message.id.to_string().into(),
                moment(message.created_at).into(),
                guarded(&message.user.username),
                guarded(&message.content),
                message.reply_to.map(|seq| seq.to_string()).unwrap_or_default().into(),
                message.edited_at.map(moment).unwrap_or_default().into(),
                message.deleted_at.map(moment).unwrap_or_default().into(),
            ];
            let _ = writer.write_record(record.iter().map(|cell| cell.as_bytes()));
        }
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

fn writer(out: &mut Vec<u8>) -> Writer<&mut Vec<u8>> {
    let mut builder = WriterBuilder::new();
    builder.quote_style(QuoteStyle::Always).terminator(Terminator::CRLF).from_writer(out)
}

/// A text that no spreadsheet takes for a formula, as OWASP recommends. What begins with the guard
/// itself gets one too, so that a program can take it away and has what was said.
fn guarded(text: &str) -> Cow<'_, str> {
    let is_risky = |c: char| {
        matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '\t' | '\r' | '\n' | '\'')
    };
    if text.starts_with(is_risky) { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_a_formula_is_text() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "'=1"] {
            assert_eq!(guarded(text), format!("'{text}"));
        }
        for text in ["", "1+1", "a=b", "\"=1\"", " =1"] {
            assert_eq!(guarded(text), text);
        }
    }
}
