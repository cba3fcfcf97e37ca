//! Events made on purpose: from a fixture or a given body, pushed like any other.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ringback_deliver::Arrival;
use ringback_dialect::feishu as dialect;
use ringback_store::WriteError;
use ringback_types::{DeliveryId, EventId, Random, WireTime, set_member};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;
use serde_json::{Map, Value};

use crate::app::{ALWAYS_SUBSCRIBED, App, CALLBACKS, check_event_type};
use crate::error::TriggerError;
use crate::feishu::Feishu;
use crate::fixture::{BodySchema, Filler, Fixture, fixture};
use crate::generate;

/// How many events are on their way to the disk at once; they share commits.
const AT_ONCE: usize = 64;
/// How many ids may be drawn for one event.
const MOST_DRAWS: u32 = 1 << 16;

/// An event to be made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The form of its body; the type's own when left out.
    #[serde(default)]
    pub schema: Option<BodySchema>,
    /// Members of `event` to replace: dotted path to value. A text is read as JSON where it is JSON and
    /// no text stood there.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
    /// The `event` object, or a whole body, instead of a fixture. Ids, times, app and tenant of a whole
    /// body are made anew.
    #[serde(default)]
    pub body: Option<Value>,
    /// How many to make, each with ids of its own.
    #[serde(default = "one")]
    pub count: u32,
    /// Push it even if the app is not subscribed to it.
    #[serde(default)]
    pub force: bool,
}

fn one() -> u32 {
    1
}

impl Trigger {
    /// One event of this type from its fixture.
    pub fn of_type(event_type: impl Into<String>) -> Self {
        Self {
            event_type: event_type.into(),
            schema: None,
            set: BTreeMap::new(),
            body: None,
            count: 1,
            force: false,
        }
    }
}

/// An event that was made; it is on the disk and on its way.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Triggered {
    /// The platform's id of it: `event_id`, or `uuid` of schema 1.0.
    pub event_id: String,
    /// Ringback's id of it.
    #[schema(value_type = String)]
    pub event: EventId,
    /// Its delivery.
    #[schema(value_type = Option<String>)]
    pub delivery: Option<DeliveryId>,
}

impl Feishu {
    /// Makes events and hands them to the engine; answers once they are on the disk.
    pub async fn trigger(
        &self,
        app_id: &str,
        trigger: Trigger,
    ) -> Result<Vec<Triggered>, TriggerError> {
        let app = self.app(app_id)?;
        self.may_trigger(&app, &trigger)?;
        let template = Template::of(&trigger.event_type, trigger.schema, trigger.body.as_ref())?;
        // Each body is made when its turn comes, so that a thousand of them are never in memory.
        let mut made = 0;
        let events =
            stream::iter(0..trigger.count).map(|_| self.push_new(&app, &template, &trigger.set));
        let pushed = events
            .buffered(AT_ONCE)
            .inspect_ok(|_| made += 1)
            .try_collect()
            .await;
        pushed.map_err(|error| match error {
            TriggerError::Write { source, .. } => TriggerError::Write { made, source },
            other => other,
        })
    }

    fn may_trigger(&self, app: &App, trigger: &Trigger) -> Result<(), TriggerError> {
        let event_type = &trigger.event_type;
        if CALLBACKS.contains(&event_type.as_str()) {
            return Err(TriggerError::Callback(event_type.clone()));
        }
        check_event_type(event_type)?;
        let limit = self.options().trigger_limit;
        if !(1..=limit).contains(&trigger.count) {
            return Err(TriggerError::BadCount(limit));
        }
        if !trigger.force && !app.subscribes(event_type) {
            return Err(TriggerError::NotSubscribed {
                app_id: app.app_id.clone(),
                event_type: event_type.clone(),
            });
        }
        if app.request_url.is_none() {
            return Err(TriggerError::NoRequestUrl(app.app_id.clone()));
        }
        Ok(())
    }

    /// Pushes one event under ids that its source has not had: a seeded generator draws the same ones
    /// again after a restart.
    async fn push_new(
        &self,
        app: &App,
        template: &Template<'_>,
        sets: &BTreeMap<String, Value>,
    ) -> Result<Triggered, TriggerError> {
        let failed = |source| TriggerError::Write { made: 0, source };
        for _ in 0..MOST_DRAWS {
            let made = template.make(self, app, sets)?;
            if let Some(triggered) = self.push(app, made).await.map_err(failed)? {
                return Ok(triggered);
            }
        }
        Err(failed(WriteError::Failed(
            "every event id that was drawn is taken".to_owned(),
        )))
    }

    /// Hands one event to the engine; nothing when its id is taken.
    async fn push(&self, app: &App, made: Made) -> Result<Option<Triggered>, WriteError> {
        let arrival = Arrival {
            source: app.source,
            event_type: made.event_type,
            app: Some(app.app_id.clone()),
            dedupe_key: Some(made.event_id.clone()),
            order_key: made.order_key,
            headers: None,
            body: made.body,
            raw: None,
            id: None,
            alongside: Vec::new(),
        };
        let receipt = self.engine().accept(arrival).await?;
        if receipt.duplicate {
            return Ok(None);
        }
        let to_app = |(_, endpoint): &&(DeliveryId, _)| *endpoint == app.event_endpoint;
        let delivery = receipt
            .deliveries
            .iter()
            .find(to_app)
            .map(|(delivery, _)| *delivery);
        Ok(Some(Triggered {
            event_id: made.event_id,
            event: receipt.event,
            delivery,
        }))
    }
}

