//! Coercion: what a client sent becomes a value of the argument's type, with defaults filled in, or a refusal.
//!
//! GraphQL, section 3 ("Input Coercion") and 6.4.1 ("Coercing Field Arguments").

use async_graphql::{Name, Value};
use async_graphql_value::Value as Literal;
use indexmap::IndexMap;

use super::variables::Variables;
use crate::item::marshal;
use crate::schema::{Argument, Of, Plan, Scalar, Shape, Type};

/// What is wrong with a value: where, seen from the argument, and what it should be.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) path: String,
    pub(super) expected: String,
}

impl Wrong {
    pub(super) fn new(expected: impl Into<String>) -> Self {
        Self { path: String::new(), expected: expected.into() }
    }

    pub(super) fn within(mut self, step: impl std::fmt::Display) -> Self {
        self.path = if self.path.is_empty() { step.to_string() } else { format!("{step}.{}", self.path) };
        self
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'a> {
    /// A document: enums have words, and variables may stand in it.
    Document(&'a Variables),
    /// JSON: enums have strings.
    Json,
}

/// Coerces values to types of a plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coercion<'a> {
    pub(super) plan: &'a Plan,
    pub(super) origin: Origin<'a>,
    /// How many defaults have led here, one within the other.
    depth: usize,
}

/// The most defaults that lead to each other. The compiler refuses those that lead back to themselves; this is the
/// bound on the recursion all the same.
const MAX_DEFAULTS: usize = 64;

impl<'a> Coercion<'a> {
    pub(super) fn new(plan: &'a Plan, origin: Origin<'a>) -> Self {
        Self { plan, origin, depth: 0 }
    }
}

impl Coercion<'_> {
    /// One argument, or one field of an input object: its value, its default, or nothing.
    pub(super) fn argument(
        &self,
        definition: &Argument,
        sent: Option<&Literal>,
    ) -> Result<Option<Value>, Wrong> {
        let value = self.unconstrained(definition, sent)?;
        if let (Some(constraint), Some(value)) = (&definition.constraint, &value) {
            constraint.check(value).map_err(|broken| {
                broken.path.iter().rev().fold(Wrong::new(broken.expected), Wrong::within)
            })?;
        }
        Ok(value)
    }

    fn unconstrained(&self, definition: &Argument, sent: Option<&Literal>) -> Result<Option<Value>, Wrong> {
        let (ty, default) = (&definition.ty, definition.default.as_ref());
        let sent = match sent {
            // A variable that nobody gave is as if the argument had not been sent.
            Some(Literal::Variable(name)) => match self.variable(name, ty, default.is_some())? {
                Some(value) => return Ok(Some(value)),
                None => None,
            },
            sent => sent,
        };
        match (sent, default) {
            (Some(literal), _) => self.value(ty, literal).map(Some),
            (None, Some(_)) if self.depth == MAX_DEFAULTS => Err(Wrong::new("there: its default has no end")),
            (None, Some(default)) => {
                let (none, depth) = (Variables::default(), self.depth + 1);
                let coercion = Coercion { depth, ..Coercion::new(self.plan, Origin::Document(&none)) };
                coercion.value(ty, &default.clone().into_value()).map(Some)
            }
            (None, None) if ty.non_null => Err(Wrong::new("there")),
            (None, None) => Ok(None),
        }
    }

    /// A value of a type.
    pub(super) fn value(&self, ty: &Type, literal: &Literal) -> Result<Value, Wrong> {
        match (literal, &ty.of) {
            (Literal::Variable(name), _) => Ok(self.variable(name, ty, false)?.unwrap_or_default()),
            (Literal::Null, _) if ty.non_null => Err(Wrong::new("there, and not null")),
            (Literal::Null, _) => Ok(Value::Null),
            (Literal::List(items), Of::List(of)) => {
                let one = |(at, item)| self.value(of, item).map_err(|wrong| wrong.within(at));
                Ok(Value::List(items.iter().enumerate().map(one).collect::<Result<_, _>>()?))
            }
            // A single value stands for a list of one.
            (one, Of::List(of)) => Ok(Value::List(vec![self.value(of, one)?])),
            (literal, Of::Named(name)) => self.named(name, literal),
        }
    }

