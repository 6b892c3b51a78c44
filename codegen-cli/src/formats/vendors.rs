//! Tools in the shape each vendor asks for.

use serde_json::{Map, Value, json};

use super::Selected;
use super::expand::Expander;
use super::strict::strict;
use super::tools::{Tool, tools};
use crate::document::Receiver;
use crate::error::Error;
use crate::schema::{escape, subschemas};

/// What Anthropic's API takes as the name of a property.
const ANTHROPIC_KEYS: &str = "A-Z, a-z, 0-9, _, - and ., at most 64";

/// Tools as `tools/list` of MCP answers them.
pub(super) fn mcp(selected: &Selected<'_>) -> Value {
    let expander = Expander::new(selected.manifest);
    let tools = tools(selected);
    let tools: Vec<Value> = tools
        .iter()
        .map(|tool| {
            let reads = tool.action.receiver == Receiver::Query;
            let mut input = expander.expand(&tool.arguments, true);
            // Lets a proxy route to the object without reading the body.
            if let Some(object) =
                input.pointer_mut(&format!("/properties/{}", escape(&tool.object_param)))
            {
                object["x-mcp-header"] = "Object-Name".into();
            }
            let mut described = json!({
                "name": tool.name,
                "description": tool.description,
                "inputSchema": input,
                "annotations": {
                    "readOnlyHint": reads,
                    "destructiveHint": !reads,
                    "idempotentHint": reads,
                    // A query or command touches its own object and others of the app; a process may reach out.
                    "openWorldHint": tool.action.receiver == Receiver::Process,
                },
                "_meta": {
                    "stayput/class": tool.class,
                    "stayput/action": tool.wire,
                    "stayput/objectParam": tool.object_param,
                },
            });
            let output = expander.expand(&tool.action.answer(), false);
            // Readers of the older revision refuse the whole list over one result that is no object.
            if output.get("type") == Some(&"object".into()) {
                described["outputSchema"] = output;
            }
            described
        })
        .collect();
    json!({ "tools": tools })
}

/// Function tools of `OpenAI`'s Responses API.
pub(super) fn openai(selected: &Selected<'_>) -> Value {
    let expander = Expander::new(selected.manifest);
    let tools = tools(selected);
    tools
        .iter()
        .map(|tool| {
            let strict = strict(&expander.expand(&tool.arguments, false));
            json!({
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "strict": strict.is_some(),
                "parameters": strict.unwrap_or_else(|| expander.expand(&tool.arguments, true)),
            })
        })
        .collect()
}

/// Tools of Anthropic's Messages API.
pub(super) fn anthropic(selected: &Selected<'_>) -> Result<Value, Error> {
    let expander = Expander::new(selected.manifest);
    let mut described = Vec::new();
    for tool in tools(selected) {
        let input = expander.expand(&tool.arguments, true);
        check_keys(&tool, &input)?;
        described.push(Map::from_iter([
            ("name".to_owned(), tool.name.into()),
            ("description".to_owned(), tool.description.into()),
            ("input_schema".to_owned(), input),
        ]));
    }
    Ok(described.into())
}

fn check_keys(tool: &Tool<'_>, schema: &Value) -> Result<(), Error> {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for name in properties.keys() {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
            if name.is_empty() || name.len() > 64 || !name.bytes().all(allowed) {
                return Err(Error::VendorName {
                    pointer: tool.action.pointer.clone(),
                    vendor: "Anthropic",
                    name: name.clone(),
                    rule: ANTHROPIC_KEYS,
                });
            }
        }
    }
    let mut outcome = Ok(());
    subschemas(schema, |_, schema| {
        if outcome.is_ok() {
            outcome = check_keys(tool, schema);
        }
    });
    outcome
}
