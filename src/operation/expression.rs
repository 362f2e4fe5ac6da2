//! Expressions, by placeholders alone: no text of a client's, and none of the schema's, stands in one.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Failure, Inputs, Operations};
use crate::item::marshal;
use crate::schema::{Condition, Name, Object, Operand, Shape};

/// The names and values of a request's expressions. What a value is, is another thing where a request is only described.
#[derive(Debug)]
pub(super) struct Placeholders<V = AttributeValue> {
    names: Vec<String>,
    /// Members of maps. They are no attributes of the item, and IAM does not look at them.
    members: Vec<String>,
    values: Vec<V>,
}

impl<V> Default for Placeholders<V> {
    fn default() -> Self {
        Self { names: Vec::new(), members: Vec::new(), values: Vec::new() }
    }
}

impl<V> Placeholders<V> {
    /// The placeholder of an attribute, `#n0`. An attribute has one, however often it is named.
    pub(super) fn name(&mut self, attribute: &str) -> String {
        format!("#n{}", place_of(attribute, &mut self.names))
    }

    /// A path from an attribute into maps, `#n0.#m0`. Its first name is the attribute's.
    pub(super) fn path(&mut self, path: &[Name]) -> String {
        let Some((attribute, members)) = path.split_first() else { return String::new() };
        let mut text = self.name(attribute);
        for member in members {
            text.push_str(".#m");
            text.push_str(&place_of(member, &mut self.members).to_string());
        }
        text
    }

    /// A placeholder for a value, `:v0`.
    pub(super) fn value(&mut self, value: impl Into<V>) -> String {
        self.values.push(value.into());
        format!(":v{}", self.values.len() - 1)
    }

    /// The attributes that have one.
    pub(super) fn attributes(&self) -> &[String] {
        &self.names
    }

    /// An expression as it reads with names and values in their places.
    pub(super) fn readable(&self, expression: &str) -> String
    where
        V: std::fmt::Display,
    {
        let mut text = String::new();
        let mut rest = expression;
        while let Some(at) = rest.find(['#', ':']) {
            let (before, placeholder) = rest.split_at(at);
            let end = placeholder.find([' ', ')', ',', '.']).unwrap_or(placeholder.len());
            let (placeholder, after) = placeholder.split_at(end);
            let number = |prefix| placeholder.strip_prefix(prefix).and_then(|it| it.parse::<usize>().ok());
            let member = || number("#m").and_then(|at| self.members.get(at).cloned());
            let name = number("#n").and_then(|at| self.names.get(at).cloned()).or_else(member);
            let value = || number(":v").and_then(|at| self.values.get(at)).map(ToString::to_string);
            text.push_str(before);
            text.push_str(&name.or_else(value).unwrap_or_else(|| placeholder.to_owned()));
            rest = after;
        }
        text + rest
    }
}

/// Where a name stands among others; at their end, if it is new.
fn place_of(name: &str, names: &mut Vec<String>) -> usize {
    names.iter().position(|other| other == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}

impl Placeholders {
    /// `ExpressionAttributeNames`; none if there are none, as DynamoDB wants it.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        let names = self.names.iter().enumerate().map(|(at, name)| (format!("#n{at}"), name.clone()));
        let members = self.members.iter().enumerate().map(|(at, name)| (format!("#m{at}"), name.clone()));
        let names = names.chain(members);
        (!self.names.is_empty()).then(|| names.collect())
    }

    /// `ExpressionAttributeValues`; none if there are none.
    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        let values = self.values.iter().enumerate().map(|(at, value)| (format!(":v{at}"), value.clone()));
        (!self.values.is_empty()).then(|| values.collect())
    }
}

/// Joins conditions that must all hold; none if there are none.
pub(super) fn all(conditions: &[String]) -> Option<String> {
    (!conditions.is_empty()).then(|| conditions.join(" AND "))
}

impl Operations {
    /// A `when` as an expression.
    pub(super) fn condition(
        &self,
        condition: &Condition,
        object: &Object,
        inputs: Inputs<'_>,
        placeholders: &mut Placeholders,
    ) -> Result<String, Failure> {
        when(condition, object, placeholders, &|field, shape, operand| {
            let value = match operand {
                Operand::Literal(value) => Some(std::borrow::Cow::Borrowed(value)),
                Operand::Source(source) => self.given(source, inputs)?.value(),
            };
            let missing = || Failure::Input(format!("`{field}` is compared with nothing"));
            let value = value.ok_or_else(missing)?;
            marshal(&self.plan, shape, &value)?.ok_or_else(missing)
        })
    }
}

/// The value, of a shape, that a field is compared with.
type OperandValue<'a, V> = &'a dyn Fn(&Name, &Shape, &Operand) -> Result<V, Failure>;

/// A `when` as an expression, given the values that it compares with.
pub(super) fn when<V>(
    condition: &Condition,
    object: &Object,
    placeholders: &mut Placeholders<V>,
    value: OperandValue<'_, V>,
) -> Result<String, Failure> {
    let attribute =
        |field: &Name| object.attribute(field).ok_or_else(|| Failure::Unplanned(field.to_string()));
    let mut join = |conditions: &[Condition], word: &str| {
        let parts: Result<Vec<_>, _> =
            conditions.iter().map(|it| when(it, object, placeholders, value)).collect();
        parts.map(|parts| format!("({})", parts.join(word)))
    };
    match condition {
        Condition::And(all) => join(all, " AND "),
        Condition::Or(any) => join(any, " OR "),
        Condition::Not(inner) => Ok(format!("(NOT {})", when(inner, object, placeholders, value)?)),
        Condition::Exists(field) => {
            Ok(format!("attribute_exists({})", placeholders.name(&attribute(field)?.name)))
        }
        Condition::Compare { field, comparison, operand } => {
            let attribute = attribute(field)?;
            let value = placeholders.value(value(field, &attribute.shape, operand)?);
            Ok(format!("{} {} {value}", placeholders.name(&attribute.name), comparison.as_str()))
        }
        Condition::Contains { field, operand } => {
            let attribute = attribute(field)?;
            let (Shape::List(element) | Shape::Set(element)) = &attribute.shape else {
                return Err(Failure::Unplanned(field.to_string()));
            };
            let value = placeholders.value(value(field, &element.shape, operand)?);
            Ok(format!("contains({}, {value})", placeholders.name(&attribute.name)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_placeholder_and_a_value_one_each() {
        let mut placeholders = Placeholders::default();
        assert_eq!((placeholders.names(), placeholders.values()), (None, None));
        assert_eq!(placeholders.name("status"), "#n0");
        assert_eq!(placeholders.name("rev"), "#n1");
        assert_eq!(placeholders.name("status"), "#n0");
        assert_eq!(placeholders.value(AttributeValue::Bool(true)), ":v0");
        assert_eq!(placeholders.value(AttributeValue::Bool(true)), ":v1");
        assert_eq!(placeholders.names().map(|names| names.len()), Some(2));
    }

    #[test]
    fn the_members_of_a_path_are_no_attributes() {
        let mut placeholders = Placeholders::default();
        let path = |names: [&str; 3]| names.map(Name::from);
        assert_eq!(placeholders.path(&path(["address", "geo", "status"])), "#n0.#m0.#m1");
        assert_eq!(placeholders.path(&path(["address", "geo", "address"])), "#n0.#m0.#m2");
        assert_eq!(placeholders.name("status"), "#n1");
        assert_eq!(placeholders.attributes(), ["address", "status"]);
        assert_eq!(placeholders.names().map(|names| names.len()), Some(5));
    }
}
