//! Coercion: what a client sent becomes a value of the argument's type, with defaults filled in, or a refusal.
//!
//! GraphQL, section 3 ("Input Coercion") and 6.4.1 ("Coercing Field Arguments").

use async_graphql::parser::Positioned;
use async_graphql::parser::types::{BaseType, OperationDefinition, Type as WrittenType, VariableDefinition};
use async_graphql::{Name, Value};
use async_graphql_value::Value as Literal;
use indexmap::IndexMap;

use super::answer::Refused;
use crate::item::marshal;
use crate::schema::{Argument, Of, Plan, Scalar, Shape, Type};

/// Variables by name, coerced: what the request gives, and the operation's defaults.
pub(super) type Variables = IndexMap<Name, Value>;

/// Where a value comes from: a document has words for the values of enums, JSON has strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Document,
    Json,
}

/// What is wrong with a value: where, seen from the argument, and what it should be.
pub(super) struct Wrong {
    pub(super) path: String,
    pub(super) expected: String,
}

impl Wrong {
    fn new(expected: impl Into<String>) -> Self {
        Self { path: String::new(), expected: expected.into() }
    }

    fn within(mut self, step: impl std::fmt::Display) -> Self {
        self.path = if self.path.is_empty() { step.to_string() } else { format!("{step}.{}", self.path) };
        self
    }
}

/// Coerces the variables of an operation (section 6.1.2, "Coercing Variable Values").
pub(super) fn variables(
    plan: &Plan,
    operation: &Positioned<OperationDefinition>,
    sent: &serde_json::Map<String, serde_json::Value>,
) -> Result<Variables, Refused> {
    let mut variables = Variables::new();
    for definition in &operation.node.variable_definitions {
        let name = &definition.node.name.node;
        if let Some(value) = variable(plan, &definition.node, sent.get(name.as_str())).map_err(|wrong| {
            let message = format!("The variable `${}` must be {}.", wrong.path, wrong.expected);
            Refused::at(definition.pos, message)
        })? {
            variables.insert(name.clone(), value);
        }
    }
    Ok(variables)
}

fn variable(
    plan: &Plan,
    definition: &VariableDefinition,
    sent: Option<&serde_json::Value>,
) -> Result<Option<Value>, Wrong> {
    let name = &definition.name.node;
    let given = match sent {
        None => definition.default_value.as_ref().map(|default| (default.node.clone(), Origin::Document)),
        Some(sent) => {
            let value = Value::from_json(sent.clone());
            Some((value.map_err(|_no_value| Wrong::new("a value").within(name))?, Origin::Json))
        }
    };
    let ty = written(&definition.var_type.node);
    match given {
        // A type that there is not is for validation to report.
        Some((value, _)) if !is_input(plan, ty.base()) => Ok(Some(value)),
        Some((value, origin)) => coerce(plan, &ty, value, origin).map(Some),
        None if ty.non_null => Err(Wrong::new("there")),
        None => Ok(None),
    }
    .map_err(|wrong| wrong.within(name))
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

/// Coerces the arguments of a field.
pub(super) fn arguments(
    plan: &Plan,
    definitions: &IndexMap<crate::schema::Name, Argument>,
    sent: &[(Name, Literal)],
    variables: &Variables,
) -> Result<IndexMap<Name, Value>, Wrong> {
    let mut arguments = IndexMap::new();
    for (name, definition) in definitions {
        let literal = sent.iter().find(|(sent, _)| *sent == **name).map(|(_, literal)| literal);
        let value = match literal {
            None => None,
            // A variable that nobody gave is as if the argument had not been sent.
            Some(literal) => resolve(literal, variables),
        };
        let value = argument(plan, definition, value, Origin::Document);
        if let Some(value) = value.map_err(|wrong| wrong.within(name))? {
            arguments.insert(Name::new(&**name), value);
        }
    }
    Ok(arguments)
}

/// One argument, or one field of an input object: its value, its default, or nothing.
fn argument(
    plan: &Plan,
    definition: &Argument,
    value: Option<Value>,
    origin: Origin,
) -> Result<Option<Value>, Wrong> {
    match (value, &definition.default) {
        (Some(value), _) => coerce(plan, &definition.ty, value, origin).map(Some),
        (None, Some(default)) => coerce(plan, &definition.ty, default.clone(), Origin::Document).map(Some),
        (None, None) if definition.ty.non_null => Err(Wrong::new("there")),
        (None, None) => Ok(None),
    }
}

/// A literal with its variables replaced. None for a variable that has no value.
fn resolve(literal: &Literal, variables: &Variables) -> Option<Value> {
    match literal {
        Literal::Variable(name) => variables.get(name).cloned(),
        Literal::List(items) => {
            let item = |item| resolve(item, variables).unwrap_or(Value::Null);
            Some(Value::List(items.iter().map(item).collect()))
        }
        Literal::Object(members) => {
            let member = |(name, value): (&Name, &Literal)| Some((name.clone(), resolve(value, variables)?));
            Some(Value::Object(members.iter().filter_map(member).collect()))
        }
        other => other.clone().into_const(),
    }
}

fn coerce(plan: &Plan, ty: &Type, value: Value, origin: Origin) -> Result<Value, Wrong> {
    if value == Value::Null {
        return if ty.non_null { Err(Wrong::new("there, and not null")) } else { Ok(Value::Null) };
    }
    match &ty.of {
        Of::Named(name) if plan.inputs.contains_key(name) => coerce_object(plan, name, value, origin),
        Of::Named(name) if plan.enums.contains_key(name) => match (value, origin) {
            (Value::String(word), Origin::Json) => {
                fits(plan, &Shape::Enum(name.clone()), Value::Enum(Name::new(word)))
            }
            (Value::String(_), Origin::Document) => {
                Err(Wrong::new(format!("a value of {name}, without quotes")))
            }
            (value, _) => fits(plan, &Shape::Enum(name.clone()), value),
        },
        Of::Named(name) => match name.parse::<Scalar>() {
            Ok(scalar) => fits(plan, &Shape::Scalar(scalar), value),
            Err(()) => Err(Wrong::new(format!("a {name}"))),
        },
        Of::List(of) => {
            let items = match value {
                Value::List(items) => items,
                // A single value stands for a list of one.
                one => vec![one],
            };
            let one = |(at, item)| coerce(plan, of, item, origin).map_err(|wrong| wrong.within(at));
            Ok(Value::List(items.into_iter().enumerate().map(one).collect::<Result<_, _>>()?))
        }
    }
}

fn coerce_object(plan: &Plan, name: &str, value: Value, origin: Origin) -> Result<Value, Wrong> {
    let (Value::Object(mut members), Some(input)) = (value, plan.inputs.get(name)) else {
        return Err(Wrong::new(format!("a {name} object")));
    };
    let mut coerced = IndexMap::new();
    for (field, definition) in &input.fields {
        let value = argument(plan, definition, members.shift_remove(field.as_str()), origin);
        if let Some(value) = value.map_err(|wrong| wrong.within(field))? {
            coerced.insert(Name::new(&**field), value);
        }
    }
    match members.keys().next() {
        None => Ok(Value::Object(coerced)),
        Some(unknown) => Err(Wrong::new(format!("left out: {name} has no such field")).within(unknown)),
    }
}

/// The rules of what fits are those of storing.
fn fits(plan: &Plan, shape: &Shape, value: Value) -> Result<Value, Wrong> {
    match marshal(plan, shape, &value) {
        Ok(_) => Ok(value),
        Err(unfit) => Err(Wrong::new(unfit.expected)),
    }
}
