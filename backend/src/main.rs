//! The command line.

use std::{
    fmt::Display,
    fs::{File, TryLockError},
    future::Future,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use hallway::{
    Error, Result, Settings, Storage, api, archive, open_database, open_existing_database,
    settings::Secret, tables::sqlite_file, users,
};
use shared::problem::Code;
use tokio::{net::TcpListener, signal};
use tracing_subscriber::EnvFilter;

/// Thousands of small rows and frames a second, made on one thread and freed on another: the
/// system's own allocator takes a fifth of the time, and keeps twice the memory of idle sockets.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Hallway: a self-hosted chat of topic rooms.
#[derive(Parser)]
#[command(version, about, long_about = None, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server until SIGTERM or SIGINT.
    Serve(Box<Settings>),
    /// Look after the people of this server, on the machine it runs on.
    #[command(subcommand)]
    Admin(Admin),
    /// Write all of the server into one file, from which `hallway import` makes it anew on any
    /// database.
    ///
    /// Accounts, rooms, members, how far they have read, and messages, as of one moment; the server
    /// may go on meanwhile. Not in it: sign-ins and the key that signs them. Whoever can read the
    /// file can read every room, and try passwords against their hashes.
    Export(Export),
    /// Make the server anew in an empty database, from a file of `hallway export` or out of the
    /// database of the classic chat.
    ///
    /// All of it comes, or nothing: what fails leaves the database empty. No server may run on it
    /// meanwhile.
    Import(Import),
    /// Print the OpenAPI document of the REST API.
    Openapi,
}

#[derive(Subcommand)]
enum Admin {
    /// Make somebody an admin (and open the account if it was shut). A running server sees it
    /// within seconds.
    Promote(Person),
    /// Give somebody a new password, which is random and printed, and sign them out everywhere. They
    /// can change it once they are in.
    Password(Person),
}

#[derive(Args)]
struct Person {
    /// The name, in any case.
    name: String,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Args)]
struct Export {
    /// The file, which only you may read; `-` is standard output. One that is there is replaced
    /// once the new one is whole.
    file: PathBuf,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Args)]
struct Import {
    /// A file that `hallway export` wrote; `-` is standard input.
    #[arg(required_unless_present = "classic", conflicts_with = "classic")]
    file: Option<PathBuf>,
    /// Instead of a file, the database of the classic Django chat: `sqlite://PATH` or
    /// `mysql://USER:PASSWORD@HOST/NAME`. It is only read. Accounts, rooms and messages keep their
    /// numbers, people their passwords. What cannot be as it was is printed, a line each.
    #[arg(long, value_name = "URL", env = "CLASSIC_DATABASE_URL", hide_env_values = true)]
    classic: Option<Secret>,
    #[command(flatten)]
    storage: Storage,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(settings) => serve(*settings).await,
        Command::Admin(Admin::Promote(person)) => promote_one(person).await,
        Command::Admin(Admin::Password(person)) => new_password(person).await,
        Command::Export(export) => export_all(export).await,
        Command::Import(import) => import_all(import).await,
        Command::Openapi => {
            println!("{}", hallway::openapi());
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hallway: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Settings) -> Result<()> {
    log(&settings)?;
    let _lock = lock(&settings.storage)?;
    let stop = stop_signal()?;
    let listen = settings.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| wrong(format!("cannot listen on {listen}: {error}")))?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let url = settings.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let data = settings.storage.data.display().to_string();
    let app = hallway::start(settings).await?;
    println!("Hallway is at {url} (data in {data}; API documentation at {url}/swagger/)");
    let session_cleanup = tokio::spawn(users::delete_expired_sessions(app.clone()));
    api::serve::serve(app.clone(), listener, stop).await;
    session_cleanup.abort();
    app.db.clone().close().await?;
    Ok(())
}

fn log(settings: &Settings) -> Result<()> {
    let filter = EnvFilter::try_new(&settings.log)
        .map_err(|error| wrong(format!("HALLWAY_LOG is not understood: {error}")))?;
    let is_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_terminal)
        .with_writer(std::io::stderr)
        .init();
    Ok(())
}

/// Two servers on one SQLite file would not know of each other's messages. The lock is beside the
/// file, since two data folders may name the same one; it ends with the process.
fn lock(storage: &Storage) -> Result<Option<File>> {
    let Some(database) = sqlite_file(&storage.database_url()) else { return Ok(None) };
    let wrong = |path: &Path, error: &dyn Display| wrong(format!("{}: {error}", path.display()));
    if let Some(folder) = database.parent() {
        std::fs::create_dir_all(folder).map_err(|error| wrong(folder, &error))?;
    }
    // By whichever way the file is reached.
    let database = database.canonicalize().unwrap_or(database);
    let path = PathBuf::from(format!("{}.lock", database.display()));
    let file = File::create(&path).map_err(|error| wrong(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {
            let text = "another hallway is running on it: stop it first, or choose another folder \
                        by --data (or another file, if DATABASE_URL is set)";
            Err(wrong(&database, &text))
        }
        Err(TryLockError::Error(error)) => Err(wrong(&path, &error)),
    }
}

/// Ready when the server is asked to stop. Taken before anything else, so that no signal is lost.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
        Ok(async move {
            tokio::select! {
                _ = terminate.recv() => (),
                _ = interrupt.recv() => (),
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        let _ = signal::ctrl_c().await;
    })
}

async fn promote_one(person: Person) -> Result<()> {
    let db = open_existing_database(&person.storage).await?;
    let user = users::promote(&db.writer, &person.name).await?;
    db.close().await?;
    println!("{} is an admin.", user.username);
    Ok(())
}

async fn new_password(person: Person) -> Result<()> {
    let db = open_existing_database(&person.storage).await?;
    let (user, password) = users::reset_password(&db, &person.name).await?;
    db.close().await?;
    println!("{} has the password {}", user.username, password.0);
    Ok(())
}

async fn export_all(export: Export) -> Result<()> {
    let db = open_existing_database(&export.storage).await?;
    let counts = archive::export(&db, &export.file).await?;
    db.close().await?;
    eprintln!("Exported {counts}.");
    Ok(())
}

async fn import_all(import: Import) -> Result<()> {
    let Import { file, classic, storage } = import;
    let _lock = lock(&storage)?;
    let db = open_database(&storage).await?;
    let counts = match (file, classic) {
        (_, Some(url)) => {
            let archive::Report { counts, notes } = archive::import_classic(&db, &url.0).await?;
            notes.iter().for_each(|note| println!("{note}"));
            counts
        }
        (Some(file), None) => archive::import(&db, &file).await?,
        (None, None) => unreachable!("clap requires one of the two"),
    };
    db.close().await?;
    eprintln!("Imported {counts}.");
    Ok(())
}

fn wrong(text: String) -> Error {
    Error::new(Code::Internal, text)
}
