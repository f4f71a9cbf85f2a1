//! Encodes and decodes the frames of the live socket. At a million deliveries a second there is one
//! microsecond for each, so the decoder scans frequent frames as bytes, and decodes only rare ones
//! as JSON.

use std::io::Cursor;

use anyhow::{Result, bail, ensure};
use memchr::{memchr_iter, memmem};
use shared::{ids::RoomId, live::ServerFrame};
use tokio_tungstenite::tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

pub const TEXT: OpCode = OpCode::Data(Data::Text);
pub const CLOSE: OpCode = OpCode::Control(Control::Close);
pub const PING: OpCode = OpCode::Control(Control::Ping);
pub const PONG: OpCode = OpCode::Control(Control::Pong);

/// The key of every handshake (RFC 6455, section 1.3).
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// The value of `Sec-WebSocket-Accept` for [`KEY`].
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

pub struct Frame<'a> {
    pub opcode: OpCode,
    pub payload: &'a [u8],
}

/// Parses the frame at the start of the bytes. Returns the frame and its length, or `None` if the
/// frame is incomplete. The mask of a client's frame must be zero, which leaves the payload as it
/// is.
pub fn parse_frame(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>> {
    let mut cursor = Cursor::new(bytes);
    let Some((header, length)) = FrameHeader::parse(&mut cursor)? else { return Ok(None) };
    ensure!(header.is_final, "the frame is fragmented, which this client does not support");
    ensure!(header.mask.is_none_or(|mask| mask == [0; 4]), "the frame has a mask that is not zero");
    let start = cursor.position() as usize;
    let end = start + usize::try_from(length)?;
    let Some(payload) = bytes.get(start..end) else { return Ok(None) };
    Ok(Some((Frame { opcode: header.opcode, payload }, end)))
}

/// Appends a frame from a client, with a mask of zeros.
pub fn write_client_frame(out: &mut Vec<u8>, opcode: OpCode, payload: &[u8]) {
    write_frame(out, opcode, payload, Some([0; 4]));
}

/// Appends a frame from a server.
pub fn write_server_frame(out: &mut Vec<u8>, opcode: OpCode, payload: &[u8]) {
    write_frame(out, opcode, payload, None);
}

fn write_frame(out: &mut Vec<u8>, opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) {
    let header = FrameHeader { opcode, mask, ..FrameHeader::default() };
    header.format(payload.len() as u64, out).expect("writing to a vector does not fail");
    out.extend_from_slice(payload);
}

/// The measurement data at the beginning of a message's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// When the message was due, in microseconds on the pool's clock.
    pub scheduled_us: u64,
    /// The number of the message in the run.
    pub index: usize,
}

impl Stamp {
    /// The length in a message, in bytes.
    pub const LENGTH: usize = 28;

    /// Appends the stamp, as the beginning of a message.
    pub fn write(self, text: &mut String) {
        use std::fmt::Write;
        let _ = write!(text, "t={:013} n={:09} ", self.scheduled_us, self.index);
    }

    /// Finds the stamp in a frame.
    fn find(payload: &[u8]) -> Option<Self> {
        let at = memchr_iter(b'=', payload)
            .find(|&at| at >= 2 && payload[at - 2..at] == *b"\"t" && payload.len() > at + 26)?;
        let scheduled_us = leading_number(&payload[at + 1..])?.0 as u64;
        let index = leading_number(&payload[at + 17..])?.0 as usize;
        Some(Self { scheduled_us, index })
    }
}

/// A text frame of the server, reduced to the fields that the load generator needs.
#[derive(Debug, PartialEq)]
pub enum ServerEvent {
    Welcome,
    /// The rev after which the subscription is live.
    Subscribed(i64),
    Change {
        room: i64,
        rev: i64,
        /// Only messages of the load generator have a stamp.
        stamp: Option<Stamp>,
    },
    Ack {
        room: i64,
        rev: i64,
        stamp: Stamp,
    },
    /// The reason.
    Nack(String),
    /// The rev up to which the server skipped changes.
    Gap(i64),
    /// The reason.
    Error(String),
    Other,
}

