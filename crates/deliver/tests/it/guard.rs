//! The outbound guard: one table that names each rule.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use insta::assert_snapshot;
use ringback_deliver::Guard;
use ringback_deliver::guard::{Rule, check_url};
use ringback_types::Coded as _;

use crate::house::{House, Receiver, Reply, arrival, standard};

/// Address, the rule that refuses it, and whether `dev` allows it all the same.
const TABLE: &[(&str, Option<Rule>, bool)] = &[
    ("0.0.0.0", Some(Rule::Unspecified), false),
    ("0.255.255.255", Some(Rule::Unspecified), false),
    ("::", Some(Rule::Unspecified), false),
    ("::ffff:0.0.0.0", Some(Rule::Unspecified), false),
    ("127.0.0.1", Some(Rule::Loopback), true),
    ("127.255.255.255", Some(Rule::Loopback), true),
    ("::1", Some(Rule::Loopback), true),
    ("::ffff:127.0.0.1", Some(Rule::Loopback), true),
    ("10.0.0.0", Some(Rule::Private), true),
    ("172.16.0.1", Some(Rule::Private), true),
    ("172.31.255.255", Some(Rule::Private), true),
    ("192.168.255.255", Some(Rule::Private), true),
    ("169.254.169.254", Some(Rule::Metadata), false),
    ("::ffff:169.254.169.254", Some(Rule::Metadata), false),
    ("169.254.170.2", Some(Rule::Metadata), false),
    ("168.63.129.16", Some(Rule::Metadata), false),
    ("100.100.100.200", Some(Rule::Metadata), false),
    ("169.254.170.23", Some(Rule::Metadata), false),
    ("169.254.0.23", Some(Rule::Metadata), false),
    ("fd00:ec2::254", Some(Rule::Metadata), false),
    ("fd00:ec2::23", Some(Rule::Metadata), false),
    ("169.254.0.1", Some(Rule::LinkLocal), false),
    ("fe80::1", Some(Rule::LinkLocal), false),
    ("febf::1", Some(Rule::LinkLocal), false),
    ("100.64.0.1", Some(Rule::CarrierNat), false),
    ("100.127.255.255", Some(Rule::CarrierNat), false),
    ("192.0.0.8", Some(Rule::IetfReserved), false),
    ("192.88.99.1", Some(Rule::IetfReserved), false),
    ("2001::1", Some(Rule::IetfReserved), false),
    ("2001:1ff::1", Some(Rule::IetfReserved), false),
    ("192.0.2.1", Some(Rule::Documentation), false),
    ("198.51.100.1", Some(Rule::Documentation), false),
    ("203.0.113.255", Some(Rule::Documentation), false),
    ("2001:db8::1", Some(Rule::Documentation), false),
    ("3fff:fff::1", Some(Rule::Documentation), false),
    ("198.18.0.1", Some(Rule::Benchmark), false),
    ("198.19.255.255", Some(Rule::Benchmark), false),
    ("2001:2::1", Some(Rule::Benchmark), false),
    ("224.0.0.1", Some(Rule::Multicast), false),
    ("239.255.255.255", Some(Rule::Multicast), false),
    ("ff02::1", Some(Rule::Multicast), false),
    ("255.255.255.255", Some(Rule::Broadcast), false),
    ("240.0.0.1", Some(Rule::ClassE), false),
    ("255.255.255.254", Some(Rule::ClassE), false),
    ("fc00::1", Some(Rule::UniqueLocal), true),
    ("fdff::1", Some(Rule::UniqueLocal), true),
    ("fec0::1", Some(Rule::SiteLocal), false),
    ("100::1", Some(Rule::Discard), false),
    ("::192.0.2.1", Some(Rule::EmbeddedV4), false),
    ("::ffff:0:8.8.8.8", Some(Rule::EmbeddedV4), false),
    ("2002:808:808::1", Some(Rule::SixToFour), false),
    ("64:ff9b::808:808", Some(Rule::Nat64), false),
    ("64:ff9b:1::808:808", Some(Rule::Nat64), false),
    ("5f00::1", Some(Rule::SegmentRouting), false),
    ("1.1.1.1", None, true),
    ("8.8.8.8", None, true),
    ("100.63.255.255", None, true),
    ("100.128.0.0", None, true),
    ("126.255.255.255", None, true),
    ("128.0.0.0", None, true),
    ("169.253.255.255", None, true),
    ("172.15.255.255", None, true),
    ("172.32.0.0", None, true),
    ("192.0.1.0", None, true),
    ("198.17.255.255", None, true),
    ("198.20.0.0", None, true),
    ("223.255.255.255", None, true),
    ("::ffff:8.8.8.8", None, true),
    ("2001:200::1", None, true),
    ("2606:4700:4700::1111", None, true),
    ("2a00:1450:4001::1", None, true),
];

