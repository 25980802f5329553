//! The program `mock-carriers`: reads the command line, starts the mock, prints one JSON line when it listens,
//! ends at Ctrl-C or SIGTERM. A mistake on the command line or a port in use: one sentence and exit code 2.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use mock_carriers::options::{
    DEFAULT_ACCOUNT_SID, DEFAULT_AUTH_TOKEN, DEFAULT_MAILBOX, DEFAULT_MAILBOX_PASSWORD, NumberOptions, check_url, is_address,
};
use mock_carriers::telnyx::{DEFAULT_API_KEY, TelnyxOptions};
use mock_carriers::{MockCarriers, NumberRoute, Options, Tempo};

const EXAMPLES: &str = "Examples:
  mock-carriers --number +15555550100=http://127.0.0.1:8080/webhooks/main/messages
  mock-carriers --listen 127.0.0.1:0 --smtp 127.0.0.1:0 --speech-ms-per-word 350
  curl -s http://127.0.0.1:9090/control/say -d '{\"from\":\"+15555550142\",\"to\":\"+15555550100\",\"body\":\"hello\"}'

Open http://127.0.0.1:9090/ for handsets, the mail inbox and faults.";

/// Pretend carriers for development and training: Twilio's and Telnyx's REST APIs and webhooks, an SMTP and an IMAP server,
/// handsets.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Cli {
    /// Where the REST API, the control API and the pages listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:9090")]
    listen: SocketAddr,
    /// Where the second carrier's API (Telnyx) listens; port 0 takes a free one. When not given: 127.0.0.1:9091, or a free
    /// port when that one is in use.
    #[arg(long)]
    telnyx: Option<SocketAddr>,
    /// One of the second carrier's numbers, as with --number; may repeat.
    #[arg(long = "telnyx-number", value_name = "NUMBER[=SMS_URL[,VOICE_URL]]")]
    telnyx_numbers: Vec<NumberRoute>,
    /// The key of the second carrier's API.
    #[arg(long, env = "MOCK_CARRIERS_TELNYX_KEY", default_value = DEFAULT_API_KEY, hide_env_values = true)]
    telnyx_key: String,
    /// Where the SMTP server listens; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:2525")]
    smtp: SocketAddr,
    /// Where the IMAP server listens; port 0 takes a free one. When not given: 127.0.0.1:1143, or a free port when
    /// that one is in use.
    #[arg(long)]
    imap: Option<SocketAddr>,
    /// The tip line's mailbox: the address whose mail lands there, and the user of IMAP.
    #[arg(long, default_value = DEFAULT_MAILBOX)]
    mailbox: String,
    /// The mailbox's password.
    #[arg(long, env = "MOCK_CARRIERS_MAILBOX_PASSWORD", default_value = DEFAULT_MAILBOX_PASSWORD, hide_env_values = true)]
    mailbox_password: String,
    /// The account: AC and 32 hexadecimal digits.
    #[arg(long, default_value = DEFAULT_ACCOUNT_SID)]
    account_sid: String,
    /// Password of the REST API and key of the webhook signatures.
    #[arg(long, env = "MOCK_CARRIERS_AUTH_TOKEN", default_value = DEFAULT_AUTH_TOKEN, hide_env_values = true)]
    auth_token: String,
    /// One of the account's numbers: NUMBER, NUMBER=SMS_URL or NUMBER=SMS_URL,VOICE_URL; may repeat.
    #[arg(long = "number", value_name = "NUMBER[=SMS_URL[,VOICE_URL]]")]
    numbers: Vec<NumberRoute>,
    /// One of the numbers that has advanced opt-out; may repeat.
    #[arg(long, value_name = "NUMBER")]
    advanced_opt_out: Vec<String>,
    /// Where the end of inbound calls is reported: NUMBER=URL; may repeat.
    #[arg(long, value_name = "NUMBER=URL")]
    voice_status: Vec<String>,
    /// The gateway's public pages, such as http://127.0.0.1:8080; handsets then link to its chat and web form.
    #[arg(long, value_name = "URL")]
    site: Option<String>,
    /// How long a recording's sound answers 404 after it was made.
    #[arg(long, default_value_t = 0)]
    recording_ready_ms: u64,
    /// Ask `<Record action>`, with Digits=hangup, also after the caller hung up.
    #[arg(long)]
    record_action_after_hangup: bool,
    /// Creations in one second before 429; no limit when not given.
    #[arg(long)]
    max_per_second: Option<u32>,
    /// How long one spoken word lasts on a scripted call; a real one takes about 350.
    #[arg(long, default_value_t = Tempo::default().word_ms)]
    speech_ms_per_word: u64,
    /// How long one spoken word lasts at a handset page.
    #[arg(long, default_value_t = Tempo::default().handset_word_ms)]
    handset_ms_per_word: u64,
    /// How long a second of TwiML (Pause, Gather time-out) lasts at a handset page.
    #[arg(long, default_value_t = 1_000)]
    handset_second_ms: u64,
    /// Ringing before a scripted answer.
    #[arg(long, default_value_t = Tempo::default().ring_ms)]
    ring_ms: u64,
    /// How long a second of TwiML (Pause, Gather time-out) lasts on a scripted call.
    #[arg(long, default_value_t = Tempo::default().second_ms)]
    second_ms: u64,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).with_writer(std::io::stderr).init();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell when even standard error is closed.
            let _ = writeln!(std::io::stderr(), "mock-carriers: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let sid = &cli.account_sid;
    let is_sid = sid.len() == 34 && sid.starts_with("AC") && sid.bytes().skip(2).all(|b| b.is_ascii_hexdigit());
    anyhow::ensure!(is_sid, "--account-sid must be AC and 32 hexadecimal digits");
    anyhow::ensure!(
        cli.mailbox.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()),
        "--mailbox must be an address such as tips@example.org"
    );
    if let Some(site) = &cli.site {
        check_url(site).map_err(|_| anyhow::anyhow!("--site must be an address such as http://127.0.0.1:8080, not `{site}`"))?;
    }
    let options = Options {
        listen: cli.listen,
        smtp: cli.smtp,
        imap: cli.imap.unwrap_or_else(|| usual(1143)),
        mailbox: cli.mailbox,
        mailbox_password: cli.mailbox_password,
        account_sid: cli.account_sid,
        auth_token: cli.auth_token,
        number_options: number_options(&cli.advanced_opt_out, &cli.voice_status)?,
        site: cli.site.map(|site| site.trim_end_matches('/').to_owned()),
        recording_ready_ms: cli.recording_ready_ms,
        handset_second_ms: cli.handset_second_ms,
        record_action_after_hangup: cli.record_action_after_hangup,
        numbers: cli.numbers,
        max_per_second: cli.max_per_second,
        telnyx: TelnyxOptions {
            listen: cli.telnyx.unwrap_or_else(|| usual(9091)),
            api_key: cli.telnyx_key,
            numbers: cli.telnyx_numbers,
            ..TelnyxOptions::default()
        },
        tempo: Tempo {
            word_ms: cli.speech_ms_per_word,
            handset_word_ms: cli.handset_ms_per_word,
            ring_ms: cli.ring_ms,
            second_ms: cli.second_ms,
            ..Tempo::default()
        },
        ..Options::default()
    };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        // Before anybody is told that it listens, so that no signal is too early.
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let mock = MockCarriers::start(options).await?;
        let ready = serde_json::json!({
            "listening": mock.addr(),
            "telnyx": mock.telnyx_addr(),
            "telnyx_public_key": mock.telnyx_public_key(),
            "smtp": mock.smtp_addr(),
            "imap": mock.imap_addr(),
        });
        let mut out = std::io::stdout();
        writeln!(out, "{ready}")?;
        out.flush()?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted?,
            _ = terminate.recv() => {}
        }
        anyhow::Ok(())
    })?;
    runtime.shutdown_background();
    Ok(())
}

fn number_options(advanced: &[String], status: &[String]) -> anyhow::Result<HashMap<String, NumberOptions>> {
    let mut options: HashMap<String, NumberOptions> = HashMap::new();
    for number in advanced {
        anyhow::ensure!(is_address(number), "--advanced-opt-out: `{number}` is not a phone number");
        options.entry(number.clone()).or_default().advanced_opt_out = true;
    }
    for pair in status {
        let (number, url) = pair.split_once('=').filter(|(number, url)| is_address(number) && check_url(url).is_ok()).ok_or_else(|| {
            anyhow::anyhow!("--voice-status must be NUMBER=URL such as +15555550100=http://127.0.0.1:8080/ended, not `{pair}`")
        })?;
        options.entry(number.to_owned()).or_default().voice_status_url = Some(url.to_owned());
    }
    Ok(options)
}

/// This port unless another program has it: nobody asked for that one in particular.
fn usual(port: u16) -> SocketAddr {
    let usual = SocketAddr::from(([127, 0, 0, 1], port));
    let is_free = std::net::TcpListener::bind(usual).is_ok();
    if is_free { usual } else { SocketAddr::from(([127, 0, 0, 1], 0)) }
}
