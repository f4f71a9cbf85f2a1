//! Error responses: problem details (RFC 9457), the error formats of the classic endpoints, and the
//! OpenAPI documentation of problems.

use std::collections::BTreeMap;

use aide::{
    generate::{GenContext, in_context},
    openapi::{
        MediaType, Operation, ReferenceOr, Response as Documented, SchemaObject, StatusCode,
    },
    transform::TransformOperation,
};
use axum::{
    body::Body,
    extract::Request,
    http::{self, HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use shared::problem::{Code, Problem};

use super::{instrument::RequestId, media_type::media_type};
use crate::Error;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A response extension: the body is final, so [`render`] must not replace it, whatever the status.
#[derive(Clone, Copy)]
pub struct Rendered;

/// The fallback of the router.
pub async fn not_found() -> Error {
    Code::NotFound.into()
}

/// The response to a panic in a handler; only the log gets the panic message.
pub fn panicked(cause: Box<dyn std::any::Any + Send>) -> Response {
    let message = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied());
    Error::internal(format_args!("panic: {}", message.unwrap_or("?"))).into_response()
}

/// Middleware: renders the problem of an error response, with the request id.
pub async fn render(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let response = next.run(request).await;
    let Some(mut problem) = unrendered_problem(&response) else { return response };
    problem.request_id = id.map(|RequestId(id)| id);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    replace_body(response, PROBLEM_JSON, body)
}

/// Middleware of the classic endpoints: renders the problem in the format of the classic chat, whose
/// clients understand no other.
pub async fn render_classic(request: Request, next: Next) -> Response {
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let response = next.run(request).await;
    let Some(problem) = unrendered_problem(&response) else { return response };
    let (status, body) = to_classic(&problem, &method, &headers);
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let json = HeaderValue::from_static("application/json");
    let mut response = replace_body(response, json, body);
    if status != 401 {
        response.headers_mut().remove(header::WWW_AUTHENTICATE);
    }
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response
}

/// The problem of an error response that is not rendered yet. A rejection by axum itself (such as 405)
/// carries no problem and gets one by its status.
fn unrendered_problem(response: &Response) -> Option<Problem> {
    if response.extensions().get::<Rendered>().is_some() {
        return None;
    }
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let code = match response.status().as_u16() {
        404 => Code::NotFound,
        405 => Code::MethodNotAllowed,
        413 => Code::TooLarge,
        415 => Code::UnsupportedMediaType,
        426 => Code::UpgradeRequired,
        400..=499 => Code::BadRequest,
        503 => Code::Unavailable,
        500..=599 => Code::Internal,
        _ => return None,
    };
    Some(Problem { status: response.status().as_u16(), ..Problem::new(code) })
}

fn replace_body(response: Response, content_type: HeaderValue, body: Vec<u8>) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, content_type);
    parts.extensions.insert(Rendered);
    Response::from_parts(parts, Body::from(body))
}

/// The status and body that the classic chat has for a problem.
fn to_classic(problem: &Problem, method: &Method, headers: &HeaderMap) -> (u16, Value) {
    let detail = |text: &str| json!({ "detail": text });
    match problem.code {
        Code::InvalidFields => {
            let mut fields = BTreeMap::<_, Vec<_>>::new();
            for error in &problem.errors {
                fields.entry(&error.field).or_default().push(&error.message);
            }
            (400, json!(fields))
        }
        Code::UsernameTaken => (400, json!({ "message": "User already exists" })),
        Code::InvalidCredentials => (401, detail("Invalid username/password.")),
        Code::RoomNameTaken => (400, json!({ "name": ["room with this name already exists."] })),
        Code::Unauthenticated => (401, detail(unauthenticated_detail(headers))),
        Code::AdminOnly => (403, detail("You do not have permission to perform this action.")),
        Code::NotFound => (404, detail("Not found.")),
        Code::MethodNotAllowed => (405, detail(&format!("Method \"{method}\" not allowed."))),
        Code::UnsupportedMediaType => {
            let media_type = media_type(headers);
            (415, detail(&format!("Unsupported media type \"{media_type}\" in request.")))
        }
        _ => (problem.status, detail(&problem.detail)),
    }
}

