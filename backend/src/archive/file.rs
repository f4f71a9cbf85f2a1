//! Opens and writes archive files; the path `-` is standard input or output.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

fn is_stdio(path: &Path) -> bool {
    path.as_os_str() == "-"
}

pub fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    if is_stdio(path) {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).with_context(|| path.display().to_string())?;
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}

/// Writes a file under a temporary name and renames it when it is complete.
pub struct Output {
    out: BufWriter<Box<dyn Write>>,
    /// The open file, its temporary path and its final path; `None` for standard output.
    file: Option<(File, PathBuf, PathBuf)>,
}

impl Output {
    /// Opens the temporary file. [`Output::finish`] replaces an existing file.
    pub fn create(path: &Path) -> Result<Self> {
        if is_stdio(path) {
            let out: Box<dyn Write> = Box::new(io::stdout());
            return Ok(Self { out: BufWriter::new(out), file: None });
        }
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".part");
        let temporary = PathBuf::from(temporary);
        let file = create_private(&temporary).with_context(|| temporary.display().to_string())?;
        let out: Box<dyn Write> = Box::new(file.try_clone()?);
        let out = BufWriter::with_capacity(1 << 16, out);
        Ok(Self { out, file: Some((file, temporary, path.to_owned())) })
    }

    /// Flushes the file to disk and renames it.
    pub fn finish(mut self) -> Result<()> {
        self.out.flush()?;
        let Some((file, temporary, path)) = &self.file else { return Ok(()) };
        file.sync_all()?;
        fs::rename(temporary, path)
            .and_then(|()| sync_folder(path))
            .with_context(|| path.display().to_string())?;
        self.file = None;
        Ok(())
    }
}

/// Creates a file that only the owner can read, and locks it, so that a concurrent export to the same
/// path fails instead of mixing with this one. Replaces the file of an export that was killed, because
/// the old file may have other permissions.
fn create_private(path: &Path) -> io::Result<File> {
    match File::open(path) {
        Ok(stale) => {
            stale.try_lock()?;
            fs::remove_file(path)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.write(true).create_new(true).open(path)?;
    file.try_lock()?;
    Ok(file)
}

/// Syncs the folder of a renamed file, without which the rename is not durable (fsync(2)).
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for Output {
    /// Removes an incomplete file.
    fn drop(&mut self) {
        if let Some((_, temporary, _)) = &self.file {
            let _ = fs::remove_file(temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concurrent_exports_to_one_path_do_not_mix() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        fs::write(folder.path().join("archive.part"), "left by a killed export").unwrap();
        let mut first = Output::create(&path).unwrap();
        assert!(Output::create(&path).is_err(), "the first export still writes it");
        first.write_all(b"whole").unwrap();
        first.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert!(Output::create(&path).is_ok());
    }
}
