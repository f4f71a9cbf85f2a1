//! Where a server's data is: a folder, and a database in it or elsewhere.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use hallway::tables;
use tempfile::TempDir;

use super::database::{Database, Kind, Original};

/// A data folder and a database that nobody else uses; gone with this.
pub struct Home {
    folder: TempDir,
    /// None if it is SQLite's, in the folder.
    database: Option<Database>,
}

impl Home {
    /// Without anything in it.
    pub async fn empty() -> Self {
        let database = match Kind::chosen() {
            Kind::Sqlite => None,
            _ => Some(Database::empty().await),
        };
        Self::with(database)
    }

    pub fn with(database: Option<Database>) -> Self {
        quarters();
        Self { folder: TempDir::new().unwrap(), database }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// As `DATABASE_URL` takes it.
    pub fn url(&self) -> String {
        let sqlite = || tables::sqlite_url(self.folder());
        self.database.as_ref().map_or_else(sqlite, Database::url)
    }

    /// The flags by which the program finds it.
    pub fn flags(&self) -> [String; 4] {
        let folder = self.folder().to_str().unwrap().to_owned();
        ["--data".into(), folder, "--database-url".into(), self.url()]
    }
}

/// A home that others are copies of.
pub struct Model {
    files: Vec<(String, Vec<u8>)>,
    database: Option<Original>,
}

impl Model {
    /// Takes a home in which nobody is any more.
    pub async fn of(home: Home) -> Self {
        let files = fs::read_dir(home.folder()).unwrap().map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        });
        let files = files.collect();
        let database = match home.database {
            Some(database) => Some(Original::of(database).await),
            None => None,
        };
        Self { files, database }
    }

    /// A home of one's own like it.
    pub async fn copy(&self) -> Home {
        let home = Home::with(match &self.database {
            Some(original) => Some(original.copy().await),
            None => None,
        });
        for (name, content) in &self.files {
            fs::write(home.folder().join(name), content).unwrap();
        }
        home
    }
}

/// Where everything temporary of this process is. A shell beside us clears it away when we are gone,
/// however that came: what is in statics is never dropped.
///
/// Not in cargo's folder: the server of PostgreSQL may run as somebody who cannot go there, and the
/// path of a socket must be short.
pub fn quarters() -> &'static Path {
    static QUARTERS: OnceLock<(PathBuf, Child)> = OnceLock::new();
    let (folder, _) = QUARTERS.get_or_init(|| {
        let folder = env::temp_dir().join(format!("hallway-suite-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        tempfile::env::override_temp_dir(&folder).unwrap();
        // Databases end a moment after us, and write until then.
        let clear = "trap '' INT TERM HUP; read -r _; \
            for n in 1 2 3 4 5 6 7 8; do sleep 0.2; rm -rf -- \"$0\"; done";
        let mut shell = Command::new("sh");
        shell.args(["-c", clear]).arg(&folder).stdin(Stdio::piped());
        let shell = shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        (folder, shell)
    });
    folder
}
