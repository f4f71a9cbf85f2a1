//! The requests that only read.

use shared::ids::RoomId;

use super::{
    actor::{Actor, Read},
    oracle::Need,
};

/// A word that every message of the run contains.
pub const COMMON_WORD: &str = "lorem";

/// What only members may read.
const OF_MEMBERS: &[&str] = &[
    "/api/v1/rooms/{room}/messages?before=50",
    "/api/v1/rooms/{room}/messages?anchor=oldest&after=200",
    "/api/v1/rooms/{room}/messages?anchor=seq:{seq}&before=20&after=20",
    "/api/v1/rooms/{room}/messages?anchor=first_unread",
    "/api/v1/rooms/{room}/messages?q=lorem",
    "/api/v1/rooms/{room}/messages?q=is:edited",
    "/api/v1/rooms/{room}/messages/{seq}",
    "/api/v1/rooms/{room}/changes?after_rev=0",
    "/api/v1/rooms/{room}/members",
    "/api/v1/rooms/{room}/members?q=zq",
    "/api/v1/rooms/{room}/members?role=host",
    "/api/v1/rooms/{room}/calendar",
    "/api/v1/rooms/{room}/insights",
    "/api/v1/rooms/{room}/map",
    "/api/v1/rooms/{room}/map/hits?q=lorem",
    "/api/v1/rooms/{room}/export?format=jsonl&from_seq=1",
    "/api/v1/rooms/{room}/export?format=csv&from_seq=1",
    "/api/v1/rooms/{room}/export?format=markdown&from_seq=1",
    "/api/v1/rooms/{room}/export?format=html&from_seq=1",
];

/// What answers everybody, with what they may see.
const OF_ALL: &[&str] = &[
    "/api/v1/rooms?limit=200",
    "/api/v1/rooms?q=zq",
    "/api/v1/rooms/bin",
    "/api/v1/messages?before=200",
    "/api/v1/messages?q=lorem&context=true",
    "/api/v1/messages?q=lorem&context=true&before=200",
    "/api/v1/messages?q=sort:relevance%20lorem",
    "/api/v1/messages?q=is:unread&before=200",
    "/api/v1/messages?q=in:%23{room}",
    "/api/v1/messages?q=near:{seq}%20in:%23{room}",
    "/api/v1/messages/summary",
    "/api/v1/messages/summary?q=lorem",
    "/api/v1/messages/export?format=csv",
    "/api/v1/messages/export?format=jsonl&q=lorem",
    "/api/v1/messages/export?format=html&q=lorem",
    "/api/v1/people",
    "/api/v1/people?q=zq",
    "/api/v1/people?q=zq&scope=server",
    "/api/v1/users/{user}",
    "/api/v1/users?limit=200",
    "/api/v1/users/me",
    "/api/v1/admin/rooms",
    "/api/v1/audit",
    "/api/v1/audit/export",
    "/api/v1/invitations",
    "/api/v1/server",
    "/rooms/",
    "/rooms/{room}/",
    "/messages/{room}/",
];

impl Actor {
    /// A random request about a random room.
    pub fn random_read(&mut self) -> Option<Read> {
        let room = self.random_room()?;
        match self.rng.u8(0..100) {
            0..50 => {
                let path = self.fill(OF_MEMBERS, room);
                Some(Read { path, need: Need::Read(room), probe: None })
            }
            50..60 => {
                let path = format!("/api/v1/rooms/{room}");
                Some(Read { path, need: Need::See(room), probe: None })
            }
            60..90 => {
                let path = self.fill(OF_ALL, room);
                Some(Read { path, need: Need::Nothing, probe: None })
            }
            _ => self.random_probe(room),
        }
    }

    fn fill(&mut self, templates: &[&str], room: RoomId) -> String {
        let (last_seq, people) = {
            let oracle = self.world.oracle();
            let last_seq = oracle.rooms.get(&room).map_or(1, |room| room.last_seq.0);
            (last_seq, oracle.people.iter().map(|person| person.id).collect::<Vec<_>>())
        };
        let (seq, user) = (self.rng.i64(1..=last_seq.max(1)), self.rng.usize(0..people.len()));
        let template = templates[self.rng.usize(0..templates.len())];
        let filled = template.replace("{room}", &room.to_string());
        filled.replace("{seq}", &seq.to_string()).replace("{user}", &people[user].to_string())
    }

    /// Searches for a text, a name or a person by the marker.
    fn random_probe(&mut self, room: RoomId) -> Option<Read> {
        let kind = self.rng.u8(0..4);
        let pick = self.rng.usize(..);
        let oracle = self.world.oracle();
        let messages = &oracle.rooms.get(&room)?.messages;
        let marker = match kind {
            0 | 1 => messages.values().nth(pick % messages.len().max(1))?.1.clone(),
            2 => oracle.rooms.get(&room)?.name.clone(),
            _ => oracle.people[pick % oracle.people.len()].username.clone(),
        };
        let path = match kind {
            0 => format!("/api/v1/messages?q={marker}"),
            1 => format!("/api/v1/messages/summary?q={marker}"),
            2 => format!("/api/v1/rooms?q={marker}"),
            _ => format!("/api/v1/people?q={marker}"),
        };
        Some(Read { path, need: Need::Nothing, probe: Some(marker) })
    }
}
