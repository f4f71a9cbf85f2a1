//! The only client of the REST API. Knows paths and errors; keeps nothing and shows nothing.

use std::ops::Range;

use chrono::NaiveDate;
use futures::future::LocalBoxFuture;
use gloo_net::http::{Method, RequestBuilder};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::{
    ids::{Rev, RoomId, Seq, SessionId, UserId},
    messages::{CalendarDay, EditMessage, Message, RoomMap},
    paths::{self, fill},
    problem::{Code, Problem},
    rooms::{MemberList, NewRoom, People, Room, RoomList},
    users::{ChangePassword, Password, Register, SessionList, SignIn, SignedIn, User},
};

use crate::{state::wire, ui::time};

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The server said no.
    Refused(Box<Problem>),
    /// Nobody answered, or not in a form that we know.
    Unreachable,
}

impl Failure {
    /// A sentence for people.
    pub fn sentence(&self) -> String {
        match self {
            Self::Refused(problem) => match &problem.errors[..] {
                [] => problem.detail.clone(),
                [first, ..] => format!("{} {}.", title_case(&first.field), first.message),
            },
            Self::Unreachable => "The server cannot be reached right now.".into(),
        }
    }

    /// What is wrong with one field, if that is what it is about.
    pub fn field(&self, name: &str) -> Option<String> {
        let Self::Refused(problem) = self else { return None };
        let error = problem.errors.iter().find(|error| error.field == name)?;
        Some(format!("{} {}.", title_case(name), error.message))
    }

    /// What happened, without the field.
    pub fn detail(&self) -> String {
        match self {
            Self::Refused(problem) => problem.detail.clone(),
            Self::Unreachable => self.sentence(),
        }
    }

    /// What could stand in a text instead, and instead of which bytes of it.
    pub fn suggestion(&self) -> Option<(Range<usize>, String)> {
        let Self::Refused(problem) = self else { return None };
        let error = problem.errors.first()?;
        Some((error.at.clone()?, error.suggestion.clone()?))
    }

    /// Whether nobody is signed in (any more).
    pub fn is_signed_out(&self) -> bool {
        self.code() == Some(Code::Unauthenticated)
    }

    /// The stable name of what went wrong.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused(problem) => Some(problem.code),
            Self::Unreachable => None,
        }
    }
}

fn title_case(field: &str) -> String {
    let mut chars = field.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).map(|c| if c == '_' { ' ' } else { c }).collect()
}

/// An answer, or why there is none.
pub type Answer<T> = Result<T, Failure>;

/// Which messages of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    Newest,
    Before(Seq),
    After(Seq),
    Around(Seq),
    /// From the first of this day on, by the reader's clock; else from what is nearest.
    Since(NaiveDate),
}

/// Boxed and without a type of the answer: otherwise every call would carry a copy of all this.
fn send(
    method: Method,
    path: &str,
    body: Option<String>,
) -> LocalBoxFuture<'static, Answer<String>> {
    let request = RequestBuilder::new(path).method(method).header("accept", "application/json");
    Box::pin(async move {
        let response = match body {
            Some(body) => match request.header("content-type", "application/json").body(body) {
                Ok(request) => request.send().await,
                Err(_) => return Err(Failure::Unreachable),
            },
            None => request.send().await,
        };
        let response = response.map_err(|_| Failure::Unreachable)?;
        let text = response.text().await.map_err(|_| Failure::Unreachable)?;
        if response.ok() {
            return Ok(text);
        }
        match wire::read::<Problem>(&text) {
            Some(problem) => Err(Failure::Refused(Box::new(problem))),
            None => Err(Failure::Unreachable),
        }
    })
}

async fn get<T: DeserializeOwned>(path: &str) -> Answer<T> {
    read(&send(Method::GET, path, None).await?)
}

async fn put_in<T: DeserializeOwned>(
    method: Method,
    path: &str,
    body: impl Serialize,
) -> Answer<T> {
    let body = serde_json::to_string(&body).map_err(|_| Failure::Unreachable)?;
    read(&send(method, path, Some(body)).await?)
}

fn read<T: DeserializeOwned>(text: &str) -> Answer<T> {
    wire::read(text).ok_or(Failure::Unreachable)
}

async fn delete(path: &str) -> Answer<()> {
    send(Method::DELETE, path, None).await.map(drop)
}

