//! Conversations: started, talked in, read, closed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use ringback_types::{Caller, ConversationId, Problem, Role, extract};
use serde::Deserialize;

use super::{TAG, page};
use crate::conversation::Conversation;
use crate::conversations::{NewConversation, Speaking, app_of};
use crate::desk::Desk;
use crate::view::{ConversationView, MessageView, SaidView};
use ringback_types::extract::Path;

/// A page of conversations.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Only those before this one.
    #[param(value_type = Option<String>)]
    before: Option<ConversationId>,
    /// How many; 50 when left out, at most 500.
    limit: Option<i64>,
}

/// The conversations of an app, newest first.
#[utoipa::path(get, path = "/api/v1/desk/apps/{sdk_app_id}/conversations", tag = TAG, operation_id = "desk_list_conversations",
    params(("sdk_app_id" = String, Path), Page),
    responses((status = 200, body = Vec<ConversationView>), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(sdk_app_id): Path<String>,
    extract::Query(asked): extract::Query<Page>,
) -> Result<Json<Vec<ConversationView>>, Problem> {
    // What users said is a body, which a viewer does not read (design, section 10).
    caller.require(Role::Operator)?;
    let app = desk.app(&sdk_app_id)?;
    let found = desk
        .conversations(&app, asked.before, page(asked.limit))
        .await?;
    let view = |conversation| ConversationView::new(conversation, &app);
    Ok(Json(found.iter().map(view).collect()))
}

/// Starts a conversation.
#[utoipa::path(post, path = "/api/v1/desk/apps/{sdk_app_id}/conversations", tag = TAG, operation_id = "desk_start_conversation",
    params(("sdk_app_id" = String, Path)), request_body = NewConversation,
    responses((status = 201, body = ConversationView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn start(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(sdk_app_id): Path<String>,
    extract::Json(new): extract::Json<NewConversation>,
) -> Result<(StatusCode, Json<ConversationView>), Problem> {
    caller.require(Role::Operator)?;
    let started = desk.start_conversation(&sdk_app_id, new).await?;
    Ok((StatusCode::CREATED, Json(view(&desk, &started)?)))
}

/// One conversation.
#[utoipa::path(get, path = "/api/v1/desk/conversations/{conversation}", tag = TAG, operation_id = "desk_show_conversation",
    params(("conversation" = String, Path)),
    responses((status = 200, body = ConversationView), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<ConversationId>,
) -> Result<Json<ConversationView>, Problem> {
    caller.require(Role::Operator)?;
    let found = desk.conversation(id).await?;
    Ok(Json(view(&desk, &found)?))
}

/// Closes a conversation.
#[utoipa::path(post, path = "/api/v1/desk/conversations/{conversation}/close", tag = TAG, operation_id = "desk_close_conversation",
    params(("conversation" = String, Path)),
    responses((status = 200, body = ConversationView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn close(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<ConversationId>,
) -> Result<Json<ConversationView>, Problem> {
    caller.require(Role::Operator)?;
    let closed = desk.close_conversation(id).await?;
    Ok(Json(view(&desk, &closed)?))
}

/// Which messages.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct After {
    /// Only those after the message of this number.
    after: i64,
    /// How many; 50 when left out, at most 500.
    limit: Option<i64>,
}

/// What was said in a conversation, in order.
#[utoipa::path(get, path = "/api/v1/desk/conversations/{conversation}/messages", tag = TAG, operation_id = "desk_messages",
    params(("conversation" = String, Path), After),
    responses((status = 200, body = Vec<MessageView>), (status = 404, body = Problem)))]
pub(super) async fn messages(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<ConversationId>,
    extract::Query(asked): extract::Query<After>,
) -> Result<Json<Vec<MessageView>>, Problem> {
    caller.require(Role::Operator)?;
    desk.conversation(id).await?;
    let messages = desk.messages(id, asked.after, page(asked.limit)).await?;
    Ok(Json(messages.into_iter().map(MessageView::from).collect()))
}

/// What is said.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeskSaying)]
pub(super) struct Saying {
    /// The text.
    #[schema(example = "Where is my order 12345?")]
    text: String,
    /// Who; the user when left out.
    #[serde(default)]
    speaker: Speaking,
}

/// The user says something, or the person who has the conversation; answers what was said then, once it is
/// on the disk.
#[utoipa::path(post, path = "/api/v1/desk/conversations/{conversation}/messages", tag = TAG, operation_id = "desk_say",
    params(("conversation" = String, Path)), request_body = Saying,
    responses((status = 200, body = SaidView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn say(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<ConversationId>,
    extract::Json(saying): extract::Json<Saying>,
) -> Result<Json<SaidView>, Problem> {
    caller.require(Role::Operator)?;
    let (conversation, messages) = desk.say(id, saying.speaker, &saying.text).await?;
    Ok(Json(SaidView {
        conversation: view(&desk, &conversation)?,
        messages: messages.into_iter().map(MessageView::from).collect(),
    }))
}

fn view(desk: &Desk, conversation: &Conversation) -> Result<ConversationView, Problem> {
    let app = app_of(desk, conversation)?;
    Ok(ConversationView::new(conversation, &app))
}
