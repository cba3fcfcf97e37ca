//! `ringback desk chat`: a conversation in the terminal, or from a pipe.
//!
//! What the bot says stands on stdout and everything else on stderr, so that a script can compare the
//! bot's lines with what it expects.

mod line;

use std::io::{IsTerminal, stdin};
use std::path::Path;

use serde_json::{Value, json};

use self::line::{HELP, Line};
use super::trace::Trace;
use super::{all_after, calls, number, path, runs, said, text, variables, which};
use crate::client::Client;
use crate::commands::render;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::with_progress;

/// Arguments of `ringback desk chat`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each line is said to the bot. `/help` lists what else can be written; `//text` says `/text`.
The bot's lines stand on stdout, all else on stderr; at the end of a pipe the chat ends.

Examples:
  ringback desk chat --trace
  printf 'where is my order\\n12345\\n' | ringback desk chat
  ringback desk chat --flow order-status --draft --set Language=en
  ringback desk chat --conversation conv_…")]
pub(super) struct Arguments {
    /// Which app; may be left out where there is one only
    #[arg(long, value_name = "SDKAPPID")]
    app: Option<String>,
    /// Only this flow; every published one when left out
    #[arg(long, value_name = "NAME")]
    flow: Option<String>,
    /// The newest versions, published or not
    #[arg(long)]
    draft: bool,
    /// Who talks: ClientUserId
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// Show each node that a run passes and each call
    #[arg(long)]
    trace: bool,
    /// Set a session variable from the beginning
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Go on with a conversation that was begun before
    #[arg(
        long,
        value_name = "ID",
        conflicts_with_all = ["app", "flow", "draft", "user", "set"]
    )]
    conversation: Option<String>,
}

/// A conversation that is held here.
#[derive(Debug)]
pub(super) struct Chat<'a> {
    client: &'a Client,
    output: Output,
    id: String,
    /// The number of the last message that was shown.
    seen: i64,
    /// Who has it, as it was said last.
    standing: String,
    trace: Option<Trace>,
    /// Whether a person sits at the other end.
    terminal: bool,
}

impl<'a> Chat<'a> {
    /// Holds a conversation until it is closed or nothing more is written.
    pub(super) async fn hold(
        arguments: Arguments,
        client: &'a Client,
        output: Output,
    ) -> Result<(), Failure> {
        let mut chat = Self::open(arguments, client, output).await?;
        if chat.terminal {
            output.note(format_args!("conversation {}; `/help` helps", chat.id));
        }
        let talked = chat.talk().await;
        // Its id is of most use where something went wrong.
        output.note(format_args!("conversation {}", chat.id));
        talked
    }

    async fn open(
        arguments: Arguments,
        client: &'a Client,
        output: Output,
    ) -> Result<Self, Failure> {
        let conversation: Value = match &arguments.conversation {
            Some(id) => client.get(&path(id)).await?,
            None => begin(&arguments, client).await?,
        };
        let mut trace = arguments.trace.then(Trace::default);
        let id = text(&conversation, "id").to_owned();
        if let (Some(trace), Some(_)) = (&mut trace, &arguments.conversation) {
            trace.skip(client, &id).await?;
        }
        Ok(Self {
            client,
            output,
            seen: number(&conversation, "messages"),
            standing: said::standing(&conversation),
            id,
            trace,
            terminal: stdin().is_terminal(),
        })
    }

