//! The command line: one file a subcommand.
//!
//! A user's mistake is one sentence on standard error and exit code 2; any other failure is told with its causes and exit
//! code 1. What a command gives goes to standard output, what it says about its work to standard error.

mod backup;
mod check_config;
mod database;
mod directory;
mod keygen;
mod make_copy;
mod migrate;
mod moving;
mod pin;
mod plan;
mod progress;
mod restore;
mod serve;
mod table;
mod token;
mod user;
mod verify;

use crate::config::{Config, Database, environment};
use crate::deployment::{Refusal, refusal};
use clap::{Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// The exit code of a user's mistake.
const MISTAKE: u8 = 2;

/// The exit code of any other failure.
const FAILURE: u8 = 1;

const EXAMPLES: &str = "Examples:
  tipline keygen --out master.key
  tipline --config tipline.toml check-config
  tipline --config tipline.toml migrate
  tipline --config tipline.toml directory import --organizations organizations.csv --people people.csv
  tipline --config tipline.toml user add sam --name 'Sam Example' --role analyst
  tipline --config tipline.toml serve

Every key of the configuration can be set by a variable too: TIPLINE__PUBLIC__LISTEN=0.0.0.0:8080.";

/// The gateway of a confidential school-safety tip line.
#[derive(Debug, Parser)]
#[command(name = "tipline", version, after_help = EXAMPLES)]
struct Cli {
    /// The configuration; its keys are explained in config/default.toml.
    #[arg(short, long, global = true, env = "TIPLINE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The database: postgres://user:password@host:5432/name; without it what the configuration says, or a file in data.folder.
    #[arg(long, global = true, env = "TIPLINE_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway until Ctrl-C or SIGTERM.
    Serve,
    /// Make the database, or bring it up to date.
    Migrate,
    /// Read the configuration and the key, and say what is wrong.
    CheckConfig,
    /// The list of who is told: import, check, lint.
    #[command(subcommand)]
    Directory(directory::Directory),
    /// Logins of analysts and supervisors.
    #[command(subcommand)]
    User(user::User),
    /// PINs of persons of the directory.
    #[command(subcommand)]
    Pin(pin::Pin),
    /// Tokens for programs that use the API.
    #[command(subcommand)]
    Token(token::Token),
    /// Show who would be told what by when, without telling anybody.
    Plan(plan::Plan),
    /// Check that everything that is kept is sound: records, promises, receipts, work, files.
    Verify(verify::Verify),
    /// Make a backup beside the running gateway, or look whether one is whole.
    Backup(backup::Backup),
    /// Restore a backup into an empty deployment; nothing is sent again.
    Restore(restore::Restore),
    /// Move the deployment from its file into PostgreSQL.
    Move(moving::Moving),
    /// Make a master key.
    Keygen(keygen::Keygen),
    /// Decode a picture from standard input: the gateway starts this itself.
    #[command(hide = true)]
    MakeCopy,
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match command(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let mistake = error.downcast_ref::<Refusal>().is_some();
            if mistake {
                note(&format!("tipline: {error}"))
            } else {
                note(&format!("tipline: {error:#}"))
            }
            ExitCode::from(if mistake { MISTAKE } else { FAILURE })
        }
    }
}

fn command(cli: Cli) -> anyhow::Result<u8> {
    let environment = environment();
    let config = || -> anyhow::Result<Config> {
        let mut config = Config::load(cli.config.as_deref(), &environment).map_err(refusal)?;
        if let Some(url) = cli.database.as_deref().filter(|url| !url.is_empty()) {
            config.database = Database::parse(url).ok_or_else(|| refusal("--database takes postgres://user:password@host:5432/name"))?;
        }
        Ok(config)
    };
    match cli.command {
        Command::Serve => serve::run(config()?, environment.get("RUST_LOG").map(String::as_str)),
        Command::Migrate => migrate::run(&config()?).map(|()| 0),
        Command::CheckConfig => check_config::run(&config()?).map(|()| 0),
        Command::Directory(directory) => directory::run(directory, &config()?),
        Command::User(user) => user::run(user, &config()?).map(|()| 0),
        Command::Pin(pin) => pin::run(pin, &config()?).map(|()| 0),
        Command::Token(token) => token::run(token, &config()?).map(|()| 0),
        Command::Plan(plan) => plan::run(plan, &config()?).map(|()| 0),
        Command::Verify(verify) => verify::run(&verify, &config()?),
        Command::Backup(command) => backup::run(&command, &config()?).map(|()| 0),
        Command::Restore(command) => restore::run(&command, &config()?).map(|()| 0),
        Command::Move(command) => moving::run(&command, &config()?).map(|()| 0),
        Command::Keygen(keygen) => keygen::run(&keygen).map(|()| 0),
        Command::MakeCopy => make_copy::run().map(|()| 0),
    }
}

/// Gives the command's result. A reader that has gone away (`tipline plan | head`) is no failure.
fn give(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Says something about the work. There is nobody left to tell when even this cannot be written.
fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
