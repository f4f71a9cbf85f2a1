//! What only the system's own package manager can give: a browser, its driver, Python, npm, and the
//! servers that tests start for themselves.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Result, bail};

use crate::{commands, places, tools};

/// One part: how to see that it is there, its Debian packages, and what is impossible without.
struct Part {
    present: fn() -> bool,
    packages: &'static [&'static str],
    without: &'static str,
}

const PARTS: [Part; 9] = [
    Part {
        present: || {
            places::on_path("chromium").or_else(|| places::on_path("google-chrome")).is_some()
        },
        packages: &["chromium"],
        without: "no Chromium, no browser tests",
    },
    Part {
        present: || places::on_path("chromedriver").is_some(),
        packages: &["chromium-driver"],
        without: "no chromedriver, no browser tests",
    },
    Part {
        // Debian ships Python in parts: `venv` may be there without what fills the new folder.
        present: || {
            let import = ["-c", "import venv, ensurepip"];
            commands::ask(commands::new("python3").args(import)).is_some()
        },
        packages: &["python3", "python3-venv"],
        without: "no Python with venv, no test of the API's contract",
    },
    Part {
        present: || !tools::needs_npm() || places::on_path("npm").is_some(),
        packages: &["npm"],
        without: "no npm, no wasm-opt: the page would not be the one that is released",
    },
    Part {
        present: || is_installed("mariadbd") && is_installed("mariadb"),
        packages: &["mariadb-server"],
        without: "no MariaDB, no tests on it",
    },
    Part {
        present: || is_installed("postgres") && is_installed("initdb"),
        packages: &["postgresql"],
        without: "no PostgreSQL, no tests on it",
    },
    Part {
        present: || is_installed("redis-server"),
        packages: &["redis-server"],
        without: "no Redis, no tests of several nodes",
    },
    Part {
        present: has_faketime,
        packages: &["libfaketime"],
        without: "no faketime, no test of clocks that jump",
    },
    Part {
        present: || is_installed("ip"),
        packages: &["iproute2"],
        without: "no ip, no test of links that are cut",
    },
];

/// Installs what is missing where that is ours to do: as root on Debian. Elsewhere says how.
pub fn ensure() -> Result<()> {
    let missing: Vec<&Part> = PARTS.iter().filter(|part| !(part.present)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|part| part.packages).copied().collect();
    if is_root() && is_debian() {
        eprintln!("  installing {}", packages.join(" "));
        commands::run(apt().arg("update"))?;
        let _asleep = Asleep::new()?;
        return commands::run(
            apt().args(["install", "--yes", "--no-install-recommends"]).args(packages),
        );
    }
    for part in missing {
        eprintln!("  {}: sudo apt-get install {}", part.without, part.packages.join(" "));
    }
    bail!("parts of the system are missing");
}

/// On PATH, or where Debian keeps servers that are not for everyone.
fn is_installed(program: &str) -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let elsewhere = versions.map(|version| version.path().join("bin"));
    let mut folders = elsewhere.chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    places::on_path(program).is_some() || folders.any(|folder| folder.join(program).is_file())
}

/// The library that shows a program another time, for whatever kind of machine this is.
fn has_faketime() -> bool {
    let kinds = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    kinds.map(|kind| kind.path().join("faketime/libfaketimeMT.so.1")).any(|file| file.is_file())
}

/// While this is there, Debian starts nothing that it installs: the tests start servers of their
/// own. Where somebody has a rule about that already, it stays.
struct Asleep(Option<&'static str>);

impl Asleep {
    fn new() -> Result<Self> {
        const RULE: &str = "/usr/sbin/policy-rc.d";
        if fs::exists(RULE)? {
            return Ok(Self(None));
        }
        // 101: what was asked for is not allowed.
        fs::write(RULE, "#!/bin/sh\nexit 101\n")?;
        let asleep = Self(Some(RULE));
        fs::set_permissions(RULE, fs::Permissions::from_mode(0o755))?;
        Ok(asleep)
    }
}

impl Drop for Asleep {
    fn drop(&mut self) {
        if let Some(rule) = self.0 {
            let _ = fs::remove_file(rule);
        }
    }
}

fn apt() -> std::process::Command {
    let mut apt = commands::new("apt-get");
    apt.arg("--quiet=2").env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

fn is_root() -> bool {
    commands::ask(commands::new("id").arg("-u")).as_deref() == Some("0")
}

/// Debian itself: elsewhere the same names are other things (Ubuntu's `chromium` is a snap).
fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| line == "ID=debian")
}
