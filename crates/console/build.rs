//! Embeds the files of `web/dist`, if the console was built. Does not run Node; `make console`
//! does.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let variable =
        |name| env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other(format!("no {name}")));
    let built = variable("CARGO_MANIFEST_DIR")?.join("web/dist");
    println!("cargo::rerun-if-changed={}", built.display());
    let mut files = Vec::new();
    list(&built, &built, &mut files)?;
    files.sort();
    let mut code = String::from("&[\n");
    for (name, path) in &files {
        writeln!(code, "    ({name:?}, include_bytes!({:?})),", path.display().to_string())
            .map_err(io::Error::other)?;
    }
    code.push_str("]\n");
    fs::write(variable("OUT_DIR")?.join("files.rs"), code)
}

/// Collects the files below `folder` by their paths relative to `root`.
fn list(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(root, &path, files)?;
            continue;
        }
        let name = path.strip_prefix(root).map_err(io::Error::other)?.display().to_string();
        if !name.starts_with('.') {
            files.push((name, path));
        }
    }
    Ok(())
}
