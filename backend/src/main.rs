//! The command line.

use std::{future::Future, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use hallway::{
    Settings, Storage, api, archive,
    data_files::{create_files_privately, lock_sqlite, restrict_permissions},
    log, open_database, open_existing_database,
    realtime::jobs,
    settings::Secret,
    users,
};
use shared::{access::Rank, users::MessageRetention};
use tokio::{net::TcpListener, signal};

/// The server allocates thousands of small rows and frames per second and frees them on other
/// threads. With the system allocator, that takes a fifth of the CPU time, and idle sockets take twice
/// the memory.
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
    /// Manage accounts.
    #[command(subcommand)]
    Admin(Admin),
    /// List the background jobs that are dead, running or waiting; retry or discard one.
    ///
    /// Jobs are the work that comes after a change, such as deleting the messages of a deleted room, and work that
    /// recurs. The server tries a job that fails again and again; after 100 attempts, about a day, it is dead
    /// and waits for you. Each line has the id of the job, its kind, the id of what it is about (such as the room
    /// or the account), its state, the attempts and the last error, whose cause is in the log of the server.
    Jobs(Jobs),
    /// Export all data to a file, which `hallway import` can load into any database.
    ///
    /// A snapshot of accounts, rooms, members, read positions and messages; the server may keep
    /// running. Sessions and the session key are not exported. The file contains every message and
    /// all password hashes: keep it secret.
    Export(Export),
    /// Import a file of `hallway export`, or the database of the classic chat, into an empty
    /// database.
    ///
    /// The import is one transaction: if it fails, the database stays empty. No server may run on the
    /// database meanwhile.
    Import(Import),
    /// Print the OpenAPI document of the REST API.
    Openapi,
}

#[derive(Subcommand)]
enum Admin {
    /// Make an account an admin, and enable it if it was disabled. A running server notices within
    /// seconds.
    Promote(Account),
    /// Make an account an owner, who also names admins, and enable it if it was disabled. A running server
    /// notices within seconds.
    Owner(Account),
    /// Set a random password, print it, and sign the account out everywhere.
    Password(Account),
    /// Delete an account for good, and free its name. It leaves its rooms, and its messages stay under the
    /// name "Deleted account" unless you delete them too. A running server notices within seconds and does
    /// the rest; otherwise the next start does.
    Delete(Delete),
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
struct Jobs {
    #[command(subcommand)]
    action: Option<JobAction>,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Subcommand)]
enum JobAction {
    /// Run a dead or waiting job at once, with 100 more attempts. A running server notices within seconds.
    Retry(JobId),
    /// Delete a dead job: what it had to do is never done, unless something asks for it again.
    Discard(JobId),
}

#[derive(Args)]
struct JobId {
    /// Id of the job, the first word of its line.
    id: i64,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Args)]
struct Account {
    /// Username, in upper or lower case.
    name: String,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Args)]
struct Delete {
    #[command(flatten)]
    account: Account,
    /// Whether the server keeps or deletes the messages of the account.
    #[arg(long, value_enum, default_value = "keep")]
    messages: Messages,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Messages {
    /// They stay, under the name "Deleted account".
    Keep,
    /// All of them are deleted, in all rooms.
    Delete,
}

#[derive(Args)]
struct Export {
    /// File to write, readable only by you; `-` is standard output. An existing file is replaced
    /// once the export is complete.
    file: PathBuf,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Args)]
struct Import {
    /// File written by `hallway export`; `-` is standard input.
    #[arg(required_unless_present = "classic", conflicts_with = "classic")]
    file: Option<PathBuf>,
    /// Import the database of the classic Django chat instead of a file: `sqlite://PATH` or
    /// `mysql://USER:PASSWORD@HOST/NAME`. It is only read. Accounts, rooms and messages keep their
    /// ids, accounts their passwords. Everything that had to be changed is printed, one line each.
    #[arg(long, value_name = "URL", env = "CLASSIC_DATABASE_URL", hide_env_values = true)]
    classic: Option<Secret>,
    #[command(flatten)]
    storage: Storage,
}

