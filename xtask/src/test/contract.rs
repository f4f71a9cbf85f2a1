//! Tests the server against its OpenAPI document: schemathesis generates requests as admin and as
//! member.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use super::server::Server;
use crate::{commands, places};

const SCHEMATHESIS: &str = "4.32.5";

/// A fixed seed makes failures reproducible.
const SEED: &str = "20240601";

/// Generated requests per operation: about one minute for each role on 2 cores.
const MAX_EXAMPLES: &str = "60";

/// Operations that the suite tests instead, because they would end the run or need a websocket.
const EXCLUDED_OPERATIONS: [[&str; 2]; 7] = [
    // Revokes the token of the run, so that all later requests get 401.
    ["--exclude-operation-id", "signOut"],
    // Also ends the session of the run.
    ["--exclude-operation-id", "changePassword"],
    ["--exclude-operation-id", "signOutUser"],
    ["--exclude-operation-id", "resetPassword"],
    // They end the accounts of the tests.
    ["--exclude-operation-id", "deleteMe"],
    ["--exclude-operation-id", "deleteUser"],
    // Websockets, which schemathesis does not support.
    ["--exclude-path-regex", "^(/api/v1/live|/ws/)"],
];

/// Generated requests prefer small ids, so they often hit these rooms.
const ROOM_COUNT: u32 = 4;

/// Runs both roles on one server, so that the member's requests hit data of the admin.
pub fn run() -> Result<()> {
    let schemathesis = install()?;
    let mut server = Server::start()?;
    // The first account is the admin.
    let admin = sign_in(&server, "admin")?;
    let member = sign_in(&server, "member")?;
    // The admin could disable its own account. The member's attempts are refused.
    let excluded_for_admin = ["--exclude-operation-id", "changeUser"].as_slice();
    for (role, token, excluded) in [("admin", &admin, excluded_for_admin), ("member", &member, &[])]
    {
        create_rooms(&server, role, &admin, token)?;
        eprintln!("  as {role}");
        let outcome = run_schemathesis(&schemathesis, &server, role, token, excluded);
        ensure!(server.is_alive(), "the server exited: test-output/contract-server.log");
        outcome?;
        let (status, _) = server.call("GET", "/api/v1/users/me", token, "")?;
        ensure!(status == 200, "the session of the {role} ended during the run");
    }
    Ok(())
}

fn run_schemathesis(
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
    // The phase `stateful` is left out, because it guesses relations between operations and takes several times as long.
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", MAX_EXAMPLES]);
    command.args(["--seed", SEED, "--generation-database", "none", "--request-timeout", "10"]);
    command.args(["--continue-on-failure", "--no-color", "--suppress-health-check", "all"]);
    command.args(["--warnings", "off", "--report-junit-path"]).arg(report);
    command.args(EXCLUDED_OPERATIONS.as_flattened()).args(excluded);
    // schemathesis writes a folder of examples into its working directory.
    command.current_dir(places::test_output());
    commands::run(&mut command)
}

fn sign_in(server: &Server, name: &str) -> Result<String> {
    let body = format!(r#"{{"username":"{name}","password":"correct horse battery"}}"#);
    let (status, response) = server.call("POST", "/api/v1/users", "", &body)?;
    ensure!(status == 201, "registering {name}: {status} {response}");
    let (status, response) = server.call("POST", "/api/v1/sessions", "", &body)?;
    let token = response.split(r#""token":""#).nth(1).and_then(|rest| rest.split('"').next());
    let token = token.with_context(|| format!("signing {name} in: {status}, no token"))?;
    Ok(token.to_owned())
}

/// Creates rooms with a message of the account in each, so that few requests get 404.
fn create_rooms(server: &Server, role: &str, admin: &str, token: &str) -> Result<()> {
    for number in 1..=ROOM_COUNT {
        let room = format!(r#"{{"name":"for the {role} {number}"}}"#);
        let (status, response) = server.call("POST", "/api/v1/rooms", admin, &room)?;
        ensure!(status == 201, "a room for the {role}: {status} {response}");
        let id = response.split(r#""id":"#).nth(1).and_then(|rest| rest.split([',', '}']).next());
        let room = format!("/api/v1/rooms/{}", id.context("a room without an id")?);
        server.call("PUT", &format!("{room}/membership"), token, "")?;
        let client_id = format!("00000000-0000-7000-8000-{number:012}");
        let message = format!(r#"{{"content":"hello","client_id":"{client_id}"}}"#);
        let (status, response) =
            server.call("POST", &format!("{room}/messages"), token, &message)?;
        ensure!(status == 201, "a message by the {role}: {status} {response}");
    }
    Ok(())
}

/// Installs schemathesis into the cache, not into the system's Python.
fn install() -> Result<PathBuf> {
    let venv = places::cache(&format!("schemathesis-{SCHEMATHESIS}"));
    let program = venv.join("bin/schemathesis");
    let is_usable = || commands::output_of(commands::new(&program).arg("--version")).is_some();
    if program.is_file() && is_usable() {
        return Ok(program);
    }
    eprintln!("  downloading schemathesis {SCHEMATHESIS}");
    fs::create_dir_all(&venv)?;
    commands::run(commands::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    let mut pip = commands::new(venv.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--constraint"]);
    pip.arg("xtask/schemathesis.txt").arg(format!("schemathesis=={SCHEMATHESIS}"));
    commands::run(&mut pip)?;
    if !is_usable() {
        bail!("schemathesis {SCHEMATHESIS} is installed, but does not start");
    }
    Ok(program)
}
