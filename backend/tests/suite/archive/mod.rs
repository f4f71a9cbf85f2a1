//! All of a server in one file, and out of it again.

use std::{fs, path::PathBuf, process::Stdio};

use crate::actors::{Home, Process, run};

mod classic;
mod refused;
mod whole;

/// A command of the program that has to do with an archive, in a home.
async fn archive(home: &Home, words: &[&str]) -> (Option<i32>, String, String) {
    let flags = home.flags();
    let words: Vec<&str> = words.iter().copied().chain(flags.iter().map(|flag| &**flag)).collect();
    run(&words).await
}

/// What the archive of a home is.
async fn export(home: &Home) -> String {
    let file = file(home);
    let (code, said, complained) = archive(home, &["export", file.to_str().unwrap()]).await;
    assert_eq!((code, &*said), (Some(0), ""), "{complained}");
    fs::read_to_string(file).unwrap()
}

/// Takes an archive in that must be good.
async fn import(home: &Home, text: &str) {
    let file = file(home);
    fs::write(&file, text).unwrap();
    let (code, said, complained) = archive(home, &["import", file.to_str().unwrap()]).await;
    assert_eq!((code, &*said), (Some(0), ""), "{complained}");
}

/// The same by standard input and output.
async fn copy_by_streams(from: &Home, to: &Home, text: &str) {
    let (code, said, complained) = archive(from, &["export", "-"]).await;
    assert_eq!(code, Some(0), "{complained}");
    assert!(said == text, "standard output differs from the file");
    fs::write(file(to), text).unwrap();
    let mut command = Process::command(&["import", "-"]);
    command.args(to.flags()).stdin(fs::File::open(file(to)).unwrap()).stderr(Stdio::null());
    assert!(command.status().await.unwrap().success());
}

fn file(home: &Home) -> PathBuf {
    home.folder().join("archive.jsonl")
}
