//! The live socket, typed, and a reader who folds it into a timeline as the browser does.

use serde::de::DeserializeOwned;
use serde_json::json;
use shared::{
    ids::{ClientId, Rev, RoomId, Seq, UserId},
    live::{ClientFrame, SUBPROTOCOL, ServerFrame},
    messages::{Anchor, Change, Changes, Message, MessagePage},
    paths,
    rooms::{Member, MemberList, MyRoom, RoomListing},
    timeline::{ApplyOutcome, Item, Timeline},
    users::User,
};
use tokio::time::timeout;

use super::{Client, Heard, PATIENCE, Person, Socket};

/// Somebody's live socket, welcomed.
pub struct LiveSocket {
    pub socket: Socket,
    pub user: User,
    pub rooms: Vec<MyRoom>,
}

impl LiveSocket {
    pub async fn open(person: &Person) -> Self {
        Self::try_open(person).await.expect("a socket")
    }

    /// None if nobody answers.
    pub async fn try_open(person: &Person) -> Option<Self> {
        let authorization = format!("Bearer {}", person.token);
        let headers = [("authorization", &*authorization), ("sec-websocket-protocol", SUBPROTOCOL)];
        Self::welcomed(Socket::open(person.address, paths::LIVE, &headers).await.ok()?).await
    }

    /// Takes the welcome of a socket that is authenticated.
    pub async fn welcomed(mut socket: Socket) -> Option<Self> {
        let Heard::Text(text) = socket.next().await else { return None };
        match serde_json::from_str(&text).unwrap() {
            ServerFrame::Welcome { user, rooms, heartbeat_s } => {
                assert!(heartbeat_s > 0);
                Some(Self { socket, user, rooms })
            }
            other => panic!("{other:?} instead of a welcome"),
        }
    }

    /// With the changes of a room from now on.
    pub async fn in_room(person: &Person, room: RoomId) -> Self {
        let mut live = Self::open(person).await;
        assert!(live.subscribe(room, None).await.is_empty());
        live
    }

    pub async fn send(&mut self, frame: &ClientFrame) {
        self.socket.say(&serde_json::to_string(frame).unwrap()).await;
    }

    /// Says something; the ack comes later.
    pub async fn say(&mut self, room: RoomId, client_id: ClientId, content: &str) {
        let content = content.to_owned();
        self.send(&ClientFrame::Send { room, client_id, content, reply_to: None }).await;
    }

    /// The changes after `after_rev`, up to `subscribed`.
    pub async fn subscribe(&mut self, room: RoomId, after_rev: Option<Rev>) -> Vec<Change> {
        self.send(&ClientFrame::Subscribe { room, after_rev }).await;
        let mut changes = Vec::new();
        loop {
            match self.next().await {
                ServerFrame::Subscribed { room: of, .. } if of == room => return changes,
                ServerFrame::Gap { .. } | ServerFrame::Error { .. } => panic!("no subscription"),
                frame => changes.extend(frame.into_change().map(|(_, change)| change)),
            }
        }
    }

    /// The next frame; the end is none.
    pub async fn listen(&mut self) -> Option<ServerFrame> {
        match self.socket.listen().await {
            Heard::Text(text) => Some(serde_json::from_str(&text).unwrap()),
            Heard::End(_) => None,
        }
    }

    /// The next frame.
    pub async fn next(&mut self) -> ServerFrame {
        timeout(PATIENCE, self.listen()).await.expect("a frame").expect("not the end")
    }

    /// Waits for what is wanted; what comes before it is nobody's concern.
    pub async fn expect<T>(&mut self, wanted: impl Fn(&ServerFrame) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(&self.next().await) {
                return found;
            }
        }
    }

    /// The next change of a room.
    pub async fn change(&mut self) -> Change {
        self.expect(|frame| frame.clone().into_change().map(|(_, change)| change)).await
    }

    /// The ack of a message.
    pub async fn ack(&mut self, name: ClientId) -> Message {
        self.expect(|frame| match frame {
            ServerFrame::Ack { client_id, message } if *client_id == name => Some(message.clone()),
            ServerFrame::Nack { client_id, problem, .. } if *client_id == name => {
                panic!("{problem:?} instead of an ack")
            }
            _ => None,
        })
        .await
    }
}

/// Somebody who reads a room as the browser does: socket in, timeline out, REST for what the socket
/// leaves out.
pub struct Reader {
    pub live: LiveSocket,
    pub timeline: Timeline,
    person: Person,
    room: RoomId,
    /// How often REST was needed.
    pub gaps: usize,
    /// How often a live change was not the next one, and the room was subscribed to again.
    pub skips: usize,
    in_sync: bool,
}

