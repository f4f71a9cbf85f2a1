//! Programs, and how to start them: path, user, network namespace and processor core.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use nix::unistd::{User, geteuid};

use super::Host;

/// A program with its arguments, which can be started several times.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    removed_env: Vec<String>,
    /// The user id and the group id.
    user: Option<(u32, u32)>,
    namespace: Option<String>,
    core: Option<usize>,
}

impl Program {
    /// A program without arguments, in the rig's network namespace, as the current user.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            args: Vec::new(),
            env: Vec::new(),
            removed_env: Vec::new(),
            user: None,
            namespace: None,
            core: None,
        }
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub fn args<S: AsRef<OsStr>>(self, args: impl IntoIterator<Item = S>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Removes a variable of the rig's environment from that of the program.
    pub fn env_remove(mut self, name: String) -> Self {
        self.removed_env.push(name);
        self
    }

    /// Runs the program as a user; `None` is the current one.
    pub fn as_user(mut self, user: Option<&User>) -> Self {
        self.user = user.map(|user| (user.uid.as_raw(), user.gid.as_raw()));
        self
    }

    /// Runs the program in the network namespace of `host`.
    pub fn on_host(mut self, host: &Host) -> Self {
        self.namespace.clone_from(&host.namespace);
        self
    }

    /// Runs the program on a single processor core; `None` allows all cores.
    pub fn on_core(mut self, core: Option<usize>) -> Self {
        self.core = core;
        self
    }

    /// The file name, for error messages.
    pub fn name(&self) -> &str {
        self.path.file_name().and_then(OsStr::to_str).unwrap_or("?")
    }

    /// The command that starts the program. Wrappers such as `setpriv` replace themselves with the
    /// program, so the pid of the child is the pid of the program.
    pub fn command(&self) -> Result<Command> {
        let mut words: Vec<OsString> = Vec::new();
        if let Some(namespace) = &self.namespace {
            let ip = find_program(&["ip"], "iproute2")?;
            words.extend([ip.into(), "netns".into(), "exec".into(), namespace.into()]);
        }
        if let Some(core) = self.core {
            let taskset = find_program(&["taskset"], "util-linux")?;
            words.extend([taskset.into(), "--cpu-list".into(), core.to_string().into()]);
        }
        match (find_program(&["setpriv"], "util-linux"), self.user) {
            (Ok(setpriv), user) => {
                words.extend([setpriv.into(), "--pdeathsig".into(), "KILL".into()]);
                if let Some((uid, gid)) = user {
                    let ids = [format!("--reuid={uid}"), format!("--regid={gid}")];
                    words.extend(ids.map(Into::into));
                    words.push("--clear-groups".into());
                }
                words.push("--".into());
            }
            (Err(error), Some(_)) => return Err(error),
            (Err(_), None) => {}
        }
        words.push(self.path.clone().into());
        words.extend(self.args.iter().cloned());
        let mut command = Command::new(&words[0]);
        for name in &self.removed_env {
            command.env_remove(name);
        }
        command.args(&words[1..]).envs(self.env.iter().cloned());
        Ok(command)
    }

    /// Runs the program to its end and returns its standard output. Fails unless it exits with 0.
    pub async fn run(&self) -> Result<String> {
        let mut command = tokio::process::Command::from(self.command()?);
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
        let output = output.with_context(|| format!("cannot start {}", self.name()))?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            bail!("{}: {}: {stdout}{stderr}", self.name(), output.status);
        }
        Ok(stdout)
    }
}

/// Finds the first installed program of these names, on the PATH or in Debian's directories for
/// administrators. The error names the package to install.
pub fn find_program(names: &[&str], package: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let admin_dirs = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/libexec"];
    let dirs: Vec<_> =
        std::env::split_paths(&path).chain(admin_dirs.iter().map(PathBuf::from)).collect();
    let mut files = names.iter().flat_map(|name| dirs.iter().map(move |dir| dir.join(name)));
    files.find(|file| file.is_file()).with_context(|| {
        format!("{} is not installed: apt-get install {package}", names.join(" or "))
    })
}

/// Finds a program of the newest installed PostgreSQL.
pub fn find_postgres(name: &str) -> Result<PathBuf> {
    let version = |dir: &Path| -> Option<u32> { dir.file_name()?.to_str()?.parse().ok() };
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = installed.filter_map(|entry| Some((version(&entry.path())?, entry.path()))).max();
    let file = newest.map(|(_, dir)| dir.join("bin").join(name));
    match file.filter(|file| file.is_file()) {
        Some(file) => Ok(file),
        None => find_program(&[name], "postgresql"),
    }
}

/// The first existing user of these names, for a server that refuses to run as root; `None` if the
/// rig does not run as root.
pub fn find_unprivileged_user(names: &[&str]) -> Result<Option<User>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let user = names.iter().find_map(|name| User::from_name(name).ok().flatten());
    user.map(Some).with_context(|| format!("this system has no user {}", names.join(" or ")))
}
