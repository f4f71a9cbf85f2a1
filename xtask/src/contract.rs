//! Holds the running server to its own OpenAPI document, with requests that schemathesis makes up:
//! once as an admin, once as a member.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::server::Server;
use crate::{commands, places};

const SCHEMATHESIS: &str = "4.32.5";

/// Another number tries other requests; a fixed one makes a failure come back.
const SEED: &str = "20240601";

/// For each operation and phase: what fits into three minutes for each of the two on 2 cores.
const EXAMPLES: &str = "15";

/// Requests that would end the run instead of testing the server. The API tests cover them.
const EXCLUDED: [[&str; 2]; 3] = [
    // Signs our own token out; all that follows would only ever see a 401.
    ["--exclude-path-regex", "^/api/v1/sessions/.+"],
    // A new password or name for ourselves ends our session too.
    ["--exclude-path", "/api/v1/users/me"],
    // Not HTTP after the first answer: the socket's own tests speak it.
    ["--exclude-path-regex", "^(/api/v1/live|/ws/)"],
];

/// Both runs, on one server: what the admin has made is there for the member to stumble on.
pub fn run() -> Result<()> {
    let schemathesis = install()?;
    let mut server = Server::start()?;
    // The order matters: the first to register is the admin.
    for role in ["admin", "member"] {
        let token = sign_in(&server, role)?;
        eprintln!("  as {role}");
        let outcome = check(&schemathesis, &server, role, &token);
        ensure!(server.is_alive(), "the server did not survive: test-output/contract-server.log");
        outcome?;
        let (status, _) = server.call("GET", "/api/v1/users/me", &token, "")?;
        ensure!(status == 200, "the {role}'s session ended on the way: nothing was tested after");
    }
    Ok(())
}

fn check(schemathesis: &PathBuf, server: &Server, role: &str, token: &str) -> Result<()> {
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
    command.args(EXCLUDED.as_flattened());
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
