//! The reporter's pages as a browser without scripts uses them, and the chat as its page does.

use anyhow::{Context, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use reqwest::Client;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Stands in no field.
const EDGE: &str = "edge-0a1b2c3d";
/// What a frame may take.
const FRAME_WITHIN: Duration = Duration::from_secs(10);

/// A reporter before the public pages.
pub(super) struct Pages {
    client: Client,
    base: String,
    page: String,
}

impl Pages {
    /// Nothing open yet.
    pub(super) fn new(client: Client, base: String) -> Self {
        Self { client, base, page: String::new() }
    }
    /// Opens a page.
    pub(super) async fn open(&mut self, path: &str) -> anyhow::Result<()> {
        let answer = self.client.get(format!("{}{path}", self.base)).send().await.context("open a page")?;
        ensure!(answer.status().is_success(), "{path} answered {}", answer.status());
        self.page = answer.text().await.context("read a page")?;
        Ok(())
    }
    /// Sends the form on it with its hidden fields and these.
    pub(super) async fn send(&mut self, path: &str, step: &str, fields: &[(&str, &str)]) -> anyhow::Result<()> {
        let part = |name: &str, value: &str| format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        let hidden = ["draft", "visit", "nonce"].iter().filter_map(|name| Some(part(name, &self.hidden(name)?)));
        let mut body: String = hidden.collect();
        body.extend(fields.iter().map(|(name, value)| part(name, value)));
        body.push_str(&part("step", step));
        body.push_str(&format!("--{EDGE}--\r\n"));
        let request = self.client.post(format!("{}{path}", self.base)).body(body);
        let request = request.header("content-type", format!("multipart/form-data; boundary={EDGE}"));
        let answer = request.send().await.context("send a form")?;
        let status = answer.status();
        self.page = answer.text().await.context("read a page")?;
        ensure!(status.is_success(), "{path} answered {status}");
        Ok(())
    }
    /// The page as it is.
    pub(super) fn page(&self) -> &str {
        &self.page
    }
    /// The code that the page shows.
    pub(super) fn code(&self) -> anyhow::Result<String> {
        let shown = self.page.split_once("id=\"code\"").and_then(|(_, rest)| rest.split_once("</p>")).context("no code is shown")?.0;
        let code: String = shown.chars().filter(char::is_ascii_digit).collect();
        ensure!(code.len() == 16, "the code has {} digits", code.len());
        Ok(code)
    }
    fn hidden(&self, name: &str) -> Option<String> {
        let (_, rest) = self.page.split_once(&format!("name=\"{name}\" value=\""))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    }
}

/// A reporter in the chat.
pub(super) struct Chat {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Chat {
    /// Connects and says hello.
    pub(super) async fn open(base: &str) -> anyhow::Result<Self> {
        let url = format!("{}/chat/socket", base.replacen("http", "ws", 1));
        let (socket, _) = connect_async(url).await.context("open the chat")?;
        let mut chat = Self { socket };
        chat.send(json!({"type": "hello", "v": 1})).await?;
        chat.hear("welcome").await?;
        Ok(chat)
    }
    /// Says something; gives the acknowledgement that came after the commit.
    pub(super) async fn say(&mut self, id: &str, text: &str) -> anyhow::Result<Value> {
        self.send(json!({"type": "say", "id": id, "text": text})).await?;
        self.hear("ack").await
    }
    /// The next frame of this type.
    pub(super) async fn hear(&mut self, kind: &str) -> anyhow::Result<Value> {
        loop {
            let frame = tokio::time::timeout(FRAME_WITHIN, self.socket.next()).await.with_context(|| format!("no {kind} came"))?;
            let Some(frame) = frame else { bail!("the chat ended before {kind}") };
            if let Message::Text(text) = frame.context("read a frame")? {
                let frame: Value = serde_json::from_str(&text).context("a frame is no JSON")?;
                if frame["type"] == kind {
                    return Ok(frame);
                }
            }
        }
    }
    async fn send(&mut self, frame: Value) -> anyhow::Result<()> {
        self.socket.send(Message::text(frame.to_string())).await.context("send a frame")
    }
}
