//! The defaults are the procedures', the demo's file is good, and each mistake gets its sentence.

use super::account::SmtpTls;
use super::*;
use domain::level::Level;
use jiff::SignedDuration;
use std::sync::atomic::{AtomicU32, Ordering};

/// A file of the test's own, named in sentences as FILE.
struct File(PathBuf);

impl File {
    fn new(text: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("tipline-config-{}-{}.toml", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
    fn load(&self, environment: &Environment) -> Result<Config, String> {
        let name = self.0.display().to_string();
        Config::load(Some(&self.0), environment).map_err(|error| error.to_string().replace(&name, "FILE"))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn variables(list: &[(&str, &str)]) -> Environment {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn load(text: &str) -> Result<Config, String> {
    File::new(text).load(&Environment::new())
}

const TWILIO: &str =
    "[[account]]\nname = 'main'\nkind = 'twilio'\naccount_sid = 'AC1'\nauth_token = 'top-secret'\ncall_from = '+15555550100'\n";
const SMTP: &str = "[[account]]\nname = 'mail'\nkind = 'smtp'\nhost = 'mail.example.org'\nfrom = 'Safe2Help <notify@example.org>'\n";

#[test]
fn the_defaults_are_the_procedures() {
    let config = Config::load(None, &Environment::new()).unwrap();
    assert_eq!(*config.policy(), Policy::default());
    assert_eq!(config.public.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.zone().iana_name(), Some("America/Chicago"));
    assert_eq!(config.limits.webhook_body_bytes, 262_144);
    let levels: Vec<usize> =
        Level::ALL.iter().map(|level| config.catalogue().list().iter().filter(|t| t.level == *level).count()).collect();
    assert_eq!(levels, [7, 9, 5]);
    let school = &config.calendars()[&"school".parse::<CalendarKey>().unwrap()];
    let friday = "2026-11-20T16:40:00-06:00".parse().unwrap();
    let due = school.after(friday, SignedDuration::from_hours(1)).unwrap();
    assert_eq!(due.to_zoned(config.zone().clone()).datetime().to_string(), "2026-11-23T08:40:00");
    assert!(config.calendars()[&"always".parse::<CalendarKey>().unwrap()].is_open(friday));
    assert!(config.warnings().iter().any(|sentence| sentence.contains("no [[account]]")));
    assert!(matches!(config.master_key(), Err(KeyError::Missing)));
}

#[test]
fn the_demo_is_good() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo.toml");
    let config = Config::load(Some(&path), &Environment::new()).unwrap();
    assert_eq!(config.warnings(), Vec::<String>::new());
    assert_eq!(config.policy().busy_first, SignedDuration::from_secs(3));
    assert_eq!(config.policy().critical_window, SignedDuration::from_mins(20));
    assert_eq!(config.accounts.iter().map(|account| account.name().as_str()).collect::<Vec<_>>(), ["main", "backup", "mail", "mailbox"]);
}

#[test]
fn a_file_goes_over_the_defaults_and_the_environment_over_both() {
    let file = File::new("[public]\nlisten = '0.0.0.0:80'\norigin = 'https://tips.example.org'\n[dispatch]\nbusy_first = 0.5\n");
    let environment = variables(&[
        ("TIPLINE__PUBLIC__LISTEN", "0.0.0.0:8443"),
        ("TIPLINE__DISPATCH__MOST_ATTEMPTS", "3"),
        ("TIPLINE_MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("PATH", "/bin"),
    ]);
    let config = file.load(&environment).unwrap();
    assert_eq!(config.public.listen.to_string(), "0.0.0.0:8443");
    assert_eq!(config.public.origin.as_str(), "https://tips.example.org");
    assert_eq!(config.staff.listen.to_string(), "127.0.0.1:8081");
    assert_eq!(config.policy().busy_first, SignedDuration::from_millis(500));
    assert_eq!(config.policy().most_attempts, 3);
    assert_eq!(config.master_key().unwrap().1, "TIPLINE_MASTER_KEY");
}

#[test]
fn a_list_of_the_file_replaces_the_whole_list() {
    let config = load("[[tip_type]]\nkey = 'fire'\nname = 'Fire'\nlevel = 'critical'\n").unwrap();
    assert_eq!(config.catalogue().list().len(), 1);
}

#[test]
fn accounts_are_read_and_their_secrets_do_not_show() {
    let token = File::new("from-the-file\n");
    let text = format!(
        "{TWILIO}auth_token_file = '{}'\nauth_token_env = ['OLD', 'OLDER']\nshared_keys = {{ k1 = 'shared-one', k2 = {{ env = 'OLD' }} }}\n\
         texts_per_second = 3\n{SMTP}tls = 'wrapper'\nuser = 'u'\npassword = 'open-sesame'\n",
        token.0.display()
    );
    let config = File::new(&text).load(&variables(&[("OLD", "old-one"), ("OLDER", "older-one")])).unwrap();
    let [Account::Twilio(twilio), Account::Smtp(smtp)] = config.accounts.as_slice() else { panic!("two accounts") };
    let tokens: Vec<&str> = twilio.auth_tokens.iter().map(Secret::reveal).collect();
    assert_eq!(tokens, ["top-secret", "from-the-file", "old-one", "older-one"]);
    assert_eq!(twilio.shared_keys["k2"].reveal(), "old-one");
    assert_eq!((twilio.texts_per_second, twilio.calls_per_second, twilio.ring_seconds), (3.0, 1.0, 25));
    assert_eq!((twilio.api_base.as_str(), twilio.signature_header.as_str()), ("https://api.twilio.com", "X-Twilio-Signature"));
    assert_eq!(
        (smtp.port, smtp.tls, smtp.from_name.as_str(), smtp.from.reveal()),
        (465, SmtpTls::Wrapper, "Safe2Help", "notify@example.org")
    );
    let shown = format!("{config:?}");
    for secret in ["top-secret", "from-the-file", "old-one", "shared-one", "open-sesame", "5555550100"] {
        assert!(!shown.contains(secret), "{secret} shows");
    }
}

#[test]
fn a_mailbox_is_read_and_named_by_who_answers() {
    let imap = "[[account]]\nname = 'tips'\nkind = 'imap'\nhost = 'imap.example.org'\nuser = 'tips'\npassword = 'open-sesame'\n\
                address = 'tips@example.org'\nanswers_by = 'mail'\n";
    let config = load(&format!("{SMTP}{imap}junk = ['Junk', 'Spam']\nlargest_mail_mb = 5\n")).unwrap();
    let [_, Account::Imap(mailbox)] = config.accounts.as_slice() else { panic!("two accounts") };
    assert_eq!((mailbox.port, mailbox.most_bytes, mailbox.sweep.as_secs()), (993, 5 * 1024 * 1024, 60));
    assert_eq!((mailbox.inbox.as_str(), mailbox.processed.as_str(), mailbox.junk.len()), ("INBOX", "Processed", 2));
    assert!(!format!("{config:?}").contains("open-sesame") && !format!("{config:?}").contains("tips@"));
    for (change, named) in [
        ("answers_by = 'nobody'", "account.answers_by = \"nobody\" of account tips: name the account of kind"),
        ("address = 'tips+x@example.org'", "write the address that reporters write to"),
        ("address = 'a-very-long-local-part@example.org'", "write the address that reporters write to"),
        ("tls = 'none'", "without TLS only a mailbox on this machine"),
        ("processed = 'INBOX'", "name none of the folders that are read"),
        ("junk = 'Jünk'", "write a folder's name in plain ASCII"),
        ("sweep_seconds = 900", "write seconds above 0 and at most 300"),
        ("pasword = 'x'", "did you mean"),
    ] {
        let key = change.split(' ').next().unwrap();
        let without: String = imap.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect();
        let sentence = load(&format!("{SMTP}{without}{change}\n")).unwrap_err().to_string();
        assert!(sentence.contains(named), "{change}: {sentence}");
    }
}

#[test]
fn each_mistake_gets_a_sentence_that_names_the_thing_and_the_fix() {
    let account = |base: &str, more: &str| format!("{base}{more}");
    let table: Vec<(String, &str)> = vec![
        ("[public]\nlistn = 'x'".into(), "FILE: unknown key public.listn: did you mean public.listen?"),
        ("[publc]\nlisten = 'x'".into(), "FILE: unknown key publc: did you mean public?"),
        ("[public]\nlease_seconds = 3".into(), "FILE: unknown key public.lease_seconds: did you mean outbox.lease_seconds?"),
        ("[ops]\ncolour = 3".into(), "FILE: unknown key ops.colour: the keys here are listen"),
        ("[public\n".into(), "FILE:1:8: "),
        ("[public]\nlisten = 8080".into(), "FILE: public.listen = 8080: write it in quotes"),
        ("[public]\nlisten = 'localhost'".into(), "FILE: public.listen = \"localhost\": write address and port"),
        ("public = 3".into(), "FILE: public = 3: write it as a section, [public]"),
        ("[public]\norigin = 'https://a.example.org/tips'".into(), "without a path"),
        ("[public]\norigin = 'http://tips.example.org'".into(), "loopback host only"),
        ("[staff]\nlisten = '127.0.0.1:8080'".into(), "FILE: staff.listen = 127.0.0.1:8080: public.listen has the same"),
        ("[line]\nzone = 'America/Chicgo'".into(), "IANA list, such as America/Chicago"),
        ("[line]\ncall_back = '555-0100'".into(), "country first, such as +12175550101"),
        ("[data]\nfolder = ''".into(), "FILE: data.folder is missing: name a folder"),
        ("[dispatch]\nbusy_first = -1".into(), "FILE: dispatch.busy_first = -1: write seconds above 0"),
        ("[dispatch]\nbusy_first = 'soon'".into(), "write seconds above 0"),
        ("[dispatch]\nbusy_first = 500".into(), "FILE: dispatch.busy_first = 500: it must not be more than longest_delay"),
        ("[dispatch]\nmost_attempts = 0".into(), "write a whole number from 1 to 1000"),
        ("[dispatch]\npage_after = []".into(), "FILE: dispatch.page_after = []: write 1 to 20 times in seconds above 0"),
        ("[dispatch]\npage_after = [60, 60]".into(), "each more than the one before"),
        ("[dispatch]\npage_after = 60".into(), "such as [180, 360]"),
        ("[dispatch]\nbusy_firts = 4".into(), "did you mean dispatch.busy_first?"),
        ("[limits]\nwebhook_body_bytes = 1.5".into(), "write a whole number"),
        (
            "[[tip_type]]\nkey = 'fire'\nname = 'Fire'\nlevel = 'high'".into(),
            "FILE: tip_type[0].level = \"high\": write critical, standard or other",
        ),
        ("[[tip_type]]\nkey = 'Fire Alarm'\nname = 'Fire'\nlevel = 'other'".into(), "lower-case letters, digits and dashes"),
        ("tip_type = []".into(), "write at least one [[tip_type]]"),
        ("[[calendar]]\nkey = 'c'\nhours = { mo = '08:00-17:00' }".into(), "FILE: calendar[0].hours.mo = \"08:00-17:00\": write { mon"),
        ("[[calendar]]\nkey = 'c'\nhours = { mon = '17:00-08:00' }".into(), "the closing time is not after the opening"),
        ("[[calendar]]\nkey = 'c'\nhours = { mon = 'all day' }".into(), "such as \"08:00-17:00\""),
        ("[[calendar]]\nkey = 'c'".into(), "FILE: calendar[0].hours is missing"),
        (
            "[[calendar]]\nkey = 'c'\nhours = { mon = '08:00-17:00' }\nclosed_on = ['26.11.2026']".into(),
            "write dates such as \"2026-11-26\", or breaks",
        ),
        (
            "[[calendar]]\nkey = 'c'\nhours = { mon = '08:00-17:00' }\nclosed_on = ['2027-01-01..2026-12-21']".into(),
            "the break ends before it begins",
        ),
        (
            "[[calendar]]\nkey = 'c'\nhours = { mon = '08:00-17:00' }\nclosed_on = ['2026-12-21..2028-01-01']".into(),
            "the break is longer than 130 days",
        ),
        ("[account]\nname = 'main'".into(), "FILE: account = (not shown): write each entry under a line [[account]]"),
        (account(TWILIO, "auth_tokn_file = 'x'"), "FILE: unknown key account[0].auth_tokn_file: did you mean account[0].auth_token_file?"),
        (account(TWILIO, "host = 'x'"), "FILE: unknown key account[0].host: the keys here are name, kind, account_sid"),
        (account(TWILIO, "auth_token_file = '/nonexistent/token'"), "the file cannot be read (entity not found); name one that can"),
        (account(TWILIO, "auth_token_env = 'NOT_SET'"), "FILE: account[0].auth_token_env = \"NOT_SET\": this variable is not set"),
        (account(TWILIO, "api_base = 'http://api.example.org'"), "http is taken for a loopback host only"),
        (account(TWILIO, "api_base = 'https://api.example.org/?x'"), "write where the API is"),
        (account(TWILIO, "api_user = 'SK1'"), "api_user needs it"),
        (account(TWILIO, "text_from = '12175550101'"), "write the number as + and digits"),
        (account(TWILIO, "calls_per_second = 0"), "write a number above 0"),
        (account(TWILIO, "also_receives = 'viber:1'"), "account[0].also_receives = \"viber:1\": write a number, or an address"),
        (account(TWILIO, "answers_keywords = 'no'"), "account[0].answers_keywords = \"no\": write true or false"),
        (account(TWILIO, "allow_private_media = ['http://10.0.0.1/']"), "write a host, or host:port"),
        (account(TWILIO, "media_timeout_seconds = 0"), "write seconds above 0"),
        ("[reconcile]\npoll_seconds = 0".into(), "reconcile.poll_seconds = 0: write seconds above 0"),
        (account(TWILIO, "shared_keys = { k1 = 7 }"), "account[0].shared_keys.k1 = (secret): write { key-id"),
        (account(TWILIO, TWILIO), "FILE: account[1].name = main: two accounts have this name"),
        (TWILIO.replace("'twilio'", "'vonage'"), "FILE: account[0].kind = \"vonage\": write \"twilio\", \"telnyx\", \"smtp\" or \"imap\""),
        (TWILIO.replace("auth_token = 'top-secret'", ""), "FILE: account[0].auth_token is missing"),
        (TWILIO.replace("call_from = '+15555550100'", ""), "FILE: account[0].text_from is missing"),
        (TWILIO.replace("'main'", "'Main line'"), "lower-case letters, digits and dashes, such as main"),
        (TWILIO.replace("'AC1'", "'AC1/../x'"), "copy it from the carrier's console"),
        (account(SMTP, "tls = 'none'"), "write \"required\", \"opportunistic\" or \"wrapper\""),
        (account(SMTP, "user = 'u'"), "user needs it"),
        (SMTP.replace("Safe2Help <notify@example.org>", "notify"), "write it as \"Safe2Help <notify@example.org>\""),
    ];
    for (text, expected) in table {
        let sentence = load(&text).map(|_| "taken").unwrap_err();
        assert!(sentence.contains(expected), "{text}\ngave: {sentence}");
        assert!(!sentence.contains('\n'), "one sentence: {sentence}");
        assert!(!sentence.contains("top-secret"), "{sentence}");
    }
}

#[test]
fn a_variables_mistake_names_the_variable() {
    for (name, value, expected) in [
        ("TIPLINE__PUBLIC__LISTN", "x", "the variable TIPLINE__PUBLIC__LISTN: unknown key public.listn: did you mean public.listen?"),
        ("TIPLINE__PUBLIC__LISTEN", "x", "the variable TIPLINE__PUBLIC__LISTEN: public.listen = \"x\": write address and port"),
        ("TIPLINE__DISPATCH__GRACE", "long", "the variable TIPLINE__DISPATCH__GRACE: dispatch.grace = (not shown): write a number"),
        ("TIPLINE__ACCOUNT__0__AUTH_TOKEN", "x", "with secrets by auth_token_env or auth_token_file"),
        ("TIPLINE__ACCOUNT", "x", "write it in a file"),
        ("TIPLINE__TIP_TYPE", "x", "write it in a file"),
    ] {
        let sentence = Config::load(None, &variables(&[(name, value)])).unwrap_err().to_string();
        assert!(sentence.contains(expected), "{name}\ngave: {sentence}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let sentence = Config::load(Some(Path::new("/nonexistent/tipline.toml")), &Environment::new()).unwrap_err().to_string();
    assert_eq!(sentence, "/nonexistent/tipline.toml cannot be read (entity not found): name an existing configuration with --config");
}

#[test]
fn a_hotline_needs_its_number_and_its_schools() {
    let with = |keys: &str| load(&format!("[line]\n{keys}"));
    let line = with("desk_number = '+15555550110'\nhotline_number = '+15555550120'\nhotline_for = 'Chicago Public Schools'").unwrap().line;
    assert_eq!(line.desk.unwrap().reveal(), "+15555550110");
    let (number, schools) = line.hotline.unwrap();
    assert_eq!((number.reveal(), &schools[..]), ("+15555550120", "Chicago Public Schools"));
    assert!(with("").unwrap().line.hotline.is_none());
    assert!(with("hotline_number = '+15555550120'").unwrap_err().contains("hotline_for"));
    assert!(with("hotline_for = 'Chicago Public Schools'").unwrap_err().contains("hotline_number"));
}
