//! The response of an export: each chunk is produced when the connection has room for it.

use aide::{
    OperationOutput,
    generate::GenContext,
    openapi::{
        Header, MediaType, Operation, ParameterSchemaOrContent, ReferenceOr,
        Response as ResponseDoc, SchemaObject,
    },
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use schemars::{Schema, json_schema};
use shared::messages::Message;

use super::{
    format::Format,
    source::Source,
    writer::{ExportInfo, Writer},
};
use crate::{
    App, Result,
    concurrency_limiter::Permit,
    http::long_body::{BodySource, long_body},
};

/// The header with the number of messages in the file.
const MESSAGE_COUNT_HEADER: HeaderName = HeaderName::from_static("hallway-messages");
/// The maximum length of a file name in bytes, extension excluded; short enough for any file system.
const FILE_STEM_MAX_BYTES: usize = 120;

/// The response of an export.
pub struct Download {
    format: Format,
    disposition: HeaderValue,
    count: Option<i64>,
    body: Body,
}

impl Download {
    /// `name` is the suggested file name without the extension. The download holds the permit until it
    /// ends.
    pub fn new(
        app: App,
        permit: Permit,
        format: Format,
        name: &str,
        info: ExportInfo,
        source: Source,
        count: Option<i64>,
    ) -> Self {
        let writer = format.writer();
        let next_part = NextPart::Head;
        let export = Export { app, _permit: permit, writer, info, source, next_part };
        let body = long_body(export);
        let disposition = content_disposition(name, format.extension());
        Self { format, disposition, count, body }
    }
}

/// The part of the file that comes next.
#[derive(PartialEq, Eq)]
enum NextPart {
    Head,
    Messages,
    Nothing,
}

/// The state of an export between two chunks.
struct Export {
    app: App,
    _permit: Permit,
    writer: Box<dyn Writer>,
    info: ExportInfo,
    source: Source,
    next_part: NextPart,
}

impl BodySource for Export {
    async fn next_part(&mut self) -> Result<Option<Bytes>> {
        let mut out = Vec::new();
        match self.next_part {
            NextPart::Nothing => return Ok(None),
            NextPart::Messages => {}
            NextPart::Head => {
                self.writer.begin(&self.info, &mut out);
                self.next_part = NextPart::Messages;
            }
        }
        match self.source.next(&self.app).await? {
            Some(messages) => self.writer.messages(&self.info, &messages, &mut out),
            None => {
                self.writer.end(&mut out);
                self.next_part = NextPart::Nothing;
            }
        }
        Ok(Some(out.into()))
    }

    async fn check_access(&mut self) -> Result<()> {
        self.source.check_access(&self.app).await
    }
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        let headers = response.headers_mut();
        if let Ok(content_type) = HeaderValue::from_str(&self.format.content_type()) {
            headers.insert(header::CONTENT_TYPE, content_type);
        }
        headers.insert(header::CONTENT_DISPOSITION, self.disposition);
        let cache_control = HeaderValue::from_static("private, no-store");
        headers.insert(header::CACHE_CONTROL, cache_control);
        if let Some(count) = self.count {
            headers.insert(MESSAGE_COUNT_HEADER, count.into());
        }
        response
    }
}

impl OperationOutput for Download {
    type Inner = Self;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<ResponseDoc> {
        let text = json_schema!({"type": "string"});
        let line = ctx.schema.subschema_for::<Message>();
        let media_type = |format: Format| {
            let schema = if format == Format::Jsonl { line.clone() } else { text.clone() };
            let schema = Some(SchemaObject { json_schema: schema, ..schema_object(text.clone()) });
            (format.media_type().to_owned(), MediaType { schema, ..MediaType::default() })
        };
        let number = json_schema!({"type": "integer", "minimum": 0});
        let count = "The number of messages in the file; absent for searches";
        let name = "`attachment` with the file name";
        Some(ResponseDoc {
            description: "The exported file. For `jsonl`, the schema describes one line.".into(),
            headers: [
                (MESSAGE_COUNT_HEADER.as_str().to_owned(), header_doc(count, number)),
                (header::CONTENT_DISPOSITION.as_str().to_owned(), header_doc(name, text.clone())),
            ]
            .into_iter()
            .collect(),
            content: Format::ALL.into_iter().map(media_type).collect(),
            ..ResponseDoc::default()
        })
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, ResponseDoc)> {
        let response = Self::operation_response(ctx, operation);
        response.into_iter().map(|response| (Some(200), response)).collect()
    }
}

fn schema_object(json_schema: Schema) -> SchemaObject {
    SchemaObject { json_schema, example: None, external_docs: None }
}

fn header_doc(description: &str, schema: Schema) -> ReferenceOr<Header> {
    ReferenceOr::Item(Header {
        description: Some(description.into()),
        style: Default::default(),
        required: false,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(schema_object(schema)),
        example: None,
        examples: Default::default(),
        extensions: Default::default(),
    })
}

/// `Content-Disposition` (RFC 6266) with the name in ASCII, for old clients, and in UTF-8 (RFC 8187).
pub fn content_disposition(name: &str, extension: &str) -> HeaderValue {
    let name = format!("{}.{extension}", sanitize_file_name(name));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " ._-()".contains(c);
    let ascii: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'.' | b'_' | b'-' => {
                encoded.push(byte.into());
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    let text = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

/// Makes a name safe as a file name: no folder, no hidden file, no character that Windows rejects.
fn sanitize_file_name(name: &str) -> String {
    let is_risky = |c: char| c.is_control() || "/\\:*?\"<>|".contains(c);
    let name: String = name.chars().map(|c| if is_risky(c) { '-' } else { c }).collect();
    let name = &name[..name.floor_char_boundary(FILE_STEM_MAX_BYTES)];
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() { "Hallway".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_contain_no_path() {
        for (name, file) in [
            ("Lobby 1-57", "Lobby 1-57"),
            ("../../etc/passwd", "-..-etc-passwd"),
            ("a\\b: \"c\"?", "a-b- -c--"),
            (".hidden.", "hidden"),
            ("...", "Hallway"),
            ("Büro 🙂", "Büro 🙂"),
        ] {
            assert_eq!(sanitize_file_name(name), file, "{name}");
        }
        let long = sanitize_file_name(&"ä".repeat(255));
        assert_eq!(long.len(), FILE_STEM_MAX_BYTES);
    }

    #[test]
    fn disposition_has_ascii_and_utf8_names() {
        let header = content_disposition("Büro; \"1\"%20", "csv");
        assert_eq!(
            header.to_str().unwrap(),
            "attachment; filename=\"B_ro_ -1-_20.csv\"; \
             filename*=UTF-8''B%C3%BCro%3B%20-1-%2520.csv"
        );
    }
}
