//! The outbox in IndexedDB: one row per entry, keyed by client id. Where a browser has no IndexedDB
//! (some private windows), messages are still sent, but a reload loses the unsent ones.

use std::future::IntoFuture;

use idb::{Database, DatabaseEvent, Error, Factory, ObjectStoreParams, TransactionMode};
use leptos::task::spawn_local;
use shared::ids::ClientId;
use wasm_bindgen::JsValue;

use crate::{api::json, state::live::outbox::OutboxEntry};

const DATABASE: &str = "hallway";
const STORE: &str = "outbox";

/// All entries, of all accounts; empty if the database cannot be read.
pub async fn load() -> Vec<OutboxEntry> {
    try_load().await.unwrap_or_else(|error| {
        leptos::logging::warn!("cannot read the outbox: {error}");
        Vec::new()
    })
}

/// Inserts or replaces an entry.
pub fn put(entry: OutboxEntry) {
    if let Ok(text) = serde_json::to_string(&entry) {
        spawn_local(write(entry.client_id, Some(text)));
    }
}

/// Deletes an entry.
pub fn delete(client_id: ClientId) {
    spawn_local(write(client_id, None));
}

async fn write(client_id: ClientId, text: Option<String>) {
    if let Err(error) = try_write(client_id, text).await {
        leptos::logging::warn!("cannot write the outbox: {error}");
    }
}

async fn try_write(client_id: ClientId, text: Option<String>) -> Result<(), Error> {
    let key = JsValue::from_str(&client_id.to_string());
    let database = open().await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadWrite)?;
    let store = transaction.object_store(STORE)?;
    match text {
        Some(text) => drop(store.put(&JsValue::from_str(&text), Some(&key))?.await?),
        None => store.delete(key)?.await?,
    }
    transaction.into_future().await?;
    database.close();
    Ok(())
}

async fn try_load() -> Result<Vec<OutboxEntry>, Error> {
    let database = open().await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadOnly)?;
    let rows = transaction.object_store(STORE)?.get_all(None, None)?.await?;
    database.close();
    let texts = rows.iter().filter_map(JsValue::as_string);
    Ok(texts.filter_map(|text| json::parse(&text).ok()).collect())
}

async fn open() -> Result<Database, Error> {
    let mut request = Factory::new()?.open(DATABASE, Some(1))?;
    request.on_upgrade_needed(|event| {
        if let Ok(database) = event.database() {
            let _ = database.create_object_store(STORE, ObjectStoreParams::new());
        }
    });
    request.await
}
