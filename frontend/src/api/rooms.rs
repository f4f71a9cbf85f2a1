//! Rooms and their members.

use gloo_net::http::Method;
use shared::{
    access::Role,
    ids::{RoomId, UserId},
    paths::{self, fill},
    rooms::{
        Bin, MemberList, MyRoom, NewDirect, NewRoom, PatchMember, PatchPreferences, PatchRoom,
        People, ReplaceFavourites, Room, RoomList,
    },
};

use super::{Result, delete, encode, get, percent_encode, send, send_json};

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

pub async fn change_room(id: RoomId, change: PatchRoom) -> Result<Room> {
    send_json(Method::PATCH, &fill(paths::ROOM, &[&id]), change).await
}

pub async fn delete_room(id: RoomId) -> Result<()> {
    delete(&fill(paths::ROOM, &[&id])).await
}

/// The deleted rooms that I may restore, at most 200.
pub async fn list_bin() -> Result<Bin> {
    get(&format!("{}?limit=200", paths::BIN)).await
}

/// Restores a deleted room. The socket then sends `joined` to its members.
pub async fn restore_room(id: RoomId) -> Result<()> {
    send(Method::POST, &fill(paths::RESTORE, &[&id]), None).await.map(drop)
}

/// Deletes a room that is in the bin.
pub async fn delete_room_for_good(id: RoomId) -> Result<()> {
    delete(&format!("{}?now=true", fill(paths::ROOM, &[&id]))).await
}

/// Joins a room. The socket then sends `joined`.
pub async fn join_room(id: RoomId) -> Result<()> {
    send(Method::PUT, &fill(paths::MEMBERSHIP, &[&id]), None).await.map(drop)
}

/// Leaves a room. The socket then sends `removed`.
pub async fn leave_room(id: RoomId) -> Result<()> {
    delete(&fill(paths::MEMBERSHIP, &[&id])).await
}

pub async fn create_direct(new: NewDirect) -> Result<MyRoom> {
    send_json(Method::POST, paths::DIRECT, new).await
}

/// Hides a direct room until something is posted in it. The socket then sends `hidden`.
pub async fn hide_room(id: RoomId) -> Result<()> {
    send(Method::PUT, &fill(paths::HIDDEN, &[&id]), None).await.map(drop)
}

/// Replaces the list of my favourites. The socket then sends `preferences` for the rooms that moved.
pub async fn set_favourites(rooms: Vec<RoomId>) -> Result<()> {
    let body = encode(&ReplaceFavourites { rooms })?;
    send(Method::PUT, paths::FAVOURITES, Some(body)).await.map(drop)
}

/// Mutes a room, or ends that. The socket then sends `preferences`.
pub async fn set_muted(id: RoomId, muted: bool) -> Result<()> {
    let body = encode(&PatchPreferences { muted: Some(muted) })?;
    send(Method::PATCH, &fill(paths::PREFERENCES, &[&id]), Some(body)).await.map(drop)
}

/// Returns a page of members.
pub async fn list_members(room: RoomId, after: Option<UserId>) -> Result<MemberList> {
    let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
    get(&format!("{}?limit=200{after}", fill(paths::MEMBERS, &[&room]))).await
}

/// Returns hosts of a room.
pub async fn list_hosts(room: RoomId) -> Result<MemberList> {
    get(&format!("{}?role=host", fill(paths::MEMBERS, &[&room]))).await
}

/// Returns members whose names contain `q`.
pub async fn find_members(room: RoomId, q: &str) -> Result<MemberList> {
    get(&format!("{}?q={}", fill(paths::MEMBERS, &[&room]), percent_encode(q))).await
}

/// Returns people who share a room with me and whose names contain `q`.
pub async fn find_people(q: &str) -> Result<People> {
    get(&format!("{}?q={}", paths::PEOPLE, percent_encode(q))).await
}

/// Returns people of the whole server whose names contain `q`.
pub async fn find_accounts(q: &str) -> Result<People> {
    get(&format!("{}?scope=server&q={}", paths::PEOPLE, percent_encode(q))).await
}

pub async fn add_member(room: RoomId, user: UserId) -> Result<()> {
    send(Method::PUT, &fill(paths::MEMBER, &[&room, &user]), None).await.map(drop)
}

pub async fn set_role(room: RoomId, user: UserId, role: Role) -> Result<()> {
    let body = encode(&PatchMember { role })?;
    send(Method::PATCH, &fill(paths::MEMBER, &[&room, &user]), Some(body)).await.map(drop)
}

pub async fn remove_member(room: RoomId, user: UserId) -> Result<()> {
    delete(&fill(paths::MEMBER, &[&room, &user])).await
}