/// Decodes a text frame.
pub fn decode(payload: &[u8]) -> Result<ServerEvent> {
    if let Some(change) = scan_message(payload) {
        return Ok(change);
    }
    let kind = payload.strip_prefix(br#"{"type":""#).unwrap_or_default();
    let kind = kind.split(|byte| *byte == b'"').next().unwrap_or_default();
    match kind {
        b"welcome" => return Ok(ServerEvent::Welcome),
        b"ack" => {
            if let Some(ack) = scan_ack(payload) {
                return Ok(ack);
            }
        }
        b"presence" | b"heartbeat" | b"typing" | b"read" | b"joined" => {
            return Ok(ServerEvent::Other);
        }
        _ => {}
    }
    decode_json(payload)
}

/// Scans a message frame, whose fields must be in the order in which the server writes them.
/// Returns `None` for other frames; they are decoded as JSON.
fn scan_message(payload: &[u8]) -> Option<ServerEvent> {
    let (room, rest) = leading_number(payload.strip_prefix(br#"{"type":"message","room":"#)?)?;
    let (rev, rest) = leading_number(rest.strip_prefix(br#","rev":"#)?)?;
    Some(ServerEvent::Change { room, rev, stamp: Stamp::find(rest) })
}

/// Scans an ack of a message with a stamp.
fn scan_ack(payload: &[u8]) -> Option<ServerEvent> {
    let field = |name: &[u8]| {
        let at = memmem::find(payload, name)?;
        Some(leading_number(&payload[at + name.len()..])?.0)
    };
    let stamp = Stamp::find(payload)?;
    Some(ServerEvent::Ack { room: field(br#""room":"#)?, rev: field(br#""rev":"#)?, stamp })
}

/// The number at the start of the bytes, and the bytes after it.
fn leading_number(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = bytes[..digits].iter().fold(0i64, |n, d| n * 10 + i64::from(d - b'0'));
    (1..=18).contains(&digits).then_some((number, &bytes[digits..]))
}

fn decode_json(payload: &[u8]) -> Result<ServerEvent> {
    let stamp = Stamp::find(payload);
    Ok(match serde_json::from_slice(payload)? {
        ServerFrame::Welcome { .. } => ServerEvent::Welcome,
        ServerFrame::Subscribed { rev, .. } => ServerEvent::Subscribed(rev.0),
        ServerFrame::Ack { message, .. } => match stamp {
            Some(stamp) => ServerEvent::Ack { room: message.room.0, rev: message.rev.0, stamp },
            None => bail!("an ack of a message that was not sent: {message:?}"),
        },
        ServerFrame::Nack { problem, .. } => ServerEvent::Nack(problem.detail),
        ServerFrame::Error { problem } => ServerEvent::Error(problem.detail),
        ServerFrame::Gap { to_rev, .. } => ServerEvent::Gap(to_rev.0),
        frame => match frame.into_change() {
            Some((RoomId(room), change)) => ServerEvent::Change { room, rev: change.rev.0, stamp },
            None => ServerEvent::Other,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_parsed_as_they_were_written() {
        for length in [0, 1, 125, 126, 65_535, 65_536, 200_000] {
            for write in [write_client_frame, write_server_frame] {
                let payload = vec![7; length];
                let mut bytes = Vec::new();
                write(&mut bytes, TEXT, &payload);
                for prefix in 0..bytes.len().min(16) {
                    assert!(parse_frame(&bytes[..prefix]).unwrap().is_none());
                }
                let whole = bytes.len();
                bytes.extend([1, 2, 3]);
                let (frame, used) = parse_frame(&bytes).unwrap().unwrap();
                assert_eq!((frame.opcode, frame.payload, used), (TEXT, &payload[..], whole));
            }
        }
    }

    #[test]
    fn scanning_and_decoding_a_message_agree() {
        let stamp = Stamp { scheduled_us: 1_234_567, index: 89 };
        let mut content = String::new();
        stamp.write(&mut content);
        assert_eq!(content.len(), Stamp::LENGTH);
        content.push_str("more = less");
        let message = serde_json::json!({
            "id": 9, "room": 3, "seq": 4, "rev": 5, "user": {"id": 2, "username": "t"},
            "content": content, "client_id": uuid::Uuid::nil(), "reply_to": null,
            "created_at": "2026-01-01T00:00:00Z", "edited_at": null, "deleted_at": null,
        });
        let message: shared::messages::Message = serde_json::from_value(message).unwrap();
        let (room, rev, client_id) = (message.room, message.rev, message.client_id);
        let change = ServerFrame::Message { room, rev, message: message.clone() };
        let change = serde_json::to_vec(&change).unwrap();
        let expected = ServerEvent::Change { room: 3, rev: 5, stamp: Some(stamp) };
        assert_eq!(scan_message(&change).as_ref(), Some(&expected));
        assert_eq!(decode_json(&change).unwrap(), expected);
        let ack = serde_json::to_vec(&ServerFrame::Ack { client_id, message }).unwrap();
        let expected = ServerEvent::Ack { room: 3, rev: 5, stamp };
        assert_eq!(scan_ack(&ack).as_ref(), Some(&expected));
        assert_eq!(decode_json(&ack).unwrap(), expected);
    }
}
