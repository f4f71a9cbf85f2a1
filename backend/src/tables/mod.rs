//! The database: connections, entities, and the queries that several slices share.

mod account_changes;
mod admission;
mod audit;
mod blocks;
mod bulk;
mod changes;
mod database;
mod entities;
mod events;
mod joined_rooms;
mod message_rows;
mod moderation;
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
    confirmations, invitation_uses, invitations, pending_joins, server_settings,
    server_settings::ROW as SETTINGS_ROW,
};
pub use audit::{
    AuditFilter, AuditRecord, AuditRow, audit, audit_added, audit_all, audit_creation, audit_page,
    audit_removed, audit_role, audit_rows, audit_update, count_audit, erase_audited_names,
    insert_audit_rows, newest_audit_id,
};
pub use blocks::{
    BlockRow, block_list, block_rows, blocked_by, blocked_either_way, blocks_between, count_blocks,
    delete_block, delete_blocks_of, insert_block, insert_block_rows, refused_rooms,
};
pub use bulk::{flush_counters, insert_messages, messages_by_client_id};
pub use changes::{
    all_changes_since, changes_since, departures, has_more_changes, is_departure_known,
};
pub use database::{
    Connection, Database, DbErrorKind, Durability, Epoch, Pool, Transaction, clock,
    contains_ignoring_case, db_error_kind, generated_ids_are_transactional, last_generated_id,
    lock_account_names, lock_room_names, prefix_pattern, row_lock, set_last_generated_id, snapshot,
    sqlite_file, sqlite_url, sqlite_version, substring_pattern, with_timeout,
};
pub use entities::{
    account_deletions, binned_rooms, members, mentions, messages, rooms, sessions, users,
};
pub use events::{
    entity as room_events, events_after_messages, events_before, insert_room_events,
    room_event_rows,
};
pub use joined_rooms::{JoinedRoom, joined_rooms, rooms_written_in};
pub use message_rows::{
    MessageRow, NewestMessage, fetch_messages, hydrate, newest_message, text_lengths,
};
pub use moderation::{
    reports::{self, count_open_reports},
    room_bans::{self, banned_among, is_banned},
};
pub use stored::Stored;
pub use timestamps::{now, to_timestamp};
pub use unread::{UnreadCounts, count_unread, my_room, my_rooms, name_direct_rooms};
pub use visibility::{
    RoomView, VisibleMessages, can_see_account, last_visible_id_before, people_of,
    restorable_rooms, room_view, room_views, rooms_in_bin, shares_room, visible_accounts,
    visible_rooms, wrote_to,
};
