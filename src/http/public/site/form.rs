//! A reporter's form, read from the request as it comes in: fields by a list of known names, pictures within bounds.
//!
//! Nothing that is sent is refused: what is too long is cut, what is unknown is ignored, what is no text is made text, and a picture
//! that cannot be taken is named and left out. So a bad file never loses the words (R73). When the body breaks off, everything that had
//! come whole is there. Pictures of all forms together take no more memory than [`Room`] has.

use super::multipart::{Event, Head, Multipart};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use domain::exchange::{MediaBody, MediaRef, MediaRole};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// How many pictures one form may bring.
pub(super) const MOST_PICTURES: usize = 5;
/// The largest picture, in bytes: 10 MiB.
pub(super) const LARGEST_PICTURE: usize = 10 * 1024 * 1024;
/// The longest text, in characters: thirty pages.
pub(super) const LONGEST_TEXT: usize = 100_000;
/// The longest single line, in characters.
pub(super) const LONGEST_LINE: usize = 2_000;
/// The largest body, in bytes. Much more than is kept, so that a film that is too large is read to its end, and its words get an answer.
pub(super) const LARGEST_BODY: usize = 320 * 1024 * 1024;
/// The largest body of a form without files.
const LARGEST_PLAIN: usize = 2 * 1024 * 1024;
/// Nothing has come for so long: the form counts as broken off.
const SILENCE: Duration = Duration::from_secs(30);
/// A form may come as slowly as this altogether: 50 MiB over a poor mobile line.
const LONGEST_READING: Duration = Duration::from_secs(20 * 60);
/// How many parts are looked at; a form of ours has about twenty.
const MOST_PARTS: usize = 100;
/// The longest name of a file that is repeated to its sender, in characters.
const LONGEST_NAME: usize = 60;
/// Memory for pictures is given out in pieces of so many bytes.
const PIECE: usize = 64 * 1024;

/// A field of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// The token of a first message.
    Draft,
    /// The token of a conversation that was opened.
    Visit,
    /// Drawn anew for every page: what makes a message one message.
    Nonce,
    /// A return code.
    Code,
    /// Which button: nothing and `send` are sending.
    Step,
    /// What happened; an answer.
    What,
    /// Where, as typed.
    Place,
    /// A school's key, chosen from a list.
    School,
    /// A county's key.
    County,
    /// Who.
    Who,
    /// When.
    When,
    /// Whether it is happening: `yes`, `no` or nothing.
    Now,
    /// What the page that asks already shows.
    Have,
}

impl Field {
    const ALL: [Field; 13] = [
        Field::Draft,
        Field::Visit,
        Field::Nonce,
        Field::Code,
        Field::Step,
        Field::What,
        Field::Place,
        Field::School,
        Field::County,
        Field::Who,
        Field::When,
        Field::Now,
        Field::Have,
    ];
    const fn name(self) -> &'static str {
        match self {
            Field::Draft => "draft",
            Field::Visit => "visit",
            Field::Nonce => "nonce",
            Field::Code => "code",
            Field::Step => "step",
            Field::What => "what",
            Field::Place => "where",
            Field::School => "school",
            Field::County => "county",
            Field::Who => "who",
            Field::When => "when",
            Field::Now => "now",
            Field::Have => "have",
        }
    }
    /// The most characters.
    const fn most(self) -> usize {
        match self {
            Field::What => LONGEST_TEXT,
            Field::Place | Field::Who | Field::When => LONGEST_LINE,
            Field::Draft | Field::Visit | Field::School | Field::County => 200,
            Field::Nonce | Field::Code | Field::Step | Field::Now | Field::Have => 80,
        }
    }
    const fn has_lines(self) -> bool {
        matches!(self, Field::What)
    }
    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// A picture that came whole. Its memory is given back when it is dropped.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) bytes: Vec<u8>,
    pub(super) content_type: String,
    room: Vec<OwnedSemaphorePermit>,
}

/// Why a picture was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeftOut {
    TooLarge,
    TooMany,
    NoPicture,
    NoRoom,
    BrokenOff,
}

