//! The named rules of the guard.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{leading, unmapped};

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// Why an address is refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Rule { $($(#[$doc])* $variant,)* }

        impl Rule {
            /// All rules.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The rule's name in logs, answers and tests.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

rules! {
    /// `0.0.0.0/8` and `::`.
    Unspecified = "unspecified";
    /// `127.0.0.0/8` and `::1`.
    Loopback = "loopback";
    /// RFC 1918: `10/8`, `172.16/12`, `192.168/16`.
    Private = "private";
    /// Where clouds answer with credentials: `169.254.169.254`, `169.254.170.2`, `169.254.170.23`,
    /// `169.254.0.23`, `100.100.100.200`, `168.63.129.16`, `fd00:ec2::254`, `fd00:ec2::23`.
    Metadata = "metadata";
    /// `169.254/16` and `fe80::/10`.
    LinkLocal = "link_local";
    /// Carrier-grade NAT, `100.64/10`.
    CarrierNat = "carrier_nat";
    /// IETF protocol assignments: `192.0.0/24`, `192.88.99/24`, `2001::/23`.
    IetfReserved = "ietf_reserved";
    /// `192.0.2/24`, `198.51.100/24`, `203.0.113/24`, `2001:db8::/32`, `3fff::/20`.
    Documentation = "documentation";
    /// `198.18/15` and `2001:2::/48`.
    Benchmark = "benchmark";
    /// `224/4` and `ff00::/8`.
    Multicast = "multicast";
    /// `255.255.255.255`.
    Broadcast = "broadcast";
    /// Class E, `240/4`.
    ClassE = "class_e";
    /// Unique local addresses, `fc00::/7`.
    UniqueLocal = "unique_local";
    /// Site-local addresses of old, `fec0::/10`.
    SiteLocal = "site_local";
    /// Discard only, `100::/64`.
    Discard = "discard";
    /// IPv4 inside IPv6 in a way of old: `::/96` and `::ffff:0:0:0/96`.
    EmbeddedV4 = "embedded_v4";
    /// 6to4, `2002::/16`.
    SixToFour = "six_to_four";
    /// NAT64, `64:ff9b::/96` and `64:ff9b:1::/48`.
    Nat64 = "nat64";
    /// Segment routing, `5f00::/16`.
    SegmentRouting = "segment_routing";
    /// Where this process listens itself, unless the path begins with `/in/`.
    OwnListener = "own_listener";
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Rule {
    /// The rule that speaks against `ip`, if any.
    pub fn of(ip: IpAddr) -> Option<Self> {
        match unmapped(ip) {
            IpAddr::V4(v4) => of_v4(v4),
            IpAddr::V6(v6) => of_v6(v6),
        }
    }

    /// What a `dev` process may reach all the same.
    pub(super) fn waived_in_development(self) -> bool {
        matches!(self, Self::Loopback | Self::Private | Self::UniqueLocal)
    }

    /// The sentence that fixes it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::OwnListener => "only `/in/…` of this process may be delivered to",
            Self::Metadata => "metadata services are never delivered to",
            Self::Loopback | Self::Private | Self::UniqueLocal => {
                "give a public address, allow the network in the settings, or use `ringback dev`"
            }
            _ => "give a public address, or allow the network in the settings",
        }
    }
}

/// Metadata services stand before the networks that they lie in: nothing waives them in general.
fn of_v4(ip: Ipv4Addr) -> Option<Rule> {
    Some(match ip.octets() {
        [169, 254, 169, 254]
        | [169, 254, 170, 2 | 23]
        | [169, 254, 0, 23]
        | [100, 100, 100, 200]
        | [168, 63, 129, 16] => Rule::Metadata,
        [0, ..] => Rule::Unspecified,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Rule::Private,
        [127, ..] => Rule::Loopback,
        [169, 254, ..] => Rule::LinkLocal,
        [100, 64..=127, ..] => Rule::CarrierNat,
        [192, 0, 0, _] | [192, 88, 99, _] => Rule::IetfReserved,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Rule::Documentation,
        [198, 18..=19, ..] => Rule::Benchmark,
        [224..=239, ..] => Rule::Multicast,
        [255, 255, 255, 255] => Rule::Broadcast,
        [240..=255, ..] => Rule::ClassE,
        _ => return None,
    })
}

const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
];

fn of_v6(ip: Ipv6Addr) -> Option<Rule> {
    let segments = ip.segments();
    Some(match leading(ip) {
        _ if ip == Ipv6Addr::UNSPECIFIED => Rule::Unspecified,
        _ if ip == Ipv6Addr::LOCALHOST => Rule::Loopback,
        _ if METADATA_V6.contains(&ip) => Rule::Metadata,
        (0, 0) if segments[2..4] == [0, 0] && matches!(segments[4..6], [0 | 0xffff, 0]) => {
            Rule::EmbeddedV4
        }
        (0x64, 0xff9b) if segments[2] == 1 || segments[2..6] == [0, 0, 0, 0] => Rule::Nat64,
        (0x100, 0) if segments[2..4] == [0, 0] => Rule::Discard,
        (0x2001, 0xdb8) | (0x3fff, 0..=0x0fff) => Rule::Documentation,
        (0x2001, 2) if segments[2] == 0 => Rule::Benchmark,
        (0x2001, 0..=0x1ff) => Rule::IetfReserved,
        (0x2002, _) => Rule::SixToFour,
        (0x5f00, _) => Rule::SegmentRouting,
        (0xfc00..=0xfdff, _) => Rule::UniqueLocal,
        (0xfe80..=0xfebf, _) => Rule::LinkLocal,
        (0xfec0..=0xfeff, _) => Rule::SiteLocal,
        (0xff00..=0xffff, _) => Rule::Multicast,
        _ => return None,
    })
}
