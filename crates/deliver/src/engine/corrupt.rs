//! Faults in what is sent: a signature or a token that does not fit (design, section 9).

use http::{HeaderName, HeaderValue};
use ringback_dialect::{Sender, WireRequest, feishu};
use ringback_types::{Code, Secret};

use super::exchange::Failed;
use crate::endpoint::{Endpoint, Room};
use crate::faults::Fault;

const WRONG_TOKEN: &str = "wrong-token";
/// Only a body that is encrypted with an Encrypt Key is signed (Feishu sheet, 3.1).
const SIGNATURE: HeaderName = HeaderName::from_static("x-lark-signature");
/// Where the dialects have their signatures, as far as that is a header.
const SIGNATURES: [HeaderName; 3] = [
    SIGNATURE,
    HeaderName::from_static("webhook-signature"),
    HeaderName::from_static("ww-signature"),
];

/// The sender with a wrong Verification Token, where that is asked for and the key is at hand: under an
/// Encrypt Key the token has to be wrong before the body is encrypted.
pub(super) fn mistaken(sender: &Sender, endpoint: &Endpoint, faults: &[Fault]) -> Option<Sender> {
    let fits = matches!(sender, Sender::Feishu(_)) && endpoint.room == Room::Own;
    (fits && faults.contains(&Fault::WrongToken)).then(|| {
        let key = endpoint.secrets.key.as_ref();
        let secrets = feishu::Secrets::new(key, Secret::from(WRONG_TOKEN));
        Sender::Feishu(feishu::Sender::new(secrets))
    })
}

/// Makes the request wrong in the ways that are asked for.
pub(super) fn corrupt(
    request: &mut WireRequest,
    endpoint: &Endpoint,
    sender: &Sender,
    faults: &[Fault],
) -> Result<(), Failed> {
    for fault in faults {
        match fault {
            Fault::WrongSignature => corrupt_signature(request),
            // The token of WeCom and of Desk is nowhere but in the signature (sheets `wecom-zone-app`,
            // 5.3, and `tencent-desk`, 4.4).
            Fault::WrongToken if matches!(sender, Sender::Wecom(_) | Sender::Desk(_)) => {
                corrupt_signature(request);
            }
            Fault::WrongToken => corrupt_token(request, endpoint, sender)?,
            Fault::Delay { .. }
            | Fault::Drop
            | Fault::Status { .. }
            | Fault::Answer { .. }
            | Fault::Duplicate
            | Fault::Reset => {}
        }
    }
    Ok(())
}

/// What [`mistaken`] could not do: the secrets are its room's.
fn corrupt_token(
    request: &mut WireRequest,
    endpoint: &Endpoint,
    sender: &Sender,
) -> Result<(), Failed> {
    if endpoint.room == Room::Own || !matches!(sender, Sender::Feishu(_)) {
        return Ok(());
    }
    if request.headers.contains_key(SIGNATURE) {
        return Err(Failed {
            code: Code::new("fault.token_encrypted"),
            detail: "the fault `wrong_token` cannot act: the app's Encrypt Key hides the token"
                .to_owned(),
        });
    }
    request.body = feishu::set_token(&request.body, &Secret::from(WRONG_TOKEN));
    Ok(())
}

/// Makes the signature another one, wherever the dialect has it.
fn corrupt_signature(request: &mut WireRequest) {
    for name in SIGNATURES {
        let value = request.headers.get(&name);
        let Some(signature) = value.and_then(|value| value.to_str().ok()) else {
            continue;
        };
        if let Ok(wrong) = HeaderValue::try_from(another(signature)) {
            request.headers.insert(name, wrong);
        }
    }
    if let Some(query) = &mut request.query {
        *query = with_another_signature(query);
    }
}

fn with_another_signature(query: &str) -> String {
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name @ ("msg_signature" | "Sign"), signature)) => {
                format!("{name}={}", another(signature))
            }
            _ => pair.to_owned(),
        })
        .collect();
    pairs.join("&")
}

/// The signature with one character changed to another one of its alphabet: in the middle, because
/// base64 may end with `=`.
fn another(signature: &str) -> String {
    let middle = signature.len() / 2;
    let other = if signature.as_bytes().get(middle) == Some(&b'0') {
        "1"
    } else {
        "0"
    };
    let mut wrong = signature.to_owned();
    wrong.replace_range(middle..=middle, other);
    wrong
}
