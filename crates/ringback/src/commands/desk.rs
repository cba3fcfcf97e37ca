//! `ringback desk`: talk to a Desk bot as its users do, and look at their conversations.

mod calls;
mod chat;
mod said;
mod show;
mod trace;
mod watch;
pub(super) mod which;

use serde_json::{Map, Value, json};

pub(super) use self::calls::by_name;
use self::chat::Chat;
pub(super) use self::show::RUN_COLUMNS;
use super::render;
use crate::cli::Connection;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::with_progress;

/// Arguments of `ringback desk`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Where there is one Desk app, `--app` may be left out.

Examples:
  ringback desk chat --trace
  printf 'where is my order\\n12345\\n' | ringback desk chat
  ringback desk chat --flow order-status --draft --set Language=en
  ringback desk list
  ringback desk watch conv_…")]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Talk to the bot, a line at a time
    Chat(chat::Arguments),
    /// List an app's conversations, newest first
    List(List),
    /// Show a conversation: its state, its variables, what was said, its runs
    Show(Named),
    /// Say one thing in a conversation, and print what the bot answers
    Say {
        #[command(flatten)]
        named: Named,
        /// What is said
        text: String,
        /// Say it as the person who has the conversation, or who takes it out of the queue
        #[arg(long)]
        as_agent: bool,
    },
    /// Close a conversation
    Close(Named),
    /// Print what happens in a conversation, a line each, until it is closed
    Watch(Named),
}

#[derive(Debug, clap::Args)]
struct List {
    /// Which app
    #[arg(long, value_name = "SDKAPPID")]
    app: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Only those before this one
    #[arg(long, value_name = "CONVERSATION")]
    before: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Named {
    /// Its id, conv_…
    conversation: String,
}

impl Named {
    fn path(&self) -> String {
        path(&self.conversation)
    }
}

/// Where a conversation stands in the management API.
fn path(conversation: &str) -> String {
    format!("desk/conversations/{}", client::encode(conversation))
}

/// The runs of a conversation, newest first.
pub(super) async fn runs(client: &Client, conversation: &str) -> Result<Vec<Value>, Failure> {
    let path = format!("{}/runs?limit={LARGEST_PAGE}", path(conversation));
    Ok(render::items(client.get(&path).await?))
}

/// The largest page that the server gives.
const LARGEST_PAGE: usize = 500;

/// Everything after the item of number `after` of a list whose items are numbered by `member`.
async fn all_after(
    client: &Client,
    path: &str,
    member: &str,
    mut after: i64,
) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    loop {
        let path = format!("{path}?after={after}&limit={LARGEST_PAGE}");
        let page = render::items(client.get(&path).await?);
        let whole = page.len() == LARGEST_PAGE;
        after = page.last().map_or(after, |item| number(item, member));
        all.extend(page);
        if !whole {
            return Ok(all);
        }
    }
}

/// A member that is a number.
fn number(item: &Value, member: &str) -> i64 {
    item.get(member).and_then(Value::as_i64).unwrap_or(0)
}

/// A member that is a text; empty where it is absent.
fn text<'a>(item: &'a Value, member: &str) -> &'a str {
    item.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// Pairs of `--set`, each value as text.
pub(super) fn pairs(given: &[String], hint: &'static str) -> Result<Map<String, Value>, Failure> {
    let read = |pair: &String| {
        let named = pair.split_once('=').filter(|(name, _)| !name.is_empty());
        let (name, value) = named.ok_or_else(|| {
            let message = format!("`--set {pair}` is not of the form NAME=VALUE");
            Failure::usage("desk.set", message).with_hint(hint)
        })?;
        Ok((name.to_owned(), value.into()))
    };
    given.iter().map(read).collect()
}

/// The same as variables of a session, which are all texts.
pub(super) fn variables(given: &[String]) -> Result<Map<String, Value>, Failure> {
    pairs(given, "write `--set OrderID=12345`")
}

/// Talks, or looks at conversations.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    match arguments.action {
        Action::Chat(arguments) => Chat::hold(arguments, &client, output).await,
        Action::List(list) => list.run(&client, output).await,
        Action::Show(named) => show::run(&client, output, &named.conversation).await,
        Action::Say {
            named,
            text,
            as_agent,
        } => {
            let speaker = if as_agent { "agent" } else { "user" };
            let body = json!({ "text": text, "speaker": speaker });
            say(&client, output, &named, &body).await
        }
        Action::Close(named) => {
            let path = format!("{}/close", named.path());
            let closed: Value = client.post(&path, &json!({})).await?;
            render::object(output, &closed);
            Ok(())
        }
        Action::Watch(named) => watch::run(&client, output, &named.conversation).await,
    }
}

const COLUMNS: &[render::Column] = &[
    ("CONVERSATION", "/id"),
    ("STATE", "/state"),
    ("USER", "/client_user_id"),
    ("MESSAGES", "/messages"),
    ("RUN", "/run"),
    ("DRAFT", "/draft"),
    ("STARTED", "/created_at"),
];

impl List {
    async fn run(self, client: &Client, output: Output) -> Result<(), Failure> {
        let app = which::the_app(client, self.app.as_deref()).await?;
        let mut pairs = vec![("limit", self.limit.to_string())];
        pairs.extend(self.before.map(|before| ("before", before)));
        let path = format!("{}/conversations", which::app_path(&app));
        let items = render::items(client.get(&client::with_query(&path, pairs)).await?);
        render::list(output, &items, COLUMNS);
        Ok(())
    }
}

async fn say(client: &Client, output: Output, named: &Named, body: &Value) -> Result<(), Failure> {
    let path = format!("{}/messages", named.path());
    let said: Value = with_progress("waiting for the bot", client.post(&path, body)).await?;
    let messages = said.get("messages").cloned().unwrap_or_default();
    for message in render::items(messages) {
        said::print(output, &message, false);
    }
    said::note_state(output, said.get("conversation").unwrap_or(&Value::Null));
    Ok(())
}
