//! The platform as the app's server calls it: a token, and `cgi-bin/chatdata`.

use serde_json::{Value, json};

use super::super::check::{broken, number, text};
use super::http::Http;
use crate::client::with_query;
use crate::failure::Failure;
use crate::ready_file::WecomCredentials;

/// The app's credentials at one platform.
pub(super) struct Platform {
    http: Http,
    url: String,
    corpid: String,
    corpsecret: String,
    program_id: String,
}

impl Platform {
    pub(super) fn new(http: Http, url: &str, app: &WecomCredentials) -> Self {
        Self {
            http,
            url: url.to_owned(),
            corpid: app.corpid.clone(),
            corpsecret: app.corpsecret.clone(),
            program_id: app.program_id.clone(),
        }
    }

    /// `gettoken`: the same token until its time is over, so nothing is kept here.
    pub(super) async fn token(&self) -> Result<String, Failure> {
        let pairs = [
            ("corpid", self.corpid.clone()),
            ("corpsecret", self.corpsecret.clone()),
        ];
        let url = with_query(&format!("{}/cgi-bin/gettoken", self.url), pairs);
        let answer = self.http.json(&url, None).await?;
        Ok(text(&ok("gettoken", answer)?, "/access_token").to_owned())
    }

    /// The answer of an API, a refusal too.
    pub(super) async fn ask(&self, api: &str, body: &Value) -> Result<Value, Failure> {
        let url = format!("{}/cgi-bin/chatdata/{api}", self.url);
        let url = with_query(&url, [("access_token", self.token().await?)]);
        self.http.json(&url, Some(body)).await
    }

    /// Calls an ability of a program; answers as the platform does.
    pub(super) async fn call_of(
        &self,
        program_id: &str,
        ability_id: &str,
        data: &Value,
    ) -> Result<Value, Failure> {
        // A JSON text inside a string, not an object.
        let data = data.to_string();
        let body =
            json!({ "program_id": program_id, "ability_id": ability_id, "request_data": data });
        self.ask("sync_call_program", &body).await
    }

    /// What an ability of the sample program answers.
    pub(super) async fn call(&self, ability_id: &str, data: &Value) -> Result<Value, Failure> {
        let answer = self.call_of(&self.program_id, ability_id, data).await?;
        response_data(ability_id, answer)
    }

    /// What the sample program has under a notify id.
    pub(super) async fn event(&self, notify_id: &str) -> Result<Value, Failure> {
        let ability = "get_callback_data";
        let body = json!({
            "program_id": self.program_id, "ability_id": ability,
            "notify_id": notify_id, "request_data": "{}",
        });
        response_data(ability, self.ask("sync_call_program", &body).await?)
    }
}

/// An answer that is no refusal.
pub(super) fn ok(what: &str, answer: Value) -> Result<Value, Failure> {
    if number(&answer, "/errcode") == 0 {
        Ok(answer)
    } else {
        Err(broken(format!("{what} answered {answer}")))
    }
}

/// What a program answered, read.
pub(super) fn response_data(what: &str, answer: Value) -> Result<Value, Failure> {
    let answer = ok(what, answer)?;
    serde_json::from_str(text(&answer, "/response_data")).map_err(Failure::internal)
}
