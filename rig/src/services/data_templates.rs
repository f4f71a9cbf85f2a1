//! Templates of database data directories, which are initialised once for each version of the
//! database and copied for each server.

use std::{
    fs,
    future::Future,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use nix::unistd::{User, chown, geteuid};

use super::program::{Program, find_program};

/// A part of the template's name. Increase it when a template must be initialised differently.
const EDITION: u32 = 1;

/// Copies the template of `version` to `to`. If there is none, `initialise` creates a data
/// directory at the path that it gets. `user` owns the directories.
pub async fn copy<F>(
    version: &str,
    to: &Path,
    user: Option<&User>,
    initialise: impl FnOnce(PathBuf) -> F,
) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    let name = version.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let template = template_dir()?.join(format!("{name}-{EDITION}"));
    if !template.is_dir() {
        let scratch = tempfile::Builder::new().prefix("new-").tempdir_in(template_dir()?)?;
        set_owner(scratch.path(), user)?;
        let data = scratch.path().join("data");
        initialise(data.clone()).await?;
        // A concurrent run may have created the same template first.
        if fs::rename(&data, &template).is_err() && !template.is_dir() {
            bail!("cannot keep {}", template.display());
        }
    }
    let cp = Program::new(find_program(&["cp"], "coreutils")?).args(["-a", "--reflink=auto", "--"]);
    cp.arg(&template).arg(to).run().await?;
    Ok(())
}

/// Changes the owner of a directory, for a server that does not run as root; `None` changes
/// nothing.
pub fn set_owner(dir: &Path, user: Option<&User>) -> Result<()> {
    match user {
        Some(user) => Ok(chown(dir, Some(user.uid), Some(user.gid))?),
        None => Ok(()),
    }
}

/// The directory for templates. Fails if another user owns a directory of that name, because its
/// content cannot be trusted.
fn template_dir() -> Result<PathBuf> {
    let dir = std::env::temp_dir().join(format!("hallway-rig-{}", geteuid()));
    fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    if fs::symlink_metadata(&dir)?.uid() != geteuid().as_raw() {
        bail!("another user owns {}", dir.display());
    }
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755))?;
    Ok(dir)
}
