//! The file of an archive, which is there whole or not at all. `-` is standard input or output.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::failure::{Failure, Result};

fn is_stream(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// An archive to read.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    if is_stream(path) {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).map_err(|error| Failure::from(error).at(path.display()))?;
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}

/// An archive to write, under another name until it is whole.
pub struct Destination {
    out: BufWriter<Box<dyn Write>>,
    /// The file, its name for now and its name.
    file: Option<(File, PathBuf, PathBuf)>,
}

impl Destination {
    /// Begins it; what is at its place stays there until [`Destination::finish`].
    pub fn create(path: &Path) -> Result<Self> {
        if is_stream(path) {
            let out: Box<dyn Write> = Box::new(io::stdout());
            return Ok(Self { out: BufWriter::new(out), file: None });
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = Self::private(&part);
        let file = file.map_err(|error| Failure::from(error).at(part.display()))?;
        let out: Box<dyn Write> = Box::new(file.try_clone()?);
        let out = BufWriter::with_capacity(1 << 16, out);
        Ok(Self { out, file: Some((file, part, path.to_owned())) })
    }

    /// A new file that nobody else may read, held until it is closed: of two exports to one place,
    /// the first would else put the half of the second there. What an export left that was killed
    /// may be open to others, and goes first.
    fn private(path: &Path) -> io::Result<File> {
        match File::open(path) {
            Ok(left) => {
                left.try_lock()?;
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

    /// Puts it in its place, on the disk.
    pub fn finish(mut self) -> Result<()> {
        self.out.flush()?;
        let Some((file, part, path)) = &self.file else { return Ok(()) };
        file.sync_all()?;
        fs::rename(part, path).map_err(|error| Failure::from(error).at(path.display()))?;
        sync_folder(path).map_err(|error| Failure::from(error).at(path.display()))?;
        self.file = None;
        Ok(())
    }
}

/// A name is on the disk when its folder is (fsync(2)).
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for Destination {
    /// Half an archive is of no use to anybody.
    fn drop(&mut self) {
        if let Some((_, part, _)) = &self.file {
            let _ = fs::remove_file(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_exports_to_one_place_do_not_mix() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        fs::write(folder.path().join("archive.part"), "left by one that was killed").unwrap();
        let mut first = Destination::create(&path).unwrap();
        assert!(Destination::create(&path).is_err(), "it is being written");
        first.write_all(b"whole").unwrap();
        first.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert!(Destination::create(&path).is_ok());
    }
}
