//! SQLite allows one process per file. These tests always use SQLite, even if the other tests run on
//! another database.

use std::path::Path;

use shared::paths;

use crate::fixture::{Client, Process, Storage, run};

async fn start_second_server(folder: &Path, url: Option<&str>) -> (Option<i32>, String, String) {
    let mut arguments =
        vec!["serve", "--listen", "127.0.0.1:0", "--data", folder.to_str().unwrap()];
    arguments.extend(url.iter().flat_map(|url| ["--database-url", *url]));
    run(&arguments).await
}

#[track_caller]
fn expect_lock_error((code, stdout, stderr): (Option<i32>, String, String), file: &Path) {
    assert_eq!((code, &*stdout), (Some(1), ""));
    assert!(stderr.contains("another hallway is running"), "{stderr}");
    assert!(stderr.contains(file.to_str().unwrap()), "{stderr}");
}

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused() {
    let (storage, other) = (Storage::with(None), Storage::with(None));
    let server = Process::start(&storage).await;
    let file = storage.folder().join("hallway.sqlite");
    expect_lock_error(start_second_server(storage.folder(), None).await, &file);
    // The same file from another data folder, by its URL and by a symbolic link.
    expect_lock_error(start_second_server(other.folder(), Some(&storage.url())).await, &file);
    let link = other.folder().join("link.sqlite");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let link_url = format!("sqlite:{}", link.display());
    expect_lock_error(start_second_server(other.folder(), Some(&link_url)).await, &file);
    let import = ["import", "-", "--data", storage.folder().to_str().unwrap()];
    expect_lock_error(run(&import).await, &file);
    Client::new(server.address).get(paths::OPENAPI).await.expect_status(200);
    // A killed server leaves no lock behind.
    server.kill().await;
    Process::start(&storage).await;
}
