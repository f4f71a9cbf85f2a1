//! SQLite: one process per file. These tests use SQLite, whatever database the others use.

use std::path::Path;

use shared::paths;

use crate::fixture::{Client, Process, Storage, run};

async fn start_second_server(folder: &Path, url: Option<&str>) -> (Option<i32>, String, String) {
    let mut words = vec!["serve", "--listen", "127.0.0.1:0", "--data", folder.to_str().unwrap()];
    words.extend(url.iter().flat_map(|url| ["--database-url", *url]));
    run(&words).await
}

#[track_caller]
fn refused((code, stdout, stderr): (Option<i32>, String, String), file: &Path) {
    assert_eq!((code, &*stdout), (Some(1), ""));
    assert!(stderr.contains("another hallway is running"), "{stderr}");
    assert!(stderr.contains(file.to_str().unwrap()), "{stderr}");
}

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused() {
    let (storage, other) = (Storage::with(None), Storage::with(None));
    let server = Process::start(&storage).await;
    let file = storage.folder().join("hallway.sqlite");
    refused(start_second_server(storage.folder(), None).await, &file);
    // Another data folder, and another name of the file.
    refused(start_second_server(other.folder(), Some(&storage.url())).await, &file);
    let link = other.folder().join("link.sqlite");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let by_link = format!("sqlite:{}", link.display());
    refused(start_second_server(other.folder(), Some(&by_link)).await, &file);
    let import = ["import", "-", "--data", storage.folder().to_str().unwrap()];
    refused(run(&import).await, &file);
    Client::new(server.address).get(paths::OPENAPI).await.expect_status(200);
    // A killed server leaves no lock behind.
    server.kill().await;
    Process::start(&storage).await;
}
