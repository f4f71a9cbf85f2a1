//! SQLite allows one process per file. These tests always use SQLite, even if the other tests run on
//! another database.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

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

/// The database itself is locked, so neither a hard link nor a missing lock file hides the server.
#[tokio::test]
async fn a_second_server_is_refused_without_the_lock_file() {
    let (storage, other) = (Storage::with(None), Storage::with(None));
    let server = Process::start(&storage).await;
    let file = storage.folder().join("hallway.sqlite");
    let link = other.folder().join("hallway.sqlite");
    fs::hard_link(&file, &link).unwrap();
    expect_lock_error(start_second_server(other.folder(), None).await, &link);
    fs::remove_file(storage.folder().join("hallway.sqlite.lock")).unwrap();
    expect_lock_error(start_second_server(storage.folder(), None).await, &file);
    Client::new(server.address).get("/health/ready").await.expect_status(200);
    // Commands that may run beside a server.
    let archive = other.folder().join("archive");
    let (code, _, stderr) = storage.run(&["export", archive.to_str().unwrap()]).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(permissions(&archive), 0o600);
    server.kill().await;
    Process::start(&storage).await;
}

fn permissions(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Checks that only the owner can read the data folder and its files; returns their names.
#[track_caller]
fn expect_private(folder: &Path) -> Vec<String> {
    assert_eq!(permissions(folder), 0o700, "{}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(permissions(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    names.sort();
    names
}

#[tokio::test]
async fn the_files_of_the_data_folder_are_private_whatever_the_umask() {
    let parent = Storage::with(None);
    let folder = parent.folder().join("new");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--data", folder.to_str().unwrap()];
    let files =
        ["hallway.sqlite", "hallway.sqlite-shm", "hallway.sqlite-wal", "hallway.sqlite.lock"];
    let start = async || {
        let server = Process::spawn(Process::command_after("umask 000", &arguments)).await;
        let names = expect_private(&folder);
        assert_eq!(names[..4], files);
        assert_eq!(names[4], "session.key");
        server
    };
    start().await.kill().await;
    // Files that an older version created.
    for entry in fs::read_dir(&folder).unwrap() {
        let mode = fs::Permissions::from_mode(0o644);
        fs::set_permissions(entry.unwrap().path(), mode).unwrap();
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    start().await.kill().await;
    // A folder with files of others stays open to them.
    fs::write(folder.join("notes.txt"), "").unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let server = Process::spawn(Process::command(&arguments)).await;
    assert_eq!(permissions(&folder), 0o755);
    assert_eq!(permissions(&folder.join("session.key")), 0o600);
    server.kill().await;
}
