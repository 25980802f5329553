//! The record in words: one plain sentence an entry, the same on the page, in the export and in the API.

use crate::audit::{Action, PortalUser, Told, Warning};
use domain::channel::Means;
use domain::conversation::WayBack;
use domain::directory::Directory;
use domain::dispatch::evidence::{ConfirmedBy, End, ReceiptKind};
use domain::dispatch::obligation::{BreachReason, FailedBecause, Satisfaction};
use domain::dispatch::purpose::PageReason;
use domain::id::PersonKey;
use domain::level::Catalogue;

/// What happened, as a sentence. Times inside it are left to the entry's own time.
pub fn sentence(action: &Action, catalogue: &Catalogue, directory: &Directory) -> String {
    match action {
        Action::TipReceived { channel } => format!("A tip came by {}.", channel.as_str()),
        Action::MessageReceived { channel } => format!("The reporter wrote again by {}.", channel.as_str()),
        Action::CameBack { channel } => format!("The reporter came back by {} with the code.", channel.as_str()),
        Action::Transcribed => "A machine wrote down what it understood of a recording.".to_owned(),
        Action::AttachmentKept { .. } => "A file of the reporter was fetched and is kept sealed.".to_owned(),
        Action::AttachmentLost { .. } => "A file of the reporter could not be had; why stands in the conversation.".to_owned(),
        Action::CopyMade { .. } => {
            "A copy of a file was made that can be shown: without its place, device and other hidden data.".to_owned()
        }
        Action::OriginalOpened { .. } => "The original of a file was opened, with all that is hidden in it.".to_owned(),
        Action::FirstWords => "The first words and a return code were given to the reporter.".to_owned(),
        Action::ReplyWritten { .. } => "An answer was written to the reporter.".to_owned(),
        Action::Delivery { state, .. } => delivery(state),
        Action::WayBack { to } => match to {
            WayBack::Open => "The way back to the reporter is open again.".to_owned(),
            WayBack::OptedOut => "The reporter texted STOP: the way back is closed.".to_owned(),
            WayBack::Unreachable => "The reporter's address cannot be reached: the way back is closed.".to_owned(),
        },
        Action::FoundAlike { likeness, own_row: false, .. } => {
            format!("Found like an earlier tip ({likeness} % of the words), with nothing new: counted under it.")
        }
        Action::FoundAlike { likeness, own_row: true, .. } => {
            format!("Found like an earlier tip ({likeness} % of the words); there is more to it, so it keeps its own row.")
        }
        Action::TakenOut { .. } => "Taken out: it is about something else than the tip that it was found like.".to_owned(),
        Action::Opened => "The tip was opened.".to_owned(),
        Action::Claimed => "The tip was taken.".to_owned(),
        Action::Triaged { level, types, school, marks, reason_given } => {
            let names: Vec<_> = types.iter().map(|key| catalogue.get(key).map_or_else(|| key.to_string(), |t| t.name.clone())).collect();
            let level = level.map_or("no level", |level| level.title());
            let school = school.as_ref().map(|key| directory.organization(key).map_or_else(|| key.to_string(), |o| o.name.clone()));
            let marks = [
                (marks.in_progress, "in progress"),
                (marks.possible_crime, "possible crime"),
                (marks.safety_issue, "safety issue"),
                (marks.about_self, "about themself"),
                (marks.media_request, "press request"),
                (marks.legal_request, "asks for legal advice"),
            ];
            let marks: Vec<_> = marks.into_iter().filter_map(|(set, name)| set.then_some(name)).collect();
            let mut text = format!("Sorted as {level}: {}", names.join(", "));
            if let Some(school) = school {
                text.push_str(&format!("; {school}"));
            }
            if !marks.is_empty() {
                text.push_str(&format!("; {}", marks.join(", ")));
            }
            if *reason_given {
                text.push_str("; the reason is in the notes");
            }
            text.push('.');
            text
        }
        Action::Assessed => "An assessment was written.".to_owned(),
        Action::Noted => "A note was written.".to_owned(),
        Action::Dispatched { level, obligations, .. } => {
            format!("Dispatched as {}: {obligations} calls and mails were promised.", level.title())
        }
        Action::DrillStarted { obligations, .. } => format!("A drill was started: {obligations} numbers and addresses are tried."),
        Action::Excluded { persons } => changed("Left out by a supervisor, and told nothing", persons, directory),
        Action::PutBack { persons } => changed("Told again by a supervisor, after having been left out", persons, directory),
        Action::SupervisorPaged { reason, rung, people, with_another } => paged(*reason, *rung, *people, *with_another),
        Action::PagesOver => "What supervisors were paged for was done: nobody is paged for it any more.".to_owned(),
        Action::Warned { what, .. } => match what {
            Warning::Half => "Half of the time is over, and not everybody is told.".to_owned(),
            Warning::ThreeQuarters => "Three quarters of the time are over, and not everybody is told.".to_owned(),
            Warning::CannotMeet => "More calls are left than can be made in the time that is left.".to_owned(),
        },
        Action::ClockBreached => "The time for a Critical tip is over, and nobody has sorted or dispatched it.".to_owned(),
        Action::TaskOverdue { what } => format!("Not done in time: {what}"),
        Action::EndusersUpdated { people } => format!("There is news: {people} who were told of the tip are told so, without content."),
        Action::FeedbackAsked { people } => format!("{people} who were told are asked how it went."),
        Action::ReferralDecided { referred: true } => {
            "A referral to mental-health services was decided; to whom is in the notes.".to_owned()
        }
        Action::ReferralDecided { referred: false } => "No referral to mental-health services was decided; why is in the notes.".to_owned(),
        Action::PoliceToldByHand => "The police were told by a member of staff; whom is in the notes.".to_owned(),
        Action::AttemptStarted { told, number, .. } => format!("{} {} (attempt {number}).", verb(told), whom(told)),
        Action::AttemptNotTaken { told, reason, .. } => format!("The {} to {} was not taken: {reason}.", noun(told), whom(told)),
        Action::CarrierAsked { told, result, .. } => match result.as_str() {
            "not_found" => format!("The carrier has no trace of the {} to {}.", noun(told), whom(told)),
            _ => format!("The carrier could not be asked about the {} to {}.", noun(told), whom(told)),
        },
        Action::Receipt { told, kind, .. } => receipt(told, kind),
        Action::ReportReadOut { told } => format!("The report was read out to {}, after their PIN.", whom(told)),
        Action::NextAttempt { told, .. } => format!("The {} to {} will be tried again.", noun(told), whom(told)),
        Action::TextsForbidden { told, forbidden: true } => {
            format!("{} texted STOP: no more texts go there.", capital(&whom(told)))
        }
        Action::TextsForbidden { told, forbidden: false } => {
            format!("{} texted START: texts go there again.", capital(&whom(told)))
        }
        Action::Satisfied { told, by } => match by {
            Satisfaction::Confirmed(_) => format!("Promise kept: {} confirmed.", whom(told)),
            Satisfaction::ConfirmedElsewhere => format!("Promise kept: {} confirmed on another way.", whom(told)),
            Satisfaction::Notified => format!("Promise kept: the {} to {} was sent.", noun(told), whom(told)),
        },
        Action::Released { told } => format!("The {} to {} was not needed: the school was reached.", noun(told), whom(told)),
        Action::NextChannel { told } => format!("Another way is taken: the {} to {} is made.", noun(told), whom(told)),
        Action::StandbyStarted { told } => format!("Nobody at the school confirmed in time: the {} to {} is made.", noun(told), whom(told)),
        Action::Failed { told, because } => match because {
            FailedBecause::NobodyConfirmed => format!("{} did not confirm; a person has to take over.", capital(&whom(told))),
            FailedBecause::AddressRefused => {
                format!("The address of {} was refused by the carrier; a person has to take over.", whom(told))
            }
            FailedBecause::NoCarrier => format!("No carrier took the {} to {}; a person has to take over.", noun(told), whom(told)),
            FailedBecause::NotThem => format!("The number of {} is somebody else's; a person has to take over.", whom(told)),
            FailedBecause::Returned => format!("The mail to {} came back; a person has to take over.", whom(told)),
            FailedBecause::OptedOut => format!("{} takes no texts any more (STOP); a person has to take over.", capital(&whom(told))),
            FailedBecause::Restored => {
                format!(
                    "Whether the {} to {} was made is not known: restored from a backup; a person has to take over.",
                    noun(told),
                    whom(told)
                )
            }
        },
        Action::Breach { told, why } => format!("The due time of the {} to {} has passed{}.", noun(told), whom(told), breach(*why)),
        Action::TaskDone { what } => format!("Done by hand: {what}"),
        Action::OpenedByEnduser { who } => format!("Opened in the portal by {}.", user(who)),
        Action::RefusedToEnduser { who } => format!("Not shown to {}, who asked for it in the portal.", user(who)),
        Action::ConfirmedInPortal { who } => format!("Confirmed in the portal by {}.", user(who)),
        Action::EnduserNote { who } => format!("Note written in the portal by {}.", user(who)),
        Action::NoteToEndusers => "Note written to the endusers.".to_owned(),
        Action::Feedback { who, did } => format!("{} told what was done: {}.", capital(&user(who)), did.replace('_', " ")),
        Action::Restored { obligations, unheard, .. } => format!(
            "Restored from a backup. What was under way then was ended: {obligations} notifications, {unheard} messages to the reporter."
        ),
        Action::Closed => "Closed; why is in the notes.".to_owned(),
    }
}

