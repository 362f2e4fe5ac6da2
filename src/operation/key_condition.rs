//! Which keys does a query ask for? The partition key whole, the sort key as far as it is bound.

use std::cmp::Ordering;

use aws_sdk_dynamodb::types::AttributeValue;

use super::cursor::Binding;
use super::expression::Placeholders;
use super::matching::Test;
use super::query::Asking;
use super::{Failure, Operations};
use crate::item::{
    KeyError, KeyTexts, Prefix, attribute_value, check_sort_key, key_attributes, key_bytes, prefix,
};
use crate::schema::{KeyKind, KeyTemplates, Keys, Name, Part, Query, Range, Scalar, Template};

/// The greatest character: what begins with a text sorts before that text with it.
const GREATEST: char = char::MAX;

/// A key condition, before it is an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyCondition {
    pub(super) partition: String,
    pub(super) sort: Sort,
}

/// What is asked of the sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sort {
    Any,
    Equal(String),
    BeginsWith(String),
    AtLeast(String),
    AtMost(String),
    Between(String, String),
    /// Greater, in a key that is the value alone.
    Above(String),
    /// Less, in a key that is the value alone.
    Below(String),
}

impl KeyCondition {
    /// Binds a cursor to the rendered condition: a cursor of another parent is another query's.
    pub(super) fn bind(&self, binding: &mut Binding) {
        binding.bind(&self.partition);
        let (kind, one, other) = match &self.sort {
            Sort::Any => ("any", "", ""),
            Sort::Equal(text) => ("=", text.as_str(), ""),
            Sort::BeginsWith(text) => ("begins_with", text.as_str(), ""),
            Sort::AtLeast(text) => (">=", text.as_str(), ""),
            Sort::AtMost(text) => ("<=", text.as_str(), ""),
            Sort::Between(from, to) => ("between", from.as_str(), to.as_str()),
            Sort::Above(text) => (">", text.as_str(), ""),
            Sort::Below(text) => ("<", text.as_str(), ""),
        };
        for part in [kind, one, other] {
            binding.bind(part);
        }
    }

    /// `KeyConditionExpression`.
    pub(super) fn expression<V: From<AttributeValue>>(
        &self,
        keys: &Keys,
        placeholders: &mut Placeholders<V>,
    ) -> String {
        let name = placeholders.name(&keys.partition.name);
        let value = placeholders.value(attribute_value(&keys.partition, self.partition.clone()));
        let partition = format!("{name} = {value}");
        let Some(key) = &keys.sort else { return partition };
        let mut value = |text: &String| placeholders.value(attribute_value(key, text.clone()));
        let sort = match &self.sort {
            Sort::Any => return partition,
            Sort::Equal(text) => ("= ", value(text), String::new()),
            Sort::AtLeast(text) => (">= ", value(text), String::new()),
            Sort::AtMost(text) => ("<= ", value(text), String::new()),
            Sort::Above(text) => ("> ", value(text), String::new()),
            Sort::Below(text) => ("< ", value(text), String::new()),
            Sort::Between(from, to) => ("BETWEEN ", value(from), format!(" AND {}", value(to))),
            Sort::BeginsWith(text) => {
                let value = value(text);
                return format!("{partition} AND begins_with({}, {value})", placeholders.name(&key.name));
            }
        };
        format!("{partition} AND {} {}{}{}", placeholders.name(&key.name), sort.0, sort.1, sort.2)
    }

    /// Whether no key can meet it: a range whose end lies before its beginning. DynamoDB would call that an error.
    pub(super) fn is_empty(&self, keys: &Keys) -> bool {
        let Sort::Between(from, to) = &self.sort else { return false };
        let order = match keys.sort.as_ref().map(|key| key.kind) {
            Some(KeyKind::Number) => compare_numbers(from, to),
            // The order of bytes is not that of their base 64.
            Some(KeyKind::Binary) => key_bytes(from).cmp(&key_bytes(to)),
            Some(KeyKind::String) | None => from.cmp(to),
        };
        order == Ordering::Greater
    }

