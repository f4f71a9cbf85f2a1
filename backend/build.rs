//! The app's files are embedded by a macro that cargo cannot see through: built anew, they must be
//! taken anew.

fn main() {
    println!("cargo:rerun-if-changed=../dist");
    println!("cargo:rerun-if-changed=build.rs");
}
