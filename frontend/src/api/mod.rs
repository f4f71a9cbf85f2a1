//! The only client of the REST API. Knows paths and errors; keeps nothing and shows nothing.

use std::ops::Range;

use futures::future::LocalBoxFuture;
use gloo_net::http::{Method, RequestBuilder};
use serde::{Serialize, de::DeserializeOwned};
use shared::problem::{Code, Problem};

use crate::state::wire;

mod messages;
mod rooms;
mod search;
mod users;

pub use messages::*;
pub use rooms::*;
pub use search::*;
pub use users::*;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The server said no.
    Refused(Box<Problem>),
    /// Nobody answered, or not in a form that we know.
    Unreachable,
}

impl Failure {
    /// A sentence for people.
    pub fn sentence(&self) -> String {
        match self {
            Self::Refused(problem) => match &problem.errors[..] {
                [] => problem.detail.clone(),
                [first, ..] => format!("{} {}.", title_case(&first.field), first.message),
            },
            Self::Unreachable => "The server cannot be reached right now.".into(),
        }
    }

    /// What is wrong with one field, if that is what it is about.
    pub fn field(&self, name: &str) -> Option<String> {
        let Self::Refused(problem) = self else { return None };
        let error = problem.errors.iter().find(|error| error.field == name)?;
        Some(format!("{} {}.", title_case(name), error.message))
    }

    /// What happened, without the field.
    pub fn detail(&self) -> String {
        match self {
            Self::Refused(problem) => problem.detail.clone(),
            Self::Unreachable => self.sentence(),
        }
    }

    /// What could stand in a text instead, and instead of which bytes of it.
    pub fn suggestion(&self) -> Option<(Range<usize>, String)> {
        let Self::Refused(problem) = self else { return None };
        let error = problem.errors.first()?;
        Some((error.at.clone()?, error.suggestion.clone()?))
    }

    /// Whether nobody is signed in (any more).
    pub fn is_signed_out(&self) -> bool {
        self.code() == Some(Code::Unauthenticated)
    }

    /// The stable name of what went wrong.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused(problem) => Some(problem.code),
            Self::Unreachable => None,
        }
    }
}

fn title_case(field: &str) -> String {
    let mut chars = field.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).map(|c| if c == '_' { ' ' } else { c }).collect()
}

/// An answer, or why there is none.
pub type Answer<T> = Result<T, Failure>;

/// Boxed and without a type of the answer: otherwise every call would carry a copy of all this.
fn send(
    method: Method,
    path: &str,
    body: Option<String>,
) -> LocalBoxFuture<'static, Answer<String>> {
    let request = RequestBuilder::new(path).method(method).header("accept", "application/json");
    Box::pin(async move {
        let response = match body {
            Some(body) => match request.header("content-type", "application/json").body(body) {
                Ok(request) => request.send().await,
                Err(_) => return Err(Failure::Unreachable),
            },
            None => request.send().await,
        };
        let response = response.map_err(|_| Failure::Unreachable)?;
        let text = response.text().await.map_err(|_| Failure::Unreachable)?;
        if response.ok() {
            return Ok(text);
        }
        match wire::read::<Problem>(&text) {
            Some(problem) => Err(Failure::Refused(Box::new(problem))),
            None => Err(Failure::Unreachable),
        }
    })
}

async fn get<T: DeserializeOwned>(path: &str) -> Answer<T> {
    read(&send(Method::GET, path, None).await?)
}

async fn put_in<T: DeserializeOwned>(
    method: Method,
    path: &str,
    body: impl Serialize,
) -> Answer<T> {
    let body = serde_json::to_string(&body).map_err(|_| Failure::Unreachable)?;
    read(&send(method, path, Some(body)).await?)
}

fn read<T: DeserializeOwned>(text: &str) -> Answer<T> {
    wire::read(text).ok_or(Failure::Unreachable)
}

async fn delete(path: &str) -> Answer<()> {
    send(Method::DELETE, path, None).await.map(drop)
}

fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}
