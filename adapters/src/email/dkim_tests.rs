//! Signatures as a receiver looks at them: good as they are, broken by any change that a reader would see.
//!
//! The receiver here shares no line with the signer's parsing of tags and choice of headers, and is itself held against the example of
//! RFC 8463 (appendix A), whose signature somebody else made.

use super::*;
use aws_lc_rs::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

const MAIL: &str = "From: \"Safe Tips\" <reports@example.org>\r\nTo: principal@school.example.org\r\nSubject: Report:\r\n  please   \
                    confirm\r\nDate: Mon, 05 Jan 2026 09:14:00 +0000\r\nMessage-ID: <n1@example.org>\r\nAuto-Submitted: auto-generated\r\n\
                    MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\
                    There is a  report.\r\n\r\n indented \t \r\n.\r\nCode: 123456\r\n\r\n\r\n";

/// The example of RFC 8463, A.3, with its Ed25519 signature only.
const EXAMPLE: &str = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n \
                       q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n \
                       bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n \
                       Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\nFrom: Joe SixPack <joe@football.example.com>\r\n\
                       To: Suzie Q <suzie@shopping.example.net>\r\nSubject: Is dinner ready?\r\n\
                       Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\nMessage-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n\
                       Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
const EXAMPLE_RECORD: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// Whether a receiver who finds this record in the DNS believes the first signature of a mail.
pub(in crate::email) fn believed(mail: &[u8], record: &str) -> bool {
    let (headers, body) = parts(mail);
    let Some(at) = headers.iter().position(|(name, _)| name.eq_ignore_ascii_case("DKIM-Signature")) else { return false };
    let text = String::from_utf8(headers[at].1.clone()).unwrap();
    let tag = |list: &str, name: &str| -> String {
        let tags = list.split(';').filter_map(|tag| tag.split_once('='));
        tags.filter(|(found, _)| found.trim() == name).map(|(_, value)| value.split_whitespace().collect()).next().unwrap_or_default()
    };
    if tag(&text, "bh") != STANDARD.encode(Sha256::digest(relaxed_body(body))) {
        return false;
    }
    let mut left: Vec<&(String, Vec<u8>)> = headers.iter().collect();
    let mut signed = Vec::new();
    for name in tag(&text, "h").split(':') {
        if let Some(place) = left.iter().rposition(|(found, _)| found.eq_ignore_ascii_case(name)) {
            let (name, value) = left.remove(place);
            signed.extend([relaxed_header(name, value), b"\r\n".to_vec()].concat());
        }
    }
    // The signature's own header with an empty b=.
    let b = text.rfind("b=").unwrap();
    signed.extend(relaxed_header("DKIM-Signature", &text.as_bytes()[..b + 2]));
    let (key, signature) = (STANDARD.decode(tag(record, "p")).unwrap(), STANDARD.decode(tag(&text, "b")).unwrap());
    match tag(record, "k").as_str() {
        "ed25519" => UnparsedPublicKey::new(&ED25519, key).verify(&Sha256::digest(&signed), &signature).is_ok(),
        "rsa" => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(&signed, &signature).is_ok(),
        other => panic!("{other}"),
    }
}

/// A key as an operator makes it.
pub(in crate::email) fn key(arguments: &[&str]) -> Secret {
    let made = std::process::Command::new("openssl").arg("genpkey").args(arguments).output().expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Secret::new(String::from_utf8(made.stdout).unwrap())
}

fn rsa_key(bits: &str) -> Secret {
    key(&["-algorithm", "RSA", "-pkeyopt", &format!("rsa_keygen_bits:{bits}")])
}

fn signed(signer: &Signer, mail: &str) -> Vec<u8> {
    [signer.sign(mail.as_bytes(), 1_767_604_440).unwrap(), mail.as_bytes().to_vec()].concat()
}

#[test]
fn the_receiver_of_these_tests_reads_the_example_of_the_rfc() {
    assert!(believed(EXAMPLE.as_bytes(), EXAMPLE_RECORD));
    for bent in [EXAMPLE.replace("dinner", "supper"), EXAMPLE.replace("hungry", "angry"), EXAMPLE.replace("SixPack", "Public")] {
        assert!(!believed(bent.as_bytes(), EXAMPLE_RECORD), "{bent}");
    }
}

#[test]
fn a_receiver_believes_what_we_sign_and_nothing_else() {
    for key in [rsa_key("2048"), key(&["-algorithm", "ed25519"])] {
        let signer = Signer::new("Example.org", "tips1", &key).unwrap();
        assert_eq!(signer.record_name(), "tips1._domainkey.example.org");
        for body_end in ["", "\r\n", "\r\n\r\n more"] {
            assert!(believed(&signed(&signer, &format!("{MAIL}{body_end}")), &signer.record()), "{body_end:?}");
        }
        let empty = MAIL.split_once("\r\n\r\n").unwrap().0.to_owned() + "\r\n\r\n";
        assert!(believed(&signed(&signer, &empty), &signer.record()), "no body");
        let good = String::from_utf8(signed(&signer, MAIL)).unwrap();
        assert!(good.lines().take_while(|line| !line.starts_with("From")).all(|line| line.len() <= 78), "{good}");
        let bent = [
            good.replace("123456", "654321"),
            good.replace("Safe Tips", "Other Tips"),
            good.replace("\r\nTo: ", "\r\nFrom: other@example.net\r\nTo: "),
            good.replace("\r\nTo: ", "\r\nReply-To: other@example.net\r\nTo: "),
            good.replace("Message-ID: <n1", "Message-ID: <n2"),
            good.replace("auto-generated", "no"),
            good.replace("There is a", "There is no"),
        ];
        for bent in bent {
            assert!(bent != good && !believed(bent.as_bytes(), &signer.record()), "{bent}");
        }
        // What relays may do: other blanks, other line breaks in headers, headers of their own.
        let relayed = format!("Received: from a by b\r\n{}", good.replace("Report:\r\n  please   confirm", "Report: please\r\n\tconfirm"));
        assert!(believed(relayed.as_bytes(), &signer.record()));
        let other = Signer::new("example.org", "tips1", &rsa_key("2048")).unwrap();
        assert!(tag_kind(&other) != tag_kind(&signer) || !believed(good.as_bytes(), &other.record()), "another key");
    }
}

fn tag_kind(signer: &Signer) -> bool {
    signer.record().contains("k=rsa")
}

#[test]
fn a_key_that_will_not_do_is_refused_in_words() {
    let table = [
        (Secret::new("hello".to_owned()), DkimError::NotPem),
        (key(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]), DkimError::Key),
    ];
    for (pem, expected) in table {
        assert_eq!(Signer::new("example.org", "s", &pem).unwrap_err(), expected);
    }
    let short = Signer::new("example.org", "s", &rsa_key("1024")).unwrap_err();
    assert!(matches!(short, DkimError::Short | DkimError::Key), "{short}");
    let signer = Signer::new("example.org", "s", &rsa_key("2048")).unwrap();
    assert_eq!(format!("{signer:?}"), "Signer { domain: \"example.org\", selector: \"s\", .. }");
}
