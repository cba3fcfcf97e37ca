//! The published JSON Schema of a flow document.

use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::document::{
    ApiCall, Branch, Collect, Condition, Document, End, Node, Reply, Start, Transfer,
};

/// Where OpenAPI keeps schemas, and where JSON Schema does.
const OPENAPI_PLACE: &str = "#/components/schemas/";
const SCHEMA_PLACE: &str = "#/$defs/";

/// The JSON Schema (2020-12) of a flow document, made of the very types that read it.
pub fn schema() -> Value {
    let mut named = Vec::new();
    Document::schemas(&mut named);
    let mut definitions = Map::new();
    for (name, schema) in named {
        definitions.insert(name, as_value(&schema));
    }
    let mut schema = as_value(&Document::schema());
    if let Some(members) = schema.as_object_mut() {
        members.insert(
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        members.insert("title".to_owned(), json!("Task flow"));
        members.insert("$defs".to_owned(), Value::Object(definitions));
    }
    moved(&mut schema);
    schema
}

/// Each node type with its word, the name of its schema, and the schema of its settings.
fn node_types() -> [(&'static str, &'static str, RefOr<Schema>); 8] {
    [
        ("start", "StartNode", Start::schema()),
        ("collect", "CollectNode", Collect::schema()),
        ("branch", "BranchNode", Branch::schema()),
        ("condition", "ConditionNode", Condition::schema()),
        ("api_call", "ApiCallNode", ApiCall::schema()),
        ("reply", "ReplyNode", Reply::schema()),
        ("transfer", "TransferNode", Transfer::schema()),
        ("end", "EndNode", End::schema()),
    ]
}

/// A node holds its settings beside its id, in one closed object for each type. A derived schema would
/// join two closed objects, each of which refuses the members of the other.
impl PartialSchema for Node {
    fn schema() -> RefOr<Schema> {
        node_types()
            .into_iter()
            .fold(OneOfBuilder::new(), |types, (_, name, _)| {
                types.item(Ref::from_schema_name(name))
            })
            .description(Some("A node: its id, its name, and what it is."))
            .into()
    }
}

impl ToSchema for Node {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        for (word, name, settings) in node_types() {
            schemas.push((name.to_owned(), node(word, settings)));
        }
        Start::schemas(schemas);
        Collect::schemas(schemas);
        Branch::schemas(schemas);
        Condition::schemas(schemas);
        ApiCall::schemas(schemas);
    }
}

/// A node of the type with this word and these settings.
fn node(word: &str, settings: RefOr<Schema>) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut node)) = settings else {
        unreachable!("the settings of a node are a structure");
    };
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let own = [
        ("type", text().enum_values(Some([word]))),
        (
            "id",
            text()
                .description(Some("Its id, unique in the flow."))
                .pattern(Some("^[A-Za-z0-9_-]{1,64}$"))
                .examples([json!(format!("node-{word}-1"))]),
        ),
        (
            "name",
            text().description(Some("What a person calls it; the id when left out.")),
        ),
    ];
    let mut properties: Vec<_> = own
        .map(|(name, schema)| (name.to_owned(), schema.into()))
        .into();
    properties.extend(std::mem::take(&mut node.properties));
    node.properties = properties.into_iter().collect();
    node.required.extend(["type", "id"].map(str::to_owned));
    node.into()
}

fn as_value(schema: &impl serde::Serialize) -> Value {
    serde_json::to_value(schema).expect("a schema is made of texts, numbers and lists")
}

/// Turns OpenAPI's words into those of JSON Schema: where a reference points to, and `examples`.
fn moved(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(example) = members.remove("example") {
                members.insert("examples".to_owned(), json!([example]));
            }
            for (name, member) in members {
                match member {
                    Value::String(to) if name == "$ref" => {
                        *to = to.replace(OPENAPI_PLACE, SCHEMA_PLACE);
                    }
                    _ => moved(member),
                }
            }
        }
        Value::Array(members) => members.iter_mut().for_each(moved),
        _ => {}
    }
}