/// "Left out by a supervisor: the Principal of Delta High School; why is in the notes."
fn changed(what: &str, persons: &[PersonKey], directory: &Directory) -> String {
    let listed = |key: &PersonKey| directory.persons.values().flatten().find(|person| person.key == *key);
    let name = |key: &PersonKey| listed(key).map_or_else(|| key.to_string(), |person| format!("{} ({})", person.name, person.role));
    format!("{what}: {}; why is in the notes.", persons.iter().map(name).collect::<Vec<_>>().join(", "))
}

/// "Supervisors paged (rung 2, 1 person): nobody has sorted the tip."
fn paged(reason: PageReason, rung: u8, people: usize, with_another: bool) -> String {
    let why = match reason {
        PageReason::Unsorted => "nobody has sorted the tip",
        PageReason::NotDispatched => "nobody has dispatched it",
        PageReason::InDanger => "what was promised may not be kept in time",
        PageReason::FollowUp => "the follow-up call is not noted",
    };
    let rung = u16::from(rung) + 1;
    match (people, with_another) {
        (_, true) => format!("Supervisors of rung {rung} were paged a moment ago for another tip; that page stands for this one: {why}."),
        (0, false) => format!("Nobody is listed to be paged on rung {rung}: {why}."),
        (1, false) => format!("A supervisor is paged (rung {rung}): {why}."),
        (people, false) => format!("{people} supervisors are paged (rung {rung}): {why}."),
    }
}

