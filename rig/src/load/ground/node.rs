//! What a chat for Node takes: the program, and the libraries that it is written with.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

/// Where it is.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node");

/// What starts it. Its libraries are installed before the first time; that one with SQLite's code
/// in it is compiled where no compiled one can be had.
pub fn command() -> Result<Command> {
    if !Path::new(FOLDER).join("node_modules").is_dir() {
        eprintln!("Installing the libraries of {FOLDER}");
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
        let done = npm.current_dir(FOLDER).stdout(Stdio::null()).status();
        let done = done.context("npm is not there: it comes with Node, apt install npm")?;
        ensure!(done.success(), "npm cannot install the libraries of {FOLDER}");
    }
    let mut command = Command::new("node");
    command.arg(Path::new(FOLDER).join("server.mjs"));
    Ok(command)
}
