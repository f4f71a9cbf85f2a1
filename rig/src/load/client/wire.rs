//! The wire as bytes. A million deliveries a second leave a microsecond for each: frames are told
//! apart by how they begin, and only the rare ones are decoded as JSON.

use anyhow::{Result, bail, ensure};
use memchr::{memchr_iter, memmem};
use shared::{ids::RoomId, live::ServerFrame};

/// A text frame (RFC 6455, section 5.2).
pub const TEXT: u8 = 1;
/// A closing frame.
pub const CLOSE: u8 = 8;
/// A ping, to be answered by a pong with the same payload.
pub const PING: u8 = 9;
/// The answer to a ping.
pub const PONG: u8 = 10;

/// The key of every handshake, and what the server must make of it (RFC 6455, section 1.3).
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// The answer to [`KEY`].
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// One frame.
pub struct Frame<'a> {
    /// What kind.
    pub opcode: u8,
    /// Its payload.
    pub payload: &'a [u8],
}

/// The whole frame at the beginning of these bytes and how many it takes, if it is all there.
/// A masked one must have a key of zeros: the rig's own clients use no other.
pub fn frame(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>> {
    let [first, second, ..] = *bytes else { return Ok(None) };
    ensure!(first & 0x80 != 0, "a frame comes in parts, which this client does not put together");
    let (mut head, length) = match second & 0x7f {
        126 if bytes.len() >= 4 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
        127 if bytes.len() >= 10 => {
            let length = bytes[2..10].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            (10, usize::try_from(length)?)
        }
        126 | 127 => return Ok(None),
        short => (2, usize::from(short)),
    };
    if second & 0x80 != 0 {
        let Some(key) = bytes.get(head..head + 4) else { return Ok(None) };
        ensure!(key == [0; 4], "a masked frame of somebody else's client");
        head += 4;
    }
    let Some(payload) = bytes.get(head..head + length) else { return Ok(None) };
    Ok(Some((Frame { opcode: first & 0x0f, payload }, head + length)))
}

/// Appends a frame; a client's are masked (with zeros, which leaves the payload as it is).
pub fn put(out: &mut Vec<u8>, opcode: u8, payload: &[u8], is_masked: bool) {
    let mask = if is_masked { 0x80 } else { 0 };
    out.push(0x80 | opcode);
    match payload.len() {
        length @ 0..=125 => out.push(mask | length as u8),
        length @ 126..=0xffff => {
            out.push(mask | 126);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(mask | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    if is_masked {
        out.extend([0; 4]);
    }
    out.extend_from_slice(payload);
}

/// What a message's text carries for whoever measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// When it was meant to be sent, in microseconds of the crowd's clock.
    pub at_us: u64,
    /// Which message of the run it is.
    pub nth: usize,
}

impl Stamp {
    /// Bytes that it takes in the text.
    pub const LENGTH: usize = 28;

    /// As the beginning of a text.
    pub fn put(self, text: &mut String) {
        use std::fmt::Write;
        let _ = write!(text, "t={:013} n={:09} ", self.at_us, self.nth);
    }

    /// From a text somewhere in a frame.
    fn find(payload: &[u8]) -> Option<Self> {
        let at = memchr_iter(b'=', payload)
            .find(|&at| at >= 2 && payload[at - 2..at] == *b"\"t" && payload.len() > at + 26)?;
        let at_us = number(&payload[at + 1..])?.0 as u64;
        let nth = number(&payload[at + 17..])?.0 as usize;
        Some(Self { at_us, nth })
    }
}

/// What a text frame of the server says, as far as it matters here.
#[derive(Debug, PartialEq)]
pub enum Said {
    /// The socket is authenticated.
    Welcome,
    /// Live from here.
    Subscribed(i64),
    /// A change of a room; with the stamp, if it is a message of ours.
    Change {
        /// Which room.
        room: i64,
        /// The change's number.
        rev: i64,
        /// Of the text.
        stamp: Option<Stamp>,
    },
    /// Stored.
    Ack {
        /// Which room.
        room: i64,
        /// The change's number.
        rev: i64,
        /// Of the text.
        stamp: Stamp,
    },
    /// Refused, and why.
    Nack(String),
    /// Changes that do not come any more, up to this one.
    Gap(i64),
    /// Complaints.
    Error(String),
    /// What is not about messages.
    Other,
}

/// Understands a text frame.
pub fn said(payload: &[u8]) -> Result<Said> {
    if let Some(change) = message(payload) {
        return Ok(change);
    }
    let kind = payload.strip_prefix(br#"{"type":""#).unwrap_or_default();
    let kind = kind.split(|byte| *byte == b'"').next().unwrap_or_default();
    match kind {
        b"welcome" => return Ok(Said::Welcome),
        b"ack" => {
            if let Some(ack) = ack(payload) {
                return Ok(ack);
            }
        }
        b"presence" | b"heartbeat" | b"typing" | b"read" | b"joined" => return Ok(Said::Other),
        _ => {}
    }
    decoded(payload)
}

/// A message's frame, by the order in which its fields are spelled. Another order is decoded.
fn message(payload: &[u8]) -> Option<Said> {
    let (room, rest) = number(payload.strip_prefix(br#"{"type":"message","room":"#)?)?;
    let (rev, rest) = number(rest.strip_prefix(br#","rev":"#)?)?;
    Some(Said::Change { room, rev, stamp: Stamp::find(rest) })
}

fn ack(payload: &[u8]) -> Option<Said> {
    let field = |name: &[u8]| {
        let at = memmem::find(payload, name)?;
        Some(number(&payload[at + name.len()..])?.0)
    };
    let stamp = Stamp::find(payload)?;
    Some(Said::Ack { room: field(br#""room":"#)?, rev: field(br#""rev":"#)?, stamp })
}

/// The digits at the beginning, and what follows them.
fn number(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = bytes[..digits].iter().fold(0i64, |n, d| n * 10 + i64::from(d - b'0'));
    (1..=18).contains(&digits).then_some((number, &bytes[digits..]))
}

fn decoded(payload: &[u8]) -> Result<Said> {
    let stamp = Stamp::find(payload);
    Ok(match serde_json::from_slice(payload)? {
        ServerFrame::Welcome { .. } => Said::Welcome,
        ServerFrame::Subscribed { rev, .. } => Said::Subscribed(rev.0),
        ServerFrame::Ack { message, .. } => match stamp {
            Some(stamp) => Said::Ack { room: message.room.0, rev: message.rev.0, stamp },
            None => bail!("an ack for something that was not sent: {message:?}"),
        },
        ServerFrame::Nack { problem, .. } => Said::Nack(problem.detail),
        ServerFrame::Error { problem } => Said::Error(problem.detail),
        ServerFrame::Gap { to_rev, .. } => Said::Gap(to_rev.0),
        frame => match frame.into_change() {
            Some((RoomId(room), change)) => Said::Change { room, rev: change.rev.0, stamp },
            None => Said::Other,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_as_they_were_written() {
        for length in [0, 1, 125, 126, 65_535, 65_536, 200_000] {
            for is_masked in [false, true] {
                let payload = vec![7; length];
                let mut bytes = Vec::new();
                put(&mut bytes, TEXT, &payload, is_masked);
                for short in 0..bytes.len().min(16) {
                    assert!(frame(&bytes[..short]).unwrap().is_none());
                }
                let whole = bytes.len();
                bytes.extend([1, 2, 3]);
                let (read, used) = frame(&bytes).unwrap().unwrap();
                assert_eq!((read.opcode, read.payload, used), (TEXT, &payload[..], whole));
            }
        }
    }

    #[test]
    fn a_message_says_the_same_by_its_bytes_and_decoded() {
        let stamp = Stamp { at_us: 1_234_567, nth: 89 };
        let mut content = String::new();
        stamp.put(&mut content);
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
        let expected = Said::Change { room: 3, rev: 5, stamp: Some(stamp) };
        assert_eq!(super::message(&change).as_ref(), Some(&expected));
        assert_eq!(decoded(&change).unwrap(), expected);
        let ack = serde_json::to_vec(&ServerFrame::Ack { client_id, message }).unwrap();
        let expected = Said::Ack { room: 3, rev: 5, stamp };
        assert_eq!(super::ack(&ack).as_ref(), Some(&expected));
        assert_eq!(decoded(&ack).unwrap(), expected);
    }
}
