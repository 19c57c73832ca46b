//! Statements that change rows do not read the clock while they run. Citus evaluates their functions
//! before it sends them to a worker, so it refuses those whose value changes meanwhile.

use std::fs;
use std::path::{Path, PathBuf};

/// The Rust files below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// The string literals of Rust source text.
fn literals(source: &str) -> Vec<String> {
    let code: Vec<_> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n").replace("'\"'", "").replace("\\\"", "'");
    code.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether `sql` updates or deletes rows other than those in whose way an insert is.
fn changes_rows(sql: &str) -> bool {
    let count = |text| sql.matches(text).count();
    let locks = count("for update ") + count("key update ");
    sql.contains("delete from ") || count("update ") > count("do update ") + locks
}

#[test]
fn no_update_or_delete_reads_the_clock_while_it_runs() {
    let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let mut clocks = 0;
    for file in files {
        for sql in literals(&fs::read_to_string(&file).unwrap()) {
            clocks += sql.matches("_timestamp()").count();
            let reads_the_clock = sql.contains("clock_timestamp()");
            assert!(!(reads_the_clock && changes_rows(&sql)), "{}: {sql}", file.display());
        }
    }
    assert!(clocks > 40, "only {clocks} clocks were found in the sources");
}
