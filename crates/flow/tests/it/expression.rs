//! Comparisons, asked through the front door: a condition that holds or not.

use ringback_flow::document::Operator;
use ringback_flow::{Flow, Run, System, Variables};
use serde_json::{Value, json};

use crate::documents::document;

/// What `A` is, the operator, the value, whether it holds, and the row's point. `B` is `2`.
const TESTS: &str = "
sent | equals | sent | yes | the same text
sent | equals | Sent | no | case counts
已发货 | equals | 已发货 | yes | the same text in Chinese
已发货 | equals | 已发 | no | a part is not the same
 sent  | equals | sent | yes | white space around it does not count
1.0 | equals | 1 | yes | the same number
007 | equals | 7 | no | with zeros in front it is a name
1e3 | equals | 1000 | no | no number as people write it
12345678901234567890123456789 | equals | 12345678901234567890123456780 | no | of any length
-0 | equals | 0 | yes | the same number
０ | equals | 0 | no | a full-width digit is text
1_000 | equals | 1000 | no | no number in decimal
9007199254740993 | equals | 9007199254740992 | no | long ids are compared exactly
123456789012345678 | equals | 123456789012345678 | yes | long ids are compared exactly
nan | equals | nan | yes | `nan` is text
inf | equals | infinity | no | `inf` is text
 | equals |  | yes | nothing is nothing
2 | equals | ${B} | yes | another variable
2 | equals | x${B} | no | another variable in a text
x | equals | ${None} | no | a variable that is not set
sent | not_equals | lost | yes | another text
sent | not_equals | sent | no | the same text
1.0 | not_equals | 1 | no | the same number
9007199254740993 | not_equals | 9007199254740992 | yes | long ids are compared exactly
 | not_equals | x | yes | nothing is not something
10 | greater | 9 | yes | numbers, not texts
9 | greater | 10 | no | numbers, not texts
1.5 | greater | 1.25 | yes | fractions
-1 | greater | -2 | yes | below nothing
1 | greater | 1.0 | no | the same number
9007199254740993 | greater | 9007199254740992 | yes | long ids are compared exactly
b | greater | a | no | texts have no order
10 | greater | a | no | one of them is a text
 | greater | -1 | no | nothing is no number
nan | greater | 0 | no | `nan` is no number
inf | greater | 0 | no | `inf` is no number
3 | greater | ${B} | yes | another variable
1 | greater_or_equal | 1.0 | yes | the same number
2 | greater_or_equal | 1 | yes | larger
0 | greater_or_equal | 1 | no | smaller
inf | greater_or_equal | inf | no | `inf` is no number
9 | less | 10 | yes | numbers, not texts
10 | less | 9 | no | numbers, not texts
 | less | 1 | no | nothing is no number
-inf | less | 0 | no | `-inf` is no number
1e400 | less | 1 | no | beyond what is a number
1.0 | less_or_equal | 1 | yes | the same number
2 | less_or_equal | 1 | no | larger
a | less_or_equal | a | no | texts have no order
order 12 | contains | 12 | yes | in it
订单已发货了 | contains | 已发货 | yes | in it, in Chinese
order | contains | Order | no | case counts
2 of 3 | contains | ${B} | yes | another variable
order | contains |  | no | what is not asked for is in nothing
order | not_contains | 12 | yes | not in it
order 12 | not_contains | 12 | no | in it
 | not_contains | x | yes | not in nothing
 | empty |  | yes | nothing
   | empty |  | yes | white space
0 | empty |  | no | a zero is something
 | not_empty |  | no | nothing
   | not_empty |  | no | white space
无 | not_empty |  | yes | something
order 12345 | matches | [0-9]{5} | yes | somewhere in it
order 12345 | matches | ^[0-9]{5}$ | no | anchored
订单12345号 | matches | ^订单[0-9]+号$ | yes | anchored, in Chinese
SENT | matches | (?i)^sent$ | yes | flags
${B} | matches | ^\\$\\{B\\}$ | yes | no placeholder in a pattern
 | matches | ^$ | yes | nothing
";

/// Whether it holds, with these variables.
fn holds(when: &Value, set: &[(&str, &str)]) -> bool {
    let nodes = json!([
        { "id": "fork", "type": "condition", "cases": [{ "when": when, "next": "yes" }], "otherwise": "no" },
        { "id": "yes", "type": "end" },
        { "id": "no", "type": "end" } ]);
    let mut document = document("fork", &nodes);
    document["variables"] = json!({ "A": "", "B": "2", "None": "" });
    let flow = Flow::parse(document.to_string().as_bytes()).unwrap();
    let set = set.iter();
    let mut variables: Variables = set
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let (run, _) = Run::begin(&flow, &mut variables, &System::default(), None);
    run.at() == "yes"
}

#[test]
fn comparisons_hold_row_by_row() {
    let mut seen = Vec::new();
    for line in TESTS.lines().filter(|line| !line.is_empty()) {
        let columns: Vec<&str> = line.split(" | ").collect();
        let [left, operator, value, expected, point] = columns[..] else {
            panic!("{line}");
        };
        let test = json!({ "test": { "variable": "A", "operator": operator, "value": value } });
        let set = [("A", left)];
        assert_eq!(holds(&test, &set), expected == "yes", "{point}: {line}");
        assert_eq!(
            holds(&json!({ "not": test }), &set),
            expected == "no",
            "{point}: {line}"
        );
        seen.push(Operator::parse(operator).unwrap());
    }
    for operator in Operator::ALL {
        assert!(
            seen.contains(operator),
            "`{}` has no row",
            operator.as_str()
        );
    }
}

#[test]
fn all_any_and_not_join_comparisons() {
    let is =
        |value: &str| json!({ "test": { "variable": "A", "operator": "equals", "value": value } });
    let [one, two] = [is("1"), is("2")];
    for (when, expected) in [
        (json!({ "all": [one] }), true),
        (json!({ "all": [one, two] }), false),
        (json!({ "all": [one, { "not": two }] }), true),
        (json!({ "any": [two, one] }), true),
        (json!({ "any": [two, two] }), false),
        (
            json!({ "not": { "any": [two, { "all": [one, one] }] } }),
            false,
        ),
        (json!({ "not": { "not": one } }), true),
    ] {
        assert_eq!(holds(&when, &[("A", "1")]), expected, "{when}");
    }
    let text = document_of(&json!({ "any": [{ "not": one }, { "all": [one, two] }] }));
    assert_eq!(
        text, "(not A = 1 or (A = 1 and A = 2))",
        "as a drawing writes it"
    );
}

fn document_of(when: &Value) -> String {
    let when: ringback_flow::document::Expression = serde_json::from_value(when.clone()).unwrap();
    when.to_string()
}