/// Who I am.
pub async fn me() -> Answer<User> {
    get(paths::ME).await
}

/// Makes an account.
pub async fn register(username: String, password: String) -> Answer<()> {
    let body = Register { username, password: Password(password), is_admin: None };
    let body = serde_json::to_string(&body).map_err(|_| Failure::Unreachable)?;
    send(Method::POST, paths::USERS, Some(body)).await.map(drop)
}

/// Signs in: from now on the browser's cookie says who I am.
pub async fn sign_in(username: String, password: String) -> Answer<User> {
    let body = SignIn { username, password: Password(password) };
    put_in::<SignedIn>(Method::POST, paths::SESSIONS, body).await.map(|signed_in| signed_in.user)
}

/// Signs this browser out.
pub async fn sign_out() -> Answer<()> {
    delete(&fill(paths::SESSION, &[&"current"])).await
}

/// Changes my password.
pub async fn change_password(current: String, new: String) -> Answer<()> {
    let body = ChangePassword { current_password: Password(current), password: Password(new) };
    let body = serde_json::to_string(&body).map_err(|_| Failure::Unreachable)?;
    send(Method::PATCH, paths::ME, Some(body)).await.map(drop)
}

/// Where I am signed in.
pub async fn sessions() -> Answer<SessionList> {
    get(paths::SESSIONS).await
}

/// Ends one of my sign-ins.
pub async fn end_session(id: SessionId) -> Answer<()> {
    delete(&fill(paths::SESSION, &[&id])).await
}

/// A page of all rooms whose name holds `q`.
pub async fn rooms(q: &str, after: Option<RoomId>) -> Answer<RoomList> {
    let mut path = format!("{}?limit=100", paths::ROOMS);
    if let Some(after) = after {
        path += &format!("&after={after}");
    }
    if !q.trim().is_empty() {
        path += &format!("&q={}", encoded(q.trim()));
    }
    get(&path).await
}

/// One room.
pub async fn room(id: RoomId) -> Answer<Room> {
    get(&fill(paths::ROOM, &[&id])).await
}

/// Makes a room.
pub async fn create_room(room: NewRoom) -> Answer<Room> {
    put_in(Method::POST, paths::ROOMS, room).await
}

/// Gives a room another name and topic.
pub async fn edit_room(id: RoomId, room: NewRoom) -> Answer<Room> {
    put_in(Method::PUT, &fill(paths::ROOM, &[&id]), room).await
}

/// Deletes a room and everything in it.
pub async fn delete_room(id: RoomId) -> Answer<()> {
    delete(&fill(paths::ROOM, &[&id])).await
}

/// Joins a room; the socket then says `joined`.
pub async fn join(id: RoomId) -> Answer<()> {
    send(Method::PUT, &fill(paths::MEMBERSHIP, &[&id]), None).await.map(drop)
}

/// Leaves a room; the socket then says `removed`.
pub async fn leave(id: RoomId) -> Answer<()> {
    delete(&fill(paths::MEMBERSHIP, &[&id])).await
}

/// A page of who is in a room.
pub async fn members(room: RoomId, after: Option<UserId>) -> Answer<MemberList> {
    let mut path = format!("{}?limit=200", fill(paths::MEMBERS, &[&room]));
    if let Some(after) = after {
        path += &format!("&after={after}");
    }
    get(&path).await
}

/// Who is in a room with me and has a name that holds `q`.
pub async fn people(q: &str) -> Answer<People> {
    get(&format!("{}?q={}", paths::PEOPLE, encoded(q))).await
}

/// Takes somebody out of a room.
pub async fn remove_member(room: RoomId, user: UserId) -> Answer<()> {
    delete(&fill(paths::MEMBER, &[&room, &user])).await
}

/// What the page takes of `Anchored`.
#[derive(Clone, Copy, Deserialize)]
pub struct Place {
    pub seq: Seq,
    pub found: bool,
}

/// What the page takes of a `MessagePage`; reading the rest would only make it larger.
#[derive(Deserialize)]
pub struct Run {
    pub anchor: Place,
    pub messages: Vec<Message>,
    /// With a search, what was looked for in each.
    pub ranges: Vec<Vec<Range<usize>>>,
    pub has_older: bool,
    pub has_newer: bool,
    pub as_of_rev: Rev,
}

