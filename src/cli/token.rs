//! `tipline token add`: bearer tokens for programs that use the API, each in the name of a member of staff.

use super::{database, give, note};
use crate::clock::Clock;
use crate::config::Config;
use crate::deployment::refusal;
use crate::entropy::Entropy;
use crate::login::{Login, normal_name};

const EXAMPLE: &str = "Example:
  tipline token add sam --label 'night report'
  curl -H 'Authorization: Bearer tl_…' http://127.0.0.1:8081/api/v1/tips";

/// The longest label, in characters.
const LONGEST_LABEL: usize = 80;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Token {
    /// Make a token that acts in the name of a login. It is shown this once.
    #[command(after_help = EXAMPLE)]
    Add {
        /// In whose name.
        login: String,
        /// What it is for.
        #[arg(long)]
        label: String,
    },
}

/// Runs it.
pub(super) fn run(command: Token, config: &Config) -> anyhow::Result<()> {
    let Token::Add { login, label } = command;
    let login = normal_name(&login);
    if label.trim().is_empty() || label.chars().count() > LONGEST_LABEL || label.chars().any(char::is_control) {
        return Err(refusal(format!("--label must say in 1 to {LONGEST_LABEL} characters what the token is for")));
    }
    let token = database::with(config, false, async |database| {
        let staff = database.store.staff_by_login(login.clone()).await?;
        let staff = staff.ok_or_else(|| refusal(format!("there is no login {login}: make it with `tipline user add {login} …`")))?;
        let logins = Login::new(database.store.clone(), Clock::System, Entropy);
        Ok(logins.new_api_token(staff.id, label.trim()).await?)
    })?;
    note(&format!("A token in the name of {login}, shown this once:"));
    give(token.reveal());
    Ok(())
}
