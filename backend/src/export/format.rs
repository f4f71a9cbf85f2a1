//! The file formats of an export.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    csv::CsvWriter, html::HtmlWriter, jsonl::JsonlWriter, markdown::MarkdownWriter, writer::Writer,
};

/// The format of an exported file.
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
    pub const ALL: [Self; 4] = [Self::Jsonl, Self::Csv, Self::Markdown, Self::Html];

    /// The media type, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/jsonl",
            Self::Csv => "text/csv",
            Self::Markdown => "text/markdown",
            Self::Html => "text/html",
        }
    }

    /// The `Content-Type` header.
    pub fn content_type(self) -> String {
        let header = if self == Self::Csv { "; header=present" } else { "" };
        format!("{}; charset=utf-8{header}", self.media_type())
    }

    /// The extension of the file name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Markdown => "md",
            Self::Html => "html",
        }
    }

    /// A new writer of this format.
    pub fn writer(self) -> Box<dyn Writer> {
        match self {
            Self::Jsonl => Box::new(JsonlWriter),
            Self::Csv => Box::new(CsvWriter),
            Self::Markdown => Box::new(MarkdownWriter::default()),
            Self::Html => Box::new(HtmlWriter::default()),
        }
    }
}
