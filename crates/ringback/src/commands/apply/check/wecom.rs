//! Corps, programs and WeCom apps.

use ringback_deliver::guard::check_url;
use serde_json::Value;

use super::{Checker, read};
use crate::commands::apply::file::{Members, WantedProgram};
use crate::commands::wecom::AppName;
use crate::failure::Failure;

impl Checker<'_> {
    pub(super) fn wecom(&self) -> Result<(), Failure> {
        for (corpid, members) in &self.wanted.corps {
            let object = format!("wecom.corp.{corpid}");
            let pair = ["public_key", "public_key_ver"];
            if pair.iter().any(|member| members.contains_key(*member)) {
                self.needs(&object, members, &pair)?;
            }
        }
        for (id, program) in &self.wanted.programs {
            self.program(id, program)?;
        }
        for (name, members) in &self.wanted.wecom_apps {
            self.wecom_app(name, members)?;
        }
        Ok(())
    }

    fn program(&self, id: &str, program: &WantedProgram) -> Result<(), Failure> {
        let object = format!("wecom.program.{id}");
        if let Some(url) = program.debug_url.as_ref().filter(|url| !url.is_empty()) {
            let checked = check_url(url).map(drop);
            checked.map_err(|error| self.wanted.text.wrong(&object, "debug_url", error.into()))?;
        }
        let found = self.found.programs.get(id);
        let has_host = found.is_some_and(|found| found.get("host").is_some_and(Value::is_object));
        if program.deployed == Some(true) && program.input.host.is_none() && !has_host {
            return Err(self.missing(&object, "host"));
        }
        Ok(())
    }

    fn wecom_app(&self, name: &str, members: &Members) -> Result<(), Failure> {
        let object = format!("wecom.app.{name}");
        let wrong = |member: &str, failure| self.wanted.text.wrong(&object, member, failure);
        let parsed = AppName::parse(name).map_err(|failure| wrong("", failure))?;
        let (there, kept) = (&self.found.corps, &self.wanted.corps);
        self.there("corp", parsed.corpid(), there, kept)
            .map_err(|failure| wrong("", failure))?;
        self.url(&object, "callback_url", members)?;

        let programs = self.programs_of(name, members);
        let (there, kept) = (&self.found.programs, &self.wanted.programs);
        for program in &programs {
            self.there("program", program, there, kept)
                .map_err(|failure| wrong("programs", failure))?;
        }
        let receiving: String = read(members.get("receiving_program"));
        if !receiving.is_empty() && !programs.contains(&receiving) {
            let message = format!("the app does not use the program `{receiving}`");
            let failure = Failure::usage("apply.unknown_name", message)
                .with_hint("name it in `programs` too");
            return Err(wrong("receiving_program", failure));
        }
        Ok(())
    }

    /// The programs that the app uses afterwards.
    fn programs_of(&self, name: &str, members: &Members) -> Vec<String> {
        if members.contains_key("programs") {
            return read(members.get("programs"));
        }
        let app = self.found.wecom_apps.get(name);
        let associations = app.and_then(|app| app.get("programs"));
        let associations = associations.and_then(Value::as_array);
        let ids = associations.into_iter().flatten();
        ids.filter_map(|it| Some(it.get("program_id")?.as_str()?.to_owned()))
            .collect()
    }
}