/// Why a request counts as anonymous.
fn unauthenticated_detail(headers: &HeaderMap) -> &'static str {
    let value = headers.get(header::AUTHORIZATION).map_or(&[][..], HeaderValue::as_bytes);
    match value.to_ascii_lowercase() {
        scheme if scheme.starts_with(b"basic") => "Invalid username/password.",
        scheme if scheme.starts_with(b"token") || scheme.starts_with(b"bearer") => "Invalid token.",
        _ => "Authentication credentials were not provided.",
    }
}

/// Adds problems to an operation's documentation, one response per status.
pub fn document(ctx: &mut GenContext, operation: &mut Operation, codes: &[Code]) {
    let responses = &mut operation.responses.get_or_insert_default().responses;
    for &code in codes {
        let line = format!("`{}`: {}", code_name(code), code.detail());
        let entry = responses.entry(StatusCode::Code(code.status()));
        let response = entry.or_insert_with(|| ReferenceOr::Item(problem_response(ctx)));
        if let ReferenceOr::Item(response) = response
            && !response.description.contains(&line)
        {
            let separator = if response.description.is_empty() { "" } else { "\n\n" };
            response.description.push_str(&format!("{separator}{line}"));
        }
    }
}

/// Documents the problems that a handler itself returns, in addition to those of its extractors:
/// `.with(problems::of(&[..]))`.
pub fn of<'t>(
    codes: &'static [Code],
) -> impl FnOnce(TransformOperation<'t>) -> TransformOperation<'t> {
    move |mut operation| {
        in_context(|ctx| document(ctx, operation.inner_mut(), codes));
        operation
    }
}

/// The JSON name of a code.
fn code_name(code: Code) -> String {
    let value = serde_json::to_value(code).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn problem_response(ctx: &mut GenContext) -> Documented {
    let json_schema = ctx.schema.subschema_for::<Problem>();
    let schema = SchemaObject { json_schema, example: None, external_docs: None };
    let media = MediaType { schema: Some(schema), ..MediaType::default() };
    Documented {
        content: [("application/problem+json".to_owned(), media)].into_iter().collect(),
        ..Documented::default()
    }
}

#[cfg(test)]
mod tests {
    use shared::problem::FieldError;

    use super::*;

    #[test]
    fn classic_clients_get_classic_errors() {
        let headers = HeaderMap::from_iter([(
            header::AUTHORIZATION,
            HeaderValue::from_static("Token nonsense"),
        )]);
        let classic = |problem: &Problem| to_classic(problem, &Method::PUT, &headers);
        let fields = Error::from(FieldError::new("content", "must not be empty"));
        assert_eq!(classic(&fields.problem), (400, json!({"content": ["must not be empty"]})));
        let both = ["one", "two"].map(|message| FieldError::new("name", message)).to_vec();
        assert_eq!(classic(&Error::from(both).problem).1, json!({"name": ["one", "two"]}));
        let token = classic(&Problem::new(Code::Unauthenticated));
        assert_eq!(token, (401, json!({"detail": "Invalid token."})));
        let basic = classic(&Problem::new(Code::InvalidCredentials));
        assert_eq!(basic, (401, json!({"detail": "Invalid username/password."})));
        let method = Problem::new(Code::MethodNotAllowed);
        assert_eq!(classic(&method).1, json!({"detail": "Method \"PUT\" not allowed."}));
        let forbidden = classic(&Problem::new(Code::AdminOnly));
        assert_eq!(forbidden.0, 403);
        assert!(forbidden.1["detail"].is_string());
    }

    #[test]
    fn codes_of_one_status_share_a_response() {
        let mut operation = Operation::default();
        in_context(|ctx| {
            let codes = [Code::UsernameTaken, Code::LastOwner, Code::NotFound];
            document(ctx, &mut operation, &codes);
            document(ctx, &mut operation, &codes);
        });
        let responses = operation.responses.unwrap().responses;
        assert_eq!(responses.len(), 2);
        let ReferenceOr::Item(conflict) = &responses[&StatusCode::Code(409)] else { panic!() };
        assert_eq!(conflict.description.matches('`').count(), 4);
    }
}
