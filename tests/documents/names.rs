//! Names in the documents exist in the repository: paths, commands and identifiers.

use crate::markdown::Document;
use crate::repository::{documents, root, shown, words};
use std::collections::BTreeSet;
use std::fs;

/// Names of other software or of the reader's own systems, which are in no file here.
const FOREIGN: &[&str] = &[];

/// The beginnings of paths in documents.
const BEGINNINGS: [&str; 10] =
    ["crates/", "tools/", "tests/", "docs/", "deploy/", "migrations/", "proto/", "fuzz/", ".ci/", "Makefile"];

/// Reports each finding of `judge` on the code spans of all documents.
fn judge_spans(judge: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut findings = Vec::new();
    for path in documents() {
        let document = Document::parse(&fs::read_to_string(&path).unwrap());
        for (line, span) in document.spans() {
            findings.extend(judge(&span).map(|found| format!("{}:{line}: {found}", shown(&path))));
        }
    }
    findings
}

#[test]
fn every_path_exists() {
    let missing = judge_spans(|span| {
        let is_path = BEGINNINGS.iter().any(|begin| span.starts_with(begin))
            && !span.contains(['<', '*', '…', ' ', '{', '$']);
        let path = span.trim_end_matches('/').split(':').next().unwrap_or_default();
        (is_path && !root().join(path).exists()).then(|| span.to_owned())
    });
    assert!(missing.is_empty(), "these paths do not exist:\n{}", missing.join("\n"));
}

#[test]
fn every_command_exists() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let targets: BTreeSet<&str> = makefile
        .lines()
        .filter(|line| !line.starts_with(['\t', '#', ' ']))
        .filter_map(|line| line.split_once(':').map(|(target, _)| target))
        .flat_map(str::split_whitespace)
        .collect();
    let mut unknown = Vec::new();
    for path in documents() {
        let document = Document::parse(&fs::read_to_string(&path).unwrap());
        let spans = document.spans();
        let in_blocks = document.blocks.iter().filter(|block| block.language == "sh");
        let in_blocks = in_blocks.flat_map(|block| (block.line..).zip(block.text.lines().map(str::to_owned)));
        for (line, command) in spans.into_iter().chain(in_blocks) {
            let mut parts = command.split_whitespace();
            let named =
                (parts.next() == Some("make")).then(|| parts.find(|part| !part.contains('='))).flatten();
            if let Some(target) = named
                && !targets.contains(target)
            {
                unknown.push(format!("{}:{line}: make {target}", shown(&path)));
            }
        }
    }
    assert!(unknown.is_empty(), "the Makefile has no such targets:\n{}", unknown.join("\n"));
}

#[test]
fn every_identifier_exists() {
    let words = words();
    let unknown = judge_spans(|span| {
        let parts: Vec<&str> = span.trim_end_matches("()").split("::").collect();
        let is_identifier = |part: &str| {
            part.len() > 2
                && part.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')
        };
        let unknown = parts.iter().all(|part| is_identifier(part))
            && parts.iter().any(|part| !words.contains(*part) && !FOREIGN.contains(part));
        unknown.then(|| span.to_owned())
    });
    assert!(unknown.is_empty(), "nothing in the repository has these names:\n{}", unknown.join("\n"));
}
