//! Who calls: the app, its token, and what the platform says of itself in the query (2.2, 4.2).

use aws_lc_rs::digest;
use ringback_types::Secret;

use crate::hexadecimal::hexadecimal;

/// Whose address it is when a bot calls is not documented (2.2); the platform's own sample has this one.
pub const DEFAULT_CLIENT_IP: &str = "127.0.0.1";

ringback_types::words! {
    /// From which kind of client something was done (sheet `tencent-desk`, section 4.2).
    #[derive(Default)]
    OptPlatform {
        /// A server, through the REST API.
        RestApi = "RESTAPI",
        /// A browser.
        Web = "Web",
        /// An Android app.
        Android = "Android",
        /// An iOS app.
        Ios = "iOS",
        /// A Windows app.
        Windows = "Windows",
        /// A macOS app; the English page writes `macOS`.
        Mac = "Mac",
        /// An iPad app.
        Ipad = "iPad",
        /// Not known: what Desk itself says is not documented (2.2).
        #[default]
        Unknown = "Unknown",
    }
}

/// An app as the platform knows it, and how it calls in the app's name.
#[derive(Debug, Clone)]
pub struct Account {
    /// `SdkAppid`, digits.
    pub sdk_app_id: String,
    /// Signs every request, where authentication is on.
    pub token: Option<Secret>,
    /// `ClientIP`.
    pub client_ip: String,
    /// `OptPlatform`.
    pub opt_platform: OptPlatform,
    /// Whether `Content-Type: application/json` is sent; the framework's sample has none (2.3).
    pub content_type: bool,
}

impl Account {
    /// The account of this app, with what the platform's samples say besides.
    pub fn new(sdk_app_id: impl Into<String>, token: Option<Secret>) -> Self {
        Self {
            sdk_app_id: sdk_app_id.into(),
            token,
            ..Self::default()
        }
    }
}

impl Default for Account {
    fn default() -> Self {
        Self {
            sdk_app_id: String::new(),
            token: None,
            client_ip: DEFAULT_CLIENT_IP.to_owned(),
            opt_platform: OptPlatform::default(),
            content_type: true,
        }
    }
}

/// `Sign`: SHA-256 over token and `RequestTime`, in lower-case hexadecimal digits (4.4).
///
/// A plain hash over nothing of the request: the same for every request of that second.
pub fn sign(token: &Secret, request_time: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(token.expose());
    context.update(request_time.as_bytes());
    hexadecimal(context.finish().as_ref())
}
