//! Damages batches in the files of a broker, as a failing disk would.

use anyhow::{Context as _, ensure};
use std::fs;
use std::path::Path;

/// Changes one bit of `text`, which occurs once in the partition's log below the broker's folder
/// `data`.
///
/// # Errors
/// When the log does not contain `text`.
pub(super) fn damage(data: &Path, topic: &str, partition: i32, text: &[u8]) -> anyhow::Result<()> {
    let folder = data.join(format!("{topic}-{partition}"));
    for file in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
        let file = file?.path();
        if file.extension().is_some_and(|extension| extension == "log") && change_in(&file, text)? {
            return Ok(());
        }
    }
    anyhow::bail!("no file in {} contains the batch", folder.display())
}

/// Changes a bit if the file contains `text`; returns whether it does.
fn change_in(file: &Path, text: &[u8]) -> anyhow::Result<bool> {
    use std::os::unix::fs::FileExt as _;
    ensure!(!text.is_empty(), "the text is empty");
    let bytes = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    let Some(at) = bytes.windows(text.len()).position(|window| window == text) else { return Ok(false) };
    let changed: Vec<u8> = text.iter().take(1).map(|byte| byte ^ 1).collect();
    // In place, because the broker has the file open and appends to it.
    fs::OpenOptions::new().write(true).open(file)?.write_all_at(&changed, u64::try_from(at)?)?;
    Ok(true)
}
