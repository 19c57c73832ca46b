//! The files of the repository that the documents may name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are built, installed or local to a machine.
const GENERATED: [&str; 8] =
    ["target", ".git", "node_modules", ".stack", ".stack-chaos", "dist", "generated", "__pycache__"];

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file below `folder`, as paths from the root, without those that are generated.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            match () {
                () if GENERATED.contains(&name.as_str()) => {}
                () if path.is_dir() => folders.push(path),
                () => found.push(path),
            }
        }
    }
    found.sort();
    found
}

/// README, CONTRIBUTING, all pages of `docs/`, and the READMEs of folders.
pub fn documents() -> Vec<PathBuf> {
    let mut found = files(&root());
    found.retain(|path| path.extension().is_some_and(|kind| kind == "md"));
    assert!(found.len() > 30, "the documents were not found");
    found
}

/// `path` as messages show it.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Every word of the sources, configuration and generated documents: what an identifier in a
/// document can refer to. Markdown documents do not count, so none can confirm another.
pub fn words() -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut collect = |word: &str| {
        words.insert(folded(word));
    };
    for path in files(&root()) {
        let is_document = path.extension().is_some_and(|kind| kind == "md");
        let is_this_test = path.starts_with(root().join("tests/documents"));
        // The page of metrics is compared with the live services by the flow tests.
        if (is_document && !path.ends_with("docs/metrics.md")) || is_this_test {
            continue;
        }
        path.iter().for_each(|part| collect(&part.to_string_lossy()));
        path.file_stem().into_iter().for_each(|stem| collect(&stem.to_string_lossy()));
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        text.split(|letter| !is_part(letter)).for_each(&mut collect);
        // Names with dashes or dots: crates, settings, headers, types of events, keys of charts.
        let is_name = |letter: char| is_part(letter) || letter == '-' || letter == '.';
        text.split(|letter| !is_name(letter)).for_each(|name| collect(name.trim_matches(['-', '.'])));
    }
    words
}

/// `word` without what differs between the forms of one name: `NoEffect`, `no_effect`, `NO_EFFECT`.
pub fn folded(word: &str) -> String {
    word.chars().filter(|letter| !['_', '-'].contains(letter)).collect::<String>().to_lowercase()
}
