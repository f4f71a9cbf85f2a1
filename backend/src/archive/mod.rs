//! Exports the whole database to one file and imports it into any database: for backups, for moving
//! to another database, and for moving from the classic chat.
//!
//! An archive is JSON Lines (UTF-8, each line ends with `\n`). Each line is an object with one field,
//! which names the kind of the line; [`lines`] defines their contents:
//!
//! ```text
//! {"hallway":{"format":1,"counts":{"users":2,..},"last_ids":{"users":2,..}}}
//! {"server":{"name":"Hallway","sign_up":"open",..}}
//! {"user":{"id":1,"username":"Ada","password_hash":"$argon2id$..",..}}
//! {"user":{"id":2,..}}
//! {"block":{"user":1,"blocked":2,"created_at":".."}}
//! {"room":{"id":1,"name":"Lobby",..,"last_seq":1,"last_rev":3,"rev":1}}
//! {"member":{"room":1,"user":1,..,"left":false,"read_seq":1,"rev":2}}
//! {"message":{"id":7,"room":1,"seq":1,"rev":3,"user":1,"client_id":"..","content":"Hello",..}}
//! {"event":{"room":1,"rev":2,"after_seq":0,"kind":"joined","by":1,"at":".."}}
//! {"invitation":{"id":1,"token_hash":"..","rank":"member",..}}
//! {"audit":{"id":1,"created_at":"..","action":"room_created","actor":1,"room":1,..}}
//! {"end":{"counts":{"users":2,..},"sha256":".."}}
//! ```
//!
//! Accounts come first, by id, then whom they block, then the rooms by id, each with its members, its
//! messages and its events in order, so that a line refers only to lines before it; the invitations and the audit
//! log are last. Timestamps are RFC 3339 in UTC with microseconds. Equal
//! data gives equal bytes, on every database.
//!
//! An archive contains no sessions, no session key, no tokens of invitations (but their hashes, so that links
//! go on working), no mails to send, no deleted rooms except those in the bin, and no search index, which the import rebuilds.
//! If the deletion of an account is not finished, the importing server finishes it.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::tables::{
    Connection, Database, Transaction, generated_ids_are_transactional, lock_account_names,
    set_last_generated_id,
};

mod batch;
mod blocks;
mod check;
mod classic;
mod file;
mod lines;
mod load;
mod number_set;
mod progress;
mod read;
mod records;
mod rows;
mod write;

pub use lines::Counts;
use lines::LastIds;
use load::{Loader, is_database_empty};

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
    let import = Import::begin(db, header.last_ids).await?;
    let load = async {
        let mut loader = Loader::new(&import.txn, header);
        while let Some(line) = archive.next_line()? {
            let number = archive.line_number();
            loader.load(line).await.with_context(|| format!("line {number}"))?;
        }
        loader.finish().await
    };
    let counts = load.await;
    import.end(counts).await
}

/// Imports the database of the classic chat at `url` into an empty database in one transaction.
pub async fn import_classic(db: &Database, url: &str) -> Result<Report> {
    let classic = classic::ClassicChat::open(url).await?;
    let header = classic.header();
    let import = Import::begin(db, header.last_ids).await?;
    let load = async {
        let mut loader = Loader::new(&import.txn, header);
        let notes = classic.load_into(&mut loader).await?;
        Ok(Report { counts: loader.finish().await?, notes })
    };
    let report = load.await;
    import.end(report).await
}

/// A running import.
struct Import<'a> {
    db: &'a Database,
    txn: Transaction,
    last_ids: LastIds,
}

impl<'a> Import<'a> {
    /// Begins the transaction. Fails if the database is not empty.
    async fn begin(db: &'a Database, last_ids: LastIds) -> Result<Self> {
        for (table, id) in tables(last_ids) {
            let (is_valid, max) = ((0..=check::ID_MAX).contains(&id), check::ID_MAX);
            ensure!(is_valid, "line 1: last_ids: {table} must be 0 to {max}, but is {id}");
        }
        check_empty(&db.writer).await?;
        if !generated_ids_are_transactional(db.backend()) {
            // Before the rows: if the process ends between the two, no id of a deleted row is used
            // again.
            set_last_ids(&db.writer, last_ids).await?;
        }
        let txn = db.begin_without_idle_timeout().await?;
        let import = Self { db, txn, last_ids };
        match import.lock().await {
            Ok(()) => Ok(import),
            Err(error) => import.end(Err(error)).await,
        }
    }

    /// Blocks the first registration at another node that may serve the empty database.
    async fn lock(&self) -> Result<()> {
        lock_account_names(&self.txn).await?;
        check_empty(&self.txn).await
    }

    /// Commits what was loaded; after an error, leaves the database as it was.
    async fn end<T>(self, loaded: Result<T>) -> Result<T> {
        let is_transactional = generated_ids_are_transactional(self.db.backend());
        let loaded = match loaded {
            Ok(loaded) if is_transactional => {
                set_last_ids(&self.txn, self.last_ids).await.map(|()| loaded)
            }
            loaded => loaded,
        };
        match loaded {
            Ok(loaded) => {
                self.txn.commit().await?;
                Ok(loaded)
            }
            Err(error) => {
                // If these fail too, the first error is still the one that names the line.
                let _ = self.txn.rollback().await;
                if !is_transactional {
                    let _ = set_last_ids(&self.db.writer, LastIds::default()).await;
                }
                Err(error)
            }
        }
    }
}

/// The tables that generate ids, each with its last one.
fn tables(last: LastIds) -> [(&'static str, i64); 5] {
    let LastIds { users, rooms, messages, audit, invitations } = last;
    [
        ("users", users),
        ("rooms", rooms),
        ("messages", messages),
        ("audit", audit),
        ("invitations", invitations),
    ]
}

async fn set_last_ids(db: &impl Connection, last_ids: LastIds) -> Result<()> {
    for (table, id) in tables(last_ids) {
        set_last_generated_id(db, table, id).await?;
    }
    Ok(())
}

async fn check_empty(db: &impl Connection) -> Result<()> {
    ensure!(
        is_database_empty(db).await?,
        "this database already has accounts or rooms: choose an empty one with --data or \
         --database-url"
    );
    Ok(())
}
