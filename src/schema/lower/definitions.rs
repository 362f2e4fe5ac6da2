//! The types: their names, what they are, and which of them a field may have.

use async_graphql::parser::types::{BaseType, Type as ParsedType};
use indexmap::IndexMap;

use super::{Draft, Lowering, deprecation, find};
use crate::problem::{did_you_mean, nearest};
use crate::schema::ast::{FieldDef, Kind, TypeDef};
use crate::schema::directive::{Location, check};
use crate::schema::literal::Spanned;
use crate::schema::plan::{Enum, EnumValue, Input, Name, Type};
use crate::schema::scalar::Scalar;

impl<'a> Lowering<'a> {
    /// Reads the types: names first, then what they are.
    pub(super) fn types(&mut self) {
        for def in &self.ast.types {
            let name = &def.name;
            self.refuse_reserved(name);
            if self.defs.contains_key(name.value.as_str()) {
                let message = format!("the type `{}` is defined twice", name.value);
                self.reports.report(&name.span, message, "keep one of them");
                continue;
            }
            self.defs.insert(&name.value, def);
            if !matches!(def.kind, Kind::Scalar) && name.value.parse::<Scalar>().is_ok() {
                let message = format!("`{}` is a built-in scalar", name.value);
                self.reports.report(&name.span, message, "choose another name");
            }
        }
        for def in &self.ast.types {
            // The second of two definitions has been reported.
            if self.defs.get(def.name.value.as_str()).is_some_and(|first| std::ptr::eq(*first, def)) {
                self.type_def(def);
            }
        }
    }

    /// GraphQL, section 2.1.9 ("Names"): what begins with two underscores belongs to introspection.
    pub(super) fn refuse_reserved(&self, name: &Spanned<String>) {
        if name.value.starts_with("__") {
            let message = "names that begin with `__` are GraphQL's own";
            self.reports.report(&name.span, message, "choose another");
        }
    }

    fn type_def(&mut self, def: &'a TypeDef) {
        let name: Name = def.name.value.as_str().into();
        let location = match &def.kind {
            Kind::Scalar => Location::Scalar,
            Kind::Object { .. } => Location::Object,
            Kind::Enum(_) => Location::Enum,
            Kind::Input(_) => Location::Input,
            Kind::Interface { .. } => Location::Interface,
            Kind::Union(_) => Location::Union,
        };
        check(&def.directives, location, self.reports);
        let is_empty = match &def.kind {
            Kind::Object { fields, .. } | Kind::Interface { fields, .. } => fields.is_empty(),
            Kind::Union(members) => members.is_empty(),
            // The fields of a filter are made.
            Kind::Input(fields) => fields.is_empty() && find(&def.directives, "filter").is_none(),
            Kind::Enum(values) => values.is_empty(),
            Kind::Scalar => false,
        };
        if is_empty {
            let message = format!("`{}` has nothing in it", def.name.value);
            let hint = match def.kind {
                Kind::Union(_) => "write `= …` with the names of its types",
                _ => "write `{ … }` with at least one member",
            };
            self.reports.report(&def.name.span, message, hint);
        }
        match &def.kind {
            Kind::Scalar => self.scalar(def),
            Kind::Enum(_) => {
                self.enums.insert(name, self.enum_type(def));
            }
            Kind::Input(fields) => {
                let input = Input {
                    name: name.clone(),
                    description: def.description.clone(),
                    fields: self.inputs_of(fields, Location::InputField),
                };
                self.inputs.insert(name, input);
            }
            Kind::Object { fields, .. } => {
                self.check_fields_of(fields, Location::Field);
                let draft = Draft { def, fields, attributes: IndexMap::new(), item: None };
                self.drafts.insert(name, draft);
            }
            Kind::Interface { fields, .. } => self.check_fields_of(fields, Location::InterfaceField),
            Kind::Union(_) => {}
        }
    }

    fn check_fields_of(&self, fields: &[FieldDef], location: Location) {
        for (at, field) in fields.iter().enumerate() {
            check(&field.directives, location, self.reports);
            self.refuse_reserved(&field.name);
            if fields.iter().take(at).any(|other| other.name.value == field.name.value) {
                let message = format!("the field `{}` stands here twice", field.name.value);
                self.reports.report(&field.name.span, message, "keep one of them");
            }
        }
    }

    fn scalar(&self, def: &TypeDef) {
        if def.name.value.parse::<Scalar>().is_err() {
            let hint = did_you_mean(&def.name.value, Scalar::ALL.iter().map(|scalar| scalar.name()));
            let message = format!("`{}` is no scalar that the gateway can store", def.name.value);
            self.reports.report(&def.name.span, message, hint);
        }
    }

    fn enum_type(&self, def: &TypeDef) -> Enum {
        let mut values: IndexMap<Name, EnumValue> = IndexMap::new();
        if let Kind::Enum(defs) = &def.kind {
            for value in defs {
                check(&value.directives, Location::EnumValue, self.reports);
                self.refuse_reserved(&value.name);
                let one = EnumValue {
                    description: value.description.clone(),
                    deprecated: deprecation(&value.directives, self.reports),
                };
                if values.insert(value.name.value.as_str().into(), one).is_some() {
                    let message = format!("the value `{}` stands here twice", value.name.value);
                    self.reports.report(&value.name.span, message, "keep one of them");
                }
            }
        }
        Enum { name: def.name.value.as_str().into(), description: def.description.clone(), values }
    }

    /// A type that a field may have. Types of pages may be left undefined: they are made.
    pub(super) fn output_type(&self, ty: &Spanned<ParsedType>) -> Option<Type> {
        let converted = convert(&ty.value);
        let base = converted.base();
        if self.pages.contains_key(base) || base.parse::<Scalar>().is_ok() {
            return Some(converted);
        }
        match self.defs.get(base.as_ref()).map(|def| &def.kind) {
            Some(Kind::Input(_)) => {
                self.reports.report(
                    &ty.span,
                    format!("`{base}` is an input and cannot be answered"),
                    "fields have `type`s",
                );
                None
            }
            Some(_) => Some(converted),
            None => {
                self.unknown_type(ty, base, |kind| matches!(kind, Kind::Enum(_) | Kind::Object { .. }));
                None
            }
        }
    }

    pub(super) fn unknown_type(&self, ty: &Spanned<ParsedType>, base: &str, fitting: impl Fn(&Kind) -> bool) {
        let fits = |name: &str| self.defs.get(name).is_some_and(|def| fitting(&def.kind));
        let defined =
            self.defs.keys().filter(|name| fits(name) && !self.is_root(name)).map(|it| (*it).to_owned());
        let queried = self.drafts.keys().filter(|name| fits(name) && self.has_item(name));
        let connections = queried.map(|it| format!("{it}Connection"));
        let scalars = Scalar::ALL.iter().map(|scalar| scalar.name().to_owned());
        let mut names: Vec<_> = scalars.chain(defined).chain(connections).collect();
        names.sort_unstable();
        let hint = match nearest(base, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "define it, or choose another".to_owned(),
        };
        // A type stands there in one piece: the name comes after the brackets that open.
        let start = ty.span.start + ty.value.to_string().matches('[').count();
        self.reports.report(&(start..start + base.len()), format!("there is no type `{base}`"), hint);
    }
}

pub(super) fn convert(ty: &ParsedType) -> Type {
    match &ty.base {
        BaseType::Named(name) => Type::named(name.as_str(), !ty.nullable),
        BaseType::List(of) => Type::list(convert(of), !ty.nullable),
    }
}
