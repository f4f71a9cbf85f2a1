//! The program's command line.

use std::process::{Command, Output};

fn rig(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rig")).args(args).output().expect("cannot start the rig")
}

#[test]
fn a_run_of_access_needs_a_server_and_a_sensible_length() {
    let missing = rig(&["access", "--server", "/no/such/server"]);
    assert_eq!(missing.status.code(), Some(1));
    let error = String::from_utf8(missing.stderr).unwrap();
    assert!(error.contains("build it first"), "{error}");

    let refused = rig(&["access", "--minutes", "0"]);
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && error.contains("0.05 to 1440"), "{error}");
}

#[test]
fn faults_are_listed_and_unknown_ones_refused() {
    let listed = rig(&["faults", "--list"]);
    assert!(listed.status.success());
    let names = String::from_utf8(listed.stdout).unwrap();
    assert!(names.contains("cut-node-database"), "{names}");

    let refused = rig(&["faults", "no-such-fault"]);
    assert!(!refused.status.success());
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("no-such-fault"), "{error}");
}
