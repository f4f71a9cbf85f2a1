//! The format of errors: RFC 9457 problem details with a stable code.

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
    /// A sentence for the user.
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
    /// Describes the error and names the limit.
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
        /// The stable error code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Its HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The reason phrase of the HTTP status.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// The default sentence for the user.
            pub fn detail(self) -> &'static str {
                match self { $(Self::$name => $detail,)* }
            }
        }
    };
}

codes! {
    /// The server cannot parse the request: invalid JSON, invalid UTF-8, an unknown frame.
    BadRequest 400 "Bad Request" "The server cannot parse the request.",
    /// The query is invalid or names something that does not exist; `errors` has the position.
    InvalidSearch 400 "Bad Request" "The search query is invalid.",
    /// The credentials are missing, expired or revoked.
    Unauthenticated 401 "Unauthorized" "Sign in first: the credentials are missing or no longer valid.",
    /// The username or the password is wrong. The response does not tell which.
    InvalidCredentials 401 "Unauthorized" "The username or the password is wrong.",
    /// The request needs admin rights.
    AdminOnly 403 "Forbidden" "Only an admin can do this.",
    /// The request needs the rank of an owner.
    OwnerOnly 403 "Forbidden" "Only an owner of the server can do this.",
    /// The request needs a membership of the room.
    NotAMember 403 "Forbidden" "Only members of this room can do this. Join it first.",
    /// The caller's role in the room does not allow it.
    HostsOnly 403 "Forbidden" "Only the hosts of this room can do this.",
    /// The caller is banned from the room.
    Banned 403 "Forbidden" "You're banned from this room. Only its hosts can let you in again.",
    /// The caller may not post in the room for a while; `detail` has the end.
    TimedOut 403 "Forbidden" "You can't post in this room for a while.",
    /// The target manages the room as well.
    HostProtected 409 "Conflict" "Hosts of the room and admins can't be timed out or banned.",
    /// The caller's rank on the server does not allow it.
    RankTooLow 403 "Forbidden" "Your account may not do this.",
    /// Sign-up is not open to the caller.
    SignUpClosed 403 "Forbidden" "New accounts are closed on this server. Ask an admin for an account.",
    /// The account waits until an admin approves it, or until its e-mail address is confirmed.
    AccountPending 403 "Forbidden" "An admin has to approve your account before you can sign in. Try again later.",
    /// The invitation does not exist, is expired, revoked or used up, or does not allow what was requested.
    InvitationInvalid 403 "Forbidden" "This invitation is not valid: it has expired, was revoked or was used. Ask for a new one.",
    /// The link that confirms an address does not exist, is expired or was used.
    ConfirmationInvalid 403 "Forbidden" "This link isn't valid: it has expired or was used. If you have confirmed your address, sign in; otherwise create your account again.",
    /// The server has accounts already.
    AlreadySetUp 409 "Conflict" "This server has been set up already. Sign in, or ask an admin for an account.",
    /// The room would have no host left.
    LastHost 409 "Conflict" "This is the last host of the room. Make somebody else a host first.",
    /// The room has members, who alone may delete it.
    RoomHasMembers 409 "Conflict" "This room has members. Only its hosts can delete it.",
    /// A direct room has no hosts, no name, and always the same people.
    DirectRoom 409 "Conflict" "This is not possible in a direct room.",
    /// One of the two people of a direct room blocks the other. The response does not tell which.
    DirectRefused 403 "Forbidden" "You can't write to this person.",
    /// Another direct room has the same people.
    DirectRoomExists 409 "Conflict" "These people have a direct room already.",
    /// The room is archived.
    RoomArchived 409 "Conflict" "This room is archived. A host can restore it.",
    /// The caller is not the author of the message.
    NotTheAuthor 403 "Forbidden" "Only the author can change a message.",
    /// The request comes from another site.
    CrossOrigin 403 "Forbidden" "The request comes from another site.",
    /// The resource does not exist, or the caller cannot see it.
    NotFound 404 "Not Found" "Not found.",
    /// The URL exists but does not support the method.
    MethodNotAllowed 405 "Method Not Allowed" "This URL does not support this method.",
    /// The server has no response in a format that the request accepts.
    NotAcceptable 406 "Not Acceptable" "The response is JSON, which the request does not accept.",
    /// Another user has this name.
    UsernameTaken 409 "Conflict" "This username is taken.",
    /// Another user has this username or display name.
    DisplayNameTaken 409 "Conflict" "This display name is taken.",
    /// Another room has this name.
    RoomNameTaken 409 "Conflict" "This room name is taken.",
    /// The caller used the `client_id` for a message with another text.
    ClientIdReused 409 "Conflict" "This client_id was used for another message.",
    /// The message was deleted and cannot be changed.
    MessageDeleted 409 "Conflict" "This message was deleted.",
    /// The request would leave the server without an owner.
    LastOwner 409 "Conflict" "This is the last owner. Make somebody else an owner first.",
    /// The body exceeds the maximum size.
    TooLarge 413 "Content Too Large" "The body is too large: the limit is 256 KiB.",
    /// The content type of the body is not JSON.
    UnsupportedMediaType 415 "Unsupported Media Type" "The body must be JSON: send content-type: application/json.",
    /// The request names another host than that of this server.
    WrongHost 421 "Misdirected Request" "This server has another name: open it at the address that its admin has set.",
    /// A field is invalid; `errors` has the details.
    InvalidFields 422 "Unprocessable Content" "Some fields are invalid.",
    /// A request to a websocket endpoint has no upgrade.
    UpgradeRequired 426 "Upgrade Required" "This URL is a websocket endpoint.",
    /// The rate limit is exceeded; `Retry-After` has the waiting time.
    TooManyRequests 429 "Too Many Requests" "Too many attempts. Wait a moment and try again.",
    /// The room has a slow mode, and the caller's last message is too recent; `Retry-After` has the waiting
    /// time. It can be hours, so a client asks before it sends the message again.
    SlowMode 429 "Too Many Requests" "This room is in slow mode. Wait before you post again.",
    /// The account is new, or that of a guest, and posted too many links; `Retry-After` has the waiting time.
    /// Messages without links can be posted.
    TooManyLinks 429 "Too Many Requests" "Your account is new and can post only a few links an hour.",
    /// The server has an internal error.
    Internal 500 "Internal Server Error" "The server has an internal error. Its log has this request_id.",
    /// The database is unreachable or overloaded: a retry can succeed.
    Unavailable 503 "Service Unavailable" "The server can't reach its database. Try again in a moment.",
    /// The disk is full. Only reads succeed.
    StorageFull 507 "Insufficient Storage" "The server's disk is full. Tell an admin.",
}

impl Code {
    /// Whether a retry of the unchanged request can succeed: the value of `nack.retry`.
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::TooManyRequests | Self::Internal | Self::Unavailable | Self::StorageFull
        )
    }
}