/// Somebody of the portal.
fn user(who: &PortalUser) -> String {
    format!("the {} of {}", who.role, who.organization)
}

/// Why a due time passed, as the end of a sentence.
const fn breach(why: Option<BreachReason>) -> &'static str {
    match why {
        None => "",
        Some(BreachReason::StartedLate) => ": it was started too late",
        Some(BreachReason::Queue) => ": it was still waiting for its turn",
        Some(BreachReason::NoCarrier) => ": no carrier had taken it",
        Some(BreachReason::NobodyConfirmed) => ": nobody had confirmed",
        Some(BreachReason::BadAddress) => ": the address takes nothing",
    }
}

/// A message's state, by its word in the record.
fn delivery(state: &str) -> String {
    match state {
        "waiting" => "A message to the reporter will be tried again.".to_owned(),
        "sending" => "A message goes out to the reporter.".to_owned(),
        "sent" => "The carrier took the message to the reporter.".to_owned(),
        "delivered" => "The message to the reporter was delivered.".to_owned(),
        "unconfirmed" => "The carrier never said whether the message to the reporter arrived.".to_owned(),
        "unknown" => "The carrier's answer about a message to the reporter was lost; it is not sent again by itself.".to_owned(),
        "failed" => "The message to the reporter did not arrive.".to_owned(),
        other => format!("A message to the reporter is now: {other}."),
    }
}

