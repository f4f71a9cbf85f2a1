//! What is about SQLite itself, whatever the other tests run on: one process on one file.

use std::path::Path;

use shared::paths;

use crate::actors::{Client, Home, Process, run};

async fn serve_also(folder: &Path, url: Option<&str>) -> (Option<i32>, String, String) {
    let mut words = vec!["serve", "--listen", "127.0.0.1:0", "--data", folder.to_str().unwrap()];
    words.extend(url.iter().flat_map(|url| ["--database-url", *url]));
    run(&words).await
}

#[track_caller]
fn refused((code, said, complained): (Option<i32>, String, String), file: &Path) {
    assert_eq!((code, &*said), (Some(1), ""));
    assert!(complained.contains("another hallway is running"), "{complained}");
    assert!(complained.contains(file.to_str().unwrap()), "{complained}");
}

#[tokio::test]
async fn a_second_one_on_the_same_file_is_refused() {
    let (home, other) = (Home::with(None), Home::with(None));
    let server = Process::serve(&home).await;
    let file = home.folder().join("hallway.sqlite");
    refused(serve_also(home.folder(), None).await, &file);
    // From another data folder, by whichever name.
    refused(serve_also(other.folder(), Some(&home.url())).await, &file);
    let link = other.folder().join("link.sqlite");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let by_link = format!("sqlite:{}", link.display());
    refused(serve_also(other.folder(), Some(&by_link)).await, &file);
    let import = ["import", "-", "--data", home.folder().to_str().unwrap()];
    refused(run(&import).await, &file);
    Client::new(server.address).get(paths::OPENAPI).await.is(200);
    // A killed one leaves nothing behind that keeps the next from starting.
    server.kill().await;
    Process::serve(&home).await;
}
