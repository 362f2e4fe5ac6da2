//! The variables of an operation: what the request gives, and the operation's defaults.
//!
//! GraphQL, section 6.1.2 ("Coercing Variable Values") and 5.8.5 ("All Variable Usages Are Allowed"), which
//! async-graphql (7.2) does not look at in a dynamic schema.

use async_graphql::parser::Positioned;
use async_graphql::parser::types::{BaseType, OperationDefinition, Type as WrittenType, VariableDefinition};
use async_graphql::{Name, Value};
use async_graphql_value::Value as Literal;
use indexmap::IndexMap;

use super::answer::Refused;
use super::input::{Coercion, Origin, Wrong};
use crate::schema::{Of, Plan, Scalar, Type};

/// Variables by name.
#[derive(Debug, Default)]
pub(super) struct Variables(IndexMap<Name, Given>);

/// A variable.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) ty: Type,
    has_default: bool,
    /// The value, coerced; none, if nobody gave one.
    pub(super) value: Option<Value>,
}

impl Variables {
    /// Coerces what was sent to the types that an operation gives its variables.
    pub(super) fn read(
        plan: &Plan,
        operation: &Positioned<OperationDefinition>,
        sent: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Self, Refused> {
        let mut variables = Self::default();
        for definition in &operation.node.variable_definitions {
            let name = &definition.node.name.node;
            let given = Given::read(plan, &definition.node, sent.get(name.as_str()));
            let given = given.map_err(|wrong| {
                let wrong = wrong.within(name);
                Refused::at(
                    definition.pos,
                    format!("The variable `${}` must be {}.", wrong.path, wrong.expected),
                )
            })?;
            variables.0.insert(name.clone(), given);
        }
        Ok(variables)
    }

    pub(super) fn get(&self, name: &Name) -> Option<&Given> {
        self.0.get(name)
    }

    /// The values, for validation and introspection.
    pub(super) fn values(&self) -> async_graphql::Variables {
        let value = |(name, given): (&Name, &Given)| Some((name.clone(), given.value.clone()?));
        async_graphql::Variables::from_value(Value::Object(self.0.iter().filter_map(value).collect()))
    }
}

impl Given {
    fn read(
        plan: &Plan,
        definition: &VariableDefinition,
        sent: Option<&serde_json::Value>,
    ) -> Result<Self, Wrong> {
        let ty = written(&definition.var_type.node);
        let default = definition.default_value.as_ref().map(|default| &default.node);
        let none = Variables::default();
        let given = match (sent, default) {
            (Some(sent), _) => {
                let value = Literal::from_json(sent.clone()).map_err(|_no_value| Wrong::new("a value"))?;
                Some((value, Origin::Json))
            }
            (None, Some(default)) => Some((default.clone().into_value(), Origin::Document(&none))),
            (None, None) => None,
        };
        let value = match given {
            // A type that there is not is for validation to report.
            Some(_) if !is_input(plan, ty.base()) => None,
            Some((literal, origin)) => Some(Coercion::new(plan, origin).value(&ty, &literal)?),
            None if ty.non_null => return Err(Wrong::new("there")),
            None => None,
        };
        let has_default = default.is_some_and(|default| *default != Value::Null);
        Ok(Self { ty, has_default, value })
    }

    /// Whether the variable may stand where a type is expected, and a default would take its place.
    pub(super) fn may_stand_for(&self, expected: &Type, has_default: bool) -> bool {
        let Type { of, non_null } = expected;
        let is_guarded = self.ty.non_null || self.has_default || has_default;
        (is_guarded || !non_null) && is_compatible(&self.ty.of, of)
    }
}

/// Whether what is never null there is of a type here.
fn is_compatible(given: &Of, expected: &Of) -> bool {
    match (given, expected) {
        (Of::Named(given), Of::Named(expected)) => given == expected,
        (Of::List(given), Of::List(expected)) => {
            (given.non_null || !expected.non_null) && is_compatible(&given.of, &expected.of)
        }
        (Of::Named(_), Of::List(_)) | (Of::List(_), Of::Named(_)) => false,
    }
}

fn is_input(plan: &Plan, name: &str) -> bool {
    plan.inputs.contains_key(name) || plan.enums.contains_key(name) || name.parse::<Scalar>().is_ok()
}

/// A type, as a document writes it.
fn written(ty: &WrittenType) -> Type {
    match &ty.base {
        BaseType::Named(name) => Type::named(name.as_str(), !ty.nullable),
        BaseType::List(of) => Type::list(written(of), !ty.nullable),
    }
}
