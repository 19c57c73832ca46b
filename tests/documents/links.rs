//! Relative links point to existing files and headings.

use crate::markdown::Document;
use crate::repository::{documents, shown};
use std::fs;
use std::path::Path;

#[test]
fn every_relative_link_resolves() {
    let mut broken = Vec::new();
    for path in documents() {
        let document = Document::parse(&fs::read_to_string(&path).unwrap());
        for (line, target) in document.links() {
            if !target.contains("://")
                && !target.starts_with("mailto:")
                && !resolves(&path, &document, &target)
            {
                broken.push(format!("{}:{line}: {target}", shown(&path)));
            }
        }
    }
    assert!(broken.is_empty(), "the targets of these links do not exist:\n{}", broken.join("\n"));
}

fn resolves(from: &Path, document: &Document, target: &str) -> bool {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = from.parent().unwrap().join(file);
    if !file.is_empty() && !path.exists() {
        return false;
    }
    match (anchor, file) {
        ("", _) => true,
        (anchor, "") => document.anchors().iter().any(|known| known == anchor),
        (anchor, _) => {
            let text = fs::read_to_string(&path).unwrap_or_default();
            Document::parse(&text).anchors().iter().any(|known| known == anchor)
        }
    }
}
