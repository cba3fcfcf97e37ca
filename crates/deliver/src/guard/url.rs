//! The form of a URL that somebody names, checked on its text before it is parsed.
//!
//! The parser turns `http://0x7f.1/` into `http://127.0.0.1/`, so odd spellings of addresses have to
//! be found in the text.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use ringback_types::{Code, Coded};
use url::{Host, Url};

/// More than any platform's console takes; keeps the record's rows small.
const LONGEST_URL: usize = 2048;

/// Why a URL is refused for its form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefusal {
    /// It cannot be parsed.
    #[error("this is no URL: {detail}")]
    Syntax {
        /// What is wrong.
        detail: String,
    },
    /// It is not `http` or `https`.
    #[error("the URL begins with `{scheme}:`, not with `http://` or `https://`")]
    Scheme {
        /// What it begins with.
        scheme: String,
    },
    /// It carries a user name or password.
    #[error("the URL carries a user name or password")]
    Userinfo,
    /// It carries a fragment, which is never sent.
    #[error("the URL carries a fragment (`#…`), which is never sent")]
    Fragment,
    /// Its host is an address in an odd spelling.
    #[error("the host `{host}` is an address in an odd spelling; it means {meaning}")]
    OddAddress {
        /// As it was given.
        host: String,
        /// As it is usually written.
        meaning: String,
    },
}

impl Coded for UrlRefusal {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Syntax { .. } => "url.syntax",
            Self::Scheme { .. } => "url.scheme",
            Self::Userinfo => "url.userinfo",
            Self::Fragment => "url.fragment",
            Self::OddAddress { .. } => "url.odd_address",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Syntax { .. } | Self::Scheme { .. } => {
                "write it as `https://host/path` or `http://host:port/path`"
            }
            Self::Userinfo => "leave out what stands before the `@`",
            Self::Fragment => "leave out what stands after the `#`",
            Self::OddAddress { .. } => {
                "write the address with four decimal numbers, or name the host"
            }
        }))
    }
}

/// Parses a URL that somebody named, or says what is wrong with its form.
pub fn check_url(text: &str) -> Result<Url, UrlRefusal> {
    // A backslash ends the host for some parsers and not for others.
    let odd = |char: char| char.is_control() || matches!(char, ' ' | '\\');
    if text.len() > LONGEST_URL || text.chars().any(odd) {
        return Err(UrlRefusal::Syntax {
            detail: "too long, or with spaces or backslashes in it".to_owned(),
        });
    }
    let url = Url::parse(text).map_err(|error| UrlRefusal::Syntax {
        detail: error.to_string(),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(UrlRefusal::Scheme {
            scheme: url.scheme().to_owned(),
        });
    }
    let written = authority(text)?;
    if written.contains('@') {
        return Err(UrlRefusal::Userinfo);
    }
    if url.fragment().is_some() {
        return Err(UrlRefusal::Fragment);
    }
    plain_address(written, &url)?;
    Ok(url)
}

/// What stands between `//` and the path, as it was written.
fn authority(text: &str) -> Result<&str, UrlRefusal> {
    let missing = || UrlRefusal::Syntax {
        detail: "`//` and a host are missing".to_owned(),
    };
    let (_, rest) = text.split_once("://").ok_or_else(missing)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    if end == 0 {
        Err(missing())
    } else {
        Ok(&rest[..end])
    }
}

fn plain_address(written: &str, url: &Url) -> Result<(), UrlRefusal> {
    let host = match written.rfind(']') {
        Some(end) => &written[..=end],
        None => written.split(':').next().unwrap_or(written),
    };
    let plain = match url.host() {
        Some(Host::Ipv4(address)) => host.parse() == Ok::<Ipv4Addr, _>(address),
        Some(Host::Ipv6(address)) => {
            host.trim_matches(['[', ']']).parse() == Ok::<Ipv6Addr, _>(address)
        }
        Some(Host::Domain(_)) | None => true,
    };
    if plain {
        return Ok(());
    }
    Err(UrlRefusal::OddAddress {
        host: host.to_owned(),
        meaning: url.host_str().unwrap_or_default().to_owned(),
    })
}
