//! A small XML tree, enough for TwiML, read with quick-xml.
//! Depth and size are bounded, so that a hostile document cannot hurt the mock.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Deepest nesting that is read.
const MOST_DEPTH: usize = 20;

/// An element with its attributes and what is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Tag name, case kept.
    pub name: String,
    /// Attributes in order.
    pub attributes: Vec<(String, String)>,
    /// Content in order.
    pub content: Vec<Node>,
}

/// Text or an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Characters, entities resolved.
    Text(String),
    /// A child.
    Element(Element),
}

impl Element {
    /// Reads a document; the sentence says where it is broken.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(text.trim_start());
        let mut open: Vec<Self> = vec![Self::default()];
        loop {
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(start) => {
                    if open.len() > MOST_DEPTH {
                        return Err(format!("nested more than {MOST_DEPTH} deep"));
                    }
                    open.push(Self::begin(&start)?);
                }
                Event::Empty(start) => {
                    let element = Self::begin(&start)?;
                    add(&mut open, Node::Element(element));
                }
                Event::End(_) => {
                    if let Some(done) = open.pop() {
                        add(&mut open, Node::Element(done));
                    }
                }
                Event::Text(text) => add(&mut open, Node::Text(text.xml10_content().into_owned())),
                Event::CData(text) => add(&mut open, Node::Text(text.xml10_content().into_owned())),
                Event::GeneralRef(reference) => {
                    let raw = format!("&{};", reference.xml10_content());
                    let text = quick_xml::escape::unescape(&raw).map_err(|error| error.to_string())?;
                    add(&mut open, Node::Text(text.into_owned()));
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        if open.len() != 1 {
            return Err("an element is not closed".to_owned());
        }
        let document = open.pop().unwrap_or_default();
        let root = document.elements().next().cloned();
        root.ok_or_else(|| "there is no element".to_owned())
    }

    fn begin(start: &BytesStart<'_>) -> Result<Self, String> {
        let mut element = Self { name: start.name().as_ref().to_owned(), ..Self::default() };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            element.attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        Ok(element)
    }

    /// One attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The child elements.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.content.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The element's own text, white space folded.
    pub fn own_text(&self) -> String {
        let texts = self.content.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        fold(&texts.collect::<String>())
    }

    /// All text with that of the children: speech without its markup.
    pub fn all_text(&self) -> String {
        let mut text = String::new();
        self.collect(&mut text);
        fold(&text)
    }

    fn collect(&self, into: &mut String) {
        for node in &self.content {
            match node {
                Node::Text(text) => into.push_str(text),
                Node::Element(element) => {
                    // A break is heard as a pause, so words around it do not join.
                    into.push(' ');
                    element.collect(into);
                    into.push(' ');
                }
            }
        }
    }
}

fn add(open: &mut [Element], node: Node) {
    if let Some(parent) = open.last_mut() {
        parent.content.push(node);
    }
}

fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_entities_and_markup_are_read() {
        let text = "<?xml version=\"1.0\"?>\n<Response><Say language=\"en-US\">Tom &amp; Ann\n \
            <break time=\"1s\"/>press <say-as interpret-as=\"digits\">47</say-as></Say><Hangup/></Response>";
        let root = Element::parse(text).unwrap();
        let say = root.elements().next().unwrap();
        assert_eq!(say.attribute("language"), Some("en-US"));
        assert_eq!(say.all_text(), "Tom & Ann press 47");
        assert_eq!(root.elements().count(), 2);
    }

    #[test]
    fn broken_documents_are_refused() {
        for text in ["", "plain", "<Response>", "<Response></Say>", "<a b=></a>"] {
            assert!(Element::parse(text).is_err(), "{text}");
        }
    }
}
