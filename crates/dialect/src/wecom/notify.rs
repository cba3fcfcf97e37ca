//! `program_notify`: the zone tells an app that one of its programs has something for it.

use bytes::Bytes;
use ringback_types::WireTime;

use super::xml::{push_number, push_text};

/// The event as it stands inside the envelope (5), elements in the platform's order.
///
/// The texts must be such as XML can carry: without control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgramNotify<'a> {
    /// The corp that it happened in.
    pub corpid: &'a str,
    /// When it was made; stays the same when it is sent again.
    pub create_time: WireTime,
    /// What `sync_call_program` may name for ten minutes; at most 128 bytes.
    pub notify_id: &'a str,
    /// The number that the program gave; left out where it gave none.
    pub notify_scene: Option<u8>,
}

impl ProgramNotify<'_> {
    /// Its type, as `Event` has it.
    pub const EVENT: &'static str = "program_notify";

    /// The event as XML.
    pub fn to_xml(&self) -> Bytes {
        let mut xml = String::from("<xml>");
        push_text(&mut xml, "ToUserName", self.corpid);
        push_text(&mut xml, "FromUserName", "sys");
        push_number(&mut xml, "CreateTime", self.create_time.as_seconds());
        push_text(&mut xml, "MsgType", "event");
        push_text(&mut xml, "Event", Self::EVENT);
        push_text(&mut xml, "NotifyId", self.notify_id);
        if let Some(scene) = self.notify_scene {
            push_number(&mut xml, "NotifyScene", scene.into());
        }
        xml.push_str("</xml>");
        Bytes::from(xml)
    }
}
