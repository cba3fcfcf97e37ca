//! Bodies as the platform writes them: compact, members in its order (4.1, 4.2), the verification
//! token blank until [`set_token`](super::set_token) fills it in for an attempt.

use bytes::Bytes;
use ringback_types::WireTime;
use serde::Serialize;
use serde_json::value::RawValue;

use super::is_callback;

/// `header` of an event or callback of schema 2.0.
#[derive(Debug, Clone, Copy)]
pub struct HeaderV2<'a> {
    /// Stable over attempts: 32 lower-case hexadecimal digits on the platform.
    pub event_id: &'a str,
    /// When it happened.
    pub created_at: WireTime,
    /// The type that receivers route by.
    pub event_type: &'a str,
    /// The tenant that it happened in.
    pub tenant_key: &'a str,
    /// The platform's id of the app.
    pub app_id: &'a str,
}

/// What stands round an event of schema 1.0; its type, app and tenant stand inside it.
#[derive(Debug, Clone, Copy)]
pub struct HeaderV1<'a> {
    /// When it happened.
    pub created_at: WireTime,
    /// Stable over attempts.
    pub uuid: &'a str,
}

#[derive(Serialize)]
struct BodyV2<'a> {
    schema: &'static str,
    header: WireHeaderV2<'a>,
    event: &'a RawValue,
}

#[derive(Serialize)]
struct WireHeaderV2<'a> {
    event_id: &'a str,
    token: &'static str,
    create_time: String,
    event_type: &'a str,
    tenant_key: &'a str,
    app_id: &'a str,
}

#[derive(Serialize)]
struct BodyV1<'a> {
    ts: String,
    uuid: &'a str,
    token: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    event: &'a RawValue,
}

/// A body of schema 2.0. `create_time` is in milliseconds for events and in microseconds for
/// callbacks, as the platform's pages have it.
pub fn body_v2(header: &HeaderV2<'_>, event: &RawValue) -> Bytes {
    let millis = header.created_at.as_millis();
    let create_time = if is_callback(header.event_type) {
        millis.saturating_mul(1000)
    } else {
        millis
    };
    write(&BodyV2 {
        schema: "2.0",
        header: WireHeaderV2 {
            event_id: header.event_id,
            token: "",
            create_time: create_time.to_string(),
            event_type: header.event_type,
            tenant_key: header.tenant_key,
            app_id: header.app_id,
        },
        event,
    })
}

/// A body of schema 1.0; `ts` is in seconds with a fraction.
pub fn body_v1(header: &HeaderV1<'_>, event: &RawValue) -> Bytes {
    let millis = header.created_at.as_millis();
    write(&BodyV1 {
        ts: format!(
            "{}.{:06}",
            millis.div_euclid(1000),
            millis.rem_euclid(1000) * 1000
        ),
        uuid: header.uuid,
        token: "",
        kind: "event_callback",
        event,
    })
}

fn write(body: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(body).expect("texts and raw JSON always serialise"))
}
