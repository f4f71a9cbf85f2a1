//! The error type of the server: a [`Problem`] for the client. Only the log gets the causes.

use std::fmt;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sea_orm::DbErr;
use shared::problem::{Code, FieldError, Problem};

use crate::tables::{DbErrorKind, db_error_kind};

/// The detail of a statement that the database stopped after its time limit.
const TOO_SLOW: &str = "The request took too long and was stopped. If it is a search, narrow it down, \
     for example to a room, a person or some days.";

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Clone, Debug)]
pub struct Error {
    pub problem: Box<Problem>,
    /// `Retry-After` in seconds.
    pub retry_after: Option<u64>,
    /// Whether the transaction conflicted with another one and can be retried at once. A violation of a
    /// unique constraint is such a conflict, because a retry finds the other transaction's row.
    pub is_serialization_failure: bool,
}

impl Error {
    /// A problem with this detail text instead of the default of its code.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let mut error = Self::from(code);
        error.problem.detail = detail.into();
        error
    }

    /// 429 with `Retry-After` in seconds.
    pub fn too_many(retry_after: u64) -> Self {
        Self { retry_after: Some(retry_after), ..Code::TooManyRequests.into() }
    }

    /// The same problem with `Retry-After` in seconds.
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// 500; only the log gets the cause.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Code::Internal.into()
    }

    pub fn code(&self) -> Code {
        self.problem.code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.detail)
    }
}

impl std::error::Error for Error {}

/// Adds nothing to the OpenAPI document: operations and extractors declare the problems they return.
impl aide::OperationOutput for Error {
    type Inner = Self;
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self {
            problem: Box::new(Problem::new(code)),
            retry_after: None,
            is_serialization_failure: false,
        }
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        vec![error].into()
    }
}

impl From<Vec<FieldError>> for Error {
    fn from(errors: Vec<FieldError>) -> Self {
        let mut error = Self::from(Code::InvalidFields);
        let details = errors.iter().map(|error| format!("{}: {}", error.field, error.message));
        error.problem.detail = details.collect::<Vec<_>>().join("; ");
        error.problem.errors = errors;
        error
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        use DbErrorKind as Kind;
        let kind = db_error_kind(&error);
        let answer = match kind {
            Kind::DiskFull => Code::StorageFull.into(),
            Kind::Unavailable | Kind::SerializationFailure => Code::Unavailable.into(),
            Kind::StatementTimeout => Self::new(Code::Unavailable, TOO_SLOW),
            Kind::UniqueViolation | Kind::Other => Code::Internal.into(),
        };
        // Also the statements of clients that are gone, which must not use up the warnings of other errors.
        if kind == Kind::StatementTimeout {
            tracing::warn!(cause = %error, "a statement was stopped");
        } else {
            tracing::error!(cause = %error, code = ?answer.code(), "database error");
        }
        let is_serialization_failure =
            matches!(kind, Kind::SerializationFailure | Kind::UniqueViolation);
        Self { is_serialization_failure, ..answer }
    }
}

/// Whether a write violated a unique constraint.
pub fn is_duplicate(error: &DbErr) -> bool {
    db_error_kind(error) == DbErrorKind::UniqueViolation
}

impl IntoResponse for Error {
    /// A response without a body that has the problem as an extension: the middleware in
    /// `http::problems` renders the body in the format of the endpoint.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status);
        let mut response = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.problem.status == 401 {
            // Not `Basic`: browsers would open a login dialog over the page.
            let bearer = HeaderValue::from_static("Bearer realm=\"hallway\"");
            headers.insert(header::WWW_AUTHENTICATE, bearer);
        }
        response.extensions_mut().insert(*self.problem);
        response
    }
}
