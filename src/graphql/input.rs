//! Coercion: what a client sent becomes a value of the argument's type, with defaults filled in, or a refusal.
//!
//! GraphQL, section 3 ("Input Coercion") and 6.4.1 ("Coercing Field Arguments").

use async_graphql::{Name, Value};
use async_graphql_value::Value as Literal;
use indexmap::IndexMap;

use crate::item::marshal;
use crate::schema::{Argument, Of, Plan, Scalar, Shape, Type};

/// Variables by name, as the request and the operation's defaults give them.
pub(super) type Variables = IndexMap<Name, Value>;

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
        if let Some(value) = argument(plan, definition, value).map_err(|wrong| wrong.within(name))? {
            arguments.insert(Name::new(&**name), value);
        }
    }
    Ok(arguments)
}

/// One argument, or one field of an input object: its value, its default, or nothing.
fn argument(plan: &Plan, definition: &Argument, value: Option<Value>) -> Result<Option<Value>, Wrong> {
    match value.or_else(|| definition.default.clone()) {
        Some(value) => coerce(plan, &definition.ty, value).map(Some),
        None if definition.ty.non_null => Err(Wrong::new("there")),
        None => Ok(None),
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

fn coerce(plan: &Plan, ty: &Type, value: Value) -> Result<Value, Wrong> {
    if value == Value::Null {
        return if ty.non_null { Err(Wrong::new("there, and not null")) } else { Ok(Value::Null) };
    }
    match &ty.of {
        Of::Named(name) => coerce_named(plan, name, value),
        Of::List(of) => {
            let items = match value {
                Value::List(items) => items,
                // A single value stands for a list of one.
                one => vec![one],
            };
            let one = |(at, item)| coerce(plan, of, item).map_err(|wrong| wrong.within(at));
            Ok(Value::List(items.into_iter().enumerate().map(one).collect::<Result<_, _>>()?))
        }
    }
}

fn coerce_named(plan: &Plan, name: &str, value: Value) -> Result<Value, Wrong> {
    if let Some(input) = plan.inputs.get(name) {
        let Value::Object(mut members) = value else { return Err(Wrong::new(format!("a {name} object"))) };
        let mut coerced = IndexMap::new();
        for (field, definition) in &input.fields {
            let value = members.shift_remove(field.as_str());
            if let Some(value) = argument(plan, definition, value).map_err(|wrong| wrong.within(field))? {
                coerced.insert(Name::new(&**field), value);
            }
        }
        return match members.keys().next() {
            None => Ok(Value::Object(coerced)),
            Some(unknown) => Err(Wrong::new(format!("left out: {name} has no such field")).within(unknown)),
        };
    }
    if plan.enums.contains_key(name) {
        return fits(plan, &Shape::Enum(name.into()), value);
    }
    match name.parse::<Scalar>() {
        // Whole numbers are Floats too (section 3.5.2).
        Ok(scalar) => fits(plan, &Shape::Scalar(scalar), value),
        Err(()) => Err(Wrong::new(format!("a {name}"))),
    }
}

/// The rules of what fits are those of storing.
fn fits(plan: &Plan, shape: &Shape, value: Value) -> Result<Value, Wrong> {
    match marshal(plan, shape, &value) {
        Ok(_) => Ok(value),
        Err(unfit) => Err(Wrong::new(unfit.expected)),
    }
}
