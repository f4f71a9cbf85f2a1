//! The files of the data folder: only their owner can read them, and one server at a time uses them.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};

use crate::{Storage, tables::sqlite_file};

/// The suffixes of the database's files: SQLite's, and the lock file.
const SUFFIXES: [&str; 5] = ["", "-wal", "-shm", "-journal", ".lock"];
const SESSION_KEYS: [&str; 2] = ["session.key", "session.key.new"];

/// Makes all files and folders that this process creates from now on private to their owner, whatever
/// umask it inherited: the database holds every message and all password hashes.
pub fn create_files_privately() {
    #[cfg(unix)]
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
}

/// Takes the permissions of group and others away from existing files, which an older version or a
/// copy may have created. The folder keeps its permissions if it holds anything else.
#[cfg(unix)]
pub fn restrict_permissions(storage: &Storage) {
    let mut files: Vec<PathBuf> = SESSION_KEYS.map(|name| storage.data.join(name)).into();
    if let Some(database) = sqlite_file(&storage.database_url()) {
        files.extend(SUFFIXES.map(|suffix| beside(&database, suffix)));
    }
    let is_ours = |path: &Path| files.iter().any(|file| file.file_name() == path.file_name());
    let has_only_our_files = fs::read_dir(&storage.data).is_ok_and(|mut entries| {
        entries.all(|entry| entry.is_ok_and(|entry| is_ours(&entry.path())))
    });
    let folder = has_only_our_files.then(|| storage.data.clone());
    for path in files.iter().chain(&folder) {
        if let Err(error) = restrict(path) {
            tracing::warn!(%error, path = %path.display(), "others may read this file");
        }
    }
}

/// Other systems have no such permissions.
#[cfg(not(unix))]
pub fn restrict_permissions(_: &Storage) {}

#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if mode & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o7700))
}

/// The locks of an SQLite database, which end with the process. They must outlive the connections to
/// the database: closing a file ends all locks that SQLite has on it in this process (fcntl(2)).
pub struct DatabaseLock {
    _files: Vec<File>,
}

/// Locks an SQLite database, because two servers on one file would not notice each other's messages.
/// One lock is on a file next to the database, and one on the database itself, which also finds a
/// server that uses it through a hard link or whose lock file was deleted.
pub fn lock_sqlite(storage: &Storage) -> Result<Option<DatabaseLock>> {
    let url = storage.database_url();
    let Some(database) = sqlite_file(&url) else { return Ok(None) };
    if let Some(folder) = database.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    // One lock file for all paths to the database, such as symbolic links.
    let database = database.canonicalize().unwrap_or(database);
    let in_use = || {
        anyhow!(
            "{}: another hallway is running on this database: stop it first, or choose another \
             folder with --data (or another file, if DATABASE_URL is set)",
            database.display()
        )
    };
    let path = beside(&database, ".lock");
    let lock_file = File::create(&path).with_context(|| path.display().to_string())?;
    match lock_file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(in_use()),
        Err(TryLockError::Error(error)) => return Err(error).context(path.display().to_string()),
    }
    #[cfg_attr(not(target_os = "linux"), allow(unused_mut))]
    let mut files = vec![lock_file];
    // Elsewhere, a lock on the database itself would conflict with SQLite's. Without `mode=rwc`, a missing
    // database is an error, so it is not created here.
    #[cfg(target_os = "linux")]
    if database.exists() || url.contains("mode=rwc") {
        let locked = lock_file_itself(&database).with_context(|| database.display().to_string())?;
        files.push(locked.ok_or_else(in_use)?);
    }
    Ok(Some(DatabaseLock { _files: files }))
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Opens the database, or creates an empty one, and locks its first byte, which SQLite never locks.
/// Returns `None` if another process has locked it. The lock belongs to the open file, so SQLite's
/// opening and closing of the same file does not end it (unlike that of flock(2) on some file systems,
/// it does not conflict with SQLite's own locks either).
#[cfg(target_os = "linux")]
fn lock_file_itself(database: &Path) -> io::Result<Option<File>> {
    use nix::{
        errno::Errno,
        fcntl::{FcntlArg, fcntl},
        libc,
    };
    let mut options = File::options();
    let file = options.read(true).write(true).create(true).truncate(false).open(database)?;
    let first_byte = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 1,
        l_pid: 0,
    };
    match fcntl(&file, FcntlArg::F_OFD_SETLK(&first_byte)) {
        Ok(_) => Ok(Some(file)),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(None),
        // A kernel or a file system without such locks: the lock file must do.
        Err(Errno::EINVAL | Errno::ENOLCK | Errno::EOPNOTSUPP) => Ok(Some(file)),
        Err(error) => Err(error.into()),
    }
}
