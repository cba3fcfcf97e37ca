//! The platform's API for apps: a token, and calls of a zone program (sheet wecom-zone-app, 1 and 2).

use anyhow::{Context as _, bail};
use ringback_types::Secret;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::http::Http;
use crate::settings::Settings;
use crate::text_of;

/// The token is not good any more: the platform may end it early, so it is fetched again.
const TOKEN_OVER: [i64; 2] = [40_014, 42_001];

/// One app of one corp on one platform.
#[derive(Debug)]
pub(crate) struct Platform {
    http: Http,
    settings: Settings,
    base: Url,
    token: Option<Secret>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
    #[serde(default)]
    access_token: String,
    #[serde(default)]
    response_data: String,
}

impl Platform {
    pub(crate) fn new(settings: Settings) -> anyhow::Result<Self> {
        let base = Url::parse(&settings.url).context("--url is not a URL")?;
        Ok(Self {
            http: Http::new()?,
            settings,
            base,
            token: None,
        })
    }

    /// Calls an ability of the program, and gives its `response_data`: JSON text.
    pub(crate) async fn call(
        &mut self,
        ability_id: &str,
        notify_id: Option<&str>,
        request_data: &Value,
    ) -> anyhow::Result<String> {
        let mut body = json!({
            "program_id": self.settings.program_id,
            "ability_id": ability_id,
            // A JSON text inside a string, not an object.
            "request_data": request_data.to_string(),
        });
        if let Some(notify_id) = notify_id {
            body["notify_id"] = notify_id.into();
        }
        let mut answer = self
            .post("cgi-bin/chatdata/sync_call_program", &body)
            .await?;
        if TOKEN_OVER.contains(&answer.errcode) {
            self.token = None;
            answer = self
                .post("cgi-bin/chatdata/sync_call_program", &body)
                .await?;
        }
        Ok(checked(answer, ability_id)?.response_data)
    }

    async fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        let token = self.token().await?;
        let mut url = self.base.join(path)?;
        url.query_pairs_mut()
            .append_pair("access_token", text_of(&token)?);
        self.http.post(&url, body).await
    }

    async fn token(&mut self) -> anyhow::Result<Secret> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        let mut url = self.base.join("cgi-bin/gettoken")?;
        url.query_pairs_mut()
            .append_pair("corpid", &self.settings.corpid)
            .append_pair("corpsecret", text_of(&self.settings.corpsecret)?);
        let answer = checked(self.http.get(&url).await?, "gettoken")?;
        let token = Secret::from(answer.access_token);
        self.token = Some(token.clone());
        Ok(token)
    }
}

/// Only the code counts; the text may change.
fn checked(answer: Answer, what: &str) -> anyhow::Result<Answer> {
    if answer.errcode != 0 {
        bail!(
            "{what} answered errcode {}: {}",
            answer.errcode,
            answer.errmsg
        );
    }
    Ok(answer)
}
