//! People who speak HTTP, and what they are told.

use std::{net::SocketAddr, ops::Deref};

use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::{
    ids::SessionId,
    problem::{Code, Problem},
    users::User,
};

/// Somebody with an HTTP client.
#[derive(Clone)]
pub struct Client {
    pub address: SocketAddr,
    http: reqwest::Client,
    authorization: Option<String>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self { address, http: http.build().unwrap(), authorization: None }
    }

    /// The same with an `Authorization` header.
    pub fn with(&self, authorization: &str) -> Self {
        Self { authorization: Some(authorization.to_owned()), ..self.clone() }
    }

    /// A request as yet without body and further headers.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        match &self.authorization {
            Some(authorization) => request.header("authorization", authorization),
            None => request,
        }
    }

    /// Sends a request; `null` is no body.
    pub async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = self.request(method, path);
        Answer::of(if body.is_null() { request } else { request.json(&body) }).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, Value::Null).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call("PUT", path, body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call("PATCH", path, body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, Value::Null).await
    }
}

/// Somebody with an account, signed in by a token.
#[derive(Clone)]
pub struct Person {
    client: Client,
    pub user: User,
    pub session: SessionId,
    pub token: String,
}

impl Person {
    pub fn new(address: SocketAddr, user: User, session: SessionId, token: String) -> Self {
        let client = Client::new(address).with(&format!("Bearer {token}"));
        Self { client, user, session, token }
    }
}

impl Deref for Person {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// Sends, and waits for all of it.
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body, whatever the status; null if there is none.
    pub fn json(&self) -> Value {
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).unwrap() }
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The same, as what it must be.
    #[track_caller]
    pub fn read<T: DeserializeOwned>(self, status: u16) -> T {
        serde_json::from_value(self.is(status)).unwrap()
    }

    /// The problem that it must be: in its own content type, with the request's id.
    #[track_caller]
    pub fn refused(self, code: Code) -> Problem {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem: Problem = serde_json::from_str(&self.text).unwrap();
        assert_eq!(problem.code, code, "{}", self.text);
        assert_eq!((self.status, problem.status), (code.status(), code.status()));
        assert_eq!((&*problem.kind, &*problem.title), ("about:blank", code.title()));
        assert_eq!(problem.request_id.as_deref(), Some(self.header("x-request-id")));
        assert!(!problem.detail.is_empty());
        problem
    }

    /// A refusal for a field, whose sentence must hold this.
    #[track_caller]
    pub fn refused_field(self, field: &str, says: &str) {
        let problem = self.refused(Code::InvalidFields);
        let found = problem.errors.iter().find(|error| error.field == field);
        let message = &found.unwrap_or_else(|| panic!("{field} is not in {problem:?}")).message;
        assert!(message.contains(says), "{field}: {message:?} does not say {says:?}");
    }
}
