//! Arguments and fields of inputs: their types and their defaults.

use async_graphql::Value;
use async_graphql::parser::types::Type as ParsedType;
use indexmap::IndexMap;

use super::definitions::convert;
use super::{Lowering, deprecation};
use crate::schema::ast::{FieldDef, InputDef, Kind};
use crate::schema::directive::{Location, check};
use crate::schema::literal::Spanned;
use crate::schema::plan::{Argument, Name, Of, Type};
use crate::schema::scalar::Scalar;

/// The most items of a page that a configuration can allow (`limits.max-page`).
const MAX_PAGE: i64 = 10_000;

impl Lowering<'_> {
    /// The arguments of a field.
    pub(super) fn arguments(&self, defs: &[InputDef]) -> IndexMap<Name, Argument> {
        self.inputs_of(defs, Location::Argument)
    }

    pub(super) fn inputs_of(&self, defs: &[InputDef], location: Location) -> IndexMap<Name, Argument> {
        let mut arguments: IndexMap<Name, Argument> = IndexMap::new();
        for def in defs {
            check(&def.directives, location, self.reports);
            self.refuse_reserved(&def.name);
            let name: Name = def.name.value.as_str().into();
            let Some(ty) = self.input_type(&def.ty) else {
                continue;
            };
            if let Some(default) = &def.default
                && !self.fits(&default.value, &ty)
            {
                let message = format!("this default is no {ty}");
                self.reports.report(
                    &default.span,
                    message,
                    "write a value of the type, or take the default out",
                );
            }
            let constraint = self.constraint(def, &ty);
            let argument = Argument {
                name: name.clone(),
                description: def.description.clone(),
                deprecated: deprecation(&def.directives, self.reports),
                ty,
                default: def.default.as_ref().map(|default| default.value.clone()),
                constraint,
            };
            if arguments.insert(name, argument).is_some() {
                self.reports.report(
                    &def.name.span,
                    format!("`{}` stands here twice", def.name.value),
                    "keep one of them",
                );
            }
        }
        arguments
    }

    /// A page size that every request without one would be refused for. The configuration may allow fewer than this.
    pub(super) fn check_page_size(&self, field: &FieldDef, first: Option<&str>) {
        let Some(def) = first.and_then(|name| field.arguments.iter().find(|it| it.name.value == name)) else {
            return;
        };
        let Some(default) = &def.default else { return };
        if let Value::Number(number) = &default.value
            && number.as_i64().is_some_and(|size| !(0..=MAX_PAGE).contains(&size))
        {
            let hint = "each request without one of its own would be refused; write a smaller one";
            self.reports.report(&default.span, format!("a page has from 0 to {MAX_PAGE} items"), hint);
        }
    }

    /// Whether a default is a value of its type, as far as GraphQL's own rules go.
    pub(super) fn fits(&self, value: &Value, ty: &Type) -> bool {
        match (value, &ty.of) {
            (Value::Null, _) => !ty.non_null,
            (Value::List(items), Of::List(of)) => items.iter().all(|item| self.fits(item, of)),
            (value, Of::List(of)) => self.fits(value, of),
            (value, Of::Named(name)) => self.fits_named(value, name),
        }
    }

    fn fits_named(&self, value: &Value, name: &str) -> bool {
        if let Ok(scalar) = name.parse::<Scalar>() {
            return match (scalar, value) {
                (Scalar::Json, _)
                | (Scalar::Boolean, Value::Boolean(_))
                | (Scalar::Float, Value::Number(_)) => true,
                (Scalar::Int, Value::Number(number)) => {
                    number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
                }
                (Scalar::Id | Scalar::Decimal | Scalar::BigInt, Value::Number(number)) => {
                    number.is_i64() || number.is_u64()
                }
                (Scalar::Int | Scalar::Float | Scalar::Boolean, _) => false,
                (scalar, Value::String(text)) => scalar.canonical(text).is_ok(),
                _ => false,
            };
        }
        match (self.defs.get(name).map(|def| &def.kind), value) {
            (Some(Kind::Enum(values)), Value::Enum(word)) => {
                values.iter().any(|value| value.name.value == word.as_str())
            }
            (Some(Kind::Input(fields)), Value::Object(members)) => {
                let known = |member: &str| fields.iter().any(|field| field.name.value == member);
                let given = |field: &InputDef| match members.get(field.name.value.as_str()) {
                    Some(value) => self.fits(value, &convert(&field.ty.value)),
                    None => field.ty.value.nullable || field.default.is_some(),
                };
                members.keys().all(|member| known(member)) && fields.iter().all(given)
            }
            // An unknown type has been reported by its name.
            (None, _) => true,
            _ => false,
        }
    }

    /// A type that a client may send.
    fn input_type(&self, ty: &Spanned<ParsedType>) -> Option<Type> {
        let converted = convert(&ty.value);
        let base = converted.base();
        match self.defs.get(base.as_ref()).map(|def| &def.kind) {
            Some(Kind::Object { .. } | Kind::Interface { .. } | Kind::Union(_)) => {
                let hint = "clients send `input` types";
                self.reports.report(&ty.span, format!("`{base}` cannot be sent"), hint);
                None
            }
            Some(Kind::Enum(_) | Kind::Input(_) | Kind::Scalar) => Some(converted),
            None if base.parse::<Scalar>().is_ok() => Some(converted),
            None => {
                self.unknown_type(ty, base, |kind| matches!(kind, Kind::Enum(_) | Kind::Input(_)));
                None
            }
        }
    }
}
