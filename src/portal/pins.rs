//! PINs: drawn by the program, shown once, kept as a keyed hash (R18: content on a call only after the person's PIN).
//!
//! A person renews their own in the portal, one for all the organizations they are listed with; a supervisor draws one for somebody who
//! cannot get in. The rows are append-only, so who drew which and when stays known.

use super::login::Enduser;
use super::{Portal, PortalError};
use crate::store::endusers::{EnduserWrite, PinRow};
use crate::store::{Commit, Store, StoreError, Write};
use crate::vault::Vault;
use crate::vault::endusers::ShortSecret;
use domain::id::{PersonKey, StaffId};
use jiff::Timestamp;

/// Draws a PIN for these persons, who are one human, and keeps it. `by` is the member of staff, if it was one.
pub async fn draw(
    store: &dyn Store,
    vault: &Vault,
    persons: impl IntoIterator<Item = PersonKey>,
    by: Option<StaffId>,
    now: Timestamp,
) -> Result<ShortSecret, StoreError> {
    let pin = vault.draw_short_secret();
    let row = |person: PersonKey| PinRow { mac: Some(vault.pin_mac(&person, pin.reveal())), person, set_at: now, set_by: by };
    let writes = persons.into_iter().map(|person| Write::Enduser(Box::new(EnduserWrite::Pin(row(person))))).collect();
    store.commit(Commit { writes, ..Commit::default() }).await?;
    Ok(pin)
}

impl Portal {
    /// Since when somebody has a PIN for each of their organizations; `None` when one is missing or void.
    pub async fn pin_since(&self, who: &Enduser) -> Result<Option<Timestamp>, PortalError> {
        let mut since = None;
        for listed in &who.persons {
            match self.desk.store.pin(listed.person.key.clone()).await? {
                Some(row) if row.mac.is_some() => since = since.max(Some(row.set_at)),
                Some(_) | None => return Ok(None),
            }
        }
        Ok(since)
    }

    /// A new PIN. The one before stops working.
    pub async fn new_pin(&self, who: &Enduser) -> Result<ShortSecret, PortalError> {
        let persons = who.persons.iter().map(|listed| listed.person.key.clone());
        Ok(draw(&*self.desk.store, &self.desk.vault, persons, None, self.now()).await?)
    }
}
