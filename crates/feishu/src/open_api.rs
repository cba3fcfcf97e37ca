//! The open API that an app's server calls: `/open-apis/…` (section 8).
//!
//! Refusals answer 200 with a `code` other than 0, which is what the official SDKs expect; only a
//! missing or bad bearer token answers 400.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::AUTHORIZATION};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::app::{ALWAYS_SUBSCRIBED, App};
use crate::feishu::Feishu;
use crate::generate;
use crate::token::Token;
use crate::trigger::Trigger;

/// Requests of the open API carry two short texts.
const BODY_BYTES: usize = 64 * 1024;
/// How many addresses one page of `outbound_ip` may have.
const MOST_ADDRESSES: usize = 50;

pub(crate) fn routes(feishu: &Feishu) -> Router {
    Router::new()
        .route(
            "/open-apis/auth/v3/tenant_access_token/internal",
            post(tenant_access_token),
        )
        .route(
            "/open-apis/auth/v3/app_access_token/internal",
            post(app_access_token),
        )
        .route(
            "/open-apis/auth/v3/app_ticket/resend",
            post(resend_app_ticket),
        )
        .route("/open-apis/event/v1/outbound_ip", get(outbound_ip))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(feishu.clone(), limit))
        .layer(from_fn_with_state(feishu.clone(), name_request))
        .with_state(feishu.clone())
}

/// A refusal of the open API: what happened as `code` and `msg`.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    code: u32,
    message: &'static str,
}

impl Refusal {
    /// The codes on which sources disagree (10014, 10015) are settled in `docs/fidelity.md`.
    const BAD_PARAMETER: Self = Self::new(StatusCode::OK, 10003, "invalid param");
    const BAD_SECRET: Self = Self::new(StatusCode::OK, 10014, "app secret invalid");
    const BUSY: Self = Self::new(StatusCode::OK, 2200, "Internal Error");
    const BAD_PAGE: Self = Self::new(StatusCode::OK, 1_810_001, "invalid page_size or page_token");
    const NO_TOKEN: Self = Self::new(
        StatusCode::BAD_REQUEST,
        99_991_661,
        "Missing access token for authorization. Please make a test attempt with an authorization token.",
    );
    const BAD_TOKEN: Self = Self::new(
        StatusCode::BAD_REQUEST,
        99_991_663,
        "Invalid access token for authorization. Please make a test attempt with the correct token.",
    );

    const fn new(status: StatusCode, code: u32, message: &'static str) -> Self {
        Self {
            status,
            code,
            message,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "code": self.code, "msg": self.message });
        (self.status, axum::Json(body)).into_response()
    }
}

type Answer = Result<axum::Json<Value>, Refusal>;

#[derive(Deserialize)]
struct AppProof {
    app_id: String,
    app_secret: String,
}

/// The app that proves itself in a body, whatever its content type: the official Python SDK sends
/// none.
fn proven(feishu: &Feishu, body: &[u8]) -> Result<Arc<App>, Refusal> {
    let proof: AppProof = serde_json::from_slice(body).map_err(|_| Refusal::BAD_PARAMETER)?;
    let app = feishu
        .app(&proof.app_id)
        .map_err(|_| Refusal::BAD_PARAMETER)?;
    if app
        .credentials
        .app_secret
        .matches(proof.app_secret.as_bytes())
    {
        Ok(app)
    } else {
        Err(Refusal::BAD_SECRET)
    }
}

async fn token_of(feishu: &Feishu, body: &[u8]) -> Result<(String, u64), Refusal> {
    let app = proven(feishu, body)?;
    let token: Token = feishu.token(&app).await.map_err(|_| Refusal::BUSY)?;
    let left = token.left(feishu.store().clock().schedule()).as_secs();
    let text = token.text.expose_str().unwrap_or_default().to_owned();
    Ok((text, left))
}

async fn tenant_access_token(State(feishu): State<Feishu>, body: Bytes) -> Answer {
    let (token, expire) = token_of(&feishu, &body).await?;
    Ok(axum::Json(json!({
        "code": 0, "msg": "ok", "tenant_access_token": token, "expire": expire,
    })))
}

async fn app_access_token(State(feishu): State<Feishu>, body: Bytes) -> Answer {
    let (token, expire) = token_of(&feishu, &body).await?;
    Ok(axum::Json(json!({
        "code": 0, "msg": "ok", "app_access_token": token, "tenant_access_token": token,
        "expire": expire,
    })))
}

/// Pushes an `app_ticket` event at once (section 4.3).
async fn resend_app_ticket(State(feishu): State<Feishu>, body: Bytes) -> Answer {
    let app = proven(&feishu, &body)?;
    let pushed = feishu
        .trigger(&app.app_id, Trigger::of_type(ALWAYS_SUBSCRIBED))
        .await;
    if let Err(error) = pushed {
        // The platform takes the request all the same; the reason is for whoever runs this.
        tracing::info!(app_id = %app.app_id, %error, "no app_ticket was pushed");
    }
    Ok(axum::Json(json!({ "code": 0, "msg": "success" })))
}

/// Where pushes come from, one page of it.
async fn outbound_ip(
    State(feishu): State<Feishu>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Answer {
    authorised(&feishu, &headers)?;
    let (size, from) = page(query.as_deref().unwrap_or_default()).ok_or(Refusal::BAD_PAGE)?;
    let all = &feishu.options().outbound_ip;
    let rest = all.get(from..).ok_or(Refusal::BAD_PAGE)?;
    let shown = &rest[..size.min(rest.len())];
    let has_more = shown.len() < rest.len();
    let next = if has_more {
        (from + shown.len()).to_string()
    } else {
        String::new()
    };
    Ok(axum::Json(json!({
        "code": 0, "msg": "success",
        "data": { "ip_list": shown, "page_token": next, "has_more": has_more },
    })))
}

/// Page size and first position; the page token is the position.
fn page(query: &str) -> Option<(usize, usize)> {
    let mut page = (MOST_ADDRESSES, 0);
    for pair in query.split('&') {
        match pair.split_once('=').unwrap_or((pair, "")) {
            (_, "") => {}
            ("page_size", text) => page.0 = text.parse().ok()?,
            ("page_token", text) => page.1 = text.parse().ok()?,
            _ => {}
        }
    }
    (1..=MOST_ADDRESSES).contains(&page.0).then_some(page)
}

fn authorised(feishu: &Feishu, headers: &HeaderMap) -> Result<(), Refusal> {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or(Refusal::NO_TOKEN)?;
    feishu
        .token_owner(bearer)
        .map(drop)
        .ok_or(Refusal::BAD_TOKEN)
}

/// Answers busy at once where too many requests are under way (design, section 10).
async fn limit(State(feishu): State<Feishu>, request: Request, next: Next) -> Response {
    let Some(_place) = feishu.enter() else {
        return Refusal::BUSY.into_response();
    };
    next.run(request).await
}

/// Gives every answer the ids by which the platform's log names a request (section 8).
async fn name_request(State(feishu): State<Feishu>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let now = feishu.store().clock().wire().to_rfc3339();
    let digits: String = now.chars().filter(char::is_ascii_digit).take(14).collect();
    let unique = generate::hex32(feishu.random()).to_uppercase();
    let names = [
        ("x-tt-logid", format!("{digits}{}", &unique[..18])),
        ("x-request-id", generate::uuid(feishu.random())),
    ];
    for (name, value) in names {
        if let Ok(value) = HeaderValue::try_from(value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}