#[tokio::main]
async fn main() -> ExitCode {
    create_files_privately();
    let result = match Cli::parse().command {
        Command::Serve(settings) => serve(*settings).await,
        Command::Admin(Admin::Promote(account)) => promote(account, Rank::Admin).await,
        Command::Admin(Admin::Owner(account)) => promote(account, Rank::Owner).await,
        Command::Admin(Admin::Password(account)) => reset_password(account).await,
        Command::Admin(Admin::Delete(args)) => delete(args).await,
        Command::Jobs(Jobs { action: None, storage }) => list_jobs(storage).await,
        Command::Jobs(Jobs { action: Some(action), .. }) => change_job(action).await,
        Command::Export(args) => export(args).await,
        Command::Import(args) => import(args).await,
        Command::Openapi => {
            println!("{}", hallway::openapi());
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hallway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Settings) -> Result<()> {
    log::init(&settings.log)?;
    restrict_permissions(&settings.storage);
    let _lock = lock_sqlite(&settings.storage)?;
    let stop = stop_signal()?;
    let listen = settings.listen;
    let listener =
        TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    let url = settings.public_origin().unwrap_or_else(|| format!("http://{address}"));
    let data = settings.storage.data.display().to_string();
    let app = hallway::start(settings).await?;
    println!("Hallway is at {url} (data in {data}; API documentation at {url}/swagger/)");
    api::serve::serve(app.clone(), listener, stop).await;
    app.db.clone().close().await?;
    Ok(())
}

/// A future that completes at SIGTERM or SIGINT. On Unix the call itself installs the signal handlers, so
/// that no signal is lost before the future is polled.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
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

async fn promote(account: Account, rank: Rank) -> Result<()> {
    let db = open_existing_database(&account.storage).await?;
    let user = users::promote(&db, &account.name, rank).await?;
    db.close().await?;
    let title = if user.rank == Rank::Owner { "an owner" } else { "an admin" };
    println!("{} is {title}.", user.username);
    Ok(())
}

async fn reset_password(account: Account) -> Result<()> {
    let db = open_existing_database(&account.storage).await?;
    let (user, password) = users::reset_password(&db, &account.name).await?;
    db.close().await?;
    println!("{} has the password {}", user.username, password.0);
    Ok(())
}

async fn delete(Delete { account, messages }: Delete) -> Result<()> {
    let messages = match messages {
        Messages::Keep => MessageRetention::Keep,
        Messages::Delete => MessageRetention::Delete,
    };
    let db = open_existing_database(&account.storage).await?;
    let user = users::delete_account(&db, &account.name, messages).await?;
    db.close().await?;
    println!("{} is deleted.", user.username);
    Ok(())
}

async fn list_jobs(storage: Storage) -> Result<()> {
    let db = open_existing_database(&storage).await?;
    let (listed, left_out) = jobs::list(&db).await?;
    db.close().await?;
    listed.iter().for_each(|job| println!("{job}"));
    if left_out > 0 {
        println!("{left_out} more");
    }
    Ok(())
}

async fn change_job(action: JobAction) -> Result<()> {
    let (JobAction::Retry(JobId { id, storage }) | JobAction::Discard(JobId { id, storage })) =
        &action;
    let db = open_existing_database(storage).await?;
    let done = match action {
        JobAction::Retry(_) => jobs::retry(&db, *id).await.map(|()| "will be tried again"),
        JobAction::Discard(_) => jobs::discard(&db, *id).await.map(|()| "is discarded"),
    };
    db.close().await?;
    println!("Job {id} {}.", done?);
    Ok(())
}

async fn export(args: Export) -> Result<()> {
    let db = open_existing_database(&args.storage).await?;
    let counts = archive::export(&db, &args.file).await?;
    db.close().await?;
    eprintln!("Exported {counts}.");
    Ok(())
}

async fn import(args: Import) -> Result<()> {
    let Import { file, classic, storage } = args;
    restrict_permissions(&storage);
    let _lock = lock_sqlite(&storage)?;
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
