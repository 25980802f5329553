//! What is known of a reporter on a way in, and by whom: declared by the adapter of the way, told to the reporter in the first words (R67).
//!
//! An adapter declares facts; the sentence is made here in the domain. So a new way in cannot forget to say what is true of it,
//! and no sentence can claim more than was declared.

use serde::{Deserialize, Serialize};

/// What a way in makes known of a reporter, and to whom besides us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Knows {
    /// What there is to know.
    pub what: What,
    /// Who has it besides us.
    pub holder: Holder,
    /// Whether we keep it, sealed, to answer by it.
    pub kept_sealed: bool,
}

/// What there is to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A phone number.
    Number,
    /// An account of an app.
    Account,
    /// A mail address.
    Address,
    /// Only that somebody was here.
    Visit,
}

/// Who has it besides us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// The phone company.
    PhoneCompany,
    /// The company of the app.
    AppCompany,
    /// The companies that carry the mail.
    MailCompanies,
    /// The network that the reporter is in (a school's, a home's).
    Network,
}

impl Knows {
    /// A text or a call: the phone company has the number, and so have we, sealed.
    pub const PHONE: Self = Self { what: What::Number, holder: Holder::PhoneCompany, kept_sealed: true };
    /// WhatsApp, Messenger: the app's company has the account, and so have we, sealed.
    pub const APP: Self = Self { what: What::Account, holder: Holder::AppCompany, kept_sealed: true };
    /// Mail: those who carry it have the address, and so have we, sealed.
    pub const MAIL: Self = Self { what: What::Address, holder: Holder::MailCompanies, kept_sealed: true };
    /// Our own pages: nobody was asked; the network may see the visit.
    pub const VISIT: Self = Self { what: What::Visit, holder: Holder::Network, kept_sealed: false };
}
