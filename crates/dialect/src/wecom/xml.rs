//! Reading XML without trusting it, and writing it as the platform does.
//!
//! What is read is the text of a few elements below the root. A document type is refused, so that there
//! are no entities but the five of XML itself, and nothing is expanded; nesting is bounded and takes no
//! stack.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::Reason;

/// How deep elements may be nested (design, section 4, number 6).
const MAX_DEPTH: usize = 64;

/// The texts of the elements of these names below the root, each of which may come once; `not_xml` is
/// the reason where it is no XML at all.
pub(super) fn texts<const N: usize>(
    xml: &[u8],
    names: [&'static str; N],
    not_xml: Reason,
) -> Result<[Option<String>; N], Reason> {
    let xml = std::str::from_utf8(xml).map_err(|_| not_xml)?;
    let mut reader = Reader::from_str(xml);
    let mut scan = Scan {
        names,
        not_xml,
        texts: [const { None }; N],
        depth: 0,
        rooted: false,
        current: None,
    };
    loop {
        let event = reader.read_event().map_err(|_| not_xml)?;
        if matches!(event, Event::Eof) {
            return scan.finish();
        }
        scan.see(&event)?;
    }
}

struct Scan<const N: usize> {
    names: [&'static str; N],
    not_xml: Reason,
    texts: [Option<String>; N],
    depth: usize,
    rooted: bool,
    /// Which of the elements is open.
    current: Option<usize>,
}

impl<const N: usize> Scan<N> {
    fn see(&mut self, event: &Event<'_>) -> Result<(), Reason> {
        match event {
            Event::Start(start) => self.open(start),
            Event::Empty(start) => {
                self.open(start)?;
                self.close();
                Ok(())
            }
            Event::End(_) => {
                self.close();
                Ok(())
            }
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let text = resolved(reference).ok_or(self.not_xml)?;
                self.text(&text)
            }
            Event::DocType(_) => Err(Reason::Doctype),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), Reason> {
        match self.depth {
            0 if self.rooted => return Err(self.not_xml),
            0 => self.rooted = true,
            1 => self.begin(start)?,
            MAX_DEPTH.. => return Err(Reason::Depth),
            _ if self.current.is_some() => return Err(Reason::ElementForm),
            _ => {}
        }
        self.depth += 1;
        Ok(())
    }

    fn begin(&mut self, start: &BytesStart<'_>) -> Result<(), Reason> {
        let name = start.name();
        self.current = self.names.iter().position(|wanted| *wanted == name.0);
        let Some(current) = self.current else {
            return Ok(());
        };
        if self.texts[current].replace(String::new()).is_some() {
            return Err(Reason::ElementForm);
        }
        Ok(())
    }

    fn close(&mut self) {
        // The reader has refused an end without its beginning.
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 1 {
            self.current = None;
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Reason> {
        if self.depth == 0 && !text.trim_start_matches('\u{feff}').trim().is_empty() {
            return Err(self.not_xml);
        }
        if let Some(current) = self.current {
            self.texts[current].get_or_insert_default().push_str(text);
        }
        Ok(())
    }

    fn finish(self) -> Result<[Option<String>; N], Reason> {
        if self.rooted && self.depth == 0 {
            Ok(self.texts)
        } else {
            Err(self.not_xml)
        }
    }
}

/// What `&…;` stands for: a character by its number, or one of the five entities of XML itself.
fn resolved(reference: &BytesRef<'_>) -> Option<Cow<'static, str>> {
    if let Some(character) = reference.resolve_char_ref().ok()? {
        return Some(Cow::Owned(character.to_string()));
    }
    resolve_xml_entity(reference).map(Cow::Borrowed)
}

/// `<name><![CDATA[text]]></name>`, which is how the platform writes every text.
pub(super) fn push_text(xml: &mut String, name: &str, text: &str) {
    let text = text.replace("]]>", "]]]]><![CDATA[>");
    for part in ["<", name, "><![CDATA[", &text, "]]></", name, ">"] {
        xml.push_str(part);
    }
}

/// `<name>number</name>`, without CDATA.
pub(super) fn push_number(xml: &mut String, name: &str, number: i64) {
    for part in ["<", name, ">", &number.to_string(), "</", name, ">"] {
        xml.push_str(part);
    }
}
