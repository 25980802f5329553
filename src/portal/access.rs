//! Who may see a tip (R42, R57): a person of an organization that was told of it, and nobody who is left out by a supervisor.
//!
//! The one place where that is decided. An organization that only stands by was not told; one that is told later sees it then. Closed
//! tips stay readable for those who were told (R58). Every refusal of a tip that is there is recorded.

use super::login::{Enduser, Listed};
use super::{Portal, PortalError};
use crate::audit::Action;
use crate::progress::left_out::left_out;
use crate::store::Commit;
use crate::store::rows::{ConversationRow, DispatchRow, ObligationRow};
use domain::conversation::reference::Reference;
use domain::dispatch::obligation::State;
use domain::dispatch::purpose::Purpose;
use domain::id::{ConversationId, OrganizationKey};

/// A dispatch with its obligations, in plan order.
pub type Telling = (DispatchRow, Vec<ObligationRow>);

/// A tip that somebody may see.
#[derive(Debug)]
pub struct Access {
    /// The tip.
    pub(super) tip: ConversationRow,
    /// Why: every telling of it, pages to supervisors left out.
    pub(super) tellings: Vec<Telling>,
    /// As whom: their persons whose organizations were told; never empty.
    pub(super) through: Vec<Listed>,
}

/// Whether endusers are told by a dispatch of this purpose, so that it is theirs to see.
pub(super) const fn is_for_endusers(purpose: Purpose) -> bool {
    match purpose {
        Purpose::Tip | Purpose::Update | Purpose::Drill | Purpose::Feedback => true,
        Purpose::Page(_) => false,
    }
}

/// Whether an organization is told of the tip itself by this obligation: a standby's turn may never come.
pub(super) fn tells(row: &ObligationRow) -> bool {
    let turn_came = match &row.obligation.state {
        State::Standby { .. } => false,
        State::Released { .. } => row.obligation.first_attempt_at.is_some(),
        State::Waiting { .. } | State::InFlight { .. } | State::Satisfied { .. } | State::Failed { .. } => true,
    };
    turn_came
        && match row.obligation.purpose {
            Purpose::Tip | Purpose::Drill => true,
            Purpose::Update | Purpose::Page(_) | Purpose::Feedback => false,
        }
}

/// Whether a receipt of this obligation is owed by this person; a district's that only stands by is not their turn yet.
pub(super) fn is_owed_to(row: &ObligationRow, listed: &Listed) -> bool {
    let step = &row.obligation.step;
    let theirs = step.person == listed.person.key && step.organization == listed.person.organization;
    theirs && (tells(row) || row.obligation.purpose == Purpose::Update)
}

/// As whom somebody may see a tip; empty when they may not.
pub(super) fn through(who: &Enduser, tellings: &[Telling]) -> Vec<Listed> {
    if left_out(tellings.iter().map(|(dispatch, _)| dispatch)).iter().any(|person| who.same.contains(person)) {
        return Vec::new();
    }
    let told = |organization: &OrganizationKey| {
        tellings.iter().flat_map(|(_, rows)| rows).any(|row| tells(row) && row.obligation.step.organization == *organization)
    };
    who.persons.iter().filter(|listed| told(&listed.person.organization)).cloned().collect()
}

impl Portal {
    pub(super) async fn tellings(&self, id: ConversationId) -> Result<Vec<Telling>, PortalError> {
        let mut tellings = Vec::new();
        for dispatch in self.desk.store.dispatches(id).await? {
            if is_for_endusers(dispatch.purpose) {
                let rows = self.desk.store.obligations(dispatch.id).await?;
                tellings.push((dispatch, rows));
            }
        }
        Ok(tellings)
    }

    /// The tip of a reference, for somebody who may see it. Refusals are recorded.
    pub(super) async fn access(&self, who: &Enduser, reference: &str) -> Result<Access, PortalError> {
        let reference = Reference::parse(reference).ok_or(PortalError::NotHere)?;
        let tip = self.desk.store.conversation_by_reference(reference.as_str()).await?.ok_or(PortalError::NotHere)?;
        let id = tip.conversation.id;
        let tellings = self.tellings(id).await?;
        let through = through(who, &tellings);
        if through.is_empty() {
            self.refused(who, id).await?;
            return Err(PortalError::NotHere);
        }
        Ok(Access { tip, tellings, through })
    }

    async fn refused(&self, who: &Enduser, id: ConversationId) -> Result<(), PortalError> {
        metrics::counter!(crate::telemetry::metric::PORTAL_REFUSED).increment(1);
        let refused = |listed: &Listed| Action::RefusedToEnduser { who: Self::user(&listed.person, &listed.organization_name) };
        let audit = who.persons.iter().take(1).map(|listed| self.entry(id, refused(listed))).collect();
        self.commit(Commit { audit, ..Commit::default() }).await?;
        Ok(())
    }
}
