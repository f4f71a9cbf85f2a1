//! Client of the REST API: paths, requests, responses, errors. It keeps no state.

use std::{ops::Range, result};

use gloo_net::http::{Method, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    problem::{Code, Problem},
    rules::QUERY_MAX_CHARS,
};

mod administration;
mod admission;
mod early;
pub mod json;
mod messages;
mod moderation;
mod rooms;
mod search;
mod users;

pub use administration::*;
pub use admission::*;
pub use early::take_socket;
pub use messages::*;
pub use moderation::*;
pub use rooms::*;
pub use search::*;
pub use users::*;

pub type Result<T> = result::Result<T, Error>;

/// The error of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// The server rejected the request.
    Rejected(Box<Problem>),
    /// The server did not respond.
    Unreachable,
    /// A body cannot be encoded or decoded. Usually the server is newer than this page.
    Malformed,
}

impl Error {
    /// A sentence for the user. It begins with the name of the first invalid field, if there is
    /// one.
    pub fn message(&self) -> String {
        match self {
            Self::Rejected(problem) => match &problem.errors[..] {
                [] => describe(problem),
                [first, ..] => format!("{} {}.", title_case(&first.field), first.message),
            },
            Self::Unreachable => "Hallway can't be reached. Check your connection.".into(),
            Self::Malformed => {
                "Hallway was updated. Reload the page to get the new version.".into()
            }
        }
    }

    /// The error of one field of a form, as a sentence.
    pub fn field_message(&self, name: &str) -> Option<String> {
        let Self::Rejected(problem) = self else { return None };
        let error = problem.errors.iter().find(|error| error.field == name)?;
        Some(format!("{} {}.", title_case(name), error.message))
    }

    /// A sentence about the request as a whole, even if a field is invalid.
    pub fn detail(&self) -> String {
        match self {
            Self::Rejected(problem) => describe(problem),
            _ => self.message(),
        }
    }

    /// The byte range of the error in the text that was sent, and a replacement for it.
    pub fn suggestion(&self) -> Option<(Range<usize>, String)> {
        let Self::Rejected(problem) = self else { return None };
        let error = problem.errors.first()?;
        Some((error.at.clone()?, error.suggestion.clone()?))
    }

    pub fn is_unauthenticated(&self) -> bool {
        self.code() == Some(Code::Unauthenticated)
    }

    /// Whether the same request can succeed later.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Rejected(problem) => problem.code.is_retryable(),
            Self::Unreachable => true,
            Self::Malformed => false,
        }
    }

    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Rejected(problem) => Some(problem.code),
            _ => None,
        }
    }
}

/// A sentence about a rejected request. The log of the server has an internal error by its number.
fn describe(problem: &Problem) -> String {
    match &problem.request_id {
        Some(id) if problem.code == Code::Internal => {
            format!(
                "Something went wrong on the server. If it happens again, tell an admin this number: {id}"
            )
        }
        _ => problem.detail.clone(),
    }
}

fn title_case(field: &str) -> String {
    let mut chars = field.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).map(|c| if matches!(c, '_' | '.') { ' ' } else { c }).collect()
}

/// The server refuses a longer URL without an explanation. Only a search can be so long.
const URL_MAX_BYTES: usize = 60_000;

async fn get<T: DeserializeOwned>(path: &str) -> Result<T> {
    if path.len() > URL_MAX_BYTES {
        let detail = format!("A search can have at most {QUERY_MAX_CHARS} characters.");
        return Err(Error::Rejected(Box::new(Problem {
            detail,
            ..Problem::new(Code::InvalidSearch)
        })));
    }
    match early::take_response(path).await {
        Some(response) => decode(&read(response).await?),
        None => decode(&send(Method::GET, path, None).await?),
    }
}

async fn delete(path: &str) -> Result<()> {
    send(Method::DELETE, path, None).await.map(drop)
}

/// Sends JSON and decodes the response.
async fn send_json<T: DeserializeOwned>(
    method: Method,
    path: &str,
    body: impl Serialize,
) -> Result<T> {
    decode(&send(method, path, Some(encode(&body)?)).await?)
}

/// Sends a request, with a JSON body if there is one, and returns the response's text.
async fn send(method: Method, path: &str, body: Option<String>) -> Result<String> {
    let request = RequestBuilder::new(path).method(method).header("accept", "application/json");
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(body),
        None => request.build(),
    };
    let request = request.map_err(|_| Error::Malformed)?;
    read(request.send().await.map_err(|_| Error::Unreachable)?).await
}

async fn read(response: Response) -> Result<String> {
    let text = response.text().await.map_err(|_| Error::Unreachable)?;
    if response.ok() {
        return Ok(text);
    }
    // A proxy in front of the server may respond with an error page that is not a problem document.
    Err(decode(&text).map_or(Error::Unreachable, |problem| Error::Rejected(Box::new(problem))))
}

fn encode(body: &impl Serialize) -> Result<String> {
    serde_json::to_string(body).map_err(|_| Error::Malformed)
}

fn decode<T: DeserializeOwned>(text: &str) -> Result<T> {
    json::parse(text).map_err(|error| {
        leptos::logging::error!("cannot decode a response: {error}");
        Error::Malformed
    })
}

fn percent_encode(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

#[cfg(test)]
mod tests {
    use shared::problem::FieldError;

    use super::*;

    fn rejected(problem: Problem) -> Error {
        Error::Rejected(Box::new(problem))
    }

    #[test]
    fn an_internal_error_names_the_request_for_the_admin() {
        let mut problem = Problem::new(Code::Internal);
        problem.request_id = Some("r-17".into());
        assert!(rejected(problem.clone()).message().ends_with("this number: r-17"));
        problem.code = Code::NotAMember;
        problem.detail = "Join it first.".into();
        assert_eq!(rejected(problem).message(), "Join it first.");
    }

    #[test]
    fn the_error_of_a_field_is_a_sentence() {
        let mut problem = Problem::new(Code::InvalidFields);
        problem.errors.push(FieldError::new("current_password", "is wrong"));
        let error = rejected(problem);
        assert_eq!(error.message(), "Current password is wrong.");
        assert_eq!(error.field_message("password"), None);
    }
}
