//! Which inputs a run takes where it stands, and how it is kept.

use ringback_flow::{Flow, FlowKind, Input, Phase, Run, Speech, Unexpected, Variables};
use serde_json::json;

use crate::documents::{every_node, ready};
use crate::player::{Player, system};

/// A run of [`every_node`] in this phase.
fn in_phase(flow: &Flow, phase: Phase) -> Player<'_> {
    let (mut run, _) = Player::begin(flow, Some("12"), &[]);
    if phase == Phase::Asking {
        run.picks(&[]);
    }
    if !matches!(phase, Phase::Picking | Phase::Asking) {
        run.picks(&[(0, "12")]);
    }
    match phase {
        Phase::Choosing => drop(run.answered(&[("Status", "")])),
        Phase::Over => drop(run.answered(&[("Status", "sent")])),
        Phase::Picking | Phase::Asking | Phase::Calling => {}
    }
    assert_eq!(run.run.phase(), phase);
    run
}

#[test]
fn an_input_that_a_run_does_not_wait_for_changes_nothing() {
    let flow = ready(&every_node());
    let inputs = [
        Input::Message("A person"),
        Input::Picked(&[]),
        Input::Answered(&[]),
        Input::Failed,
    ];
    for &phase in Phase::ALL {
        let taken = inputs.map(|input| {
            let mut run = in_phase(&flow, phase);
            let before = (run.run.clone(), run.variables.clone());
            let outcome = run.advance(input);
            if outcome == Err(Unexpected) {
                assert_eq!((run.run, run.variables), before, "{phase:?} {input:?}");
            }
            outcome.is_ok()
        });
        let expected = match phase {
            Phase::Picking => [false, true, false, false],
            Phase::Asking => [true, true, false, false],
            Phase::Choosing => [true, false, false, false],
            Phase::Calling => [false, false, true, true],
            Phase::Over => [false; 4],
        };
        assert_eq!(taken, expected, "{phase:?}");
    }
}

#[test]
fn a_run_of_a_flow_that_has_become_another_is_refused_unchanged() {
    let flow = ready(&every_node());
    let mut other = every_node();
    for node in other["nodes"].as_array_mut().unwrap() {
        if ["ask", "call", "choose"].contains(&node["id"].as_str().unwrap()) {
            *node = json!({ "id": node["id"], "type": "reply", "text": "x", "next": "end" });
        }
    }
    other["nodes"] = json!([other["nodes"][0], other["nodes"][1], other["nodes"][8]]);
    let other = ready(&other);
    for phase in [
        Phase::Picking,
        Phase::Asking,
        Phase::Choosing,
        Phase::Calling,
    ] {
        for input in [
            Input::Message("x"),
            Input::Picked(&[]),
            Input::Answered(&[]),
            Input::Failed,
        ] {
            let mut run = in_phase(&flow, phase).run;
            let before = run.clone();
            let outcome = run.advance(&other, &mut Variables::new(), &system(), input);
            assert_eq!(
                (outcome, run),
                (Err(Unexpected), before),
                "{phase:?} {input:?}"
            );
        }
    }
}

#[test]
fn a_run_is_plain_data() {
    let flow = ready(&every_node());
    let run = in_phase(&flow, Phase::Choosing).run;
    insta::assert_snapshot!(serde_json::to_string(&run).unwrap());
    let short: Run =
        serde_json::from_str(r#"{"at":"choose","phase":"choosing","collected":{}}"#).unwrap();
    assert_eq!((short.at(), short.phase()), ("choose", Phase::Choosing));
}

#[test]
fn messages_are_marked_by_why_they_are_said_and_the_kind_of_flow() {
    use FlowKind::{Intelligent, Standard};
    use Speech::{Asked, Offered, Replied, Transferring};
    for (speech, kind, word) in [
        (Asked, Standard, "standardTaskFlowInformationCollection"),
        (Asked, Intelligent, "aiTaskFlowInformationCollection"),
        (Offered, Standard, "standardTaskFlowBranchOption"),
        (Offered, Intelligent, "standardTaskFlowBranchOption"),
        (Replied, Standard, "standardTaskFlowReplyMessage"),
        (Replied, Intelligent, "aiTaskFlowEndReply"),
        (Transferring, Standard, "connectingToAgent"),
        (Transferring, Intelligent, "connectingToAgent"),
    ] {
        assert_eq!(speech.message_type(kind), word);
    }
}
