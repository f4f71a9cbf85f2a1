//! The one error: a [`Problem`] for whoever asked, with its cause for the log.

use std::fmt;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sea_orm::{DbErr, SqlErr};
use shared::problem::{Code, FieldError, Problem};

use crate::tables::{DbErrorKind, db_error_kind};

/// What a handler returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in the words of [`shared::problem`].
#[derive(Clone, Debug)]
pub struct Error {
    /// What is said about it.
    pub problem: Box<Problem>,
    /// After how many seconds trying again makes sense.
    pub retry_after: Option<u64>,
    /// Whether it only stood in the way of another transaction: then it can begin anew at once.
    pub is_serialization_failure: bool,
}

impl Error {
    /// A problem with a sentence of its own.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let mut error = Self::from(code);
        error.problem.detail = detail.into();
        error
    }

    /// Too many tries; the next one makes sense after this many seconds.
    pub fn too_many(retry_after: u64) -> Self {
        Self { retry_after: Some(retry_after), ..Code::TooManyRequests.into() }
    }

    /// Something broke that nobody outside can mend: the cause goes to the log, and only there.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Code::Internal.into()
    }

    /// The stable name of what went wrong.
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

/// For the document: what an operation may refuse is said by it and by its extractors.
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
        let said = errors.iter().map(|error| format!("{}: {}", error.field, error.message));
        error.problem.detail = said.collect::<Vec<_>>().join("; ");
        error.problem.errors = errors;
        error
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let kind = db_error_kind(&error);
        let code = match kind {
            DbErrorKind::DiskFull => Code::StorageFull,
            DbErrorKind::Unavailable | DbErrorKind::SerializationFailure => Code::Unavailable,
            DbErrorKind::Other => Code::Internal,
        };
        tracing::error!(cause = %error, ?code, "database error");
        Self { is_serialization_failure: kind == DbErrorKind::SerializationFailure, ..code.into() }
    }
}

/// Whether a write broke a rule of uniqueness: somebody else was first.
pub fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

impl IntoResponse for Error {
    /// The status, with the problem beside it: `http::problems` writes the body, in the form that
    /// the door speaks.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status);
        let mut response = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.problem.status == 401 {
            // Never `Basic`: it would open the browser's own dialog over the page.
            let bearer = HeaderValue::from_static("Bearer realm=\"hallway\"");
            headers.insert(header::WWW_AUTHENTICATE, bearer);
        }
        response.extensions_mut().insert(*self.problem);
        response
    }
}

/// Why a streamed body breaks off: its status is long said, so the connection ends unfinished, and
/// the client sees that the answer is not whole.
#[derive(Debug)]
pub struct Broken(Error);

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.problem.detail)
    }
}

impl std::error::Error for Broken {}
