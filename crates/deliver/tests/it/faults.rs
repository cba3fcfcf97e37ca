//! Faults on purpose.

use insta::assert_snapshot;
use ringback_deliver::faults::{Fault, NewFault, Place, WrongAnswer};
use ringback_types::Coded as _;

use crate::house::{House, Receiver, Reply, arrival, feishu, source, standard};

fn once(place: Place, fault: Fault) -> NewFault {
    NewFault {
        place,
        fault,
        count: Some(1),
        probability: None,
        lasts_ms: None,
    }
}

#[tokio::test]
async fn each_fault_does_what_it_says_once() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    let endpoint = house.endpoint(standard("biz", &receiver.url())).await;
    let place = Place::Endpoint(endpoint.id);
    let mut stories = Vec::new();
    for (fault, arrivals) in [
        (Fault::Drop, 1),
        (Fault::Status { status: 418 }, 1),
        (Fault::Reset, 2),
        (Fault::Duplicate, 2),
        (Fault::Delay { delay_ms: 1 }, 1),
        (
            Fault::Answer {
                answer: WrongAnswer::Html,
            },
            0,
        ),
    ] {
        let before = receiver.got().len();
        house.engine.faults().set(&once(place, fault)).unwrap();
        let receipt = house.deliver(arrival("a")).await;
        house.advance(5).await;
        assert_eq!(receiver.got().len() - before, arrivals, "{fault:?}");
        stories.push(house.story(receipt.deliveries[0].0).await);
    }
    assert!(house.engine.faults().list().is_empty());
    assert_snapshot!(stories.join("\n\n"), @r"
    delivered
    1 at 0 s: transport.late
    2 at 5 s: 200

    delivered
    1 at 0 s: 418 answer.status
    2 at 5 s: 200

    delivered
    1 at 0 s: transport.reset
    2 at 5 s: 200

    delivered
    1 at 0 s: 200

    delivered
    1 at 0 s: 200

    delivered
    1 at 0 s: 200
    ");
}

#[tokio::test]
async fn a_wrong_signature_differs_from_the_right_one() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    house.endpoint(feishu("biz", &receiver.url())).await;
    let fault = once(Place::EveryEndpoint, Fault::WrongSignature);
    house.engine.faults().set(&fault).unwrap();
    house.deliver(arrival("a")).await;
    house.deliver(arrival("a")).await;
    let fits: Vec<bool> = receiver
        .got()
        .iter()
        .map(|got| {
            let key = ringback_dialect::feishu::EncryptKey::new(crate::house::ENCRYPT_KEY.into());
            let time = got.header("x-lark-request-timestamp").as_bytes();
            let nonce = got.header("x-lark-request-nonce").as_bytes();
            ringback_dialect::feishu::crypto::sign(time, nonce, &key, &got.body)
                == got.header("x-lark-signature")
        })
        .collect();
    assert_eq!(fits, [false, true]);
}

#[tokio::test]
async fn a_wrong_token_is_wrong_under_an_encrypt_key_too() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    let mut plain = feishu("plain", &receiver.url());
    plain.key = None;
    house.endpoint(plain).await;
    house.endpoint(feishu("encrypted", &receiver.url())).await;
    let mut fault = once(Place::EveryEndpoint, Fault::WrongToken);
    fault.count = Some(2);
    house.engine.faults().set(&fault).unwrap();
    house.deliver(arrival("a")).await;
    house.deliver(arrival("a")).await;
    let key = ringback_dialect::feishu::EncryptKey::new(crate::house::ENCRYPT_KEY.into());
    let mut tokens: Vec<(bool, bool)> = receiver
        .got()
        .iter()
        .map(|got| {
            let encrypted = got.body.starts_with(b"{\"encrypt\"");
            let body = if encrypted {
                let sealed: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
                let sealed = sealed["encrypt"].as_str().unwrap();
                ringback_dialect::feishu::crypto::decrypt(&key, sealed).unwrap()
            } else {
                got.body.to_vec()
            };
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            (encrypted, body["header"]["token"] == crate::house::TOKEN)
        })
        .collect();
    tokens.sort_unstable();
    assert_eq!(
        tokens,
        [(false, false), (false, true), (true, false), (true, true)]
    );
}

#[tokio::test]
async fn faults_expire_are_cleared_and_are_refused_where_they_cannot_act() {
    let house = House::new().await;
    let faults = house.engine.faults();
    let drop = NewFault {
        place: Place::Source(source()),
        fault: Fault::Drop,
        count: None,
        probability: Some(1.0),
        lasts_ms: Some(1_000),
    };
    faults.set(&drop).unwrap();
    assert_eq!(faults.receive(source()), [Fault::Drop]);
    house.advance(1).await;
    assert!(faults.receive(source()).is_empty());
    let number = faults.set(&drop).unwrap();
    assert_eq!((faults.clear(Some(number)), faults.clear(None)), (1, 0));

    let misplaced = NewFault {
        fault: Fault::WrongSignature,
        ..drop
    };
    assert_eq!(
        faults.set(&misplaced).unwrap_err().code().as_str(),
        "fault.place"
    );
    let unlikely = NewFault {
        probability: Some(1.5),
        ..drop
    };
    assert_eq!(
        faults.set(&unlikely).unwrap_err().code().as_str(),
        "fault.range"
    );
    let serious = House::with(ringback_deliver::EngineOptions::default()).await;
    let refused = serious.engine.faults().set(&drop).unwrap_err();
    assert_eq!(refused.code().as_str(), "fault.not_enabled");
}
