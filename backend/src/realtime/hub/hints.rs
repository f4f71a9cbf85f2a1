//! What nodes tell each other. Each is a hint: whoever misses one finds the same in the database,
//! a moment later.

use std::{collections::HashSet, time::Duration};

use serde::{Deserialize, Serialize};
use shared::{
    ids::{RoomId, SessionId, UserId},
    live::{RemovedReason, ServerFrame},
    messages::Change,
    users::User,
};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval},
};

use super::Hub;
use crate::realtime::relay::{Heard, Topic};

/// How often a node says that it is there.
const ALIVE: Duration = Duration::from_secs(2);
/// After how long of silence its people are taken to be gone.
const DEAD: Duration = Duration::from_secs(7);

/// A process, as long as it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct NodeId(pub(super) u64);

/// Why somebody may not go on as before.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// A sign-in ended.
    Session(SessionId),
    /// An account was shut.
    User(UserId),
    /// An account was made or unmade an admin's.
    Changed(User),
}

/// What one node tells the others.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Hint {
    /// A change was committed.
    Change { room: RoomId, change: Change, why: Option<RemovedReason> },
    /// A frame for all devices of a person.
    Personal { user: UserId, frame: ServerFrame },
    /// A room is no more.
    RoomDeleted { room: RoomId },
    /// A sign-in or an account is another one.
    Ended(Ended),
    /// Something that is never stored, for the others in a room.
    Whisper { room: RoomId, from: UserId, frame: ServerFrame },
    /// Who is in a room by way of this node, all of them.
    Present { node: NodeId, room: RoomId, users: Vec<UserId> },
    /// This node has begun to listen to a room: say who is there.
    Who { room: RoomId },
    /// This node runs.
    Alive { node: NodeId },
    /// This node stops.
    Gone { node: NodeId },
}

/// A hint and whose it is.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope<H> {
    from: NodeId,
    hint: H,
}

impl Hint {
    pub(super) fn topic(&self) -> Topic {
        match self {
            Self::Change { room, .. }
            | Self::RoomDeleted { room }
            | Self::Whisper { room, .. }
            | Self::Present { room, .. }
            | Self::Who { room } => Topic::Room(*room),
            Self::Personal { .. } | Self::Ended(_) | Self::Alive { .. } | Self::Gone { .. } => {
                Topic::Everyone
            }
        }
    }

    /// One line.
    pub(super) fn encode(&self, from: NodeId) -> String {
        serde_json::to_string(&Envelope { from, hint: self }).unwrap_or_default()
    }
}

impl Hub {
    pub(super) fn follow(&self, room: RoomId) {
        if let Some(relay) = &self.0.relay {
            relay.follow(room);
            // Where nobody went but for a moment, the room is still followed, and who is in it
            // elsewhere is forgotten.
            self.relay(|| Hint::Who { room });
        }
    }

    pub(super) fn unfollow(&self, room: RoomId) {
        if let Some(relay) = &self.0.relay {
            relay.unfollow(room);
        }
    }

    /// Starts hearing the other nodes; ends with the runtime.
    pub(super) fn hear(&self, mut heard: mpsc::Receiver<Heard>) {
        let hub = self.clone();
        tokio::spawn(async move {
            let mut alive = interval(ALIVE);
            alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    heard = heard.recv() => match heard {
                        Some(heard) => hub.take(heard),
                        None => return,
                    },
                    _ = alive.tick() => {
                        hub.relay(|| Hint::Alive { node: hub.0.node });
                        hub.state().bury(None);
                    }
                }
            }
        });
    }

    fn take(&self, heard: Heard) {
        match heard {
            Heard::Hints(lines) => {
                for line in lines.lines() {
                    match serde_json::from_str::<Envelope<Hint>>(line) {
                        Ok(envelope) if envelope.from != self.0.node => self.obey(envelope),
                        Ok(_) => {}
                        Err(error) => tracing::warn!(%error, "a hint of another version?"),
                    }
                }
            }
            Heard::Following(rooms) => {
                for room in &rooms {
                    self.relay(|| Hint::Who { room: *room });
                }
                self.state().stirred.extend(&rooms);
                self.look_again(Some(rooms));
            }
            Heard::Missed => self.look_again(None),
        }
    }

    /// Compares with the database, since hints may have been lost. Not waited for: hearing goes on.
    fn look_again(&self, rooms: Option<Vec<RoomId>>) {
        let hub = self.clone();
        tokio::spawn(async move {
            let all = rooms.is_none();
            let _ = hub.compare_heads(rooms).await;
            if all {
                let _ = hub.compare_sign_ins().await;
            }
        });
    }

    fn obey(&self, Envelope { from, hint }: Envelope<Hint>) {
        self.state().nodes.insert(from, Instant::now());
        match hint {
            Hint::Change { room, change, why } => self.offer(room, change, why),
            Hint::Personal { user, frame } => self.state().to_user(user, &frame),
            Hint::RoomDeleted { room } => self.state().room_deleted(room),
            Hint::Ended(ended) => self.ended(&ended),
            Hint::Whisper { room, from, frame } => {
                self.state().whisper(room, &frame, |listener| listener.user != from);
            }
            Hint::Present { node, room, users } => self.state().present_at(node, room, users),
            Hint::Who { room } => self.say_present(room),
            Hint::Alive { .. } => {}
            Hint::Gone { node } => self.state().bury(Some(node)),
        }
    }

    /// Tells the other nodes who is in a room by way of this one.
    pub(super) fn say_present(&self, room: RoomId) {
        let here = self.state().rooms.get(&room).map(|listened| listened.here());
        let users = here.unwrap_or_default().into_iter().collect();
        self.relay(|| Hint::Present { node: self.0.node, room, users });
    }
}

impl super::State {
    fn present_at(&mut self, node: NodeId, room: RoomId, users: Vec<UserId>) {
        if let Some(listened) = self.rooms.get_mut(&room) {
            listened.elsewhere.insert(node, users.into_iter().collect::<HashSet<_>>());
            self.stirred.insert(room);
        }
    }

    /// Forgets the people of nodes that are silent, or of one that has stopped.
    fn bury(&mut self, stopped: Option<NodeId>) {
        let dead =
            |node: &NodeId, heard: &Instant| stopped == Some(*node) || heard.elapsed() > DEAD;
        self.nodes.retain(|node, heard| !dead(node, heard));
        let nodes = &self.nodes;
        for (room, listened) in &mut self.rooms {
            let before = listened.elsewhere.len();
            listened.elsewhere.retain(|node, _| nodes.contains_key(node));
            if listened.elsewhere.len() != before {
                self.stirred.insert(*room);
            }
        }
    }
}
