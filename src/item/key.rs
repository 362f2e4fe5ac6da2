//! Keys: rendered from templates, injectively, and never taken from input.

use std::collections::HashMap;

use async_graphql::Value;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::Attributes;
use super::write::{Unfit, marshal};
use crate::id::TenantId;
use crate::schema::{Attribute, KeyAttribute, KeyKind, KeyTemplates, Keys, Name, Part, Plan, Template};

/// The longest partition key and sort key, in bytes (*Service quotas*, DynamoDB).
const MAX_PARTITION_BYTES: usize = 2048;
const MAX_SORT_BYTES: usize = 1024;

/// Why a value cannot stand in a key. All of these are the client's to mend.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The value does not fit the field.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The value is empty.
    #[error("`{0}` must not be empty")]
    Empty(Name),
    /// The value contains the sign that ends it in the key.
    #[error("`{0}` must not contain `{1}`")]
    Delimiter(Name, char),
    /// The number is negative or too wide for its padding.
    #[error("`{0}` must have at most {1} digits and no sign")]
    Width(Name, u8),
    /// The key is longer than DynamoDB allows.
    #[error("the values make a key that is too long")]
    TooLong,
}

/// The texts of fields in keys, by field.
pub type KeyTexts = HashMap<Name, String>;

/// The form that a value has in keys: canonical, padded where the field says so, never empty.
pub fn key_text(plan: &Plan, field: &Name, attribute: &Attribute, value: &Value) -> Result<String, KeyError> {
    let stored = marshal(plan, &attribute.shape, value).map_err(|unfit| unfit.within(field))?;
    let text = match stored {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text,
        Some(AttributeValue::Bool(value)) => value.to_string(),
        Some(AttributeValue::B(bytes)) => STANDARD.encode(bytes),
        _ => String::new(),
    };
    if text.is_empty() {
        return Err(KeyError::Empty(field.clone()));
    }
    let Some(width) = attribute.pad else { return Ok(text) };
    let fits = text.len() <= usize::from(width) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !fits {
        return Err(KeyError::Width(field.clone(), width));
    }
    Ok(format!("{text:0>width$}", width = usize::from(width)))
}

/// The key that a template makes; none if a field of it has no value.
pub fn render(template: &Template, tenant: &TenantId, texts: &KeyTexts) -> Result<Option<String>, KeyError> {
    let rendered = prefix(template, tenant, texts)?;
    Ok(rendered.complete.then_some(rendered.text))
}

/// As much of a key as the values make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    /// The text. It ends after the literal that follows the last value.
    pub text: String,
    /// Whether it is the whole key.
    pub complete: bool,
}

/// Renders a template from the left, as far as there are values.
pub fn prefix(template: &Template, tenant: &TenantId, texts: &KeyTexts) -> Result<Prefix, KeyError> {
    for (at, part) in template.parts.iter().enumerate() {
        let Part::Field(field) = part else { continue };
        let Some(value) = texts.get(field) else { break };
        let delimiter = template.parts.get(at + 1).and_then(first_char);
        // A value that held the delimiter would let two sets of values make one key.
        if let Some(delimiter) = delimiter.filter(|delimiter| value.contains(*delimiter)) {
            return Err(KeyError::Delimiter(field.clone(), delimiter));
        }
    }
    Ok(spell(template, tenant.as_str(), texts))
}

/// Puts texts in the place of a template's variables, from the left, as far as there are texts. For keys that are sent,
/// [`prefix`] refuses first what cannot stand in one.
pub fn spell(template: &Template, tenant: &str, texts: &KeyTexts) -> Prefix {
    let mut text = String::new();
    for part in &template.parts {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Tenant => text.push_str(tenant),
            Part::Field(field) => {
                let Some(value) = texts.get(field) else { return Prefix { text, complete: false } };
                text.push_str(value);
            }
        }
    }
    Prefix { text, complete: true }
}

fn first_char(part: &Part) -> Option<char> {
    match part {
        Part::Literal(literal) => literal.chars().next(),
        Part::Tenant | Part::Field(_) => None,
    }
}

/// The key attributes of a table or an index; none if a field of the templates has no value: the item is not in
/// that index then.
pub fn key_attributes(
    keys: &Keys,
    templates: &KeyTemplates,
    tenant: &TenantId,
    texts: &KeyTexts,
) -> Result<Option<Attributes>, KeyError> {
    let mut attributes = Attributes::new();
    let sort = keys.sort.as_ref().zip(templates.sort.as_ref());
    let both = std::iter::once((&keys.partition, &templates.partition, MAX_PARTITION_BYTES))
        .chain(sort.map(|(key, template)| (key, template, MAX_SORT_BYTES)));
    for (key, template, most) in both {
        let Some(text) = render(template, tenant, texts)? else { return Ok(None) };
        check_length(key, &text, most)?;
        attributes.insert(key.name.to_string(), attribute_value(key, text));
    }
    Ok(Some(attributes))
}

fn check_length(key: &KeyAttribute, text: &str, most: usize) -> Result<(), KeyError> {
    let length = if key.kind == KeyKind::Binary { key_bytes(text).len() } else { text.len() };
    if length > most { Err(KeyError::TooLong) } else { Ok(()) }
}

/// Refuses what no sort key is long enough to be compared with: DynamoDB calls that an error.
pub fn check_sort_key(key: &KeyAttribute, text: &str) -> Result<(), KeyError> {
    check_length(key, text, MAX_SORT_BYTES)
}

/// A key's text as a value of the key attribute's type.
pub fn attribute_value(key: &KeyAttribute, text: String) -> AttributeValue {
    match key.kind {
        KeyKind::String => AttributeValue::S(text),
        KeyKind::Number => AttributeValue::N(text),
        KeyKind::Binary => AttributeValue::B(Blob::new(key_bytes(&text))),
    }
}

/// The bytes that a key's text stands for, where the key attribute is binary.
pub fn key_bytes(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap_or_default()
}
