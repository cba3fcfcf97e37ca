//! One sealed exchange with the zone: an invoke or an open.

use http::HeaderMap;
use ringback_dialect::zone::{Flow, Message, Outcome, Reason, Sealed, header, refusal_code, seal};

use crate::error::{Error, ReturnCode};
use crate::http::Answer;
use crate::identity::Identity;
use crate::zone::Zone;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) flow: Flow,
    pub(crate) reply: Flow,
    /// The API's name, or `open`.
    pub(crate) target: &'a str,
    /// Below the zone's address.
    pub(crate) path: &'a str,
    pub(crate) plaintext: &'a [u8],
}

/// Asks the zone as this identity; the answer's plaintext.
pub(crate) async fn ask(
    zone: &Zone,
    identity: &Identity,
    question: Question<'_>,
) -> Result<Vec<u8>, Error> {
    let request_id = zone.request_id();
    let Sealed { headers, body } = sealed(zone, identity, question, &request_id)?;
    let url = format!("{}{}", identity.zone_url, question.path);
    let answer = zone.inner().http.post(&url, headers, body).await?;
    read(zone, identity, question, &request_id, &answer)
}

fn sealed(
    zone: &Zone,
    identity: &Identity,
    question: Question<'_>,
    request_id: &str,
) -> Result<Sealed, Error> {
    let (version, keys) = identity.newest()?;
    let message = Message {
        flow: question.flow,
        target: question.target,
        key_id: identity.ring.key_id(),
        version,
        request_id,
        outcome: None,
        plaintext: question.plaintext,
    };
    let sealed = seal(keys, &message, zone.now(), zone.nonce());
    let limit = zone.inner().settings.max_body_bytes;
    if sealed.body.len() > limit {
        return Err(Error::TooLarge { limit });
    }
    Ok(sealed)
}

/// The plaintext of an answer, or what the zone refuses it with.
fn read(
    zone: &Zone,
    identity: &Identity,
    question: Question<'_>,
    request_id: &str,
    answer: &Answer,
) -> Result<Vec<u8>, Error> {
    if !answer.headers.contains_key(header::SIGNATURE)
        && let Some(refused) = refused(&answer.headers)
    {
        return Err(refused);
    }
    let (outcome, plaintext) = verified(zone, identity, question, request_id, answer)
        .map_err(|reason| Error::Unverified { reason })?;
    match outcome {
        Outcome::Ok => Ok(plaintext),
        Outcome::Error => Err(refused(&answer.headers).unwrap_or(Error::Refused {
            code: ReturnCode::Internal,
        })),
    }
}

fn verified(
    zone: &Zone,
    identity: &Identity,
    question: Question<'_>,
    request_id: &str,
    answer: &Answer,
) -> Result<(Outcome, Vec<u8>), Reason> {
    let now = zone.now();
    let admitted = identity.ring.admit(&answer.headers, question.reply, now)?;
    let seen = &zone.inner().nonces;
    let plaintext = admitted.open(question.target, &answer.body, seen, now)?;
    match admitted.head.request_id.as_str() {
        "" => Err(Reason::Unbound),
        id if id != request_id => Err(Reason::OtherRequest),
        _ => Ok((
            admitted.head.outcome.ok_or(Reason::OutcomeFormat)?,
            plaintext,
        )),
    }
}

/// What `ww-refusal` says. A number that is not in the list is an internal error of the zone.
fn refused(headers: &HeaderMap) -> Option<Error> {
    let number = refusal_code(headers)?;
    let code = ReturnCode::of(number).unwrap_or(ReturnCode::Internal);
    Some(Error::Refused { code })
}
