//! What a document must be, fault by fault.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ringback_flow::{Fault, FaultKind, Flow, MAX_DOCUMENT_BYTES};
use serde_json::{Value, json};

use crate::documents::{SAMPLE, document, every_node, flow, lines, patched, ready};

/// The faults of a document that must have some.
fn faults(document: &Value) -> Vec<Fault> {
    Flow::parse(document.to_string().as_bytes()).expect_err("a document with a fault")
}

/// The kind, the node, the edge, what is wrong, and where. Nodes: 0 start, 1 ask, 2 call, 3 fork,
/// 4 choose, 5 tell, 6 sorry, 7 agent, 8 end.
const FAULTS: &str = r#"
form | - | - | a member that no document has | /colour = "red"
form | - | - | a member that no node has | /nodes/1/colour = "red"
form | - | - | a member of another type | /nodes/8/text = "Bye"
form | - | - | a member that no item has | /nodes/1/items/0/x = 1
form | - | - | no `next` | /nodes/1/next = null
form | - | - | no id | /nodes/8/id = null
form | - | - | no type | /nodes/8/type = null
form | - | - | an unknown type | /nodes/8/type = "stop"
form | - | - | a number for a text | /nodes/5/text = 5
form | - | - | a number for a name | /nodes/5/name = 5
form | - | - | a text for a list | /nodes/2/outputs = "Status"
form | - | - | an unknown operator | /nodes/3/cases/0/when/all/0/test/operator = "is"
form | - | - | two expressions in one | /nodes/3/cases/1/when/test = {"variable":"Note","operator":"empty"}
form | - | - | more retries than a byte holds | /nodes/2/retries = 256
text | - | name | no name | /name = " "
text | - | name | a long name | /name = "x65"
text | - | description | a long description | /description = "x4001"
text | - | variables | a long value | /variables/Shop = "x4001"
text | end | name | a long name of a node | /nodes/8/name = "x65"
text | start | examples[1] | an empty example | /nodes/0/trigger/examples/1 = ""
text | ask | items[1].description | an empty description | /nodes/1/items/1/description = " "
text | ask | items[0].ask | an empty question | /nodes/1/items/0/ask = ""
text | ask | items[1].quick_replies | a long quick reply | /nodes/1/items/1/quick_replies/1 = "x65"
text | choose | options[1] | a long option | /nodes/4/options/1/text = "x65"
text | choose | text | an empty heading | /nodes/4/text = "\n"
text | sorry | text | a control character | /nodes/6/text = "a\u0007b"
text | sorry | text | a long reply | /nodes/6/text = "x4001"
text | agent | text | nothing before a transfer | /nodes/7/text = ""
too_many | start | examples | many examples | /nodes/0/trigger/examples = "n101"
too_many | ask | items[1].quick_replies | many quick replies | /nodes/1/items/1/quick_replies = "n101"
too_many | call | outputs | many outputs | /nodes/2/outputs = "n101" ;; /variables/Status = ""
node_id | the end | - | an id with a space | /nodes/8/id = "the end" ;; /nodes/5/next = "the end" ;; /nodes/6/next = "the end"
double_id | end | - | an id twice | /nodes/9 = {"id":"end","type":"end"}
start_count | - | - | two starts | /nodes/9 = {"id":"go","type":"start","trigger":{"intent":"y"},"next":"ask"}
start_count | - | - | no start | /nodes/0 = {"id":"start","type":"end"}
start_count | - | - | no node | /nodes = []
unknown_target | tell | next | a next that is not there | /nodes/5/next = "nowhere"
unknown_target | call | on_exception | an exception edge into nothing | /nodes/2/on_exception = "nowhere"
unknown_target | choose | options[1] | an option into nothing | /nodes/4/options/1/next = "nowhere"
unknown_target | choose | otherwise | an `otherwise` into nothing | /nodes/4/otherwise = ""
unknown_target | fork | cases[1] | a case into nothing | /nodes/3/cases/1/next = "nowhere"
into_start | sorry | next | back to the start | /nodes/6/next = "start"
unreachable | alone | - | nothing leads there | /nodes/9 = {"id":"alone","type":"end"}
loop | sorry | next | a reply after itself | /nodes/6/next = "sorry"
no_trigger | start | trigger | nothing that starts it | /nodes/0/trigger = {"intent":" "}
nothing | choose | options | no option | /nodes/4/options = [] ;; /nodes/4/otherwise = "agent"
nothing | fork | cases | no case | /nodes/3/cases = [] ;; /nodes/6/next = "tell"
variable_name | - | variables | a declared name with a space | /variables/a b = ""
variable_name | ask | items[1].variable | an item with a hyphen | /nodes/1/items/1/variable = "a-b" ;; /variables/Note = ""
variable_name | call | outputs | an output with a dot | /nodes/2/outputs/1 = "a.b"
variable_name | call | inputs[3] | an empty input | /nodes/2/inputs/3/name = ""
variable_name | choose | variable | a long choice | /nodes/4/variable = "x65"
system_variable | - | variables | a declared system variable | /variables/SystemSessionID = ""
system_variable | ask | items[1].variable | a collected system variable | /nodes/1/items/1/variable = "SystemClientUserID" ;; /variables/Note = ""
system_variable | call | outputs | an output of a system variable | /nodes/2/outputs/1 = "SystemChannelType"
system_variable | choose | variable | a chosen system variable | /nodes/4/variable = "SystemSessionID"
unknown_variable | sorry | text | nothing sets a placeholder | /nodes/6/text = "${Nope}"
unknown_variable | tell | text | case counts | /nodes/5/text = "${status}"
unknown_variable | fork | cases[1].when | nothing sets what is compared | /nodes/3/cases/1/when/any/0/test/variable = "Nope"
unknown_variable | fork | cases[0].when | nothing sets what it is compared with | /nodes/3/cases/0/when/all/0/test/value = "${Nope}"
unknown_variable | call | inputs[2] | nothing sets an input | /nodes/2/inputs/2/from = "Nope"
unknown_variable | call | inputs[1] | an input that is not collected | /nodes/2/inputs/1/from = "Shop"
double_name | ask | items | an item twice | /nodes/1/items/1/variable = "OrderID" ;; /variables/Note = ""
double_name | call | inputs | an input twice | /nodes/2/inputs/3/name = "Shop"
double_name | call | outputs | an output twice | /nodes/2/outputs/1 = "Status"
double_name | choose | options | an option twice | /nodes/4/options/1/text = "Again"
template | sorry | text | an open placeholder | /nodes/6/text = "a ${Shop"
template | choose | text | a placeholder with a space | /nodes/4/text = "${a b}"
template | ask | items[0].ask | an empty placeholder | /nodes/1/items/0/ask = "${}"
expression | fork | cases[1].when | no member of `all` | /nodes/3/cases/1/when = {"all":[]}
expression | fork | cases[1].when | no member of `any` in `not` | /nodes/3/cases/1/when = {"not":{"any":[]}}
expression | fork | cases[1].when | `empty` with a value | /nodes/3/cases/1/when = {"test":{"variable":"Note","operator":"empty","value":"x"}}
expression | fork | cases[1].when | an open group | /nodes/3/cases/1/when/any/0/test/value = "("
expression | fork | cases[0].when | an open placeholder in a comparison | /nodes/3/cases/0/when/all/0/test/value = "${"
expression | ask | items[0].pattern | a pattern with a look-ahead | /nodes/1/items/0/pattern = "(?=x)"
expression | ask | items[0].pattern | a pattern that takes much memory | /nodes/1/items/0/pattern = "(\\w{500}){500}"
url | call | url | no URL | /nodes/2/url = "shop"
url | call | url | another scheme | /nodes/2/url = "ftp://shop.example.com/"
url | call | url | a password | /nodes/2/url = "https://user:secret@shop.example.com/"
url | call | url | a fragment | /nodes/2/url = "https://shop.example.com/#top"
url | call | url | no host | /nodes/2/url = "https://"
range | call | deadline_ms | no time at all | /nodes/2/deadline_ms = 0
range | call | deadline_ms | more than a minute | /nodes/2/deadline_ms = 60001
range | call | retries | too often | /nodes/2/retries = 4
input | call | inputs[0] | no such system variable | /nodes/2/inputs/0/from = "SystemClock"
input | call | inputs[2] | a system variable as one's own | /nodes/2/inputs/2/from = "SystemSessionID"
input | call | inputs[3] | a constant without a value | /nodes/2/inputs/3/value = null
input | call | inputs[3] | a constant from a variable | /nodes/2/inputs/3/from = "Shop"
input | call | inputs[2] | a variable with a value | /nodes/2/inputs/2/value = "x"
"#;

