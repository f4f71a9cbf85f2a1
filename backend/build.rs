//! Rebuilds the server when the web app changes, because cargo does not see which files `rust-embed`
//! embeds.

fn main() {
    println!("cargo:rerun-if-changed=../dist");
    println!("cargo:rerun-if-changed=build.rs");
}
