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
use hallway::{Error, Result, Settings, app, tables::sqlite_file, users, web};
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
    /// Print the OpenAPI document of the REST API.
    Openapi,
}

#[derive(Subcommand)]
enum Admin {
    /// Make somebody an admin (and open the account if it was shut). A running server sees it
    /// within seconds.
    Promote(Box<Promote>),
}

#[derive(Args)]
struct Promote {
    /// The name, in any case.
    name: String,
    #[command(flatten)]
    settings: Settings,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(settings) => serve(*settings).await,
        Command::Admin(Admin::Promote(promote)) => promote_one(promote).await,
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
    let _lock = lock(&settings)?;
    let stop = stop_signal()?;
    let listen = settings.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| wrong(format!("cannot listen on {listen}: {error}")))?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let url = settings.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let data = settings.data.display().to_string();
    let app = hallway::App::start(settings).await?;
    println!("Hallway is at {url} (data in {data}; API documentation at {url}/swagger/)");
    let sweeper = tokio::spawn(users::sweep(app.clone()));
    web::serve::serve(app.clone(), listener, stop).await;
    sweeper.abort();
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
fn lock(settings: &Settings) -> Result<Option<File>> {
    let Some(database) = sqlite_file(&settings.database_url()) else { return Ok(None) };
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

async fn promote_one(promote: Box<Promote>) -> Result<()> {
    let db = app::open(&promote.settings).await?;
    let user = users::promote(&db.writer, &promote.name).await?;
    db.close().await?;
    println!("{} is an admin.", user.username);
    Ok(())
}

fn wrong(text: String) -> Error {
    Error::new(Code::Internal, text)
}
