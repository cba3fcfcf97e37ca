//! The settings of each node type.

use std::collections::BTreeSet;

use url::Url;

use super::{Checking, MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS};
use crate::document::{
    ApiCall, Branch, Collect, Condition, Input, InputKind, Item, NodeKind, SystemVariable, Trigger,
};
use crate::expression::{Compiled, regex};
use crate::fault::FaultKind;
use crate::flow::{Ready, ReadyItem};
use crate::template::{Template, is_variable_name};

/// What a call may be granted; the platform's own limit is 2 s (sheet `tencent-desk`, section 2.7).
const DEADLINE_MS: std::ops::RangeInclusive<u64> = 1..=60_000;
const MAX_RETRIES: u8 = 3;

impl<'a> Checking<'a> {
    /// Every node made ready, where all of them can be.
    pub(super) fn nodes(&mut self) -> Option<Vec<Ready>> {
        let document = self.document;
        let mut ready = Vec::with_capacity(document.nodes.len());
        for node in &document.nodes {
            self.node = Some(&node.id);
            ready.push(self.node(&node.kind));
        }
        self.node = None;
        ready.into_iter().collect()
    }

    fn node(&mut self, kind: &'a NodeKind) -> Option<Ready> {
        match kind {
            NodeKind::Start(start) => {
                self.trigger(&start.trigger);
                Some(Ready::Start {
                    next: self.target(&start.next)?,
                })
            }
            NodeKind::Collect(collect) => self.collect(collect),
            NodeKind::Branch(branch) => self.branch(branch),
            NodeKind::Condition(condition) => self.condition(condition),
            NodeKind::ApiCall(call) => self.api_call(call),
            NodeKind::Reply(reply) => {
                self.text("text", &reply.text, MAX_TEXT_CHARACTERS);
                let text = self.template("text", &reply.text);
                Some(Ready::Reply {
                    text: text?,
                    next: self.target(&reply.next)?,
                })
            }
            NodeKind::Transfer(transfer) => match &transfer.text {
                None => Some(Ready::Transfer { text: None }),
                Some(text) => {
                    self.text("text", text, MAX_TEXT_CHARACTERS);
                    Some(Ready::Transfer {
                        text: Some(self.template("text", text)?),
                    })
                }
            },
            NodeKind::End(_) => Some(Ready::End),
        }
    }

    /// The number of a node; that it is there is looked at with the edges.
    fn target(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    fn trigger(&mut self, trigger: &Trigger) {
        self.count("examples", trigger.examples.len());
        if trigger.intent.trim().is_empty() && trigger.examples.is_empty() {
            let message = "nothing says when the flow starts: give an intent or examples";
            self.fault(FaultKind::NoTrigger, Some("trigger"), message);
        }
        for (index, example) in trigger.examples.iter().enumerate() {
            self.text(&format!("examples[{index}]"), example, MAX_TEXT_CHARACTERS);
        }
    }

    fn template(&mut self, member: &str, text: &str) -> Option<Template> {
        match Template::parse(text) {
            Ok(template) => {
                for name in template.variables() {
                    self.readable(member, name);
                }
                Some(template)
            }
            Err(error) => {
                self.fault(FaultKind::Template, Some(member), error.to_string());
                None
            }
        }
    }

    fn collect(&mut self, collect: &Collect) -> Option<Ready> {
        self.some_of("items", collect.items.len());
        let names = collect.items.iter().map(|item| item.variable.as_str());
        self.once_each("items", names);
        let numbered = collect.items.iter().enumerate();
        let items: Vec<Option<ReadyItem>> = numbered
            .map(|(index, item)| self.item(index, item))
            .collect();
        let items: Option<Vec<ReadyItem>> = items.into_iter().collect();
        Some(Ready::Collect {
            items: items?,
            next: self.target(&collect.next)?,
        })
    }

    fn item(&mut self, index: usize, item: &Item) -> Option<ReadyItem> {
        let member = |name: &str| format!("items[{index}].{name}");
        self.settable(&member("variable"), &item.variable);
        self.text(
            &member("description"),
            &item.description,
            MAX_TEXT_CHARACTERS,
        );
        self.count(&member("quick_replies"), item.quick_replies.len());
        for reply in &item.quick_replies {
            self.text(&member("quick_replies"), reply, MAX_NAME_CHARACTERS);
        }
        let question = item
            .ask
            .clone()
            .unwrap_or_else(|| question(&item.description));
        self.text(
            &member("ask"),
            &question,
            MAX_TEXT_CHARACTERS + MAX_NAME_CHARACTERS,
        );
        let ask = if item.ask.is_some() {
            self.template(&member("ask"), &question)
        } else {
            // A description is no template: what looks like a placeholder there is text.
            Template::parse(&question.replace("${", "$${")).ok()
        };
        let pattern = match &item.pattern {
            None => None,
            Some(_) if !self.may_have_pattern(&member("pattern")) => return None,
            Some(pattern) => match regex(pattern) {
                Ok(pattern) => Some(pattern),
                Err(error) => {
                    let message = format!("the regular expression is not one: {error}");
                    self.fault(FaultKind::Expression, Some(&member("pattern")), message);
                    return None;
                }
            },
        };
        Some(ReadyItem { ask: ask?, pattern })
    }

    fn branch(&mut self, branch: &Branch) -> Option<Ready> {
        self.text("text", &branch.text, MAX_TEXT_CHARACTERS);
        self.some_of("options", branch.options.len());
        for (index, option) in branch.options.iter().enumerate() {
            self.text(
                &format!("options[{index}]"),
                &option.text,
                MAX_NAME_CHARACTERS,
            );
        }
        self.once_each(
            "options",
            branch.options.iter().map(|option| option.text.as_str()),
        );
        if let Some(variable) = &branch.variable {
            self.settable("variable", variable);
        }
        let text = self.template("text", &branch.text);
        let options = branch.options.iter();
        let options: Option<Vec<_>> = options
            .map(|option| Some((option.text.clone(), self.target(&option.next)?)))
            .collect();
        let otherwise = match &branch.otherwise {
            None => None,
            Some(otherwise) => Some(self.target(otherwise)?),
        };
        Some(Ready::Branch {
            text: text?,
            options: options?,
            variable: branch.variable.clone(),
            otherwise,
        })
    }

    fn condition(&mut self, condition: &'a Condition) -> Option<Ready> {
        self.some_of("cases", condition.cases.len());
        let mut cases = Vec::new();
        for (index, case) in condition.cases.iter().enumerate() {
            let member = format!("cases[{index}].when");
            match Compiled::new(&case.when) {
                Ok(compiled) => {
                    let mut names = Vec::new();
                    compiled.variables(&mut names);
                    for name in names {
                        self.readable(&member, name);
                    }
                    cases.push(self.target(&case.next).map(|next| (compiled, next)));
                }
                Err(error) => {
                    self.fault(FaultKind::Expression, Some(&member), error.to_string());
                    cases.push(None);
                }
            }
        }
        let cases: Option<Vec<_>> = cases.into_iter().collect();
        Some(Ready::Condition {
            cases: cases?,
            otherwise: self.target(&condition.otherwise)?,
        })
    }

    fn api_call(&mut self, call: &ApiCall) -> Option<Ready> {
        self.url(&call.url);
        self.count("inputs", call.inputs.len());
        self.count("outputs", call.outputs.len());
        for (index, input) in call.inputs.iter().enumerate() {
            self.input(&format!("inputs[{index}]"), input);
        }
        self.once_each(
            "inputs",
            call.inputs.iter().map(|input| input.name.as_str()),
        );
        self.once_each("outputs", call.outputs.iter().map(String::as_str));
        for output in &call.outputs {
            self.settable("outputs", output);
        }
        if call
            .deadline_ms
            .is_some_and(|deadline| !DEADLINE_MS.contains(&deadline))
        {
            self.fault(FaultKind::Range, Some("deadline_ms"), "it is 1 to 60000");
        }
        if call.retries > MAX_RETRIES {
            self.fault(
                FaultKind::Range,
                Some("retries"),
                format!("at most {MAX_RETRIES} are made"),
            );
        }
        let on_exception = match &call.on_exception {
            None => None,
            Some(edge) => Some(self.target(edge)?),
        };
        Some(Ready::ApiCall {
            next: self.target(&call.next)?,
            on_exception,
        })
    }

    /// `https` or `http`, with a host and without userinfo; whether it may be called is the guard's to
    /// say, at the moment of the call.
    fn url(&mut self, text: &str) {
        let wrong = match Url::parse(text) {
            Err(error) => Some(format!("it is no URL: {error}")),
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                Some("it begins with `https` or `http`".to_owned())
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                Some("it may hold no user name or password".to_owned())
            }
            Ok(url) if url.fragment().is_some() => Some("it may have no fragment".to_owned()),
            Ok(_) => None,
        };
        if let Some(message) = wrong {
            self.fault(FaultKind::Url, Some("url"), message);
        }
    }

