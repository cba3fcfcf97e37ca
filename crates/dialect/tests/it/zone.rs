//! The zone's channel: what is sealed is opened in its own flow and for its own target, once.

use std::time::Duration;

use ringback_dialect::zone::{self, Flow, Head, Keys, Message, Nonces, Outcome, Reason};
use ringback_types::{Secret, WireTime};

const NOW: WireTime = WireTime::from_millis(1_700_000_000_000);
const REQUEST_ID: &str = "AAECAwQFBgcICQoLDA0ODw";

fn keys() -> Keys {
    Keys::new(&Secret::from(vec![7; 32]))
}

fn message(flow: Flow) -> Message<'static> {
    Message {
        flow,
        target: "sync_msg",
        key_id: "prog1/1",
        version: 3,
        request_id: REQUEST_ID,
        outcome: flow.is_reply().then_some(Outcome::Ok),
        plaintext: b"{\"limit\":200}",
    }
}

#[test]
fn a_message_is_opened_in_its_own_flow_and_for_its_own_target() {
    for sent in Flow::ALL {
        let sealed = zone::seal(&keys(), &message(sent), NOW, [9; 16]);
        let head = Head::read(&sealed.headers, sent, NOW).expect("a head");
        let open = |flow, target| zone::open(&keys(), flow, target, &head, &sealed.body);
        assert_eq!(
            open(sent, "sync_msg").as_deref(),
            Ok(message(sent).plaintext)
        );
        assert_eq!(open(sent, "get_msg"), Err(Reason::SignatureMismatch));
        for other in Flow::ALL.into_iter().filter(|other| *other != sent) {
            assert_eq!(open(other, "sync_msg"), Err(Reason::SignatureMismatch));
        }
    }
}

#[test]
fn a_nonce_counts_once_for_as_long_as_its_message_may_pass_for_fresh() {
    let nonces = Nonces::new(3);
    let at = |seconds| NOW.plus(Duration::from_secs(seconds));
    assert_eq!(nonces.remember([1; 16], at(0)), Ok(()));
    assert_eq!(nonces.remember([2; 16], at(599)), Ok(()));
    assert_eq!(nonces.remember([1; 16], at(600)), Err(Reason::NonceSeen));
    assert_eq!(nonces.remember([2; 16], at(1199)), Err(Reason::NonceSeen));
    assert_eq!(nonces.remember([3; 16], at(1199)), Ok(()));
    assert_eq!(nonces.remember([4; 16], at(1199)), Err(Reason::NoncesFull));
    assert_eq!(nonces.remember([1; 16], at(1200)), Ok(()));
}
