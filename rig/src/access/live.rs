//! The live socket of one person: subscribes to all rooms, also to those that it must not see, and
//! reconnects with the last `rev` of each.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use serde_json::Value;
use shared::{
    ids::{Rev, RoomId},
    live::{ClientFrame, Subscription},
};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use super::{
    oracle::{Observation, PersonId, Receipt, Window},
    world::World,
};
use crate::{
    accounts::Account,
    api::{Session, open_socket},
};

/// How long a socket is open, in seconds.
const LIFE_S: std::ops::Range<f64> = 2.0..15.0;
/// How often a socket that receives nothing sends something itself.
const TICK: Duration = Duration::from_millis(300);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The wait before the next socket.
const RETRY: Duration = Duration::from_millis(500);
/// Frames that end the knowledge of a room, or refuse it.
const ENDINGS: [&str; 2] = ["removed", "error"];

pub struct Listener {
    pub world: Arc<World>,
    pub me: PersonId,
    pub account: Account,
    pub rng: fastrand::Rng,
    /// The last change of each room that arrived.
    pub revs: HashMap<RoomId, Rev>,
}

type Socket = WebSocketStream<TcpStream>;
type Sink = SplitSink<Socket, Message>;

impl Listener {
    /// Listens until the run is over.
    pub async fn run(mut self) {
        while !self.world.is_over() {
            let node = self.rng.choice(self.world.nodes.iter().copied()).expect("a node");
            if let Ok(Ok(socket)) = timeout(CONNECT_TIMEOUT, self.connect(node)).await {
                self.listen(socket).await;
            }
            sleep(RETRY).await;
        }
    }

    async fn connect(&self, node: SocketAddr) -> Result<Socket> {
        let tcp = TcpStream::connect(node).await?;
        tcp.set_nodelay(true)?;
        let session = Session { node, token: &self.account.token };
        open_socket(tcp, session, WebSocketConfig::default()).await
    }

    /// Subscribes and receives frames, for some seconds.
    async fn listen(&mut self, socket: Socket) {
        let (mut socket, stream) = socket.split();
        let mut frames = self.read(stream);
        let life = LIFE_S.start + self.rng.f64() * (LIFE_S.end - LIFE_S.start);
        let until = Instant::now() + Duration::from_secs_f64(life);
        let rooms: Vec<RoomId> = self.world.oracle().rooms.keys().copied().collect();
        let subscriptions = rooms
            .iter()
            .map(|room| Subscription { room: *room, after_rev: self.revs.get(room).copied() });
        let frame = ClientFrame::SubscribeAll { rooms: subscriptions.collect() };
        if !send(&mut socket, &frame).await {
            return;
        }
        while Instant::now() < until && !self.world.is_over() {
            match timeout(TICK, frames.recv()).await {
                Ok(Some((window, Message::Text(text)))) => {
                    if let Some(room) = self.receive(&text, window) {
                        let after_rev = self.revs.get(&room).copied();
                        if !send(&mut socket, &ClientFrame::Subscribe { room, after_rev }).await {
                            return;
                        }
                    }
                }
                Ok(Some((_, Message::Close(_))) | None) => return,
                Ok(Some(_)) => {}
                Err(_) => {
                    if !self.send_random_frame(&mut socket, &rooms).await {
                        return;
                    }
                }
            }
        }
    }

    /// Reads the frames of a socket, each with the time in which it may have been written. In a task of its
    /// own: a frame that waits until the ones before it are judged would seem late.
    fn read(&self, mut stream: SplitStream<Socket>) -> mpsc::UnboundedReceiver<(Window, Message)> {
        let (sender, frames) = mpsc::unbounded_channel();
        let world = self.world.clone();
        // Ends with the socket or with the receiver.
        tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await
                && sender.send((world.frame_window(), message)).is_ok()
            {}
        });
        frames
    }

    /// Types in a random room or subscribes to it, allowed or not. Returns whether the socket is open.
    async fn send_random_frame(&mut self, socket: &mut Sink, rooms: &[RoomId]) -> bool {
        let Some(room) = self.rng.choice(rooms.iter().copied()) else { return true };
        let frame = match self.rng.bool() {
            true => ClientFrame::Typing { room },
            false => ClientFrame::Subscribe { room, after_rev: self.revs.get(&room).copied() },
        };
        send(socket, &frame).await
    }

    /// Judges a frame. Returns the room to subscribe to, if the person just joined it.
    fn receive(&mut self, text: &str, window: Window) -> Option<RoomId> {
        self.world.count(&self.world.frames);
        let frame: Value = serde_json::from_str(text).unwrap_or_default();
        let kind = frame["type"].as_str().unwrap_or_default().to_owned();
        let source = format!("{}, frame {kind}", self.account.user.username);
        let receipt = Receipt { viewer: Some(self.me), window, source };
        let rooms = rooms_of(&frame);
        {
            let mut oracle = self.world.oracle();
            oracle.inspect(&receipt, text, "");
            if !ENDINGS.contains(&kind.as_str()) {
                rooms.iter().for_each(|room| oracle.judge(&receipt, Observation::Room(*room)));
            }
        }
        if let ([room], Some(rev)) = (&rooms[..], frame["rev"].as_i64()) {
            let newest = self.revs.entry(*room).or_insert(Rev(rev));
            *newest = (*newest).max(Rev(rev));
        }
        rooms.first().copied().filter(|_| kind == "joined")
    }
}

/// The rooms that a frame is about.
fn rooms_of(frame: &Value) -> Vec<RoomId> {
    let of = |room: &Value| room.as_i64().or_else(|| room["id"].as_i64()).map(RoomId);
    let listed = frame["rooms"].as_array().into_iter().flatten().filter_map(of);
    let heads = frame["heads"].as_object().into_iter().flatten();
    let heads = heads.filter_map(|(room, _)| room.parse().ok().map(RoomId));
    of(&frame["room"]).into_iter().chain(listed).chain(heads).collect()
}

/// Sends a frame. Returns whether the socket is open.
async fn send(socket: &mut Sink, frame: &ClientFrame) -> bool {
    let Ok(text) = serde_json::to_string(frame) else { return true };
    socket.send(Message::text(text)).await.is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_rooms_of_a_frame_are_found_in_each_form() {
        let rooms = |frame: Value| rooms_of(&frame);
        assert_eq!(rooms(json!({ "type": "typing", "room": 7 })), [RoomId(7)]);
        assert_eq!(rooms(json!({ "type": "room", "room": { "id": 7 } })), [RoomId(7)]);
        assert_eq!(rooms(json!({ "rooms": [{ "id": 7 }, { "id": 8 }] })), [RoomId(7), RoomId(8)]);
        assert_eq!(rooms(json!({ "heads": { "7": 1 } })), [RoomId(7)]);
        assert!(rooms(json!({ "type": "user" })).is_empty());
    }
}
