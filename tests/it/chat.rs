//! App chat end to end: a client over a real socket against the whole gateway.
//!
//! What is acknowledged is there after kill -9; a connection cut anywhere loses nothing and doubles nothing; what is not understood is
//! told; who does not read is closed; a restart says when to come back.

use crate::away::Away;
use crate::chat_client::{Client, open, say};
use crate::gateway::{TestGateway, until};
use crate::record::Record;
use serde_json::{Value, json};
use socket2::SockRef;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};

#[tokio::test(flavor = "multi_thread")]
async fn a_say_is_stored_when_it_is_acknowledged_and_answers_come_live() {
    let mut gateway = TestGateway::start().await;
    let mut student = Client::new(&gateway.public).await;
    student.hello(json!({"language": "es"})).await;
    assert_eq!(student.welcome["seq"], 0);
    student.send(say("a-1", "Hay una pistola en el autobús")).await;
    assert_eq!(student.next_of("ack").await, json!({"type": "ack", "id": "a-1", "seq": 1}));
    gateway.kill();
    gateway.serve().await;

    student.again(&gateway.public, 0).await;
    let mine = student.next_of("message").await;
    assert_eq!((&mine["seq"], &mine["by"], &mine["id"]), (&json!(1), &json!("you"), &json!("a-1")));
    let first_words = student.next_of("message").await;
    assert_eq!((&first_words["by"], &first_words["seq"]), (&json!("auto"), &json!(2)));
    let code = student.next_of("code").await["code"].as_str().expect("a code").to_owned();
    let text = first_words["text"].as_str().expect("words");
    assert!(text.contains("911") && text.contains(&code), "in Spanish, with the code: {text}");
    assert!(text.contains("Recibimos"), "{text}");

    let tip = gateway.tips().await[0]["id"].as_str().expect("an id").to_owned();
    gateway.send(reqwest::Method::POST, &format!("/tips/{tip}/replies"), json!({"text": "¿Qué autobús es?"})).await;
    let answer = student.next_of("message").await;
    assert_eq!((&answer["by"], &answer["text"], &answer["seq"]), (&json!("us"), &json!("¿Qué autobús es?"), &json!(3)));
    assert!(!answer.to_string().contains("Analyst One"), "the reporter sees no name");

    // Seen here is delivered there.
    student.send(json!({"type": "seen", "seq": 3})).await;
    until("the answer is delivered", || async {
        let messages = gateway.get(&format!("/tips/{tip}/messages")).await;
        let delivered = messages.as_array()?.iter().filter(|message| message["seq"] == 3);
        delivered.into_iter().any(|message| message["delivery"].to_string().contains("delivered")).then_some(())
    })
    .await;

    // The same say again is the same message, and gets its acknowledgement again.
    student.send(say("a-1", "Hay una pistola en el autobús")).await;
    assert_eq!(student.next_of("ack").await["seq"], 1);
    student.send(json!({"type": "code"})).await;
    assert_eq!(student.next_of("code").await["code"], code);

    // Another device comes by the code: it sees everything, and is told no code.
    let mut other = Client::new(&gateway.public).await;
    other.hello(json!({"code": code.replace(' ', "-"), "language": "en"})).await;
    let seen: Vec<Value> = other.messages(3).await;
    assert_eq!(seen.iter().map(|message| message["seq"].as_i64()).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    assert!(!seen[1].to_string().contains(&code));
    other.send(json!({"type": "code"})).await;
    assert_eq!(other.next_of("error").await["code"], "no_code");
    other.send(say("b-1", "Es el 12")).await;
    assert_eq!(other.next_of("ack").await["seq"], 4);
    let on_first = student.next_of("message").await;
    assert_eq!((&on_first["seq"], &on_first["id"]), (&json!(4), &json!("b-1")));
    assert_eq!(gateway.tips().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_read_only_what_a_person_has_opened() {
    let gateway = TestGateway::start().await;
    let mut student = Client::begun(&gateway.public, "is anybody there").await;
    student.next_of("message").await;
    student.next_of("message").await;
    let tip = gateway.tips().await[0]["id"].as_str().expect("an id").to_owned();
    student.send(say("a-2", "please")).await;
    student.next_of("ack").await;
    assert!(student.frames("seen").is_empty(), "nobody has opened it");
    gateway.get(&format!("/tips/{tip}")).await;
    let seen = student.next_of("seen").await["seq"].as_i64().expect("a number");
    assert_eq!(seen, 3, "both messages of the reporter and the first words before them");
    student.send(say("a-3", "hello?")).await;
    assert_eq!(student.next_of("ack").await["seq"], 4);
    // Who comes back is told the same again, and no more.
    student.again(&gateway.public, 4).await;
    assert_eq!(student.next_of("seen").await["seq"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_is_told_and_ends_nothing_too_soon() {
    let gateway = TestGateway::start().await;
    let mut client = Client::new(&gateway.public).await;
    for (frame, code) in [
        (json!({"type": "say", "id": "a", "text": "x"}), "hello_first"),
        (json!({"type": "hello", "v": 9}), "version"),
        (json!({"type": "hello", "v": 1, "token": "not ours"}), "unknown_token"),
        (json!({"type": "hello", "v": 1, "code": "4821 0937 5526 1840"}), "unknown_code"),
    ] {
        client.send(frame).await;
        assert_eq!(client.next_of("error").await["code"], code);
    }
    client.hello(json!({})).await;
    client.send_text("{").await;
    assert_eq!(client.next_of("error").await["code"], "bad_frame");
    client.send_binary(vec![0, 159, 146, 150]).await;
    assert_eq!(client.next_of("error").await["code"], "bad_frame");
    client.send(json!({"type": "say", "id": "a", "text": "x".repeat(4001)})).await;
    assert_eq!(client.next_of("error").await["code"], "too_long");
    client.send(json!({"type": "subscribe"})).await;
    assert_eq!(client.next_of("error").await["code"], "unknown_type");
    client.send(say("a", "it still works")).await;
    assert_eq!(client.next_of("ack").await["seq"], 1);
    client.send_text(&"x".repeat(20_000)).await;
    assert_eq!(client.closed().await, Some(1009));
    let mut confused = Client::new(&gateway.public).await;
    for _ in 0..20 {
        confused.send_text("[]").await;
    }
    assert_eq!(confused.closed().await, Some(1008));
    // A page of another origin, and a request that is no WebSocket.
    assert!(open(&gateway.public, Some("https://elsewhere.example.org")).await.is_err());
    assert!(open(&gateway.public, Some(&gateway.public)).await.is_ok());
    let plain = gateway.client.get(format!("{}/chat/socket", gateway.public)).send().await.expect("an answer");
    assert_eq!(plain.status(), 426);
    assert_eq!(gateway.tips().await.len(), 1);
    for secret in ["it still works", &client.welcome["token"].to_string().replace('"', "")] {
        assert!(!gateway.log().contains(secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_come_with_the_message_that_names_them() {
    let gateway = TestGateway::start().await;
    let mut student = Client::new(&gateway.public).await;
    student.hello(json!({})).await;
    let token = student.welcome["token"].as_str().expect("a token").to_owned();
    let png = include_bytes!("../../assets/icon-192.png").to_vec();
    let address = format!("{}/chat/files", gateway.public);
    let upload = |token: String, body: Vec<u8>| {
        gateway.client.post(&address).bearer_auth(token).header("content-type", "image/png").body(body).send()
    };
    assert_eq!(upload("wrong".into(), png.clone()).await.expect("an answer").status(), 401);
    assert_eq!(upload(token.clone(), Vec::new()).await.expect("an answer").status(), 400);
    let too_large = upload(token.clone(), vec![1; 10 * 1024 * 1024 + 1]).await;
    assert!(too_large.is_err() || too_large.is_ok_and(|answer| answer.status() == 413));
    let kept: Value = upload(token.clone(), png).await.expect("an answer").json().await.expect("JSON");
    let id = kept["id"].as_str().expect("an id").to_owned();
    let gone = "0123456789abcdef0123456789abcdef";
    let with_files = json!({"type": "say", "id": "a", "text": "look at this", "files": [id, gone]});
    student.send(with_files.clone()).await;
    assert_eq!(student.next_of("ack").await["seq"], 1);
    assert_eq!(student.next_of("message").await["files"], json!([{"kind": "image/png"}]));
    student.send(with_files).await;
    assert_eq!(student.next_of("ack").await["seq"], 1, "said again, it is the same");
    let tip = gateway.tips().await[0]["id"].as_str().expect("an id").to_owned();
    let messages = gateway.get(&format!("/tips/{tip}/messages")).await;
    assert_eq!(messages[0]["attachments"].as_array().map(Vec::len), Some(1), "{messages}");
    let left = std::fs::read_dir(gateway.folder.join("data/uploads")).expect("the folder").count();
    assert_eq!(left, 0, "what its message took over waits no more");
}

/// Ends a connection after so many bytes from the gateway, and after so many from the client.
async fn cutting_proxy(gateway: String, cut_after: usize, from_gateway: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("its address"));
    #[expect(clippy::disallowed_methods, reason = "the test's own proxy ends with its runtime")]
    tokio::spawn(async move {
        let Ok((mut client, _)) = listener.accept().await else { return };
        let host = gateway.trim_start_matches("http://").to_owned();
        let Ok(mut server) = tokio::net::TcpStream::connect(host).await else { return };
        let (client_read, client_write) = client.split();
        let (server_read, server_write) = server.split();
        // Both directions end together, as when a phone loses its network.
        if from_gateway {
            tokio::select! {
                () = carry(server_read.take(cut_after as u64), client_write) => {}
                () = carry(client_read, server_write) => {}
            }
        } else {
            tokio::select! {
                () = carry(client_read.take(cut_after as u64), server_write) => {}
                () = carry(server_read, client_write) => {}
            }
        }
    });
    address
}

async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let _ = tokio::io::copy(&mut from, &mut to).await;
    let _ = to.flush().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_anywhere_nothing_is_lost_and_nothing_comes_twice() {
    let mut gateway = TestGateway::start().await;
    let mut cuts = 0;
    // From the handshake (about 130 bytes one way, 170 the other) to the end of the dialogue: inside frames and between them.
    for (from_gateway, most, step) in [(true, 1800, 19), (false, 640, 9)] {
        for cut_after in (100..most).step_by(step) {
            cuts += 1;
            dialogue_with_a_cut(&gateway, cut_after, from_gateway).await;
        }
    }
    println!("{cuts} cuts");
    assert_eq!(gateway.terminate().await, 0);
    let record = Record::open(&gateway).await;
    assert_eq!(record.tips, cuts, "a tip each");
    for word in ["one", "two", "three"] {
        let count =
            record.reporter_texts.iter().filter(|(text, _)| text.starts_with(word)).map(|(_, count)| *count).collect::<BTreeSet<_>>();
        assert_eq!(count, BTreeSet::from([1]), "each said once");
        assert_eq!(record.reporter_texts.keys().filter(|text| text.starts_with(word)).count(), cuts);
    }
}

/// Says three things, the first connection being cut somewhere; everything is there once and in order in the end.
async fn dialogue_with_a_cut(gateway: &TestGateway, cut_after: usize, from_gateway: bool) {
    let name = format!("{cut_after}-{}", u8::from(from_gateway));
    let through = cutting_proxy(gateway.public.clone(), cut_after, from_gateway).await;
    let mut client = Client::scripted([format!("one {name}"), format!("two {name}"), format!("three {name}")]);
    client.talk(&through).await;
    let token = client.welcome["token"].clone();
    for _ in 0..5 {
        if client.is_done() {
            break;
        }
        client.talk(&gateway.public).await;
    }
    assert!(client.is_done(), "{name}: {:?}", client.log);
    assert!(token.is_null() || !client.welcome["token"].is_null());
    let seqs: Vec<i64> = client.log.iter().map(|message| message["seq"].as_i64().expect("a number")).collect();
    assert_eq!(seqs, [1, 2, 3, 4], "{name}: in order, each once");
    let texts: Vec<&str> =
        client.log.iter().filter(|message| message["by"] == "you").filter_map(|message| message["text"].as_str()).collect();
    assert_eq!(texts, [format!("one {name}"), format!("two {name}"), format!("three {name}")], "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_closed_and_goes_on_later() {
    let gateway = TestGateway::start_with(&[("TIPLINE__CHAT__SLOW_SECONDS", "1")]).await;
    let mut student = Client::begun(&gateway.public, "a slow phone").await;
    let token = student.welcome["token"].clone();
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small window");
    // And small packets, as a phone has: to a loopback's large ones the kernel gives megabytes to wait in.
    SockRef::from(&socket).set_tcp_mss(536).expect("small packets");
    let address = gateway.public.trim_start_matches("http://").parse().expect("an address");
    let stream = socket.connect(address).await.expect("connected");
    let mut slow = Client::over(stream, &gateway.public).await;
    slow.hello(json!({"token": token, "after": 0})).await;
    // It asks and asks and reads nothing: the gateway stops reading too, then ends it.
    let flood = async {
        loop {
            if slow.try_send(json!({"type": "code"})).await.is_err() {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), flood).await.expect("the gateway ends it");
    until("the slow one is counted", || async { (gateway.metric("tipline_chats_ended_total").await >= 1.0).then_some(()) }).await;
    let metrics = gateway.client.get(format!("{}/metrics", gateway.ops)).send().await.expect("metrics").text().await.expect("metrics");
    assert!(metrics.contains("tipline_chats_ended_total{why=\"slow\"} 1"), "{metrics}");
    student.send(say("a-2", "the others go on")).await;
    student.next_of("ack").await;
    let mut back = Client::new(&gateway.public).await;
    back.hello(json!({"token": token, "after": 1})).await;
    assert_eq!(back.messages(2).await.last().expect("one")["text"], "the others go on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_while_the_database_is_away_waits_in_the_spool() {
    let gateway = TestGateway::start().await;
    let mut known = Client::begun(&gateway.public, "before").await;
    known.messages(2).await;
    let away = Away::take(&gateway).await;
    let mut new = Client::new(&gateway.public).await;
    new.hello(json!({})).await;
    for (client, id) in [(&mut known, "a-2"), (&mut new, "n-1")] {
        client.send(say(id, &format!("meanwhile {id}"))).await;
        assert_eq!(client.next_of("ack").await, json!({"type": "ack", "id": id, "spooled": true}));
    }
    // Whoever was cut meanwhile says it again.
    new.again(&gateway.public, 0).await;
    new.send(say("n-1", "meanwhile n-1")).await;
    assert_eq!(new.next_of("ack").await["spooled"], true);
    away.back().await;
    let mine = known.next_of("message").await;
    assert_eq!((&mine["seq"], &mine["id"]), (&json!(3), &json!("a-2")));
    let first = new.messages(2).await;
    assert_eq!((&first[0]["id"], &first[1]["by"]), (&json!("n-1"), &json!("auto")), "once");
    let code = new.next_of("code").await["code"].as_str().expect("a code").to_owned();
    assert!(first[1]["text"].to_string().contains(&code), "the code is that of the tip that was opened");
    assert_eq!(gateway.tips().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_says_when_to_come_back() {
    let mut gateway = TestGateway::start().await;
    let mut student = Client::begun(&gateway.public, "before the restart").await;
    student.next_of("message").await;
    let ended = gateway.terminate();
    let (code, (again, closed)) = tokio::join!(ended, async {
        let again = student.next_of("again").await;
        (again, student.closed().await)
    });
    assert_eq!((code, closed), (0, Some(1012)));
    let after = again["after_ms"].as_u64().expect("milliseconds");
    assert!((250..=4250).contains(&after), "{after}");
    gateway.serve().await;
    student.again(&gateway.public, 2).await;
    assert_eq!(student.welcome["seq"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_every_place_is_taken_a_page_says_to_write() {
    let gateway = TestGateway::start_with(&[("TIPLINE__CHAT__CONNECTIONS_MOST", "1")]).await;
    let mut student = Client::begun(&gateway.public, "the only one").await;
    assert!(open(&gateway.public, None).await.is_err());
    let page = gateway.client.get(format!("{}/chat", gateway.public)).send().await.expect("an answer");
    assert_eq!(page.status(), 503);
    assert!(page.text().await.expect("a page").contains("href=\"/write\""));
    student.send(json!({"type": "bye"})).await;
    until("the place is free", || async { open(&gateway.public, None).await.is_ok().then_some(()) }).await;
}
