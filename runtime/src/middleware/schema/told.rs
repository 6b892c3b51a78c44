//! The faults that a validator found, in the form of our own.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::action::{Fault, pointer};

/// How many faults a caller is told of.
const MAX_FAULTS: usize = 100;

/// What is wrong, in the order in which it is found.
pub(super) fn faults(schema: &Validator, params: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    for error in schema.iter_errors(params).take(MAX_FAULTS) {
        tell(&error, &mut faults);
    }
    faults.truncate(MAX_FAULTS);
    faults
}

fn tell(error: &ValidationError<'_>, faults: &mut Vec<Fault>) {
    let path = error.instance_path().as_str().to_owned();
    let received = || error.instance().to_string();
    let mut one = |rule: &'static str, expected: String| {
        let fault = Fault::new(path.clone(), rule, expected).received(&received());
        faults.push(match allowed(error.kind()) {
            Some(json) => fault.allowed(json),
            None => fault,
        });
    };
    match error.kind() {
        // What is not there was not received.
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            faults.push(Fault::new(path + &pointer(name), "required", "a value"));
        }
        Kind::AdditionalProperties { unexpected } => {
            unknown(error, "additionalProperties", unexpected, faults);
        }
        Kind::UnevaluatedProperties { unexpected } => {
            unknown(error, "unevaluatedProperties", unexpected, faults);
        }
        Kind::Type { kind } => one("type", types(kind)),
        Kind::Constant { expected_value } => one("const", expected_value.to_string()),
        Kind::Enum { options } => one("enum", format!("one of {options}")),
        Kind::Minimum { limit } => one("minimum", format!("at least {limit}")),
        Kind::Maximum { limit } => one("maximum", format!("at most {limit}")),
        Kind::ExclusiveMinimum { limit } => one("exclusiveMinimum", format!("more than {limit}")),
        Kind::ExclusiveMaximum { limit } => one("exclusiveMaximum", format!("less than {limit}")),
        Kind::MultipleOf { multiple_of } => {
            one("multipleOf", format!("a multiple of {multiple_of}"));
        }
        Kind::MinLength { limit } => one("minLength", format!("at least {limit} characters")),
        Kind::MaxLength { limit } => one("maxLength", format!("at most {limit} characters")),
        Kind::Pattern { pattern } => one("pattern", format!("a match of `{pattern}`")),
        Kind::Format { format } => one("format", format!("a text of the format `{format}`")),
        Kind::MinItems { limit } => one("minItems", format!("at least {limit} items")),
        Kind::MaxItems { limit } => one("maxItems", format!("at most {limit} items")),
        Kind::UniqueItems => one("uniqueItems", "items that differ".to_owned()),
        Kind::Contains => one("contains", "an item that the schema wants".to_owned()),
        Kind::MinProperties { limit } => one("minProperties", format!("at least {limit} members")),
        Kind::MaxProperties { limit } => one("maxProperties", format!("at most {limit} members")),
        Kind::AnyOf { .. } => one(
            "anyOf",
            "what one of the schemas in `anyOf` takes".to_owned(),
        ),
        Kind::OneOfNotValid { .. } | Kind::OneOfMultipleValid { .. } => {
            one(
                "oneOf",
                "what just one of the schemas in `oneOf` takes".to_owned(),
            );
        }
        Kind::Not { schema } => one("not", format!("nothing that {schema} takes")),
        Kind::FalseSchema => one("false", "nothing".to_owned()),
        // The validator's words, without the value, which may be long.
        _ => one("schema", format!("a value that fits; {}", error.masked())),
    }
}

/// What the schema says under the rule's keyword, as JSON text, where that is short and can be told apart from how it is
/// written.
fn allowed(kind: &Kind) -> Option<String> {
    let value = match kind {
        Kind::Constant { expected_value } => expected_value.as_ref().clone(),
        Kind::Enum { options } => options.as_ref().clone(),
        Kind::Minimum { limit }
        | Kind::Maximum { limit }
        | Kind::ExclusiveMinimum { limit }
        | Kind::ExclusiveMaximum { limit } => limit.clone(),
        Kind::MultipleOf { multiple_of } => return Some(multiple_of.to_string()),
        Kind::MinLength { limit }
        | Kind::MaxLength { limit }
        | Kind::MinItems { limit }
        | Kind::MaxItems { limit }
        | Kind::MinProperties { limit }
        | Kind::MaxProperties { limit } => (*limit).into(),
        Kind::Pattern { pattern } => pattern.as_str().into(),
        Kind::Format { format } => format.as_str().into(),
        Kind::UniqueItems => true.into(),
        Kind::Type { kind } => match kind {
            TypeKind::Single(one) => one.to_string().into(),
            TypeKind::Multiple(set) => set.iter().map(|one| one.to_string()).collect(),
        },
        _ => return None,
    };
    Some(value.to_string())
}

/// One fault for each name.
fn unknown(
    error: &ValidationError<'_>,
    rule: &'static str,
    names: &[String],
    faults: &mut Vec<Fault>,
) {
    for name in names.iter().take(MAX_FAULTS) {
        let path = error.instance_path().as_str().to_owned() + &pointer(name);
        let fault = Fault::new(path, rule, "no such member");
        faults.push(match error.instance().get(name) {
            Some(value) => fault.received(&value.to_string()),
            None => fault,
        });
    }
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(set) => {
            let names: Vec<_> = set.iter().map(|one| one.to_string()).collect();
            names.join(" or ")
        }
    }
}
