//! A URL with what every request to it needs, made once.

use http::{HeaderValue, Uri};
use url::{Position, Url};

use crate::failure::TransportFailure;

/// An HTTP or HTTPS URL, ready to be sent to.
#[derive(Debug)]
pub struct HttpUrl {
    url: Url,
    shown: String,
    line: Result<RequestLine, TransportFailure>,
}

/// What of a URL stands in a request.
#[derive(Debug)]
pub(super) struct RequestLine {
    /// In origin form.
    pub(super) uri: Uri,
    pub(super) host: HeaderValue,
}

impl RequestLine {
    /// The address with `query`, which is encoded, behind the URL's own.
    pub(super) fn uri_with(&self, query: Option<&str>) -> Result<Uri, TransportFailure> {
        let Some(query) = query else {
            return Ok(self.uri.clone());
        };
        let joint = match self.uri.query() {
            None => "?",
            Some("") => "",
            Some(_) => "&",
        };
        Uri::try_from(format!("{}{joint}{query}", self.uri)).map_err(|_| unsendable("query"))
    }
}

fn unsendable(part: &str) -> TransportFailure {
    TransportFailure::Target {
        detail: format!("the URL's {part} cannot be sent"),
    }
}

impl From<Url> for HttpUrl {
    fn from(url: Url) -> Self {
        Self {
            shown: shown(&url),
            line: RequestLine::of(&url),
            url,
        }
    }
}

impl PartialEq for HttpUrl {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for HttpUrl {}

impl HttpUrl {
    /// The URL.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Without userinfo, query values or fragment: any of them may hold a credential.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) fn line(&self) -> Result<&RequestLine, TransportFailure> {
        self.line.as_ref().map_err(Clone::clone)
    }
}

impl RequestLine {
    fn of(url: &Url) -> Result<Self, TransportFailure> {
        let uri = Uri::try_from(&url[Position::BeforePath..Position::AfterQuery])
            .map_err(|_| unsendable("path"))?;
        let host = HeaderValue::try_from(&url[Position::BeforeHost..Position::AfterPort])
            .map_err(|_| unsendable("host"))?;
        Ok(Self { uri, host })
    }
}

fn shown(url: &Url) -> String {
    let plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if plain {
        return url.as_str().to_owned();
    }
    let mut shown = format!("{}{}", url.origin().ascii_serialization(), url.path());
    for (position, (name, _)) in url.query_pairs().enumerate() {
        shown.push(if position == 0 { '?' } else { '&' });
        shown.push_str(&name);
        shown.push_str("=…");
    }
    shown
}
