//! Statements that change rows do not read the clock while they run. Citus evaluates their functions
//! before it sends them to a worker, so it refuses those whose value changes meanwhile.

use std::fs;
use std::path::{Path, PathBuf};

/// Migrations that read the clock other than as the default of a column, and why Citus carries them
/// out. A released migration cannot be changed.
const MIGRATIONS_WITH_A_CLOCK: [(&str, &str); 3] = [
    ("2026-11-23-000009_command_life", "the update runs once, before a schema can be distributed"),
    ("2026-11-28-000024_one_start", "the trigger of an insert reads rows of its device and changes none"),
    (
        "2026-11-29-000029_receipts",
        "triggers insert the clock's value; on conflict they take what was inserted",
    ),
];

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

#[test]
fn migrations_and_their_triggers_read_the_clock_only_where_it_was_considered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut found = Vec::new();
    for migration in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(sql) = fs::read_to_string(migration.join("up.sql")) else { continue };
        let statements: Vec<_> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
        if statements.join("\n").replace("default clock_timestamp()", "").contains("clock_timestamp()") {
            found.push(migration.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    found.sort();
    let considered = MIGRATIONS_WITH_A_CLOCK.map(|(migration, _)| migration);
    assert_eq!(found, considered, "use statement_timestamp(), or add a reason to the list");
}
