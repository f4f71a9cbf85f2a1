//! Why a socket is closed.

/// The status code of a close frame (RFC 6455, section 7.4). Codes from 4000 are Hallway's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// The client or the server closed the socket in the normal way.
    Normal = 1000,
    /// The client broke the websocket protocol.
    ProtocolError = 1002,
    /// A text frame was not UTF-8.
    InvalidText = 1007,
    /// A frame was larger than [`crate::rules::FRAME_MAX_BYTES`].
    TooLarge = 1009,
    /// The server failed.
    Internal = 1011,
    /// The server stops or restarts.
    Restart = 1012,
    /// The client did not authenticate in time, or its token is not valid.
    Unauthenticated = 4001,
    /// The session was revoked, or the account disabled.
    SessionEnded = 4002,
    /// The user is not, or no longer, a member of the room of a classic socket.
    NotAMember = 4003,
    /// The client did not read for too long. The next `subscribe` delivers what it missed.
    TooSlow = 4008,
    /// The client sent nothing for [`crate::rules::SOCKET_TIMEOUT_S`] seconds.
    Silent = 4009,
    /// The account has too many open sockets.
    TooManySockets = 4029,
}

impl CloseCode {
    /// The variant of a numeric code; `None` for any other code.
    pub fn from_u16(code: u16) -> Option<Self> {
        use CloseCode::*;
        let ours = [Unauthenticated, SessionEnded, NotAMember, TooSlow, Silent, TooManySockets];
        [Normal, ProtocolError, InvalidText, TooLarge, Internal, Restart]
            .into_iter()
            .chain(ours)
            .find(|variant| *variant as u16 == code)
    }

    /// Whether a reconnect with the same credentials can succeed.
    pub fn may_reconnect(self) -> bool {
        !matches!(self, Self::Unauthenticated | Self::SessionEnded | Self::NotAMember)
    }

    /// The reason text of the close frame.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::ProtocolError => "protocol_error",
            Self::InvalidText => "invalid_utf8",
            Self::TooLarge => "frame_too_large",
            Self::Internal => "internal_error",
            Self::Restart => "restart",
            Self::Unauthenticated => "unauthenticated",
            Self::SessionEnded => "session_ended",
            Self::NotAMember => "not_a_member",
            Self::TooSlow => "too_slow",
            Self::Silent => "silent",
            Self::TooManySockets => "too_many_sockets",
        }
    }
}
