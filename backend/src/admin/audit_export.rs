//! The audit log as a file, which is read in chunks while the client reads it.

use std::borrow::Cow;

use aide::{
    OperationOutput,
    generate::GenContext,
    openapi::{MediaType, Operation, Response as ResponseDoc, SchemaObject},
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::SecondsFormat;
use schemars::{JsonSchema, json_schema};
use serde::Deserialize;
use shared::{
    administration::{AuditAction, AuditEntry},
    ids::AuditId,
    problem::Code,
    users::UserRef,
};

use crate::{
    App, Result,
    auth::Caller,
    concurrency_limiter::Permit,
    export::{content_disposition, csv_writer, escape_formula},
    http::long_body::{BodySource, long_body},
    tables::{AuditFilter, Stored, audit_page},
};

/// The number of entries in a chunk.
const CHUNK: u64 = 500;

const COLUMNS: [&str; 12] = [
    "id",
    "created_at",
    "action",
    "actor_id",
    "actor",
    "user_id",
    "user",
    "room_id",
    "room",
    "from",
    "to",
    "address",
];

/// The format of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum AuditFormat {
    #[default]
    Jsonl,
    Csv,
}

/// The response of an export of the audit log.
pub struct AuditDownload {
    format: AuditFormat,
    disposition: HeaderValue,
    body: Body,
}

impl AuditDownload {
    /// The entries up to `newest`. `format` is the format and whether a CSV file begins with a byte order
    /// mark; `name` is the suggested file name without the extension. The download holds the permit until
    /// it ends.
    pub fn new(
        app: App,
        caller: Caller,
        permit: Permit,
        filter: AuditFilter,
        newest: AuditId,
        (format, bom): (AuditFormat, bool),
        name: &str,
    ) -> Self {
        let end = Some(AuditId(newest.0 + 1));
        let head = if format == AuditFormat::Csv { csv_head(bom) } else { Vec::new() };
        let next = Some(AuditId(0));
        let export = AuditExport { app, caller, _permit: permit, filter, format, head, next, end };
        let extension = if format == AuditFormat::Csv { "csv" } else { "jsonl" };
        Self { format, disposition: content_disposition(name, extension), body: long_body(export) }
    }
}

/// The state of an export between two chunks.
struct AuditExport {
    app: App,
    caller: Caller,
    _permit: Permit,
    filter: AuditFilter,
    format: AuditFormat,
    /// What the file begins with, until it was sent.
    head: Vec<u8>,
    /// The id after which the next chunk begins; `None` at the end.
    next: Option<AuditId>,
    end: Option<AuditId>,
}

impl BodySource for AuditExport {
    async fn next_part(&mut self) -> Result<Option<Bytes>> {
        let Some(after) = self.next else { return Ok(None) };
        // A permit for each chunk, so that a slow download blocks no searches.
        let permit = self.app.limits.searches.acquire(self.caller.user.id).await?;
        let (db, filter, end) = (self.app.db.searcher.clone(), self.filter.clone(), self.end);
        let read = async move { Ok(audit_page(&db, &filter, Some(after), end, CHUNK).await?) };
        let entries = permit.run(read).await?;
        self.check_access().await?;
        let is_last = (entries.len() as u64) < CHUNK;
        self.next = entries.last().filter(|_| !is_last).map(|entry| entry.id);
        let mut out = std::mem::take(&mut self.head);
        match self.format {
            AuditFormat::Jsonl => write_jsonl(&entries, &mut out),
            AuditFormat::Csv => write_csv(&entries, &mut out),
        }
        Ok(Some(out.into()).filter(|out: &Bytes| !out.is_empty()))
    }

    /// Fails once the caller is signed out or no admin.
    async fn check_access(&mut self) -> Result<()> {
        let user = self.app.auth.reauthenticate(&self.caller).await?;
        if user.rank.is_admin() { Ok(()) } else { Err(Code::AdminOnly.into()) }
    }
}

fn write_jsonl(entries: &[AuditEntry], out: &mut Vec<u8>) {
    for entry in entries {
        // Neither serializing an entry nor writing to memory can fail.
        let _ = serde_json::to_writer(&mut *out, entry);
        out.push(b'\n');
    }
}

fn csv_head(bom: bool) -> Vec<u8> {
    let mut out = if bom { "\u{feff}".into() } else { Vec::new() };
    let _ = csv_writer(&mut out).write_record(COLUMNS);
    out
}

fn write_csv<'t>(entries: &'t [AuditEntry], out: &mut Vec<u8>) {
    let mut writer = csv_writer(out);
    for entry in entries {
        let [actor_id, actor] = person_cells(entry.actor.as_ref());
        let [user_id, user] = person_cells(entry.user.as_ref());
        let room = entry.room.as_ref();
        let cell = |text: &'t Option<String>| escape_formula(text.as_deref().unwrap_or_default());
        let record: [Cow<str>; 12] = [
            entry.id.to_string().into(),
            entry.created_at.to_rfc3339_opts(SecondsFormat::AutoSi, true).into(),
            Stored::<AuditAction>(entry.action).to_text().into(),
            actor_id,
            actor,
            user_id,
            user,
            room.map(|room| room.id.to_string()).unwrap_or_default().into(),
            escape_formula(room.map_or("", |room| &room.name)),
            cell(&entry.from),
            cell(&entry.to),
            cell(&entry.address),
        ];
        let _ = writer.write_record(record.iter().map(|cell| cell.as_bytes()));
    }
}

fn person_cells(person: Option<&UserRef>) -> [Cow<'_, str>; 2] {
    match person {
        Some(person) => [person.id.to_string().into(), escape_formula(&person.username)],
        None => ["".into(), "".into()],
    }
}

impl IntoResponse for AuditDownload {
    fn into_response(self) -> Response {
        let content_type = HeaderValue::from_static(match self.format {
            AuditFormat::Jsonl => "application/jsonl; charset=utf-8",
            AuditFormat::Csv => "text/csv; charset=utf-8; header=present",
        });
        let headers = [
            (header::CONTENT_TYPE, content_type),
            (header::CONTENT_DISPOSITION, self.disposition),
            (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        ];
        (headers, self.body).into_response()
    }
}

impl OperationOutput for AuditDownload {
    type Inner = Self;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<ResponseDoc> {
        let media_type = |json_schema| {
            let schema = SchemaObject { json_schema, example: None, external_docs: None };
            MediaType { schema: Some(schema), ..MediaType::default() }
        };
        let line = ctx.schema.subschema_for::<AuditEntry>();
        let text = json_schema!({"type": "string"});
        Some(ResponseDoc {
            description: "The file. For `jsonl`, the schema describes one line.".into(),
            content: [
                ("application/jsonl".to_owned(), media_type(line)),
                ("text/csv".to_owned(), media_type(text)),
            ]
            .into_iter()
            .collect(),
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
