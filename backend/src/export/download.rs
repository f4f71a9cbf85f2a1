//! A file on its way: made in parts while it is sent, each when there is room for it.

use aide::{
    OperationOutput,
    generate::GenContext,
    openapi::{
        Header, MediaType, Operation, ParameterSchemaOrContent, ReferenceOr,
        Response as Documented, SchemaObject,
    },
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use schemars::{Schema, json_schema};
use shared::messages::Message;

use super::{
    format::{About, Form, Format},
    source::Source,
};
use crate::{App, Error};

/// How many messages are going to come.
const COUNT: HeaderName = HeaderName::from_static("hallway-messages");
/// Of a file's name, in bytes; with its end, and in any file system.
const NAME_MAX: usize = 120;

/// A file that is being made.
pub struct Download {
    format: Format,
    name: HeaderValue,
    count: Option<i64>,
    body: Body,
}

impl Download {
    /// One of this name, to which its end is added.
    pub fn new(app: App, format: Format, name: &str, about: About, source: Source) -> Self {
        let making = Making { app, form: format.form(), about, source, stage: Stage::Beginning };
        let body = Body::from_stream(stream::try_unfold(making, Making::part));
        Self { format, name: disposition(name, format.extension()), count: None, body }
    }

    /// Of so many messages.
    pub fn of(self, count: i64) -> Self {
        Self { count: Some(count), ..self }
    }
}

#[derive(PartialEq, Eq)]
enum Stage {
    Beginning,
    Middle,
    Ended,
}

struct Making {
    app: App,
    form: Box<dyn Form>,
    about: About,
    source: Source,
    stage: Stage,
}

impl Making {
    /// The next part.
    async fn part(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        let mut out = Vec::new();
        match self.stage {
            Stage::Ended => return Ok(None),
            Stage::Middle => {}
            Stage::Beginning => {
                self.form.begin(&self.about, &mut out);
                self.stage = Stage::Middle;
            }
        }
        match self.source.next(&self.app).await? {
            Some(messages) => self.form.messages(&self.about, &messages, &mut out),
            None => {
                self.form.end(&mut out);
                self.stage = Stage::Ended;
            }
        }
        Ok(Some((out.into(), self)))
    }
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        let headers = response.headers_mut();
        if let Ok(kind) = HeaderValue::from_str(&self.format.content_type()) {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        headers.insert(header::CONTENT_DISPOSITION, self.name);
        let private = HeaderValue::from_static("private, no-store");
        headers.insert(header::CACHE_CONTROL, private);
        if let Some(count) = self.count {
            headers.insert(COUNT, count.into());
        }
        response
    }
}

impl OperationOutput for Download {
    type Inner = Self;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        let text = json_schema!({"type": "string"});
        let line = ctx.schema.subschema_for::<Message>();
        let media = |format: Format| {
            let schema = if format == Format::Jsonl { line.clone() } else { text.clone() };
            let schema = Some(SchemaObject { json_schema: schema, ..described(text.clone()) });
            (format.media_type().to_owned(), MediaType { schema, ..MediaType::default() })
        };
        let number = json_schema!({"type": "integer", "minimum": 0});
        let count = "How many messages are going to come; not said of a search";
        let name = "`attachment`, with the name of the file";
        Some(Documented {
            description: "The file; of `jsonl`, a line of it".into(),
            headers: [
                (COUNT.as_str().to_owned(), said(count, number)),
                (header::CONTENT_DISPOSITION.as_str().to_owned(), said(name, text.clone())),
            ]
            .into_iter()
            .collect(),
            content: Format::ALL.into_iter().map(media).collect(),
            ..Documented::default()
        })
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, Documented)> {
        let response = Self::operation_response(ctx, operation);
        response.into_iter().map(|response| (Some(200), response)).collect()
    }
}

fn described(json_schema: Schema) -> SchemaObject {
    SchemaObject { json_schema, example: None, external_docs: None }
}

fn said(description: &str, schema: Schema) -> ReferenceOr<Header> {
    ReferenceOr::Item(Header {
        description: Some(description.into()),
        style: Default::default(),
        required: false,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(described(schema)),
        example: None,
        examples: Default::default(),
        extensions: Default::default(),
    })
}

/// `Content-Disposition` (RFC 6266): the name in ASCII for whoever knows no better, and as it is
/// (RFC 8187).
fn disposition(name: &str, extension: &str) -> HeaderValue {
    let name = format!("{}.{extension}", safe(name));
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

/// A name that is one of a file everywhere: no folder, no hidden file, nothing that Windows refuses.
fn safe(name: &str) -> String {
    let is_risky = |c: char| c.is_control() || "/\\:*?\"<>|".contains(c);
    let name: String = name.chars().map(|c| if is_risky(c) { '-' } else { c }).collect();
    let name = &name[..name.floor_char_boundary(NAME_MAX)];
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() { "Hallway".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_leads_nowhere() {
        for (name, file) in [
            ("Lobby 1-57", "Lobby 1-57"),
            ("../../etc/passwd", "-..-etc-passwd"),
            ("a\\b: \"c\"?", "a-b- -c--"),
            (".hidden.", "hidden"),
            ("...", "Hallway"),
            ("Büro 🙂", "Büro 🙂"),
        ] {
            assert_eq!(safe(name), file, "{name}");
        }
        let long = safe(&"ä".repeat(255));
        assert_eq!(long.len(), NAME_MAX);
    }

    #[test]
    fn a_name_is_given_twice() {
        let given = disposition("Büro; \"1\"%20", "csv");
        assert_eq!(
            given.to_str().unwrap(),
            "attachment; filename=\"B_ro_ -1-_20.csv\"; \
             filename*=UTF-8''B%C3%BCro%3B%20-1-%2520.csv"
        );
    }
}
