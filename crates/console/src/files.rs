//! What was embedded, and how each part of it may be kept.

/// Every file of `web/dist`, by its path there.
static BUILT: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// What is shown where nothing was built.
const NOT_BUILT: &str = include_str!("not_built.html");

/// A file to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// It.
    pub bytes: &'static [u8],
    /// The same, packed by gzip, where that is shorter.
    pub packed: Option<&'static [u8]>,
    /// What it is.
    pub media: &'static str,
}

/// The page that all of the console's addresses show.
pub fn page() -> File {
    find("index.html").unwrap_or(File {
        bytes: NOT_BUILT.as_bytes(),
        packed: None,
        media: "text/html; charset=utf-8",
    })
}

/// A part of the page, which has its content's hash in its name.
pub fn asset(name: &str) -> Option<File> {
    find(&format!("assets/{name}"))
}

fn find(path: &str) -> Option<File> {
    let media = media(path)?;
    let named = |path: &str| BUILT.iter().find(|(name, _)| *name == path).map(|(_, bytes)| *bytes);
    Some(File { bytes: named(path)?, packed: named(&format!("{path}.gz")), media })
}

/// The type of a file, by its name; packed files are no files of their own.
fn media(path: &str) -> Option<&'static str> {
    match path.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_a_page_whether_it_was_built_or_not() {
        assert!(page().bytes.starts_with(b"<!doctype html>"), "{:?}", page().bytes.get(..40));
        assert_eq!(page().media, "text/html; charset=utf-8");
    }

    #[test]
    fn only_what_was_built_is_an_asset() {
        for name in ["", "no.js", "../index.html", "index.html.gz", ".gitignore"] {
            assert_eq!(asset(name), None, "{name}");
        }
    }
}
