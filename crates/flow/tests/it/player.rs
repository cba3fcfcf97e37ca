//! A run with everything that belongs to it, told in lines.

use ringback_flow::{Advance, Flow, Happening, Input, Next, Run, System, Unexpected, Variables};

/// A run of a flow. Between every two inputs it is written down and read again.
pub(crate) struct Player<'a> {
    flow: &'a Flow,
    pub(crate) run: Run,
    pub(crate) variables: Variables,
    pub(crate) system: System,
}

pub(crate) fn system() -> System {
    System {
        session_id: "session-1".to_owned(),
        client_user_id: "user517".to_owned(),
        customer_service_id: "@service".to_owned(),
        channel_type: "SDK".to_owned(),
    }
}

pub(crate) fn pairs(values: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    values.iter().map(own).collect()
}

impl<'a> Player<'a> {
    /// Begins with what the user said and with session variables that are set already.
    pub(crate) fn begin(
        flow: &'a Flow,
        message: Option<&str>,
        set: &[(&str, &str)],
    ) -> (Self, Vec<String>) {
        let system = system();
        let mut variables: Variables = pairs(set).into_iter().collect();
        let (run, advance) = Run::begin(flow, &mut variables, &system, message);
        let told = tell(flow, &advance);
        (
            Self {
                flow,
                run,
                variables,
                system,
            },
            told,
        )
    }

    /// Gives an input to the run and to what becomes of it when it is written down: both must agree.
    pub(crate) fn advance(&mut self, input: Input<'_>) -> Result<Advance, Unexpected> {
        let written = serde_json::to_string(&self.run).unwrap();
        let mut read: Run = serde_json::from_str(&written).unwrap();
        assert_eq!(read, self.run);
        let mut variables = self.variables.clone();
        let of_read = read.advance(self.flow, &mut variables, &self.system, input);
        let advance = self
            .run
            .advance(self.flow, &mut self.variables, &self.system, input);
        assert_eq!(
            (&of_read, &read, &variables),
            (&advance, &self.run, &self.variables)
        );
        advance
    }

    fn told(&mut self, input: Input<'_>) -> Vec<String> {
        let advance = self
            .advance(input)
            .expect("an input that the run waits for");
        tell(self.flow, &advance)
    }

    pub(crate) fn hears(&mut self, text: &str) -> Vec<String> {
        self.told(Input::Message(text))
    }

    pub(crate) fn picks(&mut self, picked: &[(usize, &str)]) -> Vec<String> {
        let picked: Vec<_> = picked
            .iter()
            .map(|(item, value)| (*item, (*value).to_owned()))
            .collect();
        self.told(Input::Picked(&picked))
    }

    pub(crate) fn answered(&mut self, values: &[(&str, &str)]) -> Vec<String> {
        self.told(Input::Answered(&pairs(values)))
    }

    pub(crate) fn fails(&mut self) -> Vec<String> {
        self.told(Input::Failed)
    }

    pub(crate) fn collected(&self) -> Vec<(&str, &str)> {
        let collected = self.run.collected().iter();
        collected
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }
}

/// What happened and what is needed, a line each.
fn tell(flow: &Flow, advance: &Advance) -> Vec<String> {
    let id = |node: usize| flow.node(node).id.as_str();
    let mut lines: Vec<String> = advance
        .happened
        .iter()
        .map(|happening| match happening {
            Happening::Said {
                node,
                speech,
                text,
                choices,
            } => {
                let text = text.as_deref().unwrap_or("(its own words)");
                let mut line = format!("{} {}: {text}", id(*node), speech.as_str());
                let choices = choices.iter().map(|choice| format!(" [{choice}]"));
                line.extend(choices);
                line
            }
            Happening::Passed { node, next } => {
                format!("{} -> {}", id(*node), next.map_or("|", id))
            }
            Happening::FellBack { node } => format!("{} fell back", id(*node)),
            Happening::Odd { node, name, oddity } => {
                format!("{} {}: {name}", id(*node), oddity.as_str())
            }
        })
        .collect();
    lines.push(match &advance.next {
        Next::User => "needs the user".to_owned(),
        Next::Pick(pick) => format!(
            "needs {:?} of {:?}, asked for {:?}",
            pick.missing, pick.text, pick.asked
        ),
        Next::Call { node, values } => format!("needs {} {values:?}", id(*node)),
        Next::Over(ending) => format!("is {}", ending.as_str()),
    });
    lines
}
