//! What to do about a refused trigger, in words of the command line, and what `--set` may have missed.

use serde_json::{Map, Value};

use crate::client::Client;
use crate::commands::render;
use crate::failure::Failure;
use crate::output::Output;

/// The server's hints speak of members of a request; these speak of options.
pub(super) fn for_trigger(failure: Failure, app: &str, event_type: &str) -> Failure {
    let hint = match failure.code.as_ref() {
        "feishu.not_subscribed" => format!(
            "subscribe with `ringback app subscribe --add {app} {event_type}`, or send it all the same with `--force`"
        ),
        "feishu.no_fixture" => {
            "give the `event` object with `--file FILE`; `ringback trigger feishu --list` shows what needs none".to_owned()
        }
        "feishu.wrong_schema" => "leave `--schema` out".to_owned(),
        _ => return failure,
    };
    failure.with_hint(hint)
}

/// Says which paths put in something that the fixture does not have: often a typing mistake.
pub(super) async fn warn_of_paths(
    client: &Client,
    output: Output,
    event_type: &str,
    set: &Value,
) -> Result<(), Failure> {
    let fixtures = render::items(client.get("feishu/fixtures").await?);
    let fixture = fixtures
        .iter()
        .find(|fixture| fixture.get("type").is_some_and(|it| *it == event_type));
    let Some(event) = fixture.and_then(|fixture| fixture.get("event")) else {
        return Ok(());
    };
    let paths = set.as_object().into_iter().flat_map(Map::keys);
    for path in paths.filter(|path| !leads_somewhere(event, path)) {
        let below = path.strip_prefix("event.");
        match below.filter(|below| leads_somewhere(event, below)) {
            Some(below) => output.note(format_args!(
                "warning: paths begin below `event`: `{path}` makes a new member, `{below}` is there"
            )),
            None => output.note(format_args!(
                "warning: the fixture has no `{path}`; it is added"
            )),
        }
    }
    Ok(())
}

fn leads_somewhere(event: &Value, path: &str) -> bool {
    let mut steps = path.split('.');
    steps
        .try_fold(event, |place, step| match place {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            other => other.get(step),
        })
        .is_some()
}
