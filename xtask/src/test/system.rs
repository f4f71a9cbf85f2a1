//! The programs that tests need from the system's package manager: browser, driver, Python, npm,
//! databases, Redis.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Result, bail};

use crate::{commands, places, tools};

/// A required program: the check, its Debian packages, and the message if it is missing.
struct Requirement {
    is_present: fn() -> bool,
    packages: &'static [&'static str],
    without: &'static str,
}

const REQUIREMENTS: [Requirement; 9] = [
    Requirement {
        is_present: || {
            places::on_path("chromium").or_else(|| places::on_path("google-chrome")).is_some()
        },
        packages: &["chromium"],
        without: "no Chromium, no browser tests",
    },
    Requirement {
        is_present: || places::on_path("chromedriver").is_some(),
        packages: &["chromium-driver"],
        without: "no chromedriver, no browser tests",
    },
    Requirement {
        // Debian splits Python: `venv` may be installed without `ensurepip`, which it needs.
        is_present: || {
            let import = ["-c", "import venv, ensurepip"];
            commands::output_of(commands::new("python3").args(import)).is_some()
        },
        packages: &["python3", "python3-venv"],
        without: "no Python with venv, no test of the API's contract",
    },
    Requirement {
        is_present: || !tools::needs_npm() || places::on_path("npm").is_some(),
        packages: &["npm"],
        without: "no npm, no wasm-opt: the page would not be the one that is released",
    },
    Requirement {
        is_present: || is_installed("mariadbd") && is_installed("mariadb"),
        packages: &["mariadb-server"],
        without: "no MariaDB, no tests on it",
    },
    Requirement {
        is_present: || is_installed("postgres") && is_installed("initdb"),
        packages: &["postgresql"],
        without: "no PostgreSQL, no tests on it",
    },
    Requirement {
        is_present: || is_installed("redis-server"),
        packages: &["redis-server"],
        without: "no Redis, no tests of several nodes",
    },
    Requirement {
        is_present: has_faketime,
        packages: &["libfaketime"],
        without: "no faketime, no test of clocks that jump",
    },
    Requirement {
        is_present: || is_installed("ip"),
        packages: &["iproute2"],
        without: "no ip, no test of links that are cut",
    },
];

/// Installs the missing packages if run as root on Debian; otherwise prints the commands and fails.
pub fn ensure() -> Result<()> {
    let missing: Vec<&Requirement> =
        REQUIREMENTS.iter().filter(|requirement| !(requirement.is_present)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> =
        missing.iter().flat_map(|requirement| requirement.packages).copied().collect();
    if is_root() && is_debian() {
        eprintln!("  installing {}", packages.join(" "));
        commands::run(apt().arg("update"))?;
        let _block = ServiceStartBlock::new()?;
        return commands::run(
            apt().args(["install", "--yes", "--no-install-recommends"]).args(packages),
        );
    }
    for requirement in missing {
        eprintln!(
            "  {}: sudo apt-get install {}",
            requirement.without,
            requirement.packages.join(" ")
        );
    }
    bail!("required programs are missing");
}

/// Whether a program is on PATH or in a folder that Debian uses for servers.
fn is_installed(program: &str) -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let postgres_folders = versions.map(|version| version.path().join("bin"));
    let mut folders = postgres_folders.chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    places::on_path(program).is_some() || folders.any(|folder| folder.join(program).is_file())
}

/// Whether libfaketime is installed, for any architecture.
fn has_faketime() -> bool {
    let architectures = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    architectures
        .map(|architecture| architecture.path().join("faketime/libfaketimeMT.so.1"))
        .any(|file| file.is_file())
}

/// Prevents Debian from starting the servers that it installs, because the tests start their own.
/// Holds the path of the policy file that dropping it deletes; `None` if there was a policy before.
struct ServiceStartBlock(Option<&'static str>);

impl ServiceStartBlock {
    fn new() -> Result<Self> {
        const POLICY_FILE: &str = "/usr/sbin/policy-rc.d";
        if fs::exists(POLICY_FILE)? {
            return Ok(Self(None));
        }
        // 101 means "action forbidden by policy".
        fs::write(POLICY_FILE, "#!/bin/sh\nexit 101\n")?;
        let block = Self(Some(POLICY_FILE));
        fs::set_permissions(POLICY_FILE, fs::Permissions::from_mode(0o755))?;
        Ok(block)
    }
}

impl Drop for ServiceStartBlock {
    fn drop(&mut self) {
        if let Some(policy_file) = self.0 {
            let _ = fs::remove_file(policy_file);
        }
    }
}

fn apt() -> std::process::Command {
    let mut apt = commands::new("apt-get");
    apt.arg("--quiet=2").env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

fn is_root() -> bool {
    commands::output_of(commands::new("id").arg("-u")).as_deref() == Some("0")
}

/// Whether the system is Debian. Derived distributions are excluded, because their packages differ
/// (Ubuntu's `chromium` is a snap).
fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| line == "ID=debian")
}
