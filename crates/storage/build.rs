//! Rebuilds when a migration changes, because migrations are embedded in the program.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
