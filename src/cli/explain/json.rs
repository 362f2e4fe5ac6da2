//! An explanation for programs.

use serde_json::{Map, Value, json};

use super::granted::Granted;
use super::{Explained, Sent};
use crate::policy::derive::{Resource, arn, table_variable};
use crate::schema::Name;

pub(super) fn value(explained: &Explained<'_>) -> Value {
    let Explained { object, field, guard, estimate, requests } = explained;
    let mut explained = json!({
        "field": format!("{}.{}", object.name, field.name),
        "type": field.ty.to_string(),
        "only_for": guard,
        "requests": requests.iter().map(request).collect::<Vec<_>>(),
    });
    if let Some(members) = explained.as_object_mut().filter(|_| !estimate.is_empty()) {
        members.insert("estimate".to_owned(), json!(estimate));
    }
    explained
}

fn request(sent: &Sent<'_>) -> Value {
    let Sent { asked, described, physical, granted } = sent;
    let named = |pairs: &[(Name, String)]| -> Map<String, Value> {
        pairs.iter().map(|(name, text)| (name.to_string(), text.as_str().into())).collect()
    };
    let variables: Vec<_> = described
        .variables
        .iter()
        .map(|it| json!({ "name": it.name.as_str(), "from": it.from, "optional": it.is_optional }))
        .collect();
    let cases: Vec<_> = described
        .key_conditions
        .iter()
        .map(|it| json!({ "without": it.without, "expression": it.expression }))
        .collect();
    let resource = Resource { table: asked.table.name.clone(), index: asked.index.cloned() };
    json!({
        "operation": asked.action.trim_start_matches("dynamodb:"),
        "only_before_the_write": asked.is_prelude,
        "only_for_several": asked.is_together,
        "for_each": described.each,
        "within": asked.enclosing(),
        "table": asked.table.name.as_str(),
        "physical_table": physical.map(crate::id::TableName::as_str),
        "index": asked.index.map(Name::as_str),
        "keys": named(&described.keys),
        "variables": variables,
        "item": named(&described.item),
        "key_conditions": cases,
        "filter": described.filter,
        "update": described.update,
        "condition": described.condition,
        "condition_after_read": described.condition_after_read,
        "made_where_no_map": described.merges.iter().map(Name::as_str).collect::<Vec<_>>(),
        "left_out_where_absent": described.left_out,
        "asks_for": described.projection.as_ref().map(|it| json!({
            "always": it.always,
            "where_selected": it.where_selected,
        })),
        "consistent": described.consistent,
        "ascending": described.forward,
        "return_values": described.returns,
        "return_values_on_condition_check_failure": described.returns_on_failure,
        "needs": { "action": asked.action, "resource": arn(&resource, &table_variable) },
        "granted": granted.iter().map(verdict).collect::<Vec<_>>(),
    })
}

fn verdict(granted: &Granted) -> Value {
    let Granted { tenant, mode, resource, key, allowed, by, note } = granted;
    json!({
        "tenant": tenant,
        "mode": mode,
        "resource": resource,
        "key": key,
        "allowed": allowed,
        "by": by,
        "note": note,
    })
}
