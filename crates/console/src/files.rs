//! The embedded files of the console.

/// Every file of `web/dist` by its path.
static BUILT: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The page that is shown when the console is not built.
const NOT_BUILT: &str = include_str!("not_built.html");

/// A file to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// The uncompressed content.
    pub bytes: &'static [u8],
    /// The content compressed with gzip, if the build created it.
    pub packed: Option<&'static [u8]>,
    /// The value of `Content-Type`.
    pub media: &'static str,
}

/// The page that every address of the console shows.
pub fn page() -> File {
    find("index.html").unwrap_or(File {
        bytes: NOT_BUILT.as_bytes(),
        packed: None,
        media: "text/html; charset=utf-8",
    })
}

/// An asset of the page; its name contains a hash of its content.
pub fn asset(name: &str) -> Option<File> {
    find(&format!("assets/{name}"))
}

fn find(path: &str) -> Option<File> {
    let media = media(path)?;
    let named = |path: &str| BUILT.iter().find(|(name, _)| *name == path).map(|(_, bytes)| *bytes);
    Some(File { bytes: named(path)?, packed: named(&format!("{path}.gz")), media })
}

/// The content type by the extension of a file; `None` for compressed and unknown files.
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
    fn serves_a_page_whether_the_console_is_built_or_not() {
        assert!(page().bytes.starts_with(b"<!doctype html>"), "{:?}", page().bytes.get(..40));
        assert_eq!(page().media, "text/html; charset=utf-8");
    }

    #[test]
    fn finds_only_built_assets() {
        for name in ["", "no.js", "../index.html", "index.html.gz", ".gitignore"] {
            assert_eq!(asset(name), None, "{name}");
        }
    }
}
