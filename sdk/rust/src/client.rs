//! Calling the SDK APIs of the zone.

use std::fmt;

use ringback_dialect::zone::{Flow, Frame as _, InvokeFrame};
use serde::de::IgnoredAny;

use crate::calls::{Call, CallError};
use crate::error::{Error, ReturnCode};
use crate::exchange::{Question, ask};
use crate::zone::Zone;

/// The longest name of an API that is sent; the longest that there is has 32 characters.
const MAX_API_BYTES: usize = 64;

/// Speaks to the zone for one app and ability, and perhaps for one job. Cheap to make.
#[derive(Clone)]
pub struct Client {
    zone: Zone,
    corpid: String,
    agentid: i64,
    ability_id: String,
    job_info: String,
}

impl Client {
    pub(crate) fn new(
        zone: Zone,
        corpid: String,
        agentid: i64,
        ability_id: String,
        job_info: String,
    ) -> Self {
        Self {
            zone,
            corpid,
            agentid,
            ability_id,
            job_info,
        }
    }

    /// Calls an API with a JSON text and hands its JSON answer back.
    ///
    /// `Ok` means that the exchange worked: the answer may still hold an `errcode` (sheet
    /// wecom-zone-sdk, 5.2).
    pub async fn invoke(&self, api: &str, request: &str) -> Result<String, Error> {
        check_api(api)?;
        check_json("the request", request)?;
        let frame = InvokeFrame {
            corpid: self.corpid.clone(),
            agentid: self.agentid,
            ability_id: self.ability_id.clone(),
            job_info: self.job_info.clone(),
            request: request.to_owned(),
        };
        let answer = self.exchange(api, &frame.to_json()).await?;
        let answer = String::from_utf8(answer).map_err(|error| Error::Json {
            what: "the answer",
            detail: error.utf8_error().to_string(),
        })?;
        check_json("the answer", &answer)?;
        Ok(answer)
    }

    /// [`Client::invoke`] for threads that may wait; not for use inside an async runtime.
    pub fn invoke_blocking(&self, api: &str, request: &str) -> Result<String, Error> {
        self.zone.block_on(self.invoke(api, request))?
    }

    /// Calls an API by its typed request, see [`calls`](crate::calls). An `errcode` other than 0 is
    /// an error.
    pub async fn call<C: Call>(&self, call: &C) -> Result<C::Answer, CallError> {
        let request = serde_json::to_string(call).map_err(|error| Error::Internal {
            detail: error.to_string(),
        })?;
        crate::calls::read::<C>(&self.invoke(C::API, &request).await?)
    }

    /// Asks once more where the keys were rotated away meanwhile: a refused key means that nothing was
    /// done.
    async fn exchange(&self, api: &str, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        let question = Question {
            flow: Flow::Invoke,
            reply: Flow::InvokeReply,
            target: api,
            path: &format!("/zone/invoke/{api}"),
            plaintext,
        };
        let identities = &self.zone.inner().identities;
        let identity = identities.own(self.zone.now())?;
        let asked = ask(&self.zone, &identity, question).await;
        if asked.as_ref().is_err_and(wants_other_key) && identities.reload() {
            let identity = identities.own(self.zone.now())?;
            return ask(&self.zone, &identity, question).await;
        }
        asked
    }
}

fn wants_other_key(error: &Error) -> bool {
    match error {
        Error::NoKey => true,
        Error::Refused { code } => *code == ReturnCode::KeyVersion,
        _ => false,
    }
}

/// The name goes into a path, so only what a name can have.
fn check_api(api: &str) -> Result<(), Error> {
    let name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=MAX_API_BYTES).contains(&api.len()) && api.bytes().all(name) {
        return Ok(());
    }
    Err(Error::UnknownApi {
        api: api.chars().take(MAX_API_BYTES).collect(),
    })
}

fn check_json(what: &'static str, text: &str) -> Result<(), Error> {
    let checked = serde_json::from_str::<IgnoredAny>(text);
    checked.map(drop).map_err(|error| Error::Json {
        what,
        detail: format!("line {}, column {}", error.line(), error.column()),
    })
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("corpid", &self.corpid)
            .field("agentid", &self.agentid)
            .field("ability_id", &self.ability_id)
            .finish_non_exhaustive()
    }
}
