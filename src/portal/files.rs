//! A reporter's picture for an enduser (no recording: a voice is known, R47): the safe copy only, and only of a tip that they may see. Its opening is the tip's,
//! which is recorded; the original is for analysts.

use super::login::Enduser;
use super::{Portal, PortalError};
use crate::desk::DeskError;
use crate::desk::files::OpenFile;
use domain::id::AttachmentId;

impl Portal {
    /// The copy that people are shown.
    pub async fn copy(&self, who: &Enduser, reference: &str, id: &str) -> Result<OpenFile, PortalError> {
        let id: AttachmentId = id.parse().map_err(|_| PortalError::NotHere)?;
        let access = self.access(who, reference).await?;
        match self.desk.shown_copy(access.tip.conversation.id, id).await {
            Err(DeskError::NoFile(_) | DeskError::NotFound) => Err(PortalError::NotHere),
            other => {
                Ok(other?).and_then(|copy: OpenFile| if copy.kind.starts_with("image/") { Ok(copy) } else { Err(PortalError::NotHere) })
            }
        }
    }
}