impl Reader {
    /// Reads all of a room.
    pub async fn open(person: &Person, room: RoomId) -> Self {
        let timeline = Timeline::new(person.user.id, Seq(0), Rev(0));
        Self::resume(person, room, timeline).await
    }

    /// Goes on where another socket was left.
    pub async fn resume(person: &Person, room: RoomId, timeline: Timeline) -> Self {
        let live = LiveSocket::open(person).await;
        Self::over(person, room, timeline, live).await
    }

    /// The same over a socket that is open.
    pub async fn over(
        person: &Person,
        room: RoomId,
        timeline: Timeline,
        mut live: LiveSocket,
    ) -> Self {
        live.send(&ClientFrame::Subscribe { room, after_rev: Some(timeline.rev()) }).await;
        Self { live, timeline, person: person.clone(), room, gaps: 0, skips: 0, in_sync: false }
    }

    /// Hangs up without a word.
    pub fn hang_up(self) -> Timeline {
        self.timeline
    }

    /// Takes frames until nothing up to `rev` is missing; false if the socket ends before.
    pub async fn reach(&mut self, rev: Rev) -> bool {
        while !(self.in_sync && self.timeline.rev() >= rev) {
            let frame = timeout(PATIENCE, self.live.listen()).await;
            let frame = frame.unwrap_or_else(|_| panic!("stuck at {}", self.timeline.rev()));
            let Some(frame) = frame else { return false };
            self.take(frame).await;
        }
        true
    }

    async fn take(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Subscribed { rev, .. } => {
                self.timeline.advance_rev(rev);
                self.in_sync = true;
            }
            ServerFrame::Gap { to_rev, last_seq, from_rev, .. } => {
                assert_eq!(from_rev, self.timeline.rev(), "the gap is where I stopped");
                self.timeline.reset(last_seq, to_rev);
                assert!(self.timeline.insert_page(all(&self.person, self.room).await, to_rev));
                people(&self.person, self.room)
                    .await
                    .into_iter()
                    .for_each(|m| self.timeline.upsert_member(m));
                self.gaps += 1;
                self.in_sync = true;
            }
            frame => {
                let Some((_, change)) = frame.into_change() else { return };
                let ahead = self.timeline.apply(change) == ApplyOutcome::MissedEarlier;
                if ahead && self.in_sync {
                    self.skips += 1;
                    self.in_sync = false;
                    let (room, after_rev) = (self.room, Some(self.timeline.rev()));
                    self.live.send(&ClientFrame::Subscribe { room, after_rev }).await;
                }
            }
        }
    }
}

/// What there is to read, without holes and without what is not acked.
fn shown(timeline: &Timeline) -> (Vec<Message>, Vec<Member>) {
    let messages = timeline.items().map(|item| match item {
        Item::Message(message) => message.clone(),
        other => panic!("{other:?} in the timeline"),
    });
    (messages.collect(), timeline.members().cloned().collect())
}

impl Reader {
    /// What this reader sees.
    pub fn shown(&self) -> (Vec<Message>, Vec<Member>) {
        shown(&self.timeline)
    }
}

/// The newest change of a room.
pub async fn head(client: &Client, room: RoomId) -> Rev {
    let room: RoomListing = client.get(&paths::fill(paths::ROOM, &[&room])).await.read(200);
    room.room.last_rev
}

/// What somebody sees who has just come in: a room read by REST alone.
pub async fn fresh(person: &Person, room: RoomId) -> (Vec<Message>, Vec<Member>) {
    let mut timeline = Timeline::new(UserId(0), Seq(0), Rev(0));
    let rev = head(person, room).await;
    assert!(timeline.insert_page(all(person, room).await, rev));
    people(person, room).await.into_iter().for_each(|member| timeline.upsert_member(member));
    shown(&timeline)
}

/// All messages of a room, page by page.
pub async fn all(client: &Client, room: RoomId) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let next = messages.last().map_or(Seq(1), |message| message.seq.next());
        let query = format!("?anchor={}&after=200", Anchor::Seq(next));
        let page: MessagePage = get(client, paths::MESSAGES, room, &query).await;
        messages.extend(page.messages);
        if !page.has_newer {
            return messages;
        }
    }
}

async fn people(client: &Client, room: RoomId) -> Vec<Member> {
    let list: MemberList = get(client, paths::MEMBERS, room, "?limit=200").await;
    assert!(list.next.is_none());
    list.members.into_iter().map(|listing| listing.member).collect()
}

/// The changes of a room after one of them.
pub async fn changes(client: &Client, room: RoomId, after: i64) -> Changes {
    get(client, paths::CHANGES, room, &format!("?after_rev={after}")).await
}

async fn get<T: DeserializeOwned>(client: &Client, path: &str, room: RoomId, query: &str) -> T {
    client
        .call("GET", &format!("{}{query}", paths::fill(path, &[&room])), json!(null))
        .await
        .read(200)
}
