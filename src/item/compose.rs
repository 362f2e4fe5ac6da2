//! A whole item out of field values: attributes, keys of the table, keys of the indexes, the discriminator.

use async_graphql::Value;
use aws_sdk_dynamodb::types::AttributeValue;
use indexmap::IndexMap;
use thiserror::Error;

use super::Attributes;
use super::key::{KeyError, KeyTexts, key_attributes, key_text};
use super::write::{Unfit, stored};
use crate::id::TenantId;
use crate::schema::{Attribute, Item, Name, Object, Plan, Shape, Table};

/// Why no item can be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ComposeError {
    /// A value does not fit its field.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// A value cannot stand in a key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A field that must be there has no value.
    #[error("`{0}` must be there, and not null")]
    Missing(Name),
    /// The type has no items.
    #[error("`{0}` has no items")]
    NoItems(Name),
}

/// An item, and its key apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Composed {
    /// The whole item, key included.
    pub item: Attributes,
    /// The key of the table.
    pub key: Attributes,
}

/// Makes an item of a type out of the values of its fields. Fields without a value, and those that are null, are
/// left out; so is the item from an index whose key they would make.
pub fn compose(
    plan: &Plan,
    object: &Object,
    tenant: &TenantId,
    values: &IndexMap<Name, Value>,
) -> Result<Composed, ComposeError> {
    let no_items = || ComposeError::NoItems(object.name.clone());
    let item = object.item.as_ref().ok_or_else(no_items)?;
    let table = plan.tables.get(&item.table).ok_or_else(no_items)?;
    let mut attributes = Attributes::new();
    for (name, attribute) in object.attributes() {
        if let Some(stored) = stored_of(plan, name, attribute, values)? {
            attributes.insert(attribute.name.to_string(), stored);
        }
    }
    let texts = key_texts(plan, object, item, values)?;
    let key = key_attributes(&table.keys, &item.keys, tenant, &texts)?;
    let key = key.ok_or_else(|| ComposeError::Missing(first_missing(item, &texts)))?;
    attributes.extend(key.clone());
    attributes.extend(index_keys(table, item, tenant, &texts)?);
    if let Some(discriminator) = &item.discriminator {
        attributes.insert(discriminator.to_string(), AttributeValue::S(object.name.to_string()));
    }
    Ok(Composed { item: attributes, key })
}

/// Every field whose value does not do, where [`compose`] stops at the first.
pub fn mistakes(plan: &Plan, object: &Object, values: &IndexMap<Name, Value>) -> Vec<ComposeError> {
    object.attributes().filter_map(|(name, it)| stored_of(plan, name, it, values).err()).collect()
}

/// What is stored of a field; none where it is left out.
fn stored_of(
    plan: &Plan,
    name: &Name,
    attribute: &Attribute,
    values: &IndexMap<Name, Value>,
) -> Result<Option<AttributeValue>, ComposeError> {
    let value = values.get(name).unwrap_or(&Value::Null);
    let stored = stored(plan, name, &attribute.shape, value)?;
    // An empty set is not stored, and read back as empty.
    let may_be_missing = !attribute.non_null || matches!(attribute.shape, Shape::Set(_));
    if stored.is_none() && !may_be_missing { Err(ComposeError::Missing(name.clone())) } else { Ok(stored) }
}

/// The texts of all fields that keys are made of, as far as they have values.
fn key_texts(
    plan: &Plan,
    object: &Object,
    item: &Item,
    values: &IndexMap<Name, Value>,
) -> Result<KeyTexts, KeyError> {
    let mut texts = KeyTexts::new();
    let fields = item.keys.fields().chain(item.indexes.iter().flat_map(|index| index.keys.fields()));
    for field in fields {
        let value = values.get(field).filter(|value| **value != Value::Null);
        if let (Some(value), Some(attribute)) = (value, object.attribute(field)) {
            texts.insert(field.clone(), key_text(plan, field, attribute, value)?);
        }
    }
    Ok(texts)
}

fn index_keys(
    table: &Table,
    item: &Item,
    tenant: &TenantId,
    texts: &KeyTexts,
) -> Result<Attributes, KeyError> {
    let mut attributes = Attributes::new();
    for index in &item.indexes {
        let Some(physical) = table.indexes.get(&index.name) else { continue };
        attributes.extend(key_attributes(&physical.keys, &index.keys, tenant, texts)?.unwrap_or_default());
    }
    Ok(attributes)
}

fn first_missing(item: &Item, texts: &KeyTexts) -> Name {
    item.keys.fields().find(|field| !texts.contains_key(*field)).cloned().unwrap_or_else(|| "key".into())
}
