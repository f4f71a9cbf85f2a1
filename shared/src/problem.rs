//! What an error looks like: RFC 9457 problem details with a stable code.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// An error response (`application/problem+json`), also part of a `nack`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// The problem type: always `about:blank`, because `code` identifies the problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The reason phrase of the HTTP status.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable error code, for programs.
    pub code: Code,
    /// A sentence for people.
    pub detail: String,
    /// The invalid fields, if any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The `x-request-id` of the response. Quote it when you ask an admin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    /// A problem with the default `detail` of its code.
    pub fn new(code: Code) -> Self {
        Self {
            kind: "about:blank".into(),
            title: code.title().into(),
            status: code.status(),
            code,
            detail: code.detail().into(),
            errors: Vec::new(),
            request_id: None,
        }
    }
}

/// An invalid field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// The name of the field; a dotted path if it is nested.
    pub field: String,
    /// What is wrong; it names the limit.
    pub message: String,
    /// The byte range (UTF-8, half-open) of the error, in a field with a grammar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Range<usize>>,
    /// A replacement for that range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

impl FieldError {
    /// An error in a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into(), at: None, suggestion: None }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $status:literal $title:literal $detail:literal,)*) => {
        /// The stable name of what went wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// The HTTP status that goes with it.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The reason phrase of the HTTP status.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// The sentence for people where nothing more is known.
            pub fn detail(self) -> &'static str {
                match self { $(Self::$name => $detail,)* }
            }
        }
    };
}

codes! {
    /// The request cannot be read: broken JSON, bad UTF-8, an unknown frame.
    BadRequest 400 "Bad Request" "The request cannot be read.",
    /// The search cannot be read, or names what is not there; `errors` says where.
    InvalidSearch 400 "Bad Request" "The search cannot be read.",
    /// Nobody is signed in, or the session has ended.
    Unauthenticated 401 "Unauthorized" "Sign in first: the credentials are missing or no longer valid.",
    /// The name or the password is wrong (which of them is not said).
    InvalidCredentials 401 "Unauthorized" "The username or the password is wrong.",
    /// Only an admin may.
    AdminOnly 403 "Forbidden" "Only an admin may do this.",
    /// Only a member of the room may.
    NotAMember 403 "Forbidden" "Only members of this room may do this: join it first.",
    /// Only the author may.
    NotTheAuthor 403 "Forbidden" "Only its author may change a message.",
    /// The request comes from another site.
    CrossOrigin 403 "Forbidden" "The request comes from another site.",
    /// There is no such thing, or it is not yours to see.
    NotFound 404 "Not Found" "There is nothing here.",
    /// The address exists, the method on it does not.
    MethodNotAllowed 405 "Method Not Allowed" "This address does not take this method.",
    /// The answer cannot be given in an accepted form.
    NotAcceptable 406 "Not Acceptable" "The answer is JSON.",
    /// The name is somebody's already.
    UsernameTaken 409 "Conflict" "This username is taken.",
    /// A room has this name already.
    RoomNameTaken 409 "Conflict" "A room has this name already.",
    /// The `client_id` was used for another text.
    ClientIdReused 409 "Conflict" "This client_id was used for another message.",
    /// The message was deleted and takes no changes.
    MessageDeleted 409 "Conflict" "This message was deleted.",
    /// Somebody must stay admin.
    LastAdmin 409 "Conflict" "This is the last admin: make another one first.",
    /// The body is larger than this address takes.
    TooLarge 413 "Content Too Large" "The body is too large: the limit is 128 KiB.",
    /// The body is not JSON by its content type.
    UnsupportedMediaType 415 "Unsupported Media Type" "The body must be JSON: send content-type: application/json.",
    /// A field breaks a rule; `errors` says which.
    InvalidFields 422 "Unprocessable Content" "Some fields break a rule.",
    /// A websocket address was asked for without an upgrade.
    UpgradeRequired 426 "Upgrade Required" "This address speaks websocket.",
    /// Too many tries; `Retry-After` says how long to wait.
    TooManyRequests 429 "Too Many Requests" "Too many tries: wait a little.",
    /// Something broke here.
    Internal 500 "Internal Server Error" "Something went wrong here; the log has this request_id.",
    /// The database is away or too busy: the same request may work in a moment.
    Unavailable 503 "Service Unavailable" "The database does not answer right now: try again in a moment.",
    /// The disk is full: reading works, writing does not.
    StorageFull 507 "Insufficient Storage" "The server has no room left on its disk.",
}

impl Code {
    /// Whether the same request, unchanged, may work a little later: what `nack.retry` says.
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::TooManyRequests | Self::Internal | Self::Unavailable | Self::StorageFull
        )
    }
}
