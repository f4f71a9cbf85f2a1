//! Rooms and their members.

use gloo_net::http::Method;
use shared::{
    ids::{RoomId, UserId},
    paths::{self, fill},
    rooms::{MemberList, NewRoom, People, Room, RoomList},
};

use super::{Result, delete, get, percent_encode, send, send_json};

/// Returns a page of all rooms whose names contain `q`.
pub async fn list_rooms(q: &str, after: Option<RoomId>) -> Result<RoomList> {
    let mut path = format!("{}?limit=100", paths::ROOMS);
    if let Some(after) = after {
        path += &format!("&after={after}");
    }
    if !q.trim().is_empty() {
        path += &format!("&q={}", percent_encode(q.trim()));
    }
    get(&path).await
}

pub async fn get_room(id: RoomId) -> Result<Room> {
    get(&fill(paths::ROOM, &[&id])).await
}

pub async fn create_room(room: NewRoom) -> Result<Room> {
    send_json(Method::POST, paths::ROOMS, room).await
}

pub async fn edit_room(id: RoomId, room: NewRoom) -> Result<Room> {
    send_json(Method::PUT, &fill(paths::ROOM, &[&id]), room).await
}

pub async fn delete_room(id: RoomId) -> Result<()> {
    delete(&fill(paths::ROOM, &[&id])).await
}

/// Joins a room. The socket then sends `joined`.
pub async fn join_room(id: RoomId) -> Result<()> {
    send(Method::PUT, &fill(paths::MEMBERSHIP, &[&id]), None).await.map(drop)
}

/// Leaves a room. The socket then sends `removed`.
pub async fn leave_room(id: RoomId) -> Result<()> {
    delete(&fill(paths::MEMBERSHIP, &[&id])).await
}

pub async fn list_members(room: RoomId, after: Option<UserId>) -> Result<MemberList> {
    let mut path = format!("{}?limit=200", fill(paths::MEMBERS, &[&room]));
    if let Some(after) = after {
        path += &format!("&after={after}");
    }
    get(&path).await
}

/// Returns people who share a room with me and whose names contain `q`.
pub async fn find_people(q: &str) -> Result<People> {
    get(&format!("{}?q={}", paths::PEOPLE, percent_encode(q))).await
}

pub async fn remove_member(room: RoomId, user: UserId) -> Result<()> {
    delete(&fill(paths::MEMBER, &[&room, &user])).await
}