/// What came.
#[derive(Debug, Default)]
pub(super) struct Form {
    fields: Vec<(Field, String)>,
    /// Whether a text was longer than is taken.
    pub(super) cut: bool,
    /// The pictures, in the order in which they came.
    pub(super) pictures: Vec<Picture>,
    /// The names of those left out, as the sender wrote them (may be empty), and why.
    pub(super) left_out: Vec<(String, LeftOut)>,
    /// Whether the body ended before its end.
    pub(super) broken: bool,
}

/// Memory for pictures, shared by all forms.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<Semaphore>);

impl Room {
    /// Room for so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / PIECE)))
    }
}

impl Form {
    /// A field; empty when it did not come. The first of a name counts.
    pub(super) fn get(&self, field: Field) -> &str {
        self.fields.iter().find(|(known, _)| *known == field).map_or("", |(_, text)| text)
    }

    /// Reads a request's body, within the bounds above and until `stop`.
    pub(super) async fn read(request: Request, room: &Room, stop: &CancellationToken) -> Self {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let mut reading = Reading { form: Self::default(), part: None, parts: 0, room: room.clone() };
        let body = request.into_body();
        let read = async {
            match Multipart::of(&content_type) {
                Some(reader) => reading.parts(reader, body).await,
                None => reading.plain(body).await,
            }
        };
        let whole = tokio::select! {
            read = tokio::time::timeout(LONGEST_READING, read) => read.unwrap_or(false),
            () = stop.cancelled() => false,
        };
        reading.ended(whole)
    }

    /// The pictures as media, and the memory that they take.
    pub(super) fn take_pictures(&mut self) -> (Vec<MediaRef>, Vec<OwnedSemaphorePermit>) {
        let mut taken = (Vec::new(), Vec::new());
        for picture in self.pictures.drain(..) {
            let body = MediaBody::Here(picture.bytes);
            taken.0.push(MediaRef { body, content_type: picture.content_type, role: MediaRole::Shown });
            taken.1.extend(picture.room);
        }
        taken
    }

    fn put(&mut self, field: Field, bytes: &[u8]) {
        let (text, cut) = clean(bytes, field.most(), field.has_lines());
        self.cut |= cut;
        if !self.fields.iter().any(|(known, _)| *known == field) {
            self.fields.push((field, text));
        }
    }
}

/// A form while it comes in.
struct Reading {
    form: Form,
    part: Option<Part>,
    parts: usize,
    room: Room,
}

/// The part that is coming.
enum Part {
    Field(Field, Vec<u8>),
    Picture { name: String, picture: Picture, refused: Option<LeftOut> },
    Ignored,
}

impl Reading {
    /// Reads a body in parts; whether it came whole.
    async fn parts(&mut self, mut reader: Multipart, body: Body) -> bool {
        let (mut stream, mut bytes) = (body.into_data_stream(), 0_usize);
        loop {
            let Ok(next) = tokio::time::timeout(SILENCE, stream.next()).await else { return false };
            let piece = match next {
                Some(Ok(piece)) => piece,
                Some(Err(_)) => return false,
                None => return reader.is_whole(),
            };
            bytes = bytes.saturating_add(piece.len());
            if bytes > LARGEST_BODY || reader.feed(&piece, &mut |event| self.event(event)).is_err() {
                return false;
            }
        }
    }

