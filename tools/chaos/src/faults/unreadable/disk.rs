//! Batches that are damaged in the files of a broker, as by a disk that rots.

use anyhow::{Context as _, ensure};
use std::fs;
use std::path::Path;

/// Changes one bit of `text`, which is in the log of the partition once, below the `data` of the broker.
///
/// # Errors
/// When it is not there.
pub(super) fn damage(data: &Path, topic: &str, partition: i32, text: &[u8]) -> anyhow::Result<()> {
    let folder = data.join(format!("{topic}-{partition}"));
    for file in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
        let file = file?.path();
        if file.extension().is_some_and(|extension| extension == "log") && change_in(&file, text)? {
            return Ok(());
        }
    }
    anyhow::bail!("no file in {} has the batch", folder.display())
}

/// Whether the file has it.
fn change_in(file: &Path, text: &[u8]) -> anyhow::Result<bool> {
    use std::os::unix::fs::FileExt as _;
    ensure!(!text.is_empty(), "no text");
    let bytes = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    let Some(at) = bytes.windows(text.len()).position(|window| window == text) else { return Ok(false) };
    let changed: Vec<u8> = text.iter().take(1).map(|byte| byte ^ 1).collect();
    // In place: the broker has the file open and appends to it.
    fs::OpenOptions::new().write(true).open(file)?.write_all_at(&changed, u64::try_from(at)?)?;
    Ok(true)
}
