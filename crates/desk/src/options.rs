//! What may be set: for the whole platform half ([`Options`]) and for each app ([`Settings`]).

use std::time::Duration;

use ringback_deliver::Policy;
use ringback_dialect::desk::OptPlatform;
use serde::{Deserialize, Serialize};

/// Settings of the platform half, all with a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many messages of users may be worked on at once; more get 503.
    pub in_flight: usize,
    /// How many events one trigger may make.
    pub trigger_limit: u32,
    /// How long a closed conversation is kept.
    pub conversation_life: Duration,
    /// How many bytes the variables of one session may take together.
    pub variables_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            in_flight: 1_024,
            trigger_limit: 10_000,
            conversation_life: Duration::from_hours(30 * 24),
            variables_bytes: 64 * 1024,
        }
    }
}

ringback_types::words! {
    /// In which language the bot says what no node says.
    #[derive(Default, utoipa::ToSchema)]
    Language {
        /// Chinese.
        #[default]
        Chinese = "zh",
        /// English.
        English = "en",
    }
}

/// What the platform fixes or does not document and Ringback lets each app set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = DeskSettings)]
pub struct Settings {
    /// How long the business may take over a call (section 2.7: 2000).
    pub call_deadline_ms: u64,
    /// How long a notification may take.
    pub notification_deadline_ms: u64,
    /// Whether notifications are tried again (section 4.3: off).
    pub retry_notifications: bool,
    /// The gaps of those tries (not documented).
    pub retry_ladder_ms: Vec<u64>,
    /// `OptPlatform` in the query (section 2.2, not documented for a bot).
    #[schema(value_type = String)]
    pub opt_platform: OptPlatform,
    /// `ClientIP` in the query.
    pub client_ip: String,
    /// Whether `Content-Type` is sent (section 2.3: the sample has none).
    pub content_type: bool,
    /// `RobotId`.
    pub robot_id: String,
    /// `CustomerServiceId`, where a conversation names no other.
    pub customer_service_id: String,
    /// `ChannelType`, where a conversation names no other.
    pub channel_type: String,
    /// `Env` of runs of published flows (section 2.8).
    pub environment: String,
    /// `Env` of runs of drafts (not documented).
    pub draft_environment: String,
    /// `Event` of a node step (section 3.1: cut off).
    pub step_event: String,
    /// `Event` of the end of a flow (section 3.1: cut off).
    pub end_event: String,
    /// Whether a person is asked for with the older `ChatBot.OnAssignAgent`.
    pub older_assign: bool,
    /// After how many seconds without a message a conversation is closed; 0 for never.
    pub idle_seconds: u64,
    /// The language of what no node says.
    pub language: Language,
    /// What the bot says where no node says it; the language's own words when left out.
    pub texts: Texts,
    /// A model that understands what users say; without one, matching is done here, always the same.
    pub model: Option<Model>,
}

impl Default for Settings {
    fn default() -> Self {
        let call = Policy::desk_call();
        let notification = Policy::desk_notification();
        Self {
            call_deadline_ms: call.deadline_ms,
            notification_deadline_ms: notification.deadline_ms,
            retry_notifications: false,
            retry_ladder_ms: ringback_deliver::DESK_RETRY_LADDER_MS.to_vec(),
            opt_platform: OptPlatform::Unknown,
            client_ip: "127.0.0.1".to_owned(),
            content_type: true,
            robot_id: "@RBT#DeskDefaultRobot".to_owned(),
            customer_service_id: "@customer_service_account".to_owned(),
            channel_type: "SDK".to_owned(),
            environment: "production".to_owned(),
            draft_environment: "test".to_owned(),
            step_event: "TaskStep".to_owned(),
            end_event: "TaskEnd".to_owned(),
            older_assign: false,
            idle_seconds: 30 * 60,
            language: Language::default(),
            texts: Texts::default(),
            model: None,
        }
    }
}

impl Settings {
    /// The policy of the app's calls.
    pub(crate) fn call_policy(&self, deadline_ms: Option<u64>) -> Policy {
        let deadline_ms = deadline_ms.unwrap_or(self.call_deadline_ms);
        Policy {
            deadline_ms,
            connect_ms: deadline_ms,
            ..Policy::desk_call()
        }
    }

    /// The policy of the app's notifications.
    pub(crate) fn notification_policy(&self) -> Policy {
        Policy {
            deadline_ms: self.notification_deadline_ms,
            connect_ms: self.notification_deadline_ms,
            ladder_ms: if self.retry_notifications {
                self.retry_ladder_ms.clone()
            } else {
                Vec::new()
            },
            ..Policy::desk_notification()
        }
    }
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $english:literal, $chinese:literal;)*) => {
        /// What the bot says where no node says it. Each is the language's own words when left out.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(default, deny_unknown_fields)]
        #[schema(as = DeskTexts)]
        pub struct Texts {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<String>,)*
        }

        impl Settings {
            $(pub(crate) fn $name(&self) -> &str {
                self.texts.$name.as_deref().unwrap_or(match self.language {
                    Language::English => $english,
                    Language::Chinese => $chinese,
                })
            })*
        }

        impl Texts {
            /// Each with its name.
            pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, &String)> {
                [$((stringify!($name), &self.$name)),*]
                    .into_iter()
                    .filter_map(|(name, text)| Some((name, text.as_ref()?)))
            }
        }
    };
}

texts! {
    /// A call failed and its node has no exception edge (section 2.7, not documented).
    fallback: "Sorry, something went wrong on our side. Please try again later.", "抱歉，系统出了点问题，请稍后再试。";
    /// No flow fits what the user said.
    no_match: "Sorry, I did not understand that.", "抱歉，我没有理解您的意思。";
    /// A person is to take over.
    connecting: "One moment, I am connecting you to a person.", "请稍候，正在为您转接人工客服。";
    /// The user waits for a person.
    queuing: "All our people are busy; you are in the queue.", "人工客服忙，您已进入排队。";
    /// A person has taken over.
    connected: "You are connected to a person now.", "已为您接入人工客服。";
    /// No person could be found.
    not_connected: "Sorry, nobody is available at the moment.", "抱歉，暂时没有可用的人工客服。";
    /// The conversation was closed because nothing was said.
    idle: "This conversation was closed because it was quiet for a while.", "由于长时间没有消息，本次会话已结束。";
    /// The conversation was closed.
    closed: "This conversation is closed. Thank you.", "本次会话已结束，感谢您的咨询。";
}

/// A model behind an interface like that of OpenAI (`POST {base_url}/chat/completions`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeskModel)]
pub struct Model {
    /// Where it is, such as `http://127.0.0.1:11434/v1`.
    pub base_url: String,
    /// What it is called.
    pub name: String,
    /// How long it may take; what it has not answered by then is understood here.
    #[serde(default = "model_deadline")]
    pub deadline_ms: u64,
}

fn model_deadline() -> u64 {
    8_000
}