    /// Refuses a condition that no sort key is long enough to meet.
    fn check_length(&self, keys: &Keys) -> Result<(), KeyError> {
        let Some(key) = &keys.sort else { return Ok(()) };
        match &self.sort {
            Sort::Any => Ok(()),
            Sort::Equal(text)
            | Sort::BeginsWith(text)
            | Sort::AtLeast(text)
            | Sort::AtMost(text)
            | Sort::Above(text)
            | Sort::Below(text) => check_sort_key(key, text),
            Sort::Between(from, to) => check_sort_key(key, from).and(check_sort_key(key, to)),
        }
    }
}

/// A key that is not whole. A parent that lacks a value names nothing, and is not asked for; so this is an argument's
/// null, in the place of its default.
pub(super) fn null_in_key(templates: &KeyTemplates, texts: &KeyTexts) -> Failure {
    let missing = templates.fields().find(|field| !texts.contains_key(*field));
    let field = missing.map_or("the key", Name::as_str);
    Failure::Input(format!("the key is made of `{field}`, which must not be null"))
}

impl Operations {
    /// The key condition of a query; none if the parent lacks a value that is drawn from it: it has no such items.
    ///
    /// What the key can say of the tests is taken out of them.
    pub(super) fn key_condition(
        &self,
        asking: &Asking<'_>,
        tests: &mut Vec<Test<'_>>,
    ) -> Result<Option<KeyCondition>, Failure> {
        let Asking { target, query, inputs, keys, templates, .. } = asking;
        let Some(mut texts) = self.texts(target.object, &query.key, *inputs)? else { return Ok(None) };
        let Some(ends) = self.ends(asking)? else { return Ok(None) };
        let tenant = self.tenant(inputs.session);
        let partition_only = KeyTemplates { partition: templates.partition.clone(), sort: None };
        let partition_key = Keys { partition: keys.partition.clone(), sort: None };
        if key_attributes(&partition_key, &partition_only, tenant, &texts)?.is_none() {
            return Err(null_in_key(&partition_only, &texts));
        }
        let partition = prefix(&templates.partition, tenant, &texts)?.text;
        let Some(template) = &templates.sort else {
            return Ok(Some(KeyCondition { partition, sort: Sort::Any }));
        };
        refuse_gaps(template, query, &texts, &ends)?;
        let open =
            if query.range.is_none() { self.bind_equal(asking, template, &mut texts, tests) } else { None };
        let span = match open {
            Some(field) => self.span(asking, (template, &texts, tenant), field, tests)?,
            None => None,
        };
        let mut bound = prefix(template, tenant, &texts)?;
        bound.complete &= !asking.is_open;
        let sort = match (&query.range, span) {
            (Some(range), _) => {
                let (from, to) = ends;
                Sort::ranged(range, template, &bound, from, to)
            }
            (None, Some(span)) => span,
            (None, None) => Sort::bound(bound),
        };
        let condition = KeyCondition { partition, sort };
        condition.check_length(keys)?;
        Ok(Some(condition))
    }

    /// The ends of the range, as far as they are given; none if the parent lacks one that is its own.
    fn ends(&self, asking: &Asking<'_>) -> Result<Option<Ends>, Failure> {
        let Some(range) = &asking.query.range else { return Ok(Some((None, None))) };
        let attribute = asking.target.object.attribute(&range.of);
        let mut texts = [None, None];
        for (text, source) in texts.iter_mut().zip([&range.from, &range.to]) {
            let Some(source) = source else { continue };
            if self.parent_lacks(source, asking.inputs)? {
                return Ok(None);
            }
            let value = self.given(source, asking.inputs)?.value();
            if let Some((value, attribute)) = value.zip(attribute) {
                *text = Some(self.text(&range.of, attribute, &value)?);
            }
        }
        let [from, to] = texts;
        Ok(Some((from, to)))
    }
}