    /// Reads a form without files; whether it came whole.
    async fn plain(&mut self, body: Body) -> bool {
        let Ok(Ok(bytes)) = tokio::time::timeout(SILENCE, axum::body::to_bytes(body, LARGEST_PLAIN)).await else { return false };
        for (name, value) in form_urlencoded::parse(&bytes).take(MOST_PARTS) {
            if let Some(field) = Field::parse(&name) {
                self.form.put(field, value.as_bytes());
            }
        }
        true
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Part(head) => {
                self.parts += 1;
                self.part = Some(if self.parts > MOST_PARTS { Part::Ignored } else { self.begun(head) });
            }
            Event::Data(bytes) => match &mut self.part {
                Some(Part::Field(field, held)) => {
                    // No character takes more than four bytes.
                    let free = (field.most() * 4 + 4).saturating_sub(held.len());
                    held.extend_from_slice(&bytes[..bytes.len().min(free)]);
                }
                Some(Part::Picture { picture, refused: refused @ None, .. }) => {
                    *refused = picture.grow(bytes, &self.room).err();
                    if refused.is_some() {
                        (picture.bytes, picture.room) = (Vec::new(), Vec::new());
                    }
                }
                Some(Part::Picture { .. } | Part::Ignored) | None => {}
            },
            Event::PartEnd => match self.part.take() {
                Some(Part::Field(field, bytes)) => self.form.put(field, &bytes),
                Some(Part::Picture { name, picture, refused }) => self.picture(name, picture, refused),
                Some(Part::Ignored) | None => {}
            },
        }
    }

    fn begun(&self, head: Head) -> Part {
        match (head.name.as_str(), head.file) {
            ("pictures", Some(file)) => {
                let refused = (self.form.pictures.len() >= MOST_PICTURES).then_some(LeftOut::TooMany);
                let content_type: String = head.content_type.chars().filter(char::is_ascii_graphic).take(100).collect();
                let picture = Picture { bytes: Vec::new(), content_type, room: Vec::new() };
                Part::Picture { name: clean(file.as_bytes(), LONGEST_NAME, false).0, picture, refused }
            }
            (name, None) => Field::parse(name).map_or(Part::Ignored, |field| Part::Field(field, Vec::new())),
            (_, Some(_)) => Part::Ignored,
        }
    }

    fn picture(&mut self, name: String, picture: Picture, refused: Option<LeftOut>) {
        // A browser sends a nameless, empty file when none was chosen.
        if picture.bytes.is_empty() && name.is_empty() && refused.is_none_or(|why| why == LeftOut::TooMany) {
            return;
        }
        match refused.or((!is_shown(&picture.bytes)).then_some(LeftOut::NoPicture)) {
            Some(why) => self.form.left_out.push((name, why)),
            None => self.form.pictures.push(picture),
        }
        self.form.left_out.truncate(MOST_PARTS);
    }

    fn ended(mut self, whole: bool) -> Form {
        if let Some(Part::Picture { name, .. }) = self.part.take() {
            self.form.left_out.push((name, LeftOut::BrokenOff));
        }
        self.form.broken = !whole;
        self.form
    }
}

impl Picture {
    fn grow(&mut self, bytes: &[u8], room: &Room) -> Result<(), LeftOut> {
        let length = self.bytes.len() + bytes.len();
        if length > LARGEST_PICTURE {
            return Err(LeftOut::TooLarge);
        }
        let missing = length.div_ceil(PIECE).saturating_sub(self.room.iter().map(OwnedSemaphorePermit::num_permits).sum());
        if missing > 0 {
            let more = u32::try_from(missing).unwrap_or(u32::MAX);
            self.room.push(room.0.clone().try_acquire_many_owned(more).map_err(|_| LeftOut::NoRoom)?);
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

/// Pictures, films, recordings and PDF, by their first bytes. Nobody is shown more than a copy of what could be decoded.
fn is_shown(bytes: &[u8]) -> bool {
    let kind = crate::media::kind::of(bytes);
    kind == "application/pdf" || ["image/", "video/", "audio/"].iter().any(|family| kind.starts_with(family))
}

/// Bytes as text of at most `most` characters; whether something was cut. What is no UTF-8, and NUL, become U+FFFD.
fn clean(bytes: &[u8], most: usize, lines: bool) -> (String, bool) {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{FFFD}");
    let mut kept = text.chars().filter_map(|c| match c {
        '\n' if lines => Some('\n'),
        '\n' | '\t' => Some(' '),
        c if c.is_control() => None,
        c => Some(c),
    });
    let cut: String = kept.by_ref().take(most).collect();
    let more = kept.next().is_some();
    (cut, more)
}

#[cfg(test)]
mod tests;