fn receipt(told: &Told, kind: &ReceiptKind) -> String {
    let (noun, whom) = (noun(told), whom(told));
    match kind {
        ReceiptKind::Submitted => format!("The carrier took the {noun} to {whom}."),
        ReceiptKind::Rang => format!("The phone of {whom} rings."),
        ReceiptKind::Delivered => format!("The {noun} to {whom} was delivered."),
        ReceiptKind::Answered => format!("The line of {whom} was picked up."),
        ReceiptKind::HumanAnswered => format!("A person answered at {whom}; not confirmed."),
        ReceiptKind::MachineAnswered => format!("A machine answered at {whom}."),
        ReceiptKind::FaxAnswered => format!("A fax answered at {whom}."),
        ReceiptKind::VoicemailLeft => format!("Voicemail left for {whom}; not confirmed."),
        ReceiptKind::NotMe => format!("Whoever answered at {whom} said that they are somebody else."),
        ReceiptKind::WrongKey => format!("A wrong code was entered at {whom}; not confirmed."),
        ReceiptKind::Confirmed(ConfirmedBy::Keypad) => format!("Confirmed by {whom}: the code was keyed on the call."),
        ReceiptKind::Confirmed(ConfirmedBy::Pin) => format!("Confirmed by {whom}: their PIN was keyed on the call."),
        ReceiptKind::Confirmed(ConfirmedBy::CallBack) => format!("Confirmed by {whom}: they called back and keyed reference and PIN."),
        ReceiptKind::Confirmed(ConfirmedBy::Text) => format!("Confirmed by {whom}: the text was answered with its code."),
        ReceiptKind::Confirmed(ConfirmedBy::Portal) => format!("Confirmed by {whom}: in the portal, logged in."),
        ReceiptKind::Confirmed(ConfirmedBy::MailPage) => format!("Confirmed by {whom}: the mail's code was sent from its page."),
        ReceiptKind::Confirmed(ConfirmedBy::AnalystNote) => format!("Confirmed by {whom}: an analyst spoke with them."),
        ReceiptKind::Ended(end) => match end {
            End::Completed => format!("The call to {whom} ended."),
            End::Busy => format!("The line of {whom} is busy."),
            End::NoAnswer => format!("Nobody answered at {whom}."),
            End::Canceled => format!("The {noun} to {whom} was cancelled."),
            End::Failed(code) => format!("The {noun} to {whom} failed{}.", with_code(*code)),
            End::Undelivered(code) => format!("The {noun} to {whom} did not arrive{}.", with_code(*code)),
        },
        ReceiptKind::Unrecognised(status) => format!("The carrier said something unknown about the {noun} to {whom}: {status}."),
    }
}

fn with_code(code: Option<i64>) -> String {
    code.map(|code| format!(" (carrier code {code})")).unwrap_or_default()
}
fn whom(told: &Told) -> String {
    format!("the {} of {}", told.role, told.organization)
}
fn noun(told: &Told) -> &'static str {
    match told.means {
        Means::Call => "call",
        Means::Mail => "mail",
        Means::Text => "text",
    }
}
fn verb(told: &Told) -> &'static str {
    match told.means {
        Means::Call => "Calling",
        Means::Mail => "Mailing",
        Means::Text => "Texting",
    }
}
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
