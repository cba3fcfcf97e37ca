//! `ringback app set`: an app of WeCom or of Desk, changed.

use serde_json::Value;

use super::{Named, Platform, desk, foreign, wecom};
use crate::client::Client;
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct Set {
    #[command(flatten)]
    named: Named,
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    wecom: wecom::Change,
    #[command(flatten)]
    desk: desk::Change,
}

impl Set {
    pub(super) async fn run(self, client: &Client) -> Result<Value, Failure> {
        if self.name.is_none() && self.wecom.is_empty() && self.desk.is_empty() {
            let hint = "write `ringback app set APP --enabled false`, or see `--help`";
            return Err(Failure::usage("app.nothing", "nothing to change is given").with_hint(hint));
        }
        let platform = self.platform();
        let app = self.named.app.as_deref();
        match platform {
            Platform::Desk if self.wecom.is_empty() => self.desk.make(client, app, self.name).await,
            Platform::Desk => Err(foreign("WeCom", "name an app as CORPID/AGENTID")),
            // A Feishu app has nothing to be set: its name is none of an app of WeCom, which says so.
            Platform::Wecom | Platform::Feishu if self.desk.is_empty() => {
                self.wecom.make(client, app, self.name).await
            }
            Platform::Wecom | Platform::Feishu => {
                Err(foreign("Desk", "name an app by its SDKAppID"))
            }
        }
    }

    /// Where neither app nor platform is named, what is given says whose app it is.
    fn platform(&self) -> Platform {
        if self.named.app.is_none() && self.named.platform.is_none() && !self.desk.is_empty() {
            return Platform::Desk;
        }
        self.named.platform()
    }
}
