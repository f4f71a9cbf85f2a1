//! Exports the whole database to one file and imports it into any database: for backups, for moving
//! to another database, and for moving from the classic chat.
//!
//! An archive is JSON Lines (UTF-8, each line ends with `\n`). Each line is an object with one field,
//! which names the kind of the line; [`lines`] defines their contents:
//!
//! ```text
//! {"hallway":{"format":1,"counts":{"users":2,..},"last_ids":{"users":2,..}}}
//! {"user":{"id":1,"username":"Ada","password_hash":"$argon2id$..",..}}
//! {"user":{"id":2,..}}
//! {"room":{"id":1,"name":"Lobby",..,"last_seq":1,"last_rev":3,"rev":1}}
//! {"member":{"room":1,"user":1,..,"left":false,"read_seq":1,"rev":2}}
//! {"message":{"id":7,"room":1,"seq":1,"rev":3,"user":1,"client_id":"..","content":"Hello",..}}
//! {"end":{"counts":{"users":2,..},"sha256":".."}}
//! ```
//!
//! Accounts come first, by id, then the rooms by id, each with its members and its messages in order,
//! so that a line refers only to lines before it. Timestamps are RFC 3339 in UTC with microseconds. Equal
//! data gives equal bytes, on every database.
//!
//! An archive contains no sessions, no session key, no rooms that are being deleted, and no search
//! index, which the import rebuilds.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use crate::tables::{Database, lock_first_account, set_last_generated_id};

mod check;
mod classic;
mod file;
mod lines;
mod load;
mod progress;
mod read;
mod rows;
mod write;

pub use lines::Counts;
use lines::LastIds;
use load::{Loader, is_empty};

/// The result of an import from the classic chat.
pub struct Report {
    pub counts: Counts,
    /// The changes that the import had to make, one sentence each.
    pub notes: Vec<String>,
}

/// Writes a snapshot of the whole database to a file. A server may run on the database meanwhile.
pub async fn export(db: &Database, path: &Path) -> Result<Counts> {
    let mut out = file::Output::create(path)?;
    let txn = db.snapshot().await?;
    let counts = write::write(&txn, &mut out).await?;
    txn.rollback().await?;
    out.finish()?;
    Ok(counts)
}

/// Imports an archive into an empty database in one transaction.
pub async fn import(db: &Database, path: &Path) -> Result<Counts> {
    let (mut archive, header) = read::Reader::open(file::open(path)?)?;
    let txn = begin(db, header.last_ids).await?;
    let mut loader = Loader::new(&txn, header);
    while let Some(line) = archive.next_line()? {
        let number = archive.line_number();
        loader.load(line).await.with_context(|| format!("line {number}"))?;
    }
    let counts = loader.finish().await?;
    txn.commit().await?;
    Ok(counts)
}

/// Imports the database of the classic chat at `url` into an empty database in one transaction.
pub async fn import_classic(db: &Database, url: &str) -> Result<Report> {
    let classic = classic::ClassicChat::open(url).await?;
    let txn = begin(db, classic.header().last_ids).await?;
    let mut loader = Loader::new(&txn, classic.header());
    let notes = classic.load_into(&mut loader).await?;
    let counts = loader.finish().await?;
    txn.commit().await?;
    Ok(Report { counts, notes })
}

/// Begins the transaction of an import. Fails if the database is not empty. Sets the last generated ids
/// before the transaction, because MySQL would commit it.
async fn begin(db: &Database, last: LastIds) -> Result<DatabaseTransaction> {
    check_empty(&db.writer).await?;
    let tables = [("users", last.users), ("rooms", last.rooms), ("messages", last.messages)];
    for (table, id) in tables {
        let (is_valid, max) = ((0..=check::ID_MAX).contains(&id), check::ID_MAX);
        ensure!(is_valid, "line 1: last_ids: {table} must be 0 to {max}, but is {id}");
        set_last_generated_id(&db.writer, table, id).await?;
    }
    let txn = db.begin_without_idle_timeout().await?;
    // Blocks the first registration at another node that may serve the empty database.
    lock_first_account(&txn).await?;
    check_empty(&txn).await?;
    Ok(txn)
}

async fn check_empty(db: &impl ConnectionTrait) -> Result<()> {
    ensure!(
        is_empty(db).await?,
        "this database already has accounts or rooms: choose an empty one with --data or \
         --database-url"
    );
    Ok(())
}