#[test]
fn every_rule_refuses_what_it_names() {
    let (public, development) = (Guard::public(), Guard::development());
    let mut named = BTreeSet::from([Rule::OwnListener.as_str()]);
    for (text, rule, in_development) in TABLE {
        let ip: IpAddr = text.parse().unwrap();
        assert_eq!(public.check_ip(ip).err(), *rule, "{text}");
        assert_eq!(
            development.check_ip(ip).is_ok(),
            *in_development,
            "{text} in development"
        );
        named.extend(rule.map(Rule::as_str));
    }
    let all: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
    assert_eq!(named, all, "every rule has a row");
}

#[test]
fn a_network_that_is_allowed_is_allowed_and_no_other() {
    let guard = Guard::public().allowing(vec!["10.1.0.0/16".parse().unwrap()]);
    assert!(guard.check_ip("10.1.2.3".parse().unwrap()).is_ok());
    assert!(guard.check_ip("::ffff:10.1.2.3".parse().unwrap()).is_ok());
    assert_eq!(
        guard.check_ip("10.2.0.1".parse().unwrap()),
        Err(Rule::Private)
    );
}

#[test]
fn a_metadata_service_is_opened_by_its_very_address_only() {
    for (address, around) in [
        ("169.254.169.254", "169.254.0.0/16"),
        ("169.254.170.2", "169.254.170.2/31"),
        ("100.100.100.200", "100.64.0.0/10"),
        ("fd00:ec2::254", "fd00:ec2::/32"),
    ] {
        let ip: IpAddr = address.parse().unwrap();
        let around = Guard::development().allowing(vec![around.parse().unwrap()]);
        assert_eq!(around.check_ip(ip), Err(Rule::Metadata), "{address}");
        let named = Guard::public().allowing(vec![ip.into()]);
        assert_eq!(named.check_ip(ip), Ok(()), "{address}");
    }
    let around = Guard::public().allowing(vec!["169.254.0.0/16".parse().unwrap()]);
    assert_eq!(around.check_ip("169.254.0.1".parse().unwrap()), Ok(()));
}

#[test]
fn our_own_listeners_take_deliveries_below_in_only() {
    let guard = Guard::development();
    guard.set_own(vec![
        "0.0.0.0:7300".parse().unwrap(),
        "127.0.0.1:7301".parse().unwrap(),
    ]);
    let check = |address: &str, path: &str| {
        guard
            .check(address.parse::<SocketAddr>().unwrap(), path)
            .err()
    };
    assert_eq!(
        check("127.0.0.1:7300", "/api/v1/tokens"),
        Some(Rule::OwnListener)
    );
    assert_eq!(check("127.9.9.9:7300", "/"), Some(Rule::OwnListener));
    assert_eq!(
        check("[::ffff:127.0.0.1]:7301", "/in"),
        Some(Rule::OwnListener)
    );
    assert_eq!(check("127.0.0.1:7300", "/in/feishu"), None);
    assert_eq!(check("127.0.0.1:7302", "/api/v1/tokens"), None);
    assert_eq!(check("8.8.8.8:7300", "/"), None);
}

#[tokio::test]
async fn a_connection_kept_for_in_opens_no_other_door() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    house.engine.guard().set_own(vec![receiver.address]);
    for (name, path) in [("receiving", "in/source"), ("other", "api/v1/tokens")] {
        let url = format!("http://{}/{path}", receiver.address);
        let mut new = standard(name, &url);
        new.types = vec![name.to_owned()];
        house.endpoint(new).await;
    }
    let mut stories = Vec::new();
    for event_type in ["receiving", "other", "receiving"] {
        let receipt = house.deliver(arrival(event_type)).await;
        stories.push(house.story(receipt.deliveries[0].0).await);
    }
    assert_snapshot!(stories.join("\n"), @r"
    delivered
    1 at 0 s: 200
    due (transport.refused_by_guard)
    1 at 0 s: transport.refused_by_guard
    delivered
    1 at 0 s: 200
    ");
    assert_eq!(receiver.got().len(), 2);
}

#[test]
fn the_form_of_a_url_is_checked_before_it_is_parsed() {
    let refused = [
        "",
        "example.com/hook",
        "http://",
        "http:/127.0.0.1/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://user@example.com/",
        "http://user:password@example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://exam ple.com/",
        "http://example.com/#fragment",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.1./",
        "http://１２７.0.0.1/",
        "http://0x7f.0.0.1:8080/",
    ];
    let mut said = String::new();
    for text in refused {
        let refusal = check_url(text).expect_err(text);
        writeln!(said, "{text:?}: {}: {refusal}", refusal.code()).unwrap();
    }
    assert_snapshot!(said);
    for text in [
        "http://127.0.0.1:3000/in/x?y=z",
        "https://example.com",
        "https://例子.cn/hook",
        "http://[::1]:8080/",
        "http://[0:0:0:0:0:0:0:1]/",
    ] {
        assert!(check_url(text).is_ok(), "{text}");
    }
}
