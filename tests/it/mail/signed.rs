//! Whether a mail of ours is signed (DKIM) as it lies in the mailbox: the receiver's part, done here with openssl and no line of the gateway.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;
use std::process::Command;

/// Makes a key as the documentation says; gives the file.
pub fn key(folder: &Path) -> std::path::PathBuf {
    let file = folder.join("dkim.pem");
    openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", &file.display().to_string()]);
    file
}

/// The text of the DNS record of a key.
pub fn record(key: &Path) -> String {
    let der = openssl(&["pkey", "-in", &key.display().to_string(), "-pubout", "-outform", "DER"]);
    format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(der))
}

/// Whether the signature of a mail is right. `mail` has its lines ended by LF, as it lies in a Maildir.
pub fn is_signed(mail: &str, key: &Path, folder: &Path) -> bool {
    let (head, body) = mail.split_once("\n\n").expect("a mail");
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        match headers.last_mut() {
            Some((_, value)) if line.starts_with([' ', '\t']) => value.push_str(line),
            _ => {
                let (name, value) = line.split_once(':').expect("a header");
                headers.push((name.to_lowercase(), value.to_owned()));
            }
        }
    }
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = body.trim_end().lines().map(|line| format!("{}\r\n", squeezed(line))).collect();
    let place = headers.iter().position(|(name, _)| name == "dkim-signature").expect("a signature");
    let (_, value) = headers.remove(place);
    let tag = |name: &str| {
        let tags = value.split(';').filter_map(|tag| tag.trim().split_once('='));
        tags.filter(|(found, _)| *found == name).map(|(_, value)| value.split_whitespace().collect::<String>()).next().unwrap_or_default()
    };
    let mut signed = String::new();
    for name in tag("h").to_lowercase().split(':') {
        if let Some(place) = headers.iter().rposition(|(found, _)| found == name) {
            let (name, value) = headers.remove(place);
            signed.push_str(&format!("{name}:{}\r\n", squeezed(&value)));
        }
    }
    let open = &value[..value.rfind("b=").expect("b=") + 2];
    signed.push_str(&format!("dkim-signature:{}", squeezed(open)));
    let [data, signature, public] = ["signed.txt", "signature.bin", "public.pem"].map(|name| folder.join(name).display().to_string());
    std::fs::write(&data, lines.concat()).expect("a file");
    let body_is_whole = STANDARD.encode(openssl(&["dgst", "-sha256", "-binary", &data])) == tag("bh");
    std::fs::write(&data, signed).expect("a file");
    std::fs::write(&signature, STANDARD.decode(tag("b")).expect("base64")).expect("a file");
    openssl(&["pkey", "-in", &key.display().to_string(), "-pubout", "-out", &public]);
    let verified = Command::new("openssl").args(["dgst", "-sha256", "-verify", &public, "-signature", &signature, &data]).output();
    body_is_whole && verified.expect("openssl runs").status.success()
}

fn openssl(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).output().expect("openssl is installed");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
