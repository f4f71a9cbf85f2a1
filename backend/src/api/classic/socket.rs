//! `/ws/chat/{room_id}/`: a websocket for one room. Clients send `{"message"}` and receive
//! `{"message","username",..}` or `{"error"}`.

use axum::{
    extract::{
        State,
        ws::{Utf8Bytes, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;
use serde_json::json;
use shared::{
    ids::{ClientId, RoomId, Seq},
    live::{ClientFrame, ServerFrame},
    messages::{Message, Row},
    problem::Code,
    timeline::SeqRanges,
};
use uuid::Uuid;

use crate::{
    App, Error, Result,
    realtime::hub::Publication,
    rooms::Membership,
    socket::{Codec, Session, accept},
};

pub async fn socket(
    State(app): State<App>,
    membership: Membership,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response> {
    let upgrade = accept(&app, &headers, Some(&membership.caller), upgrade)?;
    let room = membership.room_id();
    let mut delivered = SeqRanges::default();
    delivered.insert(Seq(1), Seq(membership.room.last_seq));
    Ok(upgrade.on_upgrade(async move |socket| {
        let codec = ClassicCodec { room, delivered };
        let session = Session::open(app, membership.caller, socket, codec).await;
        let Some(session) = session else { return };
        let after_rev = Some(membership.room.last_rev.into());
        session.run(Some(ClientFrame::Subscribe { room, after_rev })).await;
    }))
}

/// The classic protocol, which only has frames for new messages and errors.
struct ClassicCodec {
    room: RoomId,
    /// The messages that the client received or that precede the socket. A later change of one is an
    /// edit, for which the classic protocol has no frame.
    delivered: SeqRanges,
}

#[derive(Deserialize)]
struct Incoming {
    message: String,
}

impl Codec for ClassicCodec {
    fn decode(&mut self, text: &str) -> Result<ClientFrame> {
        let incoming: Incoming = serde_json::from_str(text).map_err(|cause| {
            Error::new(Code::BadRequest, format!("Send {{\"message\": ..}}: {cause}."))
        })?;
        let client_id = ClientId(Uuid::now_v7());
        let content = incoming.message;
        Ok(ClientFrame::Send { room: self.room, client_id, content, reply_to: None })
    }

    fn encode(&mut self, frame: &ServerFrame) -> Option<Utf8Bytes> {
        match frame {
            ServerFrame::Nack { problem, .. } | ServerFrame::Error { problem } => {
                Some(json!({ "error": problem.detail }).to_string().into())
            }
            _ => None,
        }
    }

    fn encode_change(&mut self, publication: &Publication) -> Option<Utf8Bytes> {
        let Row::Message(message) = &publication.change().row else { return None };
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
            "created_at": message.created_at,
        });
        Some(text.to_string().into())
    }

    fn encode_own_post(&mut self, publication: &Publication, _: &Message) -> Option<Utf8Bytes> {
        self.encode_change(publication)
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
