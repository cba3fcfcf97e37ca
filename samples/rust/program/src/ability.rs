//! Which ability a request asks for, and what it answers.

use ringback_zone_sdk::{Request, log_info};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Program;
use crate::answer::Failure;
use crate::summary::summarize;

/// Hands out a stored event; the request must carry its notify_id.
const GET_CALLBACK_DATA: &str = "get_callback_data";
/// Sums up a conversation.
const SUMMARIZE: &str = "summarize";
/// The rest of such an ability id is the name of the SDK API.
const INVOKE: &str = "invoke_";
/// What `input.func` asks for a stored event with.
const DO_ASYNC_JOB: &str = "do_async_job";

/// Abilities whose ids say something else than the API that they pass through.
const APIS: &[(&str, &str)] = &[
    ("pull_messages", "sync_msg"),
    ("pull_page", "get_msg_list_by_page_id"),
];

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
enum Task<'a> {
    /// Pass this JSON text to this SDK API.
    Invoke {
        api: &'a str,
        request: &'a str,
    },
    /// Hand out the event that is stored under the request's notify_id.
    Stored,
    Summarize,
}

/// The Python sample's form: `{"input":{"func":"sync_msg","func_req":{…}}}`.
#[derive(Debug, Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    input: Input<'a>,
}

#[derive(Debug, Deserialize)]
struct Input<'a> {
    func: &'a str,
    #[serde(borrow, default)]
    func_req: Option<&'a RawValue>,
}

/// The answer of the ability that the request asks for.
pub(crate) async fn perform(program: &Program, request: &Request) -> Result<String, Failure> {
    match task(&request.ability_id, &request.data)? {
        Task::Invoke { api, request: text } => {
            let answer = request.client().invoke(api, text).await;
            log_info!(
                "{api}: {}",
                answer
                    .as_ref()
                    .map_or_else(ringback_zone_sdk::Error::code, |_| 0)
            );
            answer.map_err(|error| Failure::new(format!("{api}: {error} ({})", error.code())))
        }
        Task::Stored => program.events.stored(request).await,
        Task::Summarize => summarize(&request.data),
    }
}

fn task<'a>(ability_id: &'a str, data: &'a str) -> Result<Task<'a>, Failure> {
    match ability_id {
        GET_CALLBACK_DATA => return Ok(Task::Stored),
        SUMMARIZE => return Ok(Task::Summarize),
        _ => {}
    }
    let mapped = APIS
        .iter()
        .find(|(id, _)| *id == ability_id)
        .map(|(_, api)| *api);
    if let Some(api) = mapped.or_else(|| ability_id.strip_prefix(INVOKE)) {
        return Ok(Task::Invoke { api, request: data });
    }
    let Ok(Wrapped { input }) = serde_json::from_str(data) else {
        return Err(Failure::new(format!("there is no ability `{ability_id}`")));
    };
    Ok(match input.func {
        DO_ASYNC_JOB => Task::Stored,
        api => Task::Invoke {
            api,
            request: input.func_req.map_or("{}", RawValue::get),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ability_is_found_by_its_id_or_by_what_its_input_says() {
        let invoke = |api, request| Ok(Task::Invoke { api, request });
        let python = r#"{"input":{"func":"search_msg","func_req":{"query_word": "ab"}}}"#;
        let cases = [
            ("get_callback_data", "{}", Ok(Task::Stored)),
            ("summarize", "{}", Ok(Task::Summarize)),
            (
                "invoke_sync_msg",
                r#"{"limit":1}"#,
                invoke("sync_msg", r#"{"limit":1}"#),
            ),
            ("pull_messages", "{}", invoke("sync_msg", "{}")),
            // The member of the request that is passed on is passed on to the letter.
            (
                "anything",
                python,
                invoke("search_msg", r#"{"query_word": "ab"}"#),
            ),
            (
                "",
                r#"{"input":{"func":"knowledge_base_list"}}"#,
                invoke("knowledge_base_list", "{}"),
            ),
            (
                "x",
                r#"{"input":{"func":"do_async_job"}}"#,
                Ok(Task::Stored),
            ),
            (
                "x",
                r#"{"input":{"func":"do_async_job","func_req":{"notify_id":"n"}}}"#,
                Ok(Task::Stored),
            ),
        ];
        for (id, data, expected) in cases {
            assert_eq!(task(id, data), expected, "{id} {data}");
        }
        for data in ["{}", "[]", "", r#"{"input":{}}"#] {
            assert!(
                task("unknown", data)
                    .unwrap_err()
                    .to_json()
                    .contains("710660")
            );
        }
    }
}
