//! The OpenAPI document is complete and equals the snapshot. Its pages need no internet access.

use std::{collections::HashSet, fs};

use serde_json::Value;
use shared::paths;

use crate::fixture::Server;

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openapi.json");

fn document() -> Value {
    serde_json::from_str(&hallway::openapi()).unwrap()
}

/// Returns each operation as its name, `METHOD /path`, and its object.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let named = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, op)| (format!("{} {path}", method.to_uppercase()), op))
    });
    named.collect()
}

/// The snapshot makes each change of the API visible in the diff.
#[tokio::test]
async fn the_document_equals_the_snapshot() {
    let server = Server::start().await;
    let served = server.anon().get(paths::OPENAPI).await.expect_status(200);
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        fs::write(SNAPSHOT, serde_json::to_string_pretty(&served).unwrap() + "\n").unwrap();
    }
    let snapshot = fs::read_to_string(SNAPSHOT).unwrap_or_default();
    let snapshot: Value = serde_json::from_str(&snapshot).unwrap_or_default();
    if let Some(pointer) = difference(&snapshot, &served, "#".into()) {
        panic!(
            "the API differs from backend/tests/openapi.json at {pointer}.\n\
             If the change is intended, run `UPDATE_SNAPSHOT=1 cargo test -p hallway --test suite \
             openapi` and commit the file."
        );
    }
}

/// Returns the JSON pointer and the values of the first difference between two documents.
fn difference(a: &Value, b: &Value, pointer: String) -> Option<String> {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys());
            let missing = Value::from("(missing)");
            keys.into_iter().find_map(|key| {
                let (a, b) = (a.get(key).unwrap_or(&missing), b.get(key).unwrap_or(&missing));
                difference(a, b, format!("{pointer}/{key}"))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(nth, (a, b))| difference(a, b, format!("{pointer}/{nth}")))
        }
        _ => (a != b).then(|| format!("{pointer} (snapshot: {a}, served: {b})")),
    }
}

#[test]
fn a_difference_is_found() {
    let (a, b) = (serde_json::json!({"a": [1, 2]}), serde_json::json!({"a": [1, 3]}));
    assert!(difference(&a, &b, "#".into()).unwrap().starts_with("#/a/1"));
    assert!(difference(&a, &a, "#".into()).is_none());
    assert!(difference(&a, &serde_json::json!({}), "#".into()).is_some());
}

#[test]
fn every_operation_is_described() {
    let document = document();
    let declared = document["tags"].as_array().unwrap().iter();
    let declared: HashSet<_> = declared.map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut ids = HashSet::new();
    let mut problems = Vec::new();
    for (name, op) in operations(&document) {
        match op["operationId"].as_str() {
            Some(id) if ids.insert(id) => {}
            Some(id) => problems.push(format!("{name}: the id {id} is not unique")),
            None => problems.push(format!("{name}: no id")),
        }
        if op["summary"].as_str().unwrap_or_default().is_empty() {
            problems.push(format!("{name}: no summary"));
        }
        match op["tags"][0].as_str() {
            Some(tag) if declared.contains(tag) => {}
            tag => problems.push(format!("{name}: the tag {tag:?} is not declared")),
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn every_operation_documents_its_errors() {
    let document = document();
    let mut problems = Vec::new();
    for (name, op) in operations(&document) {
        let empty = Vec::new();
        let requirements = op["security"].as_array().unwrap_or(&empty);
        let needs_auth = !requirements.is_empty()
            && requirements
                .iter()
                .all(|requirement| requirement.as_object().is_some_and(|w| !w.is_empty()));
        let responses = op["responses"].as_object().unwrap();
        if needs_auth && !responses.contains_key("401") {
            problems.push(format!("{name}: no 401"));
        }
        let protected_paths = ["/api/v1", "/rooms", "/messages", "/ws"];
        // The live socket also accepts its token in the first frame.
        let public_operations = [
            "POST /api/v1/users",
            "POST /api/v1/users/confirm",
            "POST /api/v1/sessions",
            "GET /api/v1/live",
            "GET /api/v1/server",
            "POST /api/v1/server",
            "POST /api/v1/invitations/preview",
        ];
        if protected_paths.iter().any(|part| name.contains(part))
            && !public_operations.contains(&&*name)
            && !needs_auth
        {
            problems.push(format!("{name}: requires no authentication"));
        }
        if op.get("requestBody").is_some() {
            let missing = ["400", "413", "415"].into_iter();
            let missing = missing.filter(|status| !responses.contains_key(*status));
            problems.extend(missing.map(|status| format!("{name}: no {status}")));
        }
        if !responses.keys().any(|status| status.starts_with('2') || status == "101") {
            problems.push(format!("{name}: no response for success"));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// Every `$ref` has a target, and every security scheme that an operation names is defined.
#[test]
fn every_reference_resolves() {
    let document = document();
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    for (name, op) in operations(&document) {
        for requirement in op["security"].as_array().into_iter().flatten() {
            for scheme in requirement.as_object().unwrap().keys() {
                assert!(schemes.contains_key(scheme), "{name}: {scheme}");
            }
        }
    }
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect_references<'a>(value: &'a Value, references: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            references.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| collect_references(value, references));
        }
        Value::Array(array) => array.iter().for_each(|value| collect_references(value, references)),
        _ => {}
    }
}

/// Neither the tags of the pages nor their content security policy name another origin.
#[tokio::test]
async fn the_documentation_pages_load_nothing_from_other_origins() {
    let server = Server::start().await;
    for path in ["/swagger/", "/swagger", "/redoc/", "/redoc"] {
        let response = server.anon().get(path).await;
        assert!(response.header("content-type").starts_with("text/html"), "{path}");
        let csp = response.header("content-security-policy");
        assert!(csp.contains("default-src 'none'") && !csp.contains("http"), "{csp}");
        assert!(
            response.text.contains(paths::OPENAPI),
            "{path} does not load the OpenAPI document"
        );
        for tag in tags(&response.text) {
            let external_urls = ["src=\"http", "src=\"//", "href=\"http", "href=\"//"];
            assert!(!external_urls.iter().any(|url| tag.contains(url)), "{path}: {tag}");
        }
        assert_eq!(response.status, 200);
    }
}

/// The tags of a page without the content of its scripts.
fn tags(page: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some((_, from)) = rest.split_once('<') {
        let Some((tag, after)) = from.split_once('>') else { break };
        tags.push(tag);
        let is_script = tag.starts_with("script");
        rest = if is_script {
            after.split_once("</script").map_or("", |(_, rest)| rest)
        } else {
            after
        };
    }
    tags
}
