//! The WeCom story: what an app's server, its zone and its programs have to do with each other.
//!
//! The figure of the platform's own sample, a task, debug mode, an async call, and refusals.

mod app_server;
mod archive;
mod debug;
mod debug_program;
mod disk;
mod figure;
mod http;
mod jobs;
mod platform;
mod private_key;
mod refusals;
mod strange_program;

use std::path::{Path, PathBuf};

use serde_json::Value;

use self::app_server::AppServer;
use self::http::Http;
use self::platform::Platform;
use self::private_key::Pulled;
use self::strange_program::StrangeProgram;
use super::Step;
use super::scene::Scene;
use crate::failure::Failure;
use crate::ready_file::{Ready, WecomCredentials};

/// The story, after Feishu's.
pub(super) const STEPS: &[Step] = &[
    Step {
        title: "zone: the data-callback URL is checked",
        expected: "a careless answer refused with its cause, the exact one saved",
        play: |scene| Box::pin(figure::save_url(scene)),
    },
    Step {
        title: "zone: messages come into the archive",
        expected: "kept encrypted, each under a key of its own",
        play: |scene| Box::pin(archive::import(scene)),
    },
    Step {
        title: "zone: new messages reach the app",
        expected: "event, `spec_notify_app`, `program_notify`: one NotifyId, no content",
        play: |scene| Box::pin(figure::notify(scene)),
    },
    Step {
        title: "zone: the app pulls them",
        expected: "records without a text, their keys opened with the private key",
        play: |scene| Box::pin(figure::pull(scene)),
    },
    Step {
        title: "zone: a task over the conversation",
        expected: "the result leaves the zone, what was said does not",
        play: |scene| Box::pin(jobs::task(scene)),
    },
    Step {
        title: "zone: debug mode",
        expected: "call and event reach the developer's port, nothing the deployment; then back",
        play: |scene| Box::pin(debug::debug(scene)),
    },
    Step {
        title: "zone: an async call",
        expected: "710642 until the program has reported, then the result",
        play: |scene| Box::pin(jobs::async_call(scene)),
    },
    Step {
        title: "zone: outside the protocols",
        expected: "790016 and nothing sent; 790014 and nothing passed on",
        play: |scene| Box::pin(refusals::protocols(scene)),
    },
    Step {
        title: "zone: not from the zone",
        expected: "curl is told what to do instead, a forged signature only -10004",
        play: |scene| Box::pin(refusals::forged(scene)),
    },
    Step {
        title: "zone: another program's job",
        expected: "790017 for the right key with the wrong job_info",
        play: |scene| Box::pin(refusals::foreign_job(scene)),
    },
    Step {
        title: "zone: what lies on the disk",
        expected: "no text of a message in any file",
        play: |scene| Box::pin(disk::scan(scene)),
    },
];

/// What the zone's steps play with, and what has been noted so far.
pub(super) struct Zone {
    wecom: WecomCredentials,
    url: String,
    directory: PathBuf,
    http: Http,
    platform: Platform,
    app: AppServer,
    /// The program that keeps to nothing, once it is deployed.
    strange: Option<StrangeProgram>,
    /// The notification that the app got, for the steps after it.
    notify_id: String,
    /// The records that the app pulled.
    pulled: Vec<Pulled>,
}

impl Zone {
    /// Starts the app's server.
    pub(super) async fn set(ready: &Ready, directory: &Path) -> Result<Self, Failure> {
        let wecom = ready.wecom.clone();
        let wecom = wecom.ok_or_else(|| Failure::internal("no zone is seeded"))?;
        let http = Http::new();
        Ok(Self {
            platform: Platform::new(http.clone(), &ready.url, &wecom),
            app: AppServer::start(&wecom).await?,
            url: ready.url.clone(),
            directory: directory.to_owned(),
            http,
            wecom,
            strange: None,
            notify_id: String::new(),
            pulled: Vec::new(),
        })
    }

    /// The management path of the app.
    fn app_path(&self, rest: &str) -> String {
        format!(
            "wecom/apps/{}/{}{rest}",
            self.wecom.corpid, self.wecom.agentid
        )
    }

    /// The management path of the sample program.
    fn program_path(&self, rest: &str) -> String {
        format!("wecom/programs/{}{rest}", self.wecom.program_id)
    }

    /// The endpoint through which the app reaches the sample program.
    fn endpoint(&self) -> String {
        let WecomCredentials {
            corpid,
            agentid,
            program_id,
            ..
        } = &self.wecom;
        format!("zone:{corpid}/{agentid}:{program_id}")
    }
}

/// The log lines that the deployed sample program has written after the one of this number.
async fn log_lines(scene: &Scene, after: i64) -> Result<Vec<Value>, Failure> {
    let path = scene
        .zone
        .program_path(&format!("/logs?after={after}&limit=4096"));
    let page = scene.get(&path).await?;
    let lines = page.get("lines").and_then(Value::as_array).cloned();
    Ok(lines.unwrap_or_default())
}