#[test]
fn every_kind_of_fault_is_found_and_names_its_node_and_edge() {
    let mut messages = String::new();
    let mut kinds = BTreeSet::new();
    for line in FAULTS.lines().filter(|line| !line.is_empty()) {
        let columns: Vec<&str> = line.split(" | ").collect();
        let [kind, node, edge, what, patches] = columns[..] else {
            panic!("{line}");
        };
        let found = faults(&patched(patches));
        let named: Vec<_> = found
            .iter()
            .map(|fault| {
                let or_none =
                    |name: &Option<String>| name.clone().unwrap_or_else(|| "-".to_owned());
                let (node, edge) = (or_none(&fault.node), or_none(&fault.edge));
                [fault.kind.as_str(), &node, &edge].join(" | ")
            })
            .collect();
        let row = [kind, node, edge].join(" | ");
        assert_eq!(named, [row], "{what}: {}", lines(&found));
        kinds.insert(kind);
        writeln!(messages, "{what} ({kind}): {}", found[0]).unwrap();
    }
    let all: BTreeSet<&str> = FaultKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(kinds, all, "every kind has a row");
    insta::assert_snapshot!("messages", messages);
}

#[test]
fn what_is_no_json_or_too_much_of_it_is_a_fault_of_form() {
    let at_most = |bytes: usize| {
        let json = every_node().to_string();
        format!("{json}{}", " ".repeat(bytes - json.len()))
    };
    let nested = |depth: usize| {
        let when = every_node()["nodes"][3]["cases"][1]["when"].to_string();
        let deeper = format!("{}{when}{}", r#"{"not":"#.repeat(depth), "}".repeat(depth));
        every_node().to_string().replace(&when, &deeper)
    };
    for (what, text, message) in [
        ("nothing", String::new(), "EOF while parsing"),
        ("HTML", "<p>".to_owned(), "expected value"),
        ("a list", "[]".to_owned(), "the document is no flow"),
        ("not UTF-8", "\u{1}".to_owned(), "expected value"),
        (
            "two documents",
            format!("{SAMPLE}{SAMPLE}"),
            "trailing characters",
        ),
        (
            "a byte too many",
            at_most(MAX_DOCUMENT_BYTES + 1),
            "above 262144 bytes",
        ),
        ("too deep", nested(5_000), "recursion limit exceeded"),
    ] {
        let found = Flow::parse(text.as_bytes()).expect_err(what);
        assert_eq!((found.len(), found[0].kind), (1, FaultKind::Form), "{what}");
        assert!(found[0].message.contains(message), "{what}: {}", found[0]);
    }
    for text in [at_most(MAX_DOCUMENT_BYTES), nested(60)] {
        Flow::parse(text.as_bytes()).unwrap();
    }
}

#[test]
fn a_flow_has_at_most_five_hundred_nodes() {
    let chain = |count: usize| {
        let replies = (2..count).map(|number| json!({ "id": format!("n{number}"), "type": "reply", "text": "x", "next": format!("n{}", number + 1) }));
        let end = json!({ "id": format!("n{count}"), "type": "end" });
        document("n2", &replies.chain([end]).collect())
    };
    ready(&chain(500));
    let found = faults(&chain(501));
    assert_eq!(lines(&found), "a flow has at most 500 nodes");
    assert_eq!(found[0].kind, FaultKind::TooMany);
}

#[test]
fn documents_that_may_run_pass_and_keep_what_they_say() {
    for text in [SAMPLE.to_owned(), every_node().to_string()] {
        let flow = Flow::parse(text.as_bytes()).unwrap();
        let kept = serde_json::to_string(flow.document()).unwrap();
        let again = Flow::parse(kept.as_bytes()).unwrap();
        assert_eq!(flow.document(), again.document());
    }
    let sample = ready(&serde_json::from_str(SAMPLE).unwrap());
    assert_eq!(sample.trigger().examples.len(), 6);
    assert_eq!(sample.number_of("node-api-1"), Some(2));
    let calls: Vec<usize> = sample.api_calls().map(|(number, _)| number).collect();
    assert_eq!(calls, [2]);
    // What looks like a placeholder in a description is text.
    flow(
        "ask",
        &json!([
        { "id": "ask", "type": "collect", "next": "end", "items": [{ "variable": "A", "description": "the ${thing}" }] },
        { "id": "end", "type": "end" } ]),
    );
}

/// The edges that are named, what loops, and the nodes; the first follows the start.
const LOOPS: &str = "
a next, b next | two replies | a reply b; b reply a
fork cases[0], a next | a case | fork condition a end; a reply fork
fork otherwise, a next | an otherwise | fork condition end a; a reply fork
fork cases[0] | a condition after itself | fork condition fork end
call next, a next | a call | call api_call a end; a reply call
call on_exception, a next | an exception edge | call api_call end a; a reply call
ask next, a next | items that nobody is asked for | ask optional a; a reply ask
b next | the way into a loop is none | a reply b; b reply b
 | a collect | ask collect a; a reply ask
 | an optional item with a question | ask asked a; a reply ask
 | a branch | ask branch a; a reply ask
 | two branches | ask branch b; b branch ask
";

/// A node by its words: its id, its type, where it leads.
fn node(words: &str) -> Value {
    let words: Vec<&str> = words.split(' ').collect();
    let (id, kind, next, other) = (words[0], words[1], words[2], words.get(3));
    let item = |more: Value| {
        let mut items = vec![json!({ "variable": "A", "description": "a" })];
        for (name, value) in more.as_object().unwrap() {
            items[0][name] = value.clone();
        }
        json!({ "id": id, "type": "collect", "items": items, "next": next })
    };
    let when = json!({ "test": { "variable": "SystemSessionID", "operator": "empty" } });
    match kind {
        "reply" => json!({ "id": id, "type": kind, "text": "x", "next": next }),
        "condition" => {
            json!({ "id": id, "type": kind, "cases": [{ "when": when, "next": next }], "otherwise": other })
        }
        "api_call" => {
            json!({ "id": id, "type": kind, "url": "https://a.example/", "next": next, "on_exception": other })
        }
        "branch" => {
            json!({ "id": id, "type": kind, "text": "?", "options": [{ "text": "b", "next": next }] })
        }
        "collect" => item(json!({})),
        "optional" => item(json!({ "optional": true })),
        "asked" => item(json!({ "optional": true, "ask": "?" })),
        other => panic!("{other}"),
    }
}

#[test]
fn a_loop_must_wait_for_the_user() {
    for line in LOOPS.lines().filter(|line| !line.is_empty()) {
        let columns: Vec<&str> = line.split(" | ").collect();
        let [edges, what, nodes] = columns[..] else {
            panic!("{line}");
        };
        let mut nodes: Vec<Value> = nodes.split("; ").map(node).collect();
        let first = nodes[0]["id"].clone();
        if line.contains(" end") {
            nodes.push(json!({ "id": "end", "type": "end" }));
        }
        let document = document(first.as_str().unwrap(), &json!(nodes));
        let outcome = Flow::parse(document.to_string().as_bytes());
        let named = outcome.err().unwrap_or_default().into_iter().map(|fault| {
            assert_eq!(fault.kind, FaultKind::Loop, "{what}: {fault}");
            format!("{} {}", fault.node.unwrap(), fault.edge.unwrap())
        });
        assert_eq!(named.collect::<Vec<_>>().join(", "), edges, "{what}");
    }
}

#[test]
fn all_faults_are_found_at_once() {
    let found = faults(&patched(
        r#"/name = "" ;; /nodes/1/items/0/pattern = "(" ;; /nodes/2/url = "shop" ;; /nodes/2/retries = 9 ;; /nodes/4/text = "${Nope} ${" ;; /nodes/5/next = "nowhere" ;; /nodes/6/next = "sorry""#,
    ));
    insta::assert_snapshot!("all", lines(&found));
    // Where an edge dangles, what it was to reach is no fault of its own.
    assert!(
        !found
            .iter()
            .any(|fault| fault.kind == FaultKind::Unreachable)
    );
}
