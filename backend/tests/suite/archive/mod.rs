//! Export of a whole server into one file, and its import.

use std::{fs, path::PathBuf, process::Stdio};

use sha2::{Digest, Sha256};

use crate::fixture::{Process, Storage};

mod admission;
mod classic;
mod refused;
mod round_trip;

/// Exports a storage; returns the archive.
async fn export(storage: &Storage) -> String {
    let file = archive_path(storage);
    let (code, stdout, stderr) = storage.run(&["export", file.to_str().unwrap()]).await;
    assert_eq!((code, &*stdout), (Some(0), ""), "{stderr}");
    fs::read_to_string(file).unwrap()
}

/// Imports a valid archive.
async fn import(storage: &Storage, text: &str) {
    let file = archive_path(storage);
    fs::write(&file, text).unwrap();
    let (code, stdout, stderr) = storage.run(&["import", file.to_str().unwrap()]).await;
    assert_eq!((code, &*stdout), (Some(0), ""), "{stderr}");
}

/// Exports and imports by standard output and input.
async fn copy_by_streams(from: &Storage, to: &Storage, text: &str) {
    let (code, stdout, stderr) = from.run(&["export", "-"]).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout == text, "standard output differs from the file");
    fs::write(archive_path(to), text).unwrap();
    let mut command = Process::command(&["import", "-"]);
    command.args(to.flags()).stdin(fs::File::open(archive_path(to)).unwrap()).stderr(Stdio::null());
    assert!(command.status().await.unwrap().success());
}

/// The path of the archive that [`export`] writes and [`import`] reads.
fn archive_path(storage: &Storage) -> PathBuf {
    storage.folder().join("archive.jsonl")
}

/// An altered archive with a valid checksum.
fn with_checksum(text: &str) -> String {
    let (lines, end) = text.split_at(text.trim_end().rfind('\n').unwrap() + 1);
    let (end, _) = end.split_once("\"sha256\"").unwrap();
    format!("{lines}{end}\"sha256\":\"{:x}\"}}}}\n", Sha256::digest(lines))
}
