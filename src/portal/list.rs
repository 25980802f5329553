//! The list of what somebody's organizations were told of, newest first; tests apart.

use super::access::{Telling, tells, through};
use super::login::{Enduser, Listed};
use super::view::{Line, List, Mine};
use super::{Portal, PortalError, tip};
use crate::store::endusers::NoteAuthor;
use crate::store::rows::ConversationRow;
use domain::conversation::State;
use domain::dispatch::purpose::Purpose;
use domain::id::{ConversationId, OrganizationKey};
use jiff::Timestamp;

/// How many tips one page of the list has.
pub const PAGE: u32 = 20;

/// How many pages can be asked for: older tips are found by their reference.
pub const MOST_PAGES: u32 = 500;

impl Portal {
    /// One page of the list; 0 is the newest.
    pub async fn list(&self, who: &Enduser, page: u32) -> Result<List, PortalError> {
        let skip = page.min(MOST_PAGES) * PAGE;
        let mut rows = self.desk.store.told_to(who.organizations(), PAGE + 1, skip).await?;
        let more = rows.len() > PAGE as usize;
        rows.truncate(PAGE as usize);
        let mut list = List { tips: Vec::new(), drills: Vec::new(), more };
        for (id, _) in rows {
            let Some(row) = self.desk.store.conversation(id).await? else { continue };
            let tellings = self.tellings(id).await?;
            let through = through(who, &tellings);
            if through.is_empty() {
                continue;
            }
            let drill = row.conversation.drill || tellings.iter().all(|(dispatch, _)| dispatch.purpose == Purpose::Drill);
            let line = self.line(who, row, &tellings, &through).await?;
            if drill { list.drills.push(line) } else { list.tips.push(line) }
        }
        Ok(list)
    }

    async fn line(&self, who: &Enduser, row: ConversationRow, tellings: &[Telling], through: &[Listed]) -> Result<Line, PortalError> {
        let mine = |organization: &OrganizationKey| through.iter().any(|listed| listed.person.organization == *organization);
        let owed = || tellings.iter().flat_map(|(_, rows)| rows).filter(|row| tells(row) && mine(&row.obligation.step.organization));
        let confirmed = owed().filter_map(|row| row.obligation.confirmed_at.map(|at| (row.obligation.step.role.clone(), at)));
        let mut organizations: Vec<String> = through.iter().map(|listed| listed.organization_name.clone()).collect();
        organizations.sort();
        organizations.dedup();
        let told_at = tellings.iter().map(|(dispatch, _)| dispatch.started_at).max().unwrap_or(row.conversation.received_at);
        Ok(Line {
            reference: row.conversation.reference.as_str().to_owned(),
            organizations,
            level: tip::level(tellings, &row),
            told_at,
            confirmed: confirmed.min_by_key(|(_, at)| *at),
            asked: tip::mine(who, tellings) == Mine::Asked,
            new: self.is_new(who, row.conversation.id, told_at).await?,
            closed: row.conversation.state == State::Closed,
        })
    }

    /// Whether somebody was told or wrote since this person looked last.
    async fn is_new(&self, who: &Enduser, id: ConversationId, told_at: Timestamp) -> Result<bool, PortalError> {
        let opened = self.desk.store.opened_by(id).await?.into_iter().filter(|row| who.is(&row.person)).map(|row| row.at).max();
        let Some(opened) = opened else { return Ok(true) };
        let by_others = |author: &NoteAuthor| match author {
            NoteAuthor::Staff { .. } => true,
            NoteAuthor::Enduser { person, .. } => !who.is(person),
            NoteAuthor::Line { .. } => false,
        };
        Ok(told_at > opened || self.desk.store.enduser_notes(id).await?.iter().any(|note| note.at > opened && by_others(&note.author)))
    }
}