    async fn talk(&mut self) -> Result<(), Failure> {
        while let Some(line) = self.read()? {
            match self.follow(Line::of(&line)).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(failure) if self.terminal && may_go_on(&failure) => {
                    self.output.failure(&failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// The next line; nothing at the end.
    fn read(&self) -> Result<Option<String>, Failure> {
        if self.terminal {
            self.output.ask("you> ");
        }
        let mut line = String::new();
        let read = stdin().read_line(&mut line);
        let read = read
            .map_err(|error| Failure::file("read", Path::new("-"), &error).exiting(Exit::Usage))?;
        if read == 0 && self.terminal {
            // What ends the input ends no line.
            self.output.note("");
        }
        Ok((read > 0).then_some(line))
    }

    /// Does what a line says; whether more may follow.
    async fn follow(&mut self, line: Line<'_>) -> Result<bool, Failure> {
        match line {
            Line::Nothing => {}
            Line::Say(text) => self.say(text).await?,
            Line::Variables => self.variables().await?,
            Line::Calls => calls::print(self.client, self.output, &self.id).await?,
            Line::Run => self.run().await?,
            Line::Close => {
                self.close().await?;
                return Ok(false);
            }
            Line::Help => self.output.note(HELP),
            Line::Quit => return Ok(false),
            Line::Unknown(word) => {
                let message = format!("`{word}` is nothing that can be written here");
                return Err(Failure::usage("desk.chat_command", message)
                    .with_hint("`/help` lists what can; `//text` says `/text` to the bot"));
            }
        }
        self.output.flush();
        Ok(true)
    }

    async fn say(&mut self, text: &str) -> Result<(), Failure> {
        let path = format!("{}/messages", path(&self.id));
        let body = json!({ "text": text });
        let saying = self.client.post(&path, &body);
        let mut said: Value = with_progress("waiting for the bot", saying).await?;
        let messages = render::items(said["messages"].take());
        self.show(messages, &said["conversation"]).await
    }

    async fn close(&mut self) -> Result<(), Failure> {
        let path = format!("{}/close", path(&self.id));
        let closed: Value = self.client.post(&path, &json!({})).await?;
        self.show(Vec::new(), &closed).await
    }

    /// Shows the way of the runs, what was said, and who has the conversation where that is another.
    async fn show(&mut self, messages: Vec<Value>, conversation: &Value) -> Result<(), Failure> {
        if let Some(trace) = &mut self.trace {
            trace.catch_up(self.client, self.output, &self.id).await?;
        }
        for message in self.unseen(messages).await? {
            said::print(self.output, &message, self.terminal);
            self.seen = number(&message, "number");
        }
        let standing = said::standing(conversation);
        if standing != self.standing {
            self.output.note(format_args!("conversation: {standing}"));
            self.standing = standing;
        }
        Ok(())
    }

    /// These messages, or more where something was said meanwhile that nobody here has asked for.
    async fn unseen(&self, messages: Vec<Value>) -> Result<Vec<Value>, Failure> {
        let first = messages.first().map(|message| number(message, "number"));
        if first == Some(self.seen + 1) {
            return Ok(messages);
        }
        let path = format!("{}/messages", path(&self.id));
        all_after(self.client, &path, "number", self.seen).await
    }

    async fn variables(&self) -> Result<(), Failure> {
        let conversation: Value = self.client.get(&path(&self.id)).await?;
        let newest = runs(self.client, &self.id).await?.into_iter().next();
        let collected = newest.and_then(|run| run.get("collected").cloned());
        let known = json!({
            "session": conversation["variables"],
            "collected": collected.unwrap_or_else(|| json!({})),
        });
        render::object(self.output, &known);
        Ok(())
    }

    async fn run(&self) -> Result<(), Failure> {
        let newest = runs(self.client, &self.id).await?.into_iter().next();
        match newest {
            Some(run) => render::object(self.output, &run),
            None => self.output.note("no run yet"),
        }
        Ok(())
    }
}

/// Whether a person may try something else.
fn may_go_on(failure: &Failure) -> bool {
    failure.exit != Exit::Unreachable && failure.code != "desk.conversation_closed"
}

async fn begin(arguments: &Arguments, client: &Client) -> Result<Value, Failure> {
    let mut body = json!({
        "draft": arguments.draft,
        "variables": variables(&arguments.set)?,
    });
    for (member, given) in [
        ("client_user_id", &arguments.user),
        ("flow", &arguments.flow),
    ] {
        if let Some(given) = given {
            body[member] = json!(given);
        }
    }
    let app = which::the_app(client, arguments.app.as_deref()).await?;
    let path = format!("{}/conversations", which::app_path(&app));
    client.post(&path, &body).await
}
