//! CSV (RFC 4180), for spreadsheets.

use std::borrow::Cow;

use chrono::SecondsFormat;
use csv::{QuoteStyle, Terminator, WriterBuilder};
use shared::{Timestamp, messages::Message};

use super::writer::{ExportInfo, Writer};

const COLUMNS: [&str; 10] = [
    "room",
    "seq",
    "id",
    "created_at",
    "username",
    "content",
    "reply_to",
    "edited_at",
    "deleted_at",
    "reactions",
];

pub struct CsvWriter;

impl Writer for CsvWriter {
    fn begin(&mut self, info: &ExportInfo, out: &mut Vec<u8>) {
        if info.bom {
            out.extend_from_slice("\u{feff}".as_bytes());
        }
        let _ = csv_writer(out).write_record(COLUMNS);
    }

    fn messages(&mut self, info: &ExportInfo, messages: &[Message], out: &mut Vec<u8>) {
        let local = |time: Timestamp| info.local(time).to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let mut writer = csv_writer(out);
        for message in messages {
            let reactions = message.reactions.summary();
            let record: [Cow<str>; 10] = [
                escape_formula(info.room_name(message)),
                message.seq.to_string().into(),
                message.id.to_string().into(),
                local(message.created_at).into(),
                escape_formula(&message.user.username),
                escape_formula(&message.content),
                message.reply_to.map(|seq| seq.to_string()).unwrap_or_default().into(),
                message.edited_at.map(local).unwrap_or_default().into(),
                message.deleted_at.map(local).unwrap_or_default().into(),
                escape_formula(&reactions),
            ];
            let _ = writer.write_record(record.iter().map(|cell| cell.as_bytes()));
        }
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

/// Writes RFC 4180 with every cell in quotes.
pub fn csv_writer(out: &mut Vec<u8>) -> csv::Writer<&mut Vec<u8>> {
    let mut builder = WriterBuilder::new();
    builder.quote_style(QuoteStyle::Always).terminator(Terminator::CRLF).from_writer(out)
}

/// Prefixes a string that a spreadsheet could evaluate as a formula with `'`, as OWASP recommends. Texts
/// that begin with `'` get one too, so that programs can remove it unambiguously.
pub fn escape_formula(text: &str) -> Cow<'_, str> {
    let is_risky = |c: char| {
        matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '\t' | '\r' | '\n' | '\'')
    };
    if text.starts_with(is_risky) { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_escaped() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "'=1"] {
            assert_eq!(escape_formula(text), format!("'{text}"));
        }
        for text in ["", "1+1", "a=b", "\"=1\"", " =1"] {
            assert_eq!(escape_formula(text), text);
        }
    }
}
