//! The SDK of a program inside a WeCom data-and-intelligence zone.
//!
//! The zone posts sealed requests to a program: calls of apps, and events. The program answers, and
//! calls the zone's SDK APIs. [`serve()`] is all that most programs need:
//!
//! ```no_run
//! use ringback_zone_sdk::{Request, ServeError, serve};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), ServeError> {
//!     serve(answer).await
//! }
//!
//! async fn answer(request: Request) -> Result<String, ringback_zone_sdk::Error> {
//!     // An ability that hands its request on to an SDK API, and the API's answer back.
//!     request.client().invoke("sync_msg", &request.data).await
//! }
//! ```
//!
//! # With any HTTP server
//!
//! A [`Zone`] turns headers and body into a [`Request`], and the request turns a text into a
//! [`Reply`] with headers and body. Nothing here knows which server is around it:
//!
//! ```
//! use ringback_zone_sdk::{Reply, Zone};
//!
//! /// Status, headers and body of the answer to a POST.
//! fn handle(
//!     zone: &Zone,
//!     headers: &[(String, String)],
//!     body: &[u8],
//! ) -> (u16, Vec<(String, String)>, Vec<u8>) {
//!     let reply = match zone.decode(headers, body) {
//!         Ok(request) => request.reply(&format!(r#"{{"echo":{}}}"#, request.data)),
//!         // The peer learns no more than a code; the reason belongs into the log.
//!         Err(refused) => {
//!             ringback_zone_sdk::log_error!("{refused}");
//!             Ok(refused.into_reply())
//!         }
//!     };
//!     let reply = reply.expect("a request that was decoded has a key for its reply");
//!     let headers = reply.header_pairs().map(|(name, value)| (name.into(), value.into()));
//!     (Reply::STATUS, headers.collect(), reply.body.to_vec())
//! }
//!
//! # fn main() -> Result<(), ringback_zone_sdk::Error> {
//! let zone = Zone::new(ringback_zone_sdk::Settings::default())?;
//! // `curl` does not speak the channel: it reads what to do instead, and nothing else.
//! let (status, _, body) = handle(&zone, &[("accept".into(), "*/*".into())], b"");
//! assert_eq!(status, 200);
//! assert!(String::from_utf8_lossy(&body).contains("ringback call"));
//! # Ok(()) }
//! ```
//!
//! # Calling SDK APIs
//!
//! [`Client::invoke`] takes and gives JSON text; [`Client::call`] takes one of the typed requests in
//! [`calls`].
//!
//! ```no_run
//! # async fn pull(zone: ringback_zone_sdk::Zone) -> Result<(), ringback_zone_sdk::CallError> {
//! use ringback_zone_sdk::calls::SyncMsg;
//!
//! let client = zone.client("ww0123456789abcdef", 1_000_001, "invoke_sync_msg", "");
//! let page = client.call(&SyncMsg { limit: Some(200), ..SyncMsg::default() }).await?;
//! for message in page.msg_list {
//!     ringback_zone_sdk::log_info!("{} {}", message.msgid, message.msgtype);
//! }
//! # Ok(()) }
//! ```
//!
//! # Debug mode
//!
//! On a developer's machine there is no credentials file; [`Zone::open_debug`] gets a key for as long
//! as the access token lives. The same program then takes the app's requests.
//!
//! ```no_run
//! # async fn debug(debug_token: &str, access_token: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let zone = ringback_zone_sdk::Zone::from_environment()?;
//! let session = zone.open_debug(debug_token, access_token).await?;
//! println!("until {}", session.expires_at.to_rfc3339());
//! zone.serve(async |request| Ok::<_, String>(request.data)).await?;
//! # Ok(()) }
//! ```
//!
//! # Errors
//!
//! [`Error::code`] is the documented return code: −10001 … −10009 and −20001 … −20003
//! ([`ReturnCode`]), and [`Error::hint`] the sentence that fixes it. What the SDK reads from the
//! environment is listed in [`environment`].

mod blocking;
pub mod calls;
mod client;
mod credentials;
mod debug;
mod decode;
pub mod environment;
mod error;
mod exchange;
mod headers;
mod http;
mod identity;
pub mod log;
mod reply;
mod request;
#[cfg(feature = "serve")]
mod serve;
mod zone;

pub use calls::{Call, CallError};
pub use client::Client;
pub use credentials::CredentialsError;
pub use debug::DebugSession;
pub use decode::{Admitted, Refused};
pub use error::{Error, ReturnCode};
pub use headers::Headers;
pub use reply::{PendingReply, Reply};
pub use request::Request;
pub use ringback_dialect::zone::{CallType, Reason};
pub use ringback_types::{Clock, Coded, Secret, WireTime};
#[cfg(feature = "serve")]
pub use serve::{ServeError, serve};
pub use zone::{MAX_BODY_BYTES, Settings, Zone, generate_notify_id};
