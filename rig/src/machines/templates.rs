//! Data folders of databases, initialised once for each version and copied for each server.

use std::{
    fs,
    future::Future,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use nix::unistd::{User, chown, geteuid};

use super::program::{Program, find};

/// Part of a template's name: to be raised whenever the way in which it is made changes.
const EDITION: u32 = 1;

/// Copies the data folder of `version` to `to`; if there is none yet, `make` makes it in the folder
/// that it is given. The copy belongs to `user`.
pub async fn copy<F>(
    version: &str,
    to: &Path,
    user: Option<&User>,
    make: impl FnOnce(PathBuf) -> F,
) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    let template = kept()?.join(format!("{}-{EDITION}", plain(version)));
    if !template.is_dir() {
        let scratch = tempfile::Builder::new().prefix("new-").tempdir_in(kept()?)?;
        give(scratch.path(), user)?;
        let made = scratch.path().join("data");
        make(made.clone()).await?;
        // Whoever comes second has made the same.
        if fs::rename(&made, &template).is_err() && !template.is_dir() {
            bail!("cannot keep {}", template.display());
        }
    }
    let cp = Program::new(find(&["cp"], "coreutils")?).args(["-a", "--reflink=auto", "--"]);
    cp.arg(&template).arg(to).run().await?;
    Ok(())
}

/// Hands a folder over, so that a server that is not root can work in it.
pub fn give(folder: &Path, user: Option<&User>) -> Result<()> {
    match user {
        Some(user) => Ok(chown(folder, Some(user.uid), Some(user.gid))?),
        None => Ok(()),
    }
}

/// Our folder for templates among the temporary ones. Somebody else's of that name is not trusted.
fn kept() -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("hallway-rig-{}", geteuid()));
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    if fs::symlink_metadata(&folder)?.uid() != geteuid().as_raw() {
        bail!("{} belongs to somebody else", folder.display());
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

fn plain(version: &str) -> String {
    version.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
