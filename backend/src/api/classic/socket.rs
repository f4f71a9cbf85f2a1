//! `/ws/chat/{room_id}/`: a websocket for one room. Clients send `{"message"}` and receive
//! `{"message","username",..}`. A refused message gets a frame of this shape too, with `error`, because
//! classic clients print every frame.

use axum::{
    extract::{
        State,
        ws::{Utf8Bytes, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::HeaderMap,
    response::Response,
};
use serde_json::{Value, json};
use shared::{
    ids::{ClientId, RoomId, Seq, UserId},
    live::{ClientFrame, ServerFrame, Subscription},
    messages::{Message, Row},
    problem::{Code, Problem},
    text::Format,
    timeline::SeqRanges,
};
use uuid::Uuid;

use super::{
    fields::{coerce_id, coerce_text},
    format_moment,
    rooms::hide_direct,
};
use crate::{
    App, Error, Result,
    api::socket::{Codec, Session, accept},
    realtime::hub::Publication,
    rooms::Membership,
};

pub async fn socket(
    State(app): State<App>,
    membership: Membership,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response> {
    hide_direct(&membership.room)?;
    let upgrade = accept(&app, &headers, Some(&membership.caller), upgrade)?;
    let (room, user) = (membership.room_id(), membership.caller.user.id);
    let mut delivered = SeqRanges::default();
    delivered.insert(Seq(1), Seq(membership.room.last_seq));
    Ok(upgrade.on_upgrade(async move |socket| {
        let codec = ClassicCodec { room, user, delivered };
        let session = Session::open(app, membership.caller, socket, codec).await;
        let after_rev = Some(membership.room.last_rev.into());
        if let Some(session) = session {
            tokio::spawn(session.run(Some(Subscription { room, after_rev })));
        }
    }))
}

/// The classic protocol, which only has frames for new messages and errors.
struct ClassicCodec {
    room: RoomId,
    user: UserId,
    /// The messages that the client received or that precede the socket. A later change of one is an
    /// edit, for which the classic protocol has no frame.
    delivered: SeqRanges,
}

/// The author of the frames about refused messages.
const SERVER_NAME: &str = "Hallway";

impl Codec for ClassicCodec {
    fn decode(&mut self, text: &str) -> Result<ClientFrame> {
        let invalid = || Error::new(Code::BadRequest, "a frame is JSON: {\"message\": \"..\"}.");
        let frame: Value = serde_json::from_str(text).map_err(|_| invalid())?;
        // The browser shares one session: after a sign-in in another tab, this page still names the
        // account of before.
        let userid = frame.get("userid").filter(|userid| !userid.is_null());
        if userid.is_some_and(|userid| coerce_id(userid) != Ok(self.user)) {
            let detail = "you are signed in as somebody else: reload the page.";
            return Err(Error::new(Code::NotTheAuthor, detail));
        }
        let content = frame.get("message").and_then(|text| coerce_text(text).ok());
        let content = content.ok_or_else(invalid)?;
        let client_id = ClientId(Uuid::now_v7());
        let (room, format) = (self.room, Some(Format::Text));
        Ok(ClientFrame::Send { room, client_id, format, content, reply_to: None })
    }

    fn encode(&mut self, frame: &ServerFrame) -> Option<Utf8Bytes> {
        match frame {
            // The room is not accessible any more: the close frame that follows says so.
            ServerFrame::Error { problem }
                if matches!(problem.code, Code::NotFound | Code::NotAMember) =>
            {
                None
            }
            ServerFrame::Nack { problem, .. } | ServerFrame::Error { problem } => {
                Some(refusal(problem).into())
            }
            _ => None,
        }
    }

    fn encode_change(&mut self, publication: &Publication) -> Option<Utf8Bytes> {
        match &publication.change().row {
            Row::Message(message) => self.encode_message(message),
            Row::Member(_) | Row::Room(_) => None,
        }
    }

    fn encode_own_post(&mut self, message: Message) -> Option<Utf8Bytes> {
        self.encode_message(&message)
    }

    fn encode_ephemeral(&mut self, _: Utf8Bytes) -> Option<Utf8Bytes> {
        None
    }

    fn can_resume(&self) -> bool {
        false
    }

    fn closes_with(&self, room: RoomId) -> bool {
        room == self.room
    }
}

impl ClassicCodec {
    fn encode_message(&mut self, message: &Message) -> Option<Utf8Bytes> {
        if self.delivered.contains(message.seq) || message.deleted_at.is_some() {
            return None;
        }
        self.delivered.insert(message.seq, message.seq);
        let text = json!({
            "message": message.content,
            "username": message.user.username,
            "userid": message.user.id,
            "id": message.id,
            "room": message.room,
            "created_at": format_moment(&message.created_at),
        });
        Some(text.to_string().into())
    }
}

/// The frame about a refused message: a line that reads well if a client prints it.
fn refusal(problem: &Problem) -> String {
    let reason = match problem.errors.first() {
        Some(error) => format!("the text {}.", error.message),
        None => problem.detail.clone(),
    };
    let line = format!("Your message was not sent: {reason}");
    // No account has the id 0.
    json!({ "error": reason, "message": line, "username": SERVER_NAME, "userid": 0 }).to_string()
}