    fn input(&mut self, member: &str, input: &Input) {
        if !is_variable_name(&input.name) {
            let message = format!("`{}` is no name of a variable", input.name);
            self.fault(FaultKind::VariableName, Some(member), message);
        }
        let fixed = input.kind == InputKind::Fixed;
        if fixed != input.value.is_some() || (fixed && input.from.is_some()) {
            let message = "a fixed input has a `value` and no `from`; the others have no `value`";
            self.fault(FaultKind::Input, Some(member), message);
        }
        let Some(variable) = input.variable() else {
            return;
        };
        let is_system = SystemVariable::parse(variable).is_some();
        match input.kind {
            InputKind::System if !is_system => {
                let names: Vec<&str> = SystemVariable::ALL
                    .iter()
                    .map(|name| name.as_str())
                    .collect();
                let message = format!(
                    "`{variable}` is no system variable; there are {}",
                    names.join(", ")
                );
                self.fault(FaultKind::Input, Some(member), message);
            }
            InputKind::Custom | InputKind::Collected if is_system => {
                let message = format!(
                    "`{variable}` is a system variable: say so with `\"kind\": \"system\"`"
                );
                self.fault(FaultKind::Input, Some(member), message);
            }
            InputKind::Collected if !self.collects(variable) => {
                let message = format!("no `collect` node has an item `{variable}`");
                self.fault(FaultKind::UnknownVariable, Some(member), message);
            }
            InputKind::Custom => self.readable(member, variable),
            InputKind::System | InputKind::Collected | InputKind::Fixed => {}
        }
    }

    fn collects(&self, variable: &str) -> bool {
        self.document.nodes.iter().any(|node| match &node.kind {
            NodeKind::Collect(collect) => {
                collect.items.iter().any(|item| item.variable == variable)
            }
            _ => false,
        })
    }

    fn some_of(&mut self, member: &str, count: usize) {
        if count == 0 {
            self.fault(FaultKind::Nothing, Some(member), "there is none");
        }
        self.count(member, count);
    }

    fn once_each<'t>(&mut self, member: &str, names: impl Iterator<Item = &'t str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                self.fault(
                    FaultKind::DoubleName,
                    Some(member),
                    format!("`{name}` is there twice"),
                );
            }
        }
    }
}

/// What is asked for an item that has no question of its own, in the language of its description.
fn question(description: &str) -> String {
    let chinese = description
        .chars()
        .any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character));
    if chinese {
        format!("请告诉我：{description}")
    } else {
        format!("Please tell me: {description}")
    }
}
