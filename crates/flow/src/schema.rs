//! The published JSON Schema of a flow document.

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::document::Document;

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

fn as_value(schema: &impl serde::Serialize) -> Value {
    serde_json::to_value(schema).expect("a schema is made of texts, numbers and lists")
}

/// Lets every reference point to where JSON Schema keeps its definitions.
fn moved(value: &mut Value) {
    match value {
        Value::Object(members) => {
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
