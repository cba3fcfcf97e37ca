//! Desk apps and flows.

use ringback_deliver::guard::check_url;
use ringback_desk::AppError;
use serde_json::{Map, Value};

use super::Checker;
use crate::commands::apply::file::{Members, parts};
use crate::commands::desk::which::is_app;
use crate::failure::Failure;

impl Checker<'_> {
    pub(super) fn desk(&self) -> Result<(), Failure> {
        for (id, members) in &self.wanted.desk_apps {
            self.desk_app(id, members)?;
        }
        for name in self.wanted.flows.keys() {
            let (app, _) = parts(name).unwrap_or_default();
            let (there, kept) = (&self.found.desk_apps, &self.wanted.desk_apps);
            let checked = self.there("Desk app", app, there, kept);
            let object = format!("desk.flow.{name}");
            checked.map_err(|failure| self.wanted.text.wrong(&object, "", failure))?;
        }
        Ok(())
    }

    fn desk_app(&self, id: &str, members: &Members) -> Result<(), Failure> {
        let object = format!("desk.app.{id}");
        let wrong = |member: &str, failure| Err(self.wanted.text.wrong(&object, member, failure));
        if !is_app(id) {
            return wrong("", AppError::BadSdkAppId(id.to_owned()).into());
        }
        let urls = members.get("urls").and_then(Value::as_object);
        let urls = urls.into_iter().flat_map(Map::values);
        // An empty one takes the URL away.
        for url in urls.filter_map(Value::as_str).filter(|url| !url.is_empty()) {
            if let Err(error) = check_url(url) {
                return wrong("urls", error.into());
            }
        }
        Ok(())
    }
}
