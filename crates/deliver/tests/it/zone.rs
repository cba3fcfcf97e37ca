//! Endpoints of the zone: their words in the table, and callbacks that are signed in the query.

use std::sync::Arc;

use ringback_deliver::faults::{Fault, NewFault, Place};
use ringback_deliver::guard::check_url;
use ringback_deliver::{
    BoxFuture, Endpoint, EndpointDialect, Policy, Resolve, ResolveError, Resolved, Room, Target,
};
use ringback_dialect::wecom::{EncodingAesKey, Secrets, Sender};
use ringback_store::Change;
use ringback_store::record::Event;
use ringback_types::EndpointId;

use crate::house::{House, Receiver, Reply, arrival, source, standard};

/// Resolves every endpoint to one app's callback URL.
struct App {
    url: String,
}

impl Resolve for App {
    fn resolve<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        _: &'a Event,
    ) -> BoxFuture<'a, Result<Resolved, ResolveError>> {
        let key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
        let secrets = Secrets {
            token: "QDG6eK".into(),
            aes_key: EncodingAesKey::parse(&key.into()).unwrap(),
            receive_id: "wx5823bf96d3bd56c7".to_owned(),
        };
        let resolved = Resolved {
            target: Target::from(check_url(&self.url).unwrap()),
            sender: ringback_dialect::Sender::Wecom(Sender::new(secrets, Some(218))),
            policy: Arc::clone(&endpoint.policy),
            permit: None,
        };
        Box::pin(std::future::ready(Ok(resolved)))
    }
}

async fn app(house: &House, url: String) -> EndpointId {
    house
        .engine
        .register_resolver(Room::Zone, Arc::new(App { url }));
    let mut endpoint = Endpoint::of_room(
        house.store.next_id(),
        "zone:app".to_owned(),
        Room::Zone,
        EndpointDialect::Wecom,
        Policy::wecom_callback(),
        house.store.clock().schedule(),
    );
    endpoint.sources = vec![source()];
    let change = Change {
        caller: "ada".into(),
        action: "zone_app.create",
        target: endpoint.name.clone(),
        detail: serde_json::json!({}),
    };
    let statements = house.engine.endpoints().statements_for(&endpoint);
    house.store.change(change, statements).await.unwrap();
    house.engine.endpoints().reload().await.unwrap();
    endpoint.id
}

#[tokio::test]
async fn endpoints_of_before_outlive_the_zones_words() {
    let house = House::at_step(1).await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    let endpoint = house.endpoint(standard("biz", &receiver.url())).await;
    let endpoints = house.engine.endpoints();
    endpoints
        .pause("ada", endpoint.id, ringback_deliver::PauseReason::Asked)
        .await
        .unwrap();

    let house = house.restarted().await;
    let found = house.engine.endpoints().by_name("biz").unwrap();
    assert_eq!(
        (found.id, &found.secrets, found.paused, &found.policy),
        (
            endpoint.id,
            &endpoint.secrets,
            Some(ringback_deliver::PauseReason::Asked),
            &endpoint.policy
        )
    );
    let id = app(&house, receiver.url()).await;
    let house = house.restarted().await;
    let found = house.engine.endpoints().by_id(id).unwrap();
    assert_eq!(
        (found.room, found.dialect),
        (Room::Zone, EndpointDialect::Wecom)
    );
    let change = ringback_deliver::EndpointChange::default();
    let refused = house.engine.endpoints().update("ada", id, change).await;
    assert!(matches!(
        refused,
        Err(ringback_deliver::EndpointError::OfAnotherRoom { room: "zone" })
    ));
}

#[tokio::test]
async fn a_callback_is_signed_in_the_query_behind_the_urls_own() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    let id = app(&house, format!("{}?tenant=1", receiver.url())).await;
    for fault in [Fault::WrongSignature, Fault::WrongToken] {
        let fault = NewFault {
            place: Place::Endpoint(id),
            fault,
            count: Some(1),
            probability: None,
            lasts_ms: None,
        };
        house.engine.faults().set(&fault).unwrap();
        house.deliver(arrival("program_notify")).await;
    }
    let receipt = house.deliver(arrival("program_notify")).await;
    let fits: Vec<bool> = receiver.got().iter().map(signature_fits).collect();
    assert_eq!(fits, [false, false, true]);
    let attempts = house.engine.record().attempts(receipt.deliveries[0].0);
    let target = attempts.await.unwrap()[0].target.clone().unwrap();
    assert_eq!(target, format!("{}?tenant=…", receiver.url()));
}

fn signature_fits(got: &crate::house::Got) -> bool {
    let query = got.query.as_deref().unwrap();
    let part = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|pair| pair.0 == name).unwrap().1
    };
    assert_eq!(part("tenant"), "1");
    let body = std::str::from_utf8(&got.body).unwrap();
    let encrypted = body.split("<Encrypt><![CDATA[").nth(1).unwrap();
    let encrypted = encrypted.split("]]>").next().unwrap();
    let (timestamp, nonce) = (part("timestamp"), part("nonce"));
    ringback_dialect::wecom::sign(&"QDG6eK".into(), timestamp, nonce, encrypted)
        == part("msg_signature")
}
