//! Expressions, by placeholders alone: no text of a client's, and none of the schema's, stands in one.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Failure, Inputs, Operations};
use crate::item::marshal;
use crate::schema::{Condition, Object, Operand, ValueSource};

/// The names and values of a request's expressions.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    names: Vec<String>,
    values: Vec<AttributeValue>,
}

impl Placeholders {
    /// The placeholder of an attribute, `#n0`. An attribute has one, however often it is named.
    pub(super) fn name(&mut self, attribute: &str) -> String {
        let at = self.names.iter().position(|name| name == attribute).unwrap_or_else(|| {
            self.names.push(attribute.to_owned());
            self.names.len() - 1
        });
        format!("#n{at}")
    }

    /// A placeholder for a value, `:v0`.
    pub(super) fn value(&mut self, value: AttributeValue) -> String {
        self.values.push(value);
        format!(":v{}", self.values.len() - 1)
    }

    /// `ExpressionAttributeNames`; none if there are none, as DynamoDB wants it.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        let names = self.names.iter().enumerate().map(|(at, name)| (format!("#n{at}"), name.clone()));
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
        let mut join = |conditions: &[Condition], word: &str| {
            let parts: Result<Vec<_>, _> =
                conditions.iter().map(|it| self.condition(it, object, inputs, placeholders)).collect();
            parts.map(|parts| format!("({})", parts.join(word)))
        };
        match condition {
            Condition::And(all) => join(all, " AND "),
            Condition::Or(any) => join(any, " OR "),
            Condition::Not(inner) => {
                Ok(format!("(NOT {})", self.condition(inner, object, inputs, placeholders)?))
            }
            Condition::Exists(field) => {
                let attribute =
                    object.attribute(field).ok_or_else(|| Failure::Unplanned(field.to_string()))?;
                Ok(format!("attribute_exists({})", placeholders.name(&attribute.name)))
            }
            Condition::Compare { field, comparison, operand } => {
                let attribute =
                    object.attribute(field).ok_or_else(|| Failure::Unplanned(field.to_string()))?;
                let value = match operand {
                    Operand::Literal(value) => Some(std::borrow::Cow::Borrowed(value)),
                    Operand::Argument(path) => {
                        self.given(&ValueSource::Argument(path.clone()), inputs)?.value()
                    }
                };
                let missing = || Failure::Input(format!("`{field}` is compared with nothing"));
                let value = value.ok_or_else(missing)?;
                let stored = marshal(&self.plan, &attribute.shape, &value)?;
                let value = placeholders.value(stored.ok_or_else(missing)?);
                Ok(format!("{} {} {value}", placeholders.name(&attribute.name), comparison.as_str()))
            }
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
}