    /// The value of a variable where a type is expected; none, if nobody gave one.
    fn variable(&self, name: &Name, ty: &Type, has_default: bool) -> Result<Option<Value>, Wrong> {
        let given = match self.origin {
            Origin::Document(variables) => variables.get(name),
            Origin::Json => None,
        };
        let given = given.ok_or_else(|| Wrong::new(format!("known: there is no variable `${name}`")))?;
        if !given.may_stand_for(ty, has_default) {
            return Err(Wrong::new(format!(
                "of type {ty}, and the variable `${name}` is of type {}",
                given.ty
            )));
        }
        match &given.value {
            Some(Value::Null) if ty.non_null => Err(Wrong::new("there, and not null")),
            None if ty.non_null && !has_default => Err(Wrong::new("there")),
            value => Ok(value.clone()),
        }
    }

    fn named(&self, name: &crate::schema::Name, literal: &Literal) -> Result<Value, Wrong> {
        if self.plan.inputs.contains_key(name) {
            return self.object(name, literal);
        }
        if self.plan.enums.contains_key(name) {
            let word = match (literal, self.origin) {
                (Literal::Enum(word), _) => Value::Enum(word.clone()),
                (Literal::String(word), Origin::Json) => Value::Enum(Name::new(word)),
                _ => return Err(Wrong::new(format!("a value of {name}"))),
            };
            return self.fits(&Shape::Enum(name.clone()), word);
        }
        match name.parse::<Scalar>() {
            Ok(scalar) => self.fits(&Shape::Scalar(scalar), self.resolved(literal).unwrap_or_default()),
            Err(()) => Err(Wrong::new(format!("a {name}"))),
        }
    }

    fn object(&self, name: &crate::schema::Name, literal: &Literal) -> Result<Value, Wrong> {
        let (Literal::Object(members), Some(input)) = (literal, self.plan.inputs.get(name)) else {
            return Err(Wrong::new(format!("a {name} object")));
        };
        if let Some(unknown) = members.keys().find(|member| !input.fields.contains_key(member.as_str())) {
            return Err(Wrong::new(format!("left out: {name} has no such field")).within(unknown));
        }
        let mut coerced = IndexMap::new();
        for (field, definition) in &input.fields {
            let value = self.argument(definition, members.get(field.as_str()));
            if let Some(value) = value.map_err(|wrong| wrong.within(field))? {
                coerced.insert(Name::new(&**field), value);
            }
        }
        Ok(Value::Object(coerced))
    }

    /// A literal of a scalar with its variables replaced; none for a variable that has no value. `JSON` is a scalar
    /// whose literals may hold variables, of whatever type.
    fn resolved(&self, literal: &Literal) -> Option<Value> {
        match (literal, self.origin) {
            (Literal::Variable(name), Origin::Document(variables)) => variables.get(name)?.value.clone(),
            (Literal::List(items), _) => {
                let item = |item| self.resolved(item).unwrap_or_default();
                Some(Value::List(items.iter().map(item).collect()))
            }
            (Literal::Object(members), _) => {
                let member = |(name, value): (&Name, &Literal)| Some((name.clone(), self.resolved(value)?));
                Some(Value::Object(members.iter().filter_map(member).collect()))
            }
            (other, _) => other.clone().into_const(),
        }
    }

    /// The rules of what fits are those of storing.
    fn fits(&self, shape: &Shape, value: Value) -> Result<Value, Wrong> {
        // `-0` is read as a float, there being no such whole number.
        let is_zero = |it: f64| it == 0.0 && it.is_sign_negative();
        let is_minus_zero = matches!(&value, Value::Number(number) if number.as_f64().is_some_and(is_zero));
        let is_whole = *shape == Shape::Scalar(Scalar::Int);
        let value = if is_whole && is_minus_zero { Value::from(0) } else { value };
        match marshal(self.plan, shape, &value) {
            Ok(_) => Ok(value),
            Err(unfit) => Err(Wrong { path: unfit.path, expected: unfit.expected }),
        }
    }
}