/// The ends of a range: the least and the greatest text, as far as they are given.
type Ends = (Option<String>, Option<String>);

impl Sort {
    /// A sort key that is bound whole, in part or not at all.
    pub(super) fn bound(bound: Prefix) -> Self {
        match (bound.complete, bound.text.is_empty()) {
            (true, _) => Self::Equal(bound.text),
            (false, true) => Self::Any,
            (false, false) => Self::BeginsWith(bound.text),
        }
    }

    /// A range over the field that follows what is bound.
    pub(super) fn ranged(
        range: &Range,
        template: &Template,
        bound: &Prefix,
        from: Option<String>,
        to: Option<String>,
    ) -> Self {
        // A sort key that is a number, or the field alone, has no prefix to stay within.
        let is_last = matches!(template.parts.last(), Some(Part::Field(last)) if *last == range.of);
        let from = from.map(|from| format!("{}{from}", bound.text));
        // Inclusive: whatever follows the value in the key still belongs to it.
        let to = to.map(|to| {
            if is_last { format!("{}{to}", bound.text) } else { format!("{}{to}{GREATEST}", bound.text) }
        });
        match (from, to, bound.text.is_empty()) {
            (Some(from), Some(to), _) => Self::Between(from, to),
            (Some(from), None, true) => Self::AtLeast(from),
            (None, Some(to), true) => Self::AtMost(to),
            (Some(from), None, false) => Self::Between(from, format!("{}{GREATEST}", bound.text)),
            (None, Some(to), false) => Self::Between(bound.text.clone(), to),
            (None, None, true) => Self::Any,
            (None, None, false) => Self::BeginsWith(bound.text.clone()),
        }
    }
}

/// A sort key is bound from the left: a value whose predecessor is absent would be passed over in silence.
pub(super) fn refuse_gaps(
    template: &Template,
    query: &Query,
    texts: &KeyTexts,
    ends: &Ends,
) -> Result<(), Failure> {
    let mut absent: Option<&Name> = None;
    for field in template.fields().filter(|field| query.key.contains_key(*field)) {
        match (absent, texts.contains_key(field)) {
            (None, false) => absent = Some(field),
            (Some(absent), true) => return Err(Failure::Input(format!("`{field}` needs `{absent}` too"))),
            (None, true) | (Some(_), false) => {}
        }
    }
    let is_ranged = ends.0.is_some() || ends.1.is_some();
    match absent.filter(|_| is_ranged) {
        Some(absent) => Err(Failure::Input(format!("the range needs `{absent}` too"))),
        None => Ok(()),
    }
}

/// Compares two numbers in canonical form, without passing them through a float.
fn compare_numbers(one: &str, other: &str) -> Ordering {
    let split = |text: &str| {
        let canonical = Scalar::Decimal.canonical(text).unwrap_or_else(|_| text.to_owned());
        let (negative, digits) =
            canonical.strip_prefix('-').map_or((false, canonical.as_str()), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        (negative, whole.len(), whole.to_owned(), fraction.to_owned())
    };
    let (a, b) = (split(one), split(other));
    let magnitude = (a.1, &a.2, &a.3).cmp(&(b.1, &b.2, &b.3));
    match (a.0, b.0) {
        (false, false) => magnitude,
        (true, true) => magnitude.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_value() {
        for (one, other, expected) in [
            ("9", "10", Ordering::Less),
            ("-9", "-10", Ordering::Greater),
            ("1.5", "1.50", Ordering::Equal),
            ("-1", "1", Ordering::Less),
            ("0.1", "0.09", Ordering::Greater),
            ("90071992547409930000001", "90071992547409930000002", Ordering::Less),
        ] {
            assert_eq!(compare_numbers(one, other), expected, "{one} and {other}");
        }
    }
}