/// What events of one trigger are made of.
pub(crate) struct Template<'a> {
    event_type: &'a str,
    schema: BodySchema,
    event: Source<'a>,
}

enum Source<'a> {
    Fixture(&'static Fixture),
    Given(&'a Value),
}

/// A body with what the engine must know of it.
pub(crate) struct Made {
    pub(crate) event_id: String,
    pub(crate) event_type: String,
    pub(crate) order_key: Option<String>,
    pub(crate) body: Bytes,
}

impl<'a> Template<'a> {
    pub(crate) fn of(
        event_type: &'a str,
        schema: Option<BodySchema>,
        body: Option<&'a Value>,
    ) -> Result<Self, TriggerError> {
        let known = fixture(event_type);
        let (event, own_schema) = if let Some(body) = body {
            given(event_type, body)?
        } else {
            let fixture = known.ok_or_else(|| TriggerError::NoFixture(event_type.to_owned()))?;
            (Source::Fixture(fixture), Some(fixture.schema))
        };
        let has = own_schema.or_else(|| known.map(|fixture| fixture.schema));
        if let (Some(has), Some(asked)) = (has, schema)
            && has != asked
        {
            return Err(TriggerError::WrongSchema {
                event_type: event_type.to_owned(),
                has: has.as_str(),
            });
        }
        let schema = has
            .or(schema)
            .unwrap_or_else(|| BodySchema::of_type(event_type));
        Ok(Self {
            event_type,
            schema,
            event,
        })
    }

    /// One body with ids and times of its own; the token stays blank until it is pushed.
    pub(crate) fn make(
        &self,
        feishu: &Feishu,
        app: &App,
        sets: &BTreeMap<String, Value>,
    ) -> Result<Made, TriggerError> {
        let (random, now) = (feishu.random(), feishu.store().clock().wire());
        let event = self.event(random, now, app, sets)?;
        let event_id = generate::hex32(random);
        let body = self.body(&event, &event_id, now, app)?;
        let identity = dialect::identify(&body)
            .map_err(|_| TriggerError::BadBody("the platform's own form refuses it"))?;
        Ok(Made {
            event_id,
            event_type: identity.event_type,
            order_key: identity.order_key,
            body,
        })
    }

    fn event(
        &self,
        random: &Random,
        now: WireTime,
        app: &App,
        sets: &BTreeMap<String, Value>,
    ) -> Result<Value, TriggerError> {
        let mut event = match self.event {
            Source::Fixture(fixture) => {
                let (app_id, tenant_key) = (&app.app_id, &app.tenant_key);
                fixture.fill(&Filler {
                    random,
                    app_id,
                    tenant_key,
                    now,
                })
            }
            Source::Given(event) => event.clone(),
        };
        for (path, value) in sets {
            let set = set_member(&mut event, path, value);
            set.map_err(|reason| TriggerError::BadPath {
                path: path.clone(),
                reason,
            })?;
        }
        if self.schema == BodySchema::V1 {
            self.name_v1(&mut event, app);
        }
        Ok(event)
    }

    fn body(
        &self,
        event: &Value,
        event_id: &str,
        created_at: WireTime,
        app: &App,
    ) -> Result<Bytes, TriggerError> {
        let event = to_raw_value(event).map_err(|_| TriggerError::BadBody("it is not JSON"))?;
        Ok(match self.schema {
            BodySchema::V1 => dialect::body_v1(
                &dialect::HeaderV1 {
                    created_at,
                    uuid: event_id,
                },
                &event,
            ),
            BodySchema::V2 => {
                let header = dialect::HeaderV2 {
                    event_id,
                    created_at,
                    event_type: self.event_type,
                    tenant_key: &app.tenant_key,
                    app_id: &app.app_id,
                };
                dialect::body_v2(&header, &event)
            }
        })
    }

    /// Type, app and tenant stand inside a v1 event (section 4.2); only `app_ticket` has no tenant.
    fn name_v1(&self, event: &mut Value, app: &App) {
        let Value::Object(members) = event else {
            return;
        };
        members.insert("type".to_owned(), self.event_type.into());
        members.insert("app_id".to_owned(), app.app_id.as_str().into());
        if self.event_type != ALWAYS_SUBSCRIBED {
            members
                .entry("tenant_key")
                .or_insert_with(|| app.tenant_key.as_str().into());
        }
    }
}

/// The `event` object of a given body, and its schema where it is a whole one.
fn given<'a>(
    event_type: &str,
    body: &'a Value,
) -> Result<(Source<'a>, Option<BodySchema>), TriggerError> {
    let members = body
        .as_object()
        .ok_or(TriggerError::BadBody("it is not an object"))?;
    let (event, schema, named) = if let Some(header) = members.get("header") {
        let event = members
            .get("event")
            .ok_or(TriggerError::BadBody("it has no `event`"))?;
        (event, Some(BodySchema::V2), header.get("event_type"))
    } else if members.get("type").and_then(Value::as_str) == Some("event_callback") {
        let event = members
            .get("event")
            .ok_or(TriggerError::BadBody("it has no `event`"))?;
        (event, Some(BodySchema::V1), event.get("type"))
    } else {
        (body, None, None)
    };
    if named
        .and_then(Value::as_str)
        .is_some_and(|named| named != event_type)
    {
        return Err(TriggerError::BadBody("it names another event type"));
    }
    event
        .as_object()
        .map(|_: &Map<String, Value>| (Source::Given(event), schema))
        .ok_or(TriggerError::BadBody("`event` is not an object"))
}
