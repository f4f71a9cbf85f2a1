//! The program's command line.

use std::process::{Command, Output};

fn rig(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rig")).args(args).output().expect("cannot start the rig")
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
