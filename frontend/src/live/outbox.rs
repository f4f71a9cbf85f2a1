//! The outbox on disk: IndexedDB, one row an entry, by client id. A browser without it (private
//! windows of some) still sends; only a reload forgets.

use std::future::IntoFuture;

use idb::{Database, DatabaseEvent, Error, Factory, ObjectStoreParams, TransactionMode};
use leptos::{prelude::*, task::spawn_local};
use shared::ids::{ClientId, UserId};
use wasm_bindgen::JsValue;

use super::{Live, receive::show};
use crate::state::live::outbox::Entry;

const DATABASE: &str = "hallway";
const STORE: &str = "outbox";

/// Reads back what this account wrote before the reload.
pub async fn load(live: Live, me: UserId) {
    let entries = all().await.unwrap_or_else(|error| {
        leptos::logging::warn!("the outbox cannot be read: {error}");
        Vec::new()
    });
    if live.me.with_value(|now| now.as_ref().is_none_or(|now| now.id != me)) {
        return;
    }
    for entry in entries.into_iter().filter(|entry| entry.user == me) {
        if let Some(state) = live.state(entry.room) {
            show(&state, &entry);
        }
        live.outbox.update_value(|outbox| outbox.add(entry));
    }
    // A slow disk may answer after the welcome.
    live.resend();
}

/// Writes one down, or writes it anew.
pub fn put(entry: Entry) {
    if let Ok(text) = serde_json::to_string(&entry) {
        spawn_local(change(entry.client_id, Some(text)));
    }
}

/// Drops one.
pub fn delete(client_id: ClientId) {
    spawn_local(change(client_id, None));
}

async fn change(client_id: ClientId, text: Option<String>) {
    if let Err(error) = try_change(client_id, text).await {
        leptos::logging::warn!("the outbox cannot be written: {error}");
    }
}

async fn try_change(client_id: ClientId, text: Option<String>) -> Result<(), Error> {
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

async fn all() -> Result<Vec<Entry>, Error> {
    let database = open().await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadOnly)?;
    let rows = transaction.object_store(STORE)?.get_all(None, None)?.await?;
    database.close();
    let texts = rows.iter().filter_map(JsValue::as_string);
    Ok(texts.filter_map(|text| serde_json::from_str(&text).ok()).collect())
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
