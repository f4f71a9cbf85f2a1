//! The audit log. A change writes its entry in its own transaction, so that neither commits without the
//! other; nothing deletes an entry, and only the deletion of an account changes some: it erases
//! names in them.

mod entity;
mod page;
mod record;
mod rooms;
mod rows;

pub use page::{AuditFilter, audit_page, newest_audit_id};
pub use record::{AuditRecord, audit, audit_all, erase_audited_names};
pub use rooms::{audit_added, audit_creation, audit_removed, audit_role, audit_update};
pub use rows::{AuditRow, audit_rows, count_audit, insert_audit_rows};
