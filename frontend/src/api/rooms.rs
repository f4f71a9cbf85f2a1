//! Rooms, and who is in them.

use gloo_net::http::Method;
use shared::{
    ids::{RoomId, UserId},
    paths::{self, fill},
    rooms::{MemberList, NewRoom, People, Room, RoomList},
};

use super::{Answer, delete, encoded, get, put_in, send};

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
