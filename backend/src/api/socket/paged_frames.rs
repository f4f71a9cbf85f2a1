//! Frames whose size grows with the number of rooms. Each continues in further frames, because a frame
//! that exceeds the write buffer would end the session.

use shared::{
    ids::{Rev, RoomId},
    live::ServerFrame,
    rooms::MyRoom,
    rules,
    users::UserRef,
};

/// Splits rooms into lists that are encoded in at most [`rules::ROOMS_FRAME_BYTES`] each.
pub(super) fn room_pages(rooms: Vec<MyRoom>) -> Vec<Vec<MyRoom>> {
    let (mut pages, mut bytes) = (Vec::<Vec<_>>::new(), usize::MAX);
    for room in rooms {
        let length = max_encoded_bytes(&room);
        if bytes.saturating_add(length) > rules::ROOMS_FRAME_BYTES {
            pages.push(Vec::new());
            bytes = 0;
        }
        bytes += length;
        if let Some(page) = pages.last_mut() {
            page.push(room);
        }
    }
    pages
}

/// At least the length of a room in JSON, with a comma. Encoding it to measure it would do the work
/// twice. A name or topic has no control characters, so the longest escape of a byte takes two.
fn max_encoded_bytes(room: &MyRoom) -> usize {
    /// The names of the fields, the words, a time, and nine numbers of at most 16 digits.
    const FIELDS_BYTES: usize = 460;
    /// The names of the fields of a person, and an id.
    const PERSON_BYTES: usize = 75;
    let names = |person: &UserRef| person.username.len() + person.name().len();
    let people = room.people.iter().map(|person| PERSON_BYTES + 2 * names(person));
    FIELDS_BYTES + 2 * (room.name.len() + room.topic.len()) + people.sum::<usize>()
}

/// One `heartbeat`, or several for many rooms.
pub(super) fn heartbeats(heads: Vec<(RoomId, Rev)>) -> Vec<ServerFrame> {
    let mut pages: Vec<_> = heads.chunks(rules::FRAME_MAX_ITEMS).collect();
    if pages.is_empty() {
        pages.push(&[]);
    }
    let frame = |page: &[_]| ServerFrame::Heartbeat { heads: page.iter().copied().collect() };
    pages.into_iter().map(frame).collect()
}

#[cfg(test)]
mod tests {
    use shared::{
        access::{Policies, Role, RoomKind},
        ids::{NUMBER_MAX, Seq, UserId},
        rooms::ReadState,
    };

    use super::*;

    fn rooms(count: i64, name: &str) -> Vec<MyRoom> {
        let room = |id| MyRoom {
            id: RoomId(id),
            name: name.to_owned(),
            topic: name.to_owned(),
            kind: RoomKind::Open,
            policies: Policies::default(),
            archived: false,
            read: ReadState { last_seq: Seq(1), last_rev: Rev(1), ..ReadState::default() },
            role: Role::Member,
            visible_from: Seq(1),
            timed_out_until: Some(shared::Timestamp::UNIX_EPOCH),
            people: vec![
                UserRef {
                    id: UserId(NUMBER_MAX),
                    username: name.to_owned(),
                    display_name: Some(name.to_owned())
                };
                2
            ],
            hidden: Some(Seq(NUMBER_MAX)),
            favourite: Some(NUMBER_MAX),
            muted: true,
        };
        (1..=count).map(room).collect()
    }

    #[test]
    fn no_frame_exceeds_its_limit() {
        assert!(room_pages(Vec::new()).is_empty());
        assert_eq!(room_pages(rooms(80, "general")).len(), 1);
        for rooms in [rooms(8_000, "general"), rooms(500, &"\u{1f600}".repeat(255))] {
            let pages = room_pages(rooms.clone());
            for page in &pages {
                let bytes = serde_json::to_vec(page).unwrap().len();
                assert!(bytes <= rules::ROOMS_FRAME_BYTES + "[]".len(), "{bytes}");
            }
            assert_eq!(pages.concat(), rooms);
        }
    }

    #[test]
    fn no_room_is_longer_than_its_estimate() {
        for text in ["", "\"\\", "\u{1f600}\u{2028}"] {
            let mut room = serde_json::to_value(&rooms(1, text)[0]).unwrap();
            for field in room.as_object_mut().unwrap().values_mut().filter(|v| v.is_number()) {
                *field = NUMBER_MAX.into();
            }
            let bytes = room.to_string().len() + ",".len();
            let estimate = max_encoded_bytes(&serde_json::from_value(room).unwrap());
            assert!(bytes <= estimate, "{bytes} {estimate}");
        }
    }

    #[test]
    fn heartbeats_cover_every_room_once() {
        let heads = |count| (1..=count).map(|id| (RoomId(id), Rev(7))).collect::<Vec<_>>();
        for (count, frames) in [(0, 1), (1, 1), (2_000, 1), (2_001, 2), (8_000, 4)] {
            let sent = heartbeats(heads(count));
            assert_eq!(sent.len(), frames, "{count}");
            let rooms = sent.into_iter().flat_map(|frame| match frame {
                ServerFrame::Heartbeat { heads } => heads,
                other => panic!("{other:?}"),
            });
            assert_eq!(rooms.collect::<Vec<_>>(), heads(count));
        }
    }
}
