//! The database: connections, entities, and the queries that several slices share.

mod account_changes;
mod admission;
mod audit;
mod bulk;
mod changes;
mod database;
mod entities;
mod joined_rooms;
mod message_rows;
mod open;
pub mod search_index;
mod stored;
mod timestamps;
mod unread;
mod visibility;

pub use account_changes::{
    AccountChange, AccountChangeReader, log_account_change, prune_account_changes,
};
pub use admission::{
    invitation_uses, invitations, pending_joins, server_settings,
    server_settings::ROW as SETTINGS_ROW,
};
pub use audit::{
    AuditFilter, AuditRecord, AuditRow, audit, audit_added, audit_all, audit_creation, audit_page,
    audit_removed, audit_role, audit_rows, audit_update, count_audit, insert_audit_rows,
    newest_audit_id,
};
pub use bulk::{flush_counters, insert_messages, messages_by_client_id};
pub use changes::{all_changes_since, changes_since, has_more_changes};
pub use database::{
    Database, DbErrorKind, Durability, Epoch, Pool, contains_ignoring_case, db_error_kind,
    generated_ids_are_transactional, last_generated_id, lock_first_account, lock_room_names,
    prefix_pattern, row_lock, set_last_generated_id, snapshot, sqlite_file, sqlite_url,
    sqlite_version, substring_pattern, with_timeout,
};
pub use entities::{binned_rooms, members, mentions, messages, rooms, sessions, users};
pub use joined_rooms::{JoinedRoom, joined_rooms, joined_rooms_and_newest_message};
pub use message_rows::{
    MessageRow, NewestMessage, fetch_messages, hydrate, newest_message, text_lengths,
};
pub use stored::Stored;
pub use timestamps::{now, to_timestamp};
pub use unread::{UnreadCounts, count_unread, my_room, my_rooms, name_direct_rooms};
pub use visibility::{
    RoomView, VisibleMessages, knows_account, last_visible_id_before, people_of, restorable_rooms,
    room_view, room_views, rooms_in_bin, shares_room, visible_rooms,
};
