//! How a program is started: found, as whom, and on which side of a link.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use nix::unistd::{User, geteuid};

use super::Place;

/// A program with its arguments, so that it can be started more than once.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    forgotten: Vec<String>,
    user: Option<(u32, u32)>,
    namespace: Option<String>,
}

impl Program {
    /// A program without arguments, in our own network, as ourselves.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            arguments: Vec::new(),
            environment: Vec::new(),
            forgotten: Vec::new(),
            user: None,
            namespace: None,
        }
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = S>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// Sets a variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Takes a variable of our own environment away.
    pub fn forget(mut self, name: impl Into<String>) -> Self {
        self.forgotten.push(name.into());
        self
    }

    /// Runs as somebody else.
    pub fn user(mut self, user: Option<&User>) -> Self {
        self.user = user.map(|user| (user.uid.as_raw(), user.gid.as_raw()));
        self
    }

    /// Runs where `place` is.
    pub fn at(mut self, place: &Place) -> Self {
        self.namespace.clone_from(&place.namespace);
        self
    }

    /// The program's name.
    pub fn name(&self) -> &str {
        self.path.file_name().and_then(OsStr::to_str).unwrap_or("?")
    }

    /// What starts it. The programs in front of it are replaced by it, so its process number is the
    /// one of the child.
    pub fn command(&self) -> Result<Command> {
        let mut words: Vec<OsString> = Vec::new();
        if let Some(namespace) = &self.namespace {
            let ip = find(&["ip"], "iproute2")?;
            words.extend([ip.into(), "netns".into(), "exec".into(), namespace.into()]);
        }
        match (find(&["setpriv"], "util-linux"), self.user) {
            (Ok(setpriv), user) => {
                words.extend([setpriv.into(), "--pdeathsig".into(), "KILL".into()]);
                if let Some((uid, gid)) = user {
                    words
                        .extend([format!("--reuid={uid}").into(), format!("--regid={gid}").into()]);
                    words.push("--clear-groups".into());
                }
                words.push("--".into());
            }
            (Err(error), Some(_)) => return Err(error),
            (Err(_), None) => {}
        }
        words.push(self.path.clone().into());
        words.extend(self.arguments.iter().cloned());
        let mut command = Command::new(&words[0]);
        self.forgotten.iter().for_each(|name| {
            command.env_remove(name);
        });
        command.args(&words[1..]).envs(self.environment.iter().cloned());
        Ok(command)
    }

    /// Runs it to its end, and fails with what it said if that is not a good one.
    pub async fn run(&self) -> Result<String> {
        let mut command = tokio::process::Command::from(self.command()?);
        let output = command.stdin(std::process::Stdio::null()).kill_on_drop(true).output().await;
        let output = output.with_context(|| format!("cannot start {}", self.name()))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            bail!("{}: {}: {said}{complaint}", self.name(), output.status);
        }
        Ok(said)
    }
}

/// The first of these names that is installed: on the PATH, or where Debian keeps what only an
/// administrator needs. Otherwise the error says how to get it.
pub fn find(names: &[&str], package: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let elsewhere = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/libexec"];
    let folders: Vec<_> =
        std::env::split_paths(&path).chain(elsewhere.iter().map(PathBuf::from)).collect();
    let files = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    files.into_iter().find(|file| file.is_file()).with_context(|| missing(names, package))
}

/// The newest installed version of a program of PostgreSQL.
pub fn find_postgres(name: &str) -> Result<PathBuf> {
    let version = |folder: &Path| -> Option<u32> { folder.file_name()?.to_str()?.parse().ok() };
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = installed.filter_map(|entry| Some((version(&entry.path())?, entry.path()))).max();
    let file = newest.map(|(_, folder)| folder.join("bin").join(name));
    match file.filter(|file| file.is_file()) {
        Some(file) => Ok(file),
        None => find(&[name], "postgresql"),
    }
}

/// Who runs a server that refuses to be root: nobody in particular if we are not root ourselves.
pub fn unprivileged(names: &[&str]) -> Result<Option<User>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let user = names.iter().find_map(|name| User::from_name(name).ok().flatten());
    user.map(Some).with_context(|| format!("none of the users {} is here", names.join(", ")))
}

fn missing(names: &[&str], package: &str) -> String {
    format!("{} is not installed: apt-get install {package}", names.join(" or "))
}
