//! Pairs of requests and responses of the classic chat, in the order in which they were made.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::fixture::{Client, Fixture, Response};

/// Written from the documentation of Django REST framework.
const PAIRS: &str = include_str!("recorded.json");

const BOUNDARY: &str = "boundary";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    name: String,
    /// `anon`, `outsider`, `member` or `admin`.
    #[serde(rename = "as")]
    role: String,
    request: Request,
    response: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    path: String,
    #[serde(default)]
    headers: Map<String, Value>,
    json: Option<Value>,
    form: Option<String>,
    multipart: Option<Map<String, Value>>,
    raw: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    status: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    json: Value,
}

async fn send(client: &Client, request: &Request) -> Response {
    let mut builder = client.request(&request.method, &request.path);
    for (name, value) in &request.headers {
        builder = builder.header(name, value.as_str().unwrap());
    }
    if let Some(body) = &request.json {
        builder = builder.json(body);
    }
    if let Some(form) = &request.form {
        let media_type = "application/x-www-form-urlencoded";
        builder = builder.header("content-type", media_type).body(form.clone());
    }
    if let Some(fields) = &request.multipart {
        let media_type = format!("multipart/form-data; boundary={BOUNDARY}");
        builder = builder.header("content-type", media_type).body(multipart(fields));
    }
    if let Some(raw) = &request.raw {
        builder = builder.body(raw.clone());
    }
    Response::fetch(builder).await
}

fn multipart(fields: &Map<String, Value>) -> String {
    let part = |(name, value): (&String, &Value)| {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"");
        format!("{head}\r\n\r\n{}\r\n", value.as_str().unwrap())
    };
    fields.iter().map(part).collect::<String>() + &format!("--{BOUNDARY}--\r\n")
}

/// Whether a value is as recorded. `<moment>` is a time with six digits of microseconds, `<text>` any
/// text, `<number>` any number, `<any>` anything.
fn matches(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::String(pattern), _) if pattern == "<any>" => true,
        (Value::String(pattern), Value::Number(_)) => pattern == "<number>",
        (Value::String(pattern), Value::String(text)) => match &**pattern {
            "<moment>" => is_moment(text),
            "<text>" => !text.is_empty(),
            pattern => pattern == text,
        },
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(e, f)| matches(e, f))
        }
        (Value::Object(expected), Value::Object(found)) => {
            let is_same =
                |(name, e): (&String, &Value)| found.get(name).is_some_and(|f| matches(e, f));
            expected.len() == found.len() && expected.iter().all(is_same)
        }
        (expected, found) => expected == found,
    }
}

fn is_moment(text: &str) -> bool {
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    form == "0000-00-00T00:00:00.000000Z"
}

#[tokio::test]
async fn recorded_requests_get_the_recorded_responses() {
    let fixture = Fixture::start().await;
    let pairs: Vec<Pair> = serde_json::from_str(PAIRS).unwrap();
    for Pair { name, role, request, response: expected } in pairs {
        let client: &Client = match &*role {
            "anon" => &fixture.anon,
            "outsider" => &fixture.outsider,
            "member" => &fixture.member,
            "admin" => &fixture.admin,
            role => panic!("{name}: there is no {role}"),
        };
        let response = send(client, &request).await;
        assert_eq!(response.status, expected.status, "{name}: {}", response.text);
        for (header, value) in &expected.headers {
            let found = Value::from(response.header(header));
            assert!(matches(value, &found), "{name}: {header} is {found}");
        }
        let found = response.json();
        assert!(matches(&expected.json, &found), "{name}: {found:#}");
    }
}
