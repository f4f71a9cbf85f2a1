//! Holds the running server to its own OpenAPI document, with requests that schemathesis makes up:
//! once as an admin, once as a member.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use super::server::Server;
use crate::{commands, places};

const SCHEMATHESIS: &str = "4.32.5";

/// Another number tries other requests; a fixed one makes a failure come back.
const SEED: &str = "20240601";

/// For each operation: about a minute for each of the two on 2 cores.
const EXAMPLES: &str = "60";

/// Requests that would end the run instead of testing the server. The API tests cover them.
const EXCLUDED: [[&str; 2]; 3] = [
    // Signs our own token out; all that follows would only ever see a 401.
    ["--exclude-operation-id", "signOut"],
    // A new password for ourselves ends our session too.
    ["--exclude-operation-id", "changePassword"],
    // Not HTTP after the first answer: the socket's own tests speak it.
    ["--exclude-path-regex", "^(/api/v1/live|/ws/)"],
];

/// Small numbers are what made-up requests ask for, so these rooms are found among the many that
/// are not there.
const ROOMS: u32 = 4;

/// Both runs, on one server: what the admin has made is there for the member to stumble on.
pub fn run() -> Result<()> {
    let schemathesis = install()?;
    let mut server = Server::start()?;
    // The order matters: the first to register is the admin.
    let admin = sign_in(&server, "admin")?;
    let member = sign_in(&server, "member")?;
    // What the admin's run may do to anybody, shutting its own account included, the member's run
    // may try: it is refused.
    let shutting = ["--exclude-operation-id", "changeUser"].as_slice();
    for (role, token, excluded) in [("admin", &admin, shutting), ("member", &member, &[])] {
        furnish(&server, role, &admin, token)?;
        eprintln!("  as {role}");
        let outcome = check(&schemathesis, &server, role, token, excluded);
        ensure!(server.is_alive(), "the server did not survive: test-output/contract-server.log");
        outcome?;
        let (status, _) = server.call("GET", "/api/v1/users/me", token, "")?;
        ensure!(status == 200, "the {role}'s session ended on the way: nothing was tested after");
    }
    Ok(())
}

fn check(
    schemathesis: &PathBuf,
    server: &Server,
    role: &str,
    token: &str,
    excluded: &[&str],
) -> Result<()> {
    let report = places::test_output().join(format!("contract-{role}.xml"));
    let mut command = commands::new(schemathesis);
    command.args(["run", &format!("{}/openapi.json", server.url())]);
    command.args(["--header", &format!("Authorization: Bearer {token}")]);
    command.args([
        "--checks",
        "not_a_server_error,status_code_conformance,content_type_conformance,\
         response_schema_conformance",
    ]);
    // `stateful` guesses how operations hang together, at several times the price.
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES]);
    command.args(["--seed", SEED, "--generation-database", "none", "--request-timeout", "10"]);
    command.args(["--continue-on-failure", "--no-color", "--suppress-health-check", "all"]);
    command.args(["--warnings", "off", "--report-junit-path"]).arg(report);
    command.args(EXCLUDED.as_flattened()).args(excluded);
    // Its test framework leaves a folder of examples where it is started.
    command.current_dir(places::test_output());
    commands::run(&mut command)
}

fn sign_in(server: &Server, name: &str) -> Result<String> {
    let body = format!(r#"{{"username":"{name}","password":"correct horse battery"}}"#);
    let (status, answer) = server.call("POST", "/api/v1/users", "", &body)?;
    ensure!(status == 201, "registering {name}: {status} {answer}");
    let (status, answer) = server.call("POST", "/api/v1/sessions", "", &body)?;
    let token = answer.split(r#""token":""#).nth(1).and_then(|rest| rest.split('"').next());
    let token = token.with_context(|| format!("signing {name} in: {status}, no token"))?;
    Ok(token.to_owned())
}

/// Rooms with something in them, and the account in each: else most answers would be 404.
fn furnish(server: &Server, role: &str, admin: &str, token: &str) -> Result<()> {
    for number in 1..=ROOMS {
        let room = format!(r#"{{"name":"for the {role} {number}"}}"#);
        let (status, answer) = server.call("POST", "/api/v1/rooms", admin, &room)?;
        ensure!(status == 201, "a room for the {role}: {status} {answer}");
        let id = answer.split(r#""id":"#).nth(1).and_then(|rest| rest.split([',', '}']).next());
        let room = format!("/api/v1/rooms/{}", id.context("a room without an id")?);
        server.call("PUT", &format!("{room}/membership"), token, "")?;
        let client_id = format!("00000000-0000-7000-8000-{number:012}");
        let message = format!(r#"{{"content":"hello","client_id":"{client_id}"}}"#);
        let (status, answer) = server.call("POST", &format!("{room}/messages"), token, &message)?;
        ensure!(status == 201, "a message by the {role}: {status} {answer}");
    }
    Ok(())
}

/// Into a folder of its own in the cache: the system's Python stays as it is.
fn install() -> Result<PathBuf> {
    let venv = places::cache(&format!("schemathesis-{SCHEMATHESIS}"));
    let program = venv.join("bin/schemathesis");
    let works = || commands::ask(commands::new(&program).arg("--version")).is_some();
    if program.is_file() && works() {
        return Ok(program);
    }
    eprintln!("  fetching schemathesis {SCHEMATHESIS}");
    fs::create_dir_all(&venv)?;
    commands::run(commands::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    let mut pip = commands::new(venv.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--constraint"]);
    pip.arg("xtask/schemathesis.txt").arg(format!("schemathesis=={SCHEMATHESIS}"));
    commands::run(&mut pip)?;
    if !works() {
        bail!("schemathesis {SCHEMATHESIS} is installed, but does not start");
    }
    Ok(program)
}
