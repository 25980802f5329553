//! Sealed files: every one that a row names is there and opens under its tip's key, and none lies there that no row names.
//!
//! Only when asked for: it reads every file. One that was written in the last day may still wait for its row.

use super::report::{Check, Fault, Report};
use super::{Options, Step};
use crate::media::files::{File, Files};
use crate::store::rows::{AttachmentRow, AttachmentState, SafeCopy};
use crate::store::{Store, StoreError};
use crate::vault::Vault;
use domain::id::AttachmentId;
use jiff::{SignedDuration, Timestamp};

/// How many rows are read at once.
const PAGE: u32 = 200;
/// How old a file without a row must be to be left over.
const OLD: SignedDuration = SignedDuration::from_hours(24);

/// Why the files were not looked at to the end.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// The rows.
    #[error("rows of files were not read")]
    Store(#[from] StoreError),
    /// The folder.
    #[error("the folder of files was not read")]
    Folder(#[from] std::io::Error),
}

/// Looks at all files.
pub(super) async fn files(
    store: &dyn Store,
    (files, vault): (&Files, &Vault),
    options: &Options<'_>,
    report: &mut Report,
) -> Result<(), StoredError> {
    let mut after: Option<AttachmentId> = None;
    loop {
        let rows = store.attachments_after(after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        for row in &rows {
            for file in expected(&row.state) {
                report.looked_at(Check::Files, 1);
                if let Some(what) = unopened(store, (files, vault), row, *file).await? {
                    report.add(Fault::of(Check::Files, row.conversation, what));
                }
            }
        }
        (options.progress)(Step::Files, report);
    }
    let long_ago = options.now.checked_sub(OLD).unwrap_or(Timestamp::MIN);
    for folder in files.folders().await? {
        for found in files.found(&folder).await? {
            let is_old = Timestamp::try_from(found.changed).is_ok_and(|at| at < long_ago);
            let is_named = match found.of {
                Some((id, _)) => store.attachment(id).await?.is_some(),
                None => false,
            };
            if is_old && !is_named {
                report.add(Fault::of_all(Check::Files, "a file lies there that no row names; the daily sweep removes it"));
            }
        }
    }
    Ok(())
}

const fn expected(state: &AttachmentState) -> &'static [File] {
    match state {
        AttachmentState::Waiting { .. } | AttachmentState::Lost { .. } => &[],
        AttachmentState::Kept { copy: SafeCopy::Pending | SafeCopy::Impossible { .. }, .. } => &[File::Original],
        AttachmentState::Kept { copy: SafeCopy::Ready { .. }, .. } => &[File::Original, File::Copy],
    }
}

/// Why a file cannot be shown. Its row is read again: it may have changed since.
async fn unopened(
    store: &dyn Store,
    (files, vault): (&Files, &Vault),
    row: &AttachmentRow,
    file: File,
) -> Result<Option<&'static str>, StoredError> {
    let Some(tip) = store.conversation(row.conversation).await? else { return Ok(Some("a file belongs to a tip that is not there")) };
    if tip.key.is_destroyed() {
        return Ok(None);
    }
    let Ok(key) = vault.unwrap_key(row.conversation, &tip.key) else { return Ok(Some("the key of a tip does not open")) };
    let what = match files.get(row.id, file, &key).await {
        Ok(Some(_)) => return Ok(None),
        Ok(None) => "a file is not there",
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => "a file does not open: it is damaged, or another tip's",
        Err(error) => return Err(error.into()),
    };
    let again = store.attachment(row.id).await?;
    Ok(again.is_some_and(|again| expected(&again.state).contains(&file)).then_some(what))
}
