//! Why something could not be done, in a sentence for whoever sits at the machine.

use std::{fmt, io};

use sea_orm::DbErr;
use shared::problem::{Code, FieldError};

use crate::Error;

/// What an archive function returns.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// The sentence.
#[derive(Debug)]
pub struct Failure(pub String);

impl Failure {
    /// The same, with where it happened before it.
    pub fn at(self, place: impl fmt::Display) -> Self {
        Self(format!("{place}: {}", self.0))
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<FieldError> for Failure {
    fn from(error: FieldError) -> Self {
        Self(format!("{} {}", error.field, error.message))
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self(format!("the database says: {error}"))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::new(Code::Internal, failure.0)
    }
}
