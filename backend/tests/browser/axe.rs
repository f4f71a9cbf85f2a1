//! axe-core, the accessibility engine, from npm into the cache outside the source tree (it is
//! MPL-2.0 and no part of Hallway), and what it says of a page.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde_json::{Value, json};

use crate::browser::Browser;

const VERSION: &str = "4.14.1";
const RULES: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const RUN: &str = "
    const done = arguments[1];
    axe.run(document, { runOnly: { type: 'tag', values: arguments[0] }, resultTypes: ['violations'] })
        .then(found => done({
            rules: found.passes.length + found.violations.length,
            violations: found.violations.flatMap(rule => rule.nodes.map(node =>
                `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary.replace(/\\s+/g, ' ')}`)),
        }))
        .catch(error => done({ rules: 0, violations: [String(error)] }));";

/// What is wrong with the page as it is now: a line for each place.
pub async fn violations(browser: &Browser) -> Vec<String> {
    let there: bool = browser.run("return 'axe' in window", vec![]).await;
    if !there {
        let _: Value = browser.run(source(), vec![]).await;
    }
    let said = browser.wait_for(RUN, vec![json!(RULES)]).await;
    assert!(said["rules"].as_u64() > Some(5), "axe did not look: {said}");
    serde_json::from_value(said["violations"].clone()).unwrap()
}

fn source() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let file = cache().join("node_modules/axe-core/axe.min.js");
        if !file.is_file() {
            install();
        }
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    })
}

/// By way of a rename: another test run may be doing the same.
fn install() {
    let partial = cache().with_extension(format!("{}.partial", std::process::id()));
    fs::create_dir_all(&partial).unwrap();
    let done = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"])
        .arg("--prefix")
        .arg(&partial)
        .arg(format!("axe-core@{VERSION}"))
        .stdout(Stdio::null())
        .status();
    let done = done.expect("no npm for axe-core: sudo apt-get install npm");
    assert!(done.success(), "npm cannot fetch axe-core {VERSION}: {done}");
    if fs::rename(&partial, cache()).is_err() {
        let _ = fs::remove_dir_all(&partial);
    }
}

fn cache() -> PathBuf {
    let base = env::var_os("XDG_CACHE_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let home = || env::home_dir().unwrap_or_else(env::temp_dir).join(".cache");
    base.unwrap_or_else(home).join("hallway").join(format!("axe-core-{VERSION}"))
}