/// A message that was found, with the bytes that were looked for.
#[derive(Clone, Deserialize)]
pub struct Hit {
    pub message: Message,
    pub ranges: Vec<Range<usize>>,
}

/// What the page takes of `Hits`.
#[derive(Deserialize)]
pub struct Found {
    pub hits: Vec<Hit>,
    pub older: Option<String>,
    pub newer: Option<String>,
}

impl Found {
    /// Where to go on: towards older ones, or where there are none (`sort:old`) towards newer.
    pub fn next(&self) -> Option<String> {
        let older = self.older.as_ref().map(|anchor| format!("&before=50&anchor={anchor}"));
        older.or_else(|| self.newer.as_ref().map(|anchor| format!("&after=50&anchor={anchor}")))
    }
}

pub use shared::search::Summary;

/// What a search finds: from where it begins by itself, or goes on.
pub async fn search(q: &str, next: &str) -> Answer<Found> {
    get(&format!("{}{next}", search_of(paths::SEARCH, q))).await
}

fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// An address with a search, by the reader's clock.
fn search_of(path: &str, q: &str) -> String {
    format!("{path}?q={}&tz={}", encoded(q), encoded(&time::offset()))
}

/// How much a search finds.
pub async fn search_summary(q: String) -> Answer<Summary> {
    get(&search_of(paths::SUMMARY, &q)).await
}

/// What a search finds in a room around a message, a hundred on each side.
pub async fn hits_around(room: RoomId, q: &str, seq: Seq) -> Answer<Run> {
    let path = search_of(&fill(paths::MESSAGES, &[&room]), q);
    get(&format!("{path}&anchor=seq:{seq}&before=100&after=100")).await
}

/// A run of messages.
pub async fn messages(room: RoomId, page: Page) -> Answer<Run> {
    let anchor = match page {
        Page::Newest => "newest&before=49".into(),
        Page::Before(seq) => format!("seq:{}&before=49", seq.0 - 1),
        Page::After(seq) => format!("seq:{}&after=49", seq.0 + 1),
        Page::Around(seq) => format!("seq:{seq}"),
        Page::Since(day) => format!("date:{day}{}", encoded(&time::offset_on(day))),
    };
    get(&format!("{}?anchor={anchor}", fill(paths::MESSAGES, &[&room]))).await
}

/// The first message of a room, from one of them on, that names me.
pub async fn mention(room: RoomId, from: Seq) -> Answer<Option<Seq>> {
    let path = fill(paths::MESSAGES, &[&room]);
    let run: Run = get(&format!("{path}?q=mentions:me&anchor=seq:{from}&after=1")).await?;
    // Where the room ends before `from`, the page is around its end.
    Ok(run.messages.iter().map(|message| message.seq).find(|seq| *seq >= from))
}

/// What the page takes of a month of a room; its months are texts that go back as they came.
#[derive(Clone, Deserialize)]
pub struct Calendar {
    pub days: Vec<CalendarDay>,
    pub earlier: Option<String>,
    pub later: Option<String>,
}

/// How much was said in a room on each day of a month: the current one, or another.
pub async fn calendar(room: RoomId, month: Option<String>) -> Answer<Calendar> {
    let mut path = format!("{}?tz={}", fill(paths::CALENDAR, &[&room]), encoded(&time::offset()));
    if let Some(month) = month {
        path += &format!("&month={month}");
    }
    get(&path).await
}

/// One message.
pub async fn message(room: RoomId, seq: Seq) -> Answer<Message> {
    get(&fill(paths::MESSAGE, &[&room, &seq])).await
}

/// A room at a glance.
pub async fn map(room: RoomId) -> Answer<RoomMap> {
    get(&format!("{}?tz={}", fill(paths::MAP, &[&room]), encoded(&time::offset()))).await
}

/// Gives a message of mine another text.
pub async fn edit_message(room: RoomId, seq: Seq, content: String) -> Answer<Message> {
    put_in(Method::PATCH, &fill(paths::MESSAGE, &[&room, &seq]), EditMessage { content }).await
}

/// Deletes a message.
pub async fn delete_message(room: RoomId, seq: Seq) -> Answer<()> {
    delete(&fill(paths::MESSAGE, &[&room, &seq])).await
}
