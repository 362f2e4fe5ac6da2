//! `@attribute`: the fields of object types that are stored, and what each holds.

use async_graphql::parser::types::{BaseType, Type as ParsedType};
use indexmap::IndexMap;

use super::{Lowering, fields, find, operation};
use crate::schema::ast::{FieldDef, Kind, TypeDef};
use crate::schema::directive::{Args, Location, is_understood};
use crate::schema::literal::Spanned;
use crate::schema::plan::{Attribute, Element, Generate, Name, Shape};
use crate::schema::scalar::Scalar;

impl Lowering<'_> {
    /// Reads the attributes of all object types.
    pub(super) fn attributes(&mut self) {
        let attributes: Vec<_> =
            self.drafts.iter().map(|(name, draft)| (name.clone(), self.attributes_of(draft.def))).collect();
        for (name, attributes) in attributes {
            if let Some(draft) = self.drafts.get_mut(&name) {
                draft.attributes = attributes;
            }
        }
    }

    /// The fields of an object type that are stored in its items.
    fn attributes_of(&self, def: &TypeDef) -> IndexMap<Name, Attribute> {
        let mut attributes: IndexMap<Name, Attribute> = IndexMap::new();
        for field in fields(def) {
            if operation(&field.directives).is_some() {
                if let Some(directive) = find(&field.directives, "attribute") {
                    let hint = "a field either runs an operation or is stored in the item";
                    self.reports.report(&directive.name.span, "this field is no attribute", hint);
                }
                continue;
            }
            if self.is_root(&def.name.value) {
                continue;
            }
            let Some(attribute) = self.attribute(def, field) else {
                continue;
            };
            // The second of two fields of one name has been reported.
            if attributes.contains_key(field.name.value.as_str()) {
                continue;
            }
            if let Some((other, _)) = attributes.iter().find(|(_, other)| other.name == attribute.name) {
                let message = format!("`{other}` is stored in the attribute `{}` too", attribute.name);
                self.reports.report(
                    &field.name.span,
                    message,
                    "store one of them in another: `@attribute(name: \"…\")`",
                );
            }
            attributes.insert(field.name.value.as_str().into(), attribute);
        }
        attributes
    }

    fn attribute(&self, def: &TypeDef, field: &FieldDef) -> Option<Attribute> {
        const GENERATED: [(&str, Generate); 3] = [
            ("ULID", Generate::Ulid),
            ("CREATED_AT", Generate::CreatedAt),
            ("UPDATED_AT", Generate::UpdatedAt),
        ];
        let mut attribute = Attribute {
            name: field.name.value.as_str().into(),
            shape: Shape::Scalar(Scalar::String),
            non_null: !field.ty.value.nullable,
            generate: None,
            default: None,
            pad: None,
            hidden: false,
        };
        let mut set = false;
        if let Some(directive) = find(&field.directives, "attribute") {
            let args = Args::of(directive, self.reports);
            if let Some(name) = args.string("name") {
                attribute.name = name.value.as_str().into();
                if name.value.is_empty() {
                    let hint = "write what DynamoDB calls it";
                    self.reports.report(&name.whole(), "the attribute's name is empty", hint);
                }
            }
            attribute.generate = args.word("generate", &GENERATED);
            attribute.hidden = args.boolean("hidden").unwrap_or_default();
            set = args.word("as", &[("SET", ())]).is_some();
            attribute.pad = self.pad(&args, field);
            self.check_generate(&attribute, (def, field), &args);
        }
        attribute.shape = self.shape(&field.ty, &field.ty.value, set)?;
        attribute.default = self.default_of(&attribute, (def, field));
        Some(attribute)
    }

    fn pad(&self, args: &Args<'_>, field: &FieldDef) -> Option<u8> {
        let (width, span) = args.number("pad")?;
        let most = match field.ty.value.base.to_string().as_str() {
            "Int" => 10,
            "BigInt" => 38,
            _ => {
                self.reports.report(
                    span,
                    "only Int and BigInt can be padded",
                    "other types have a fixed width or none",
                );
                return None;
            }
        };
        let width = u8::try_from(width).ok().filter(|width| (1..=most).contains(width));
        if width.is_none() {
            self.reports.report(
                span,
                format!("a width is from 1 to {most}"),
                "count the digits of the largest value",
            );
        }
        width
    }

    fn check_generate(&self, attribute: &Attribute, (def, field): (&TypeDef, &FieldDef), args: &Args<'_>) {
        let Some(generate) = attribute.generate else {
            return;
        };
        let base = field.ty.value.base.to_string();
        let (fits, expected) = match generate {
            Generate::Ulid => (matches!(base.as_str(), "ID" | "String"), "ID or String"),
            Generate::CreatedAt | Generate::UpdatedAt => (base == "DateTime", "DateTime"),
        };
        let place = args.span_of("generate");
        if !fits {
            let hint = format!("give the field the type {expected}");
            self.reports.report(place, format!("what is generated is no {base}"), hint);
        } else if def
            .directives
            .iter()
            .all(|it| it.name.value != "item" && is_understood(it, Location::Object))
        {
            let hint = "only fields of a type with `@item` are generated";
            self.reports.report(place, format!("`{}` has no items to generate for", def.name.value), hint);
        }
    }

    fn shape(&self, written: &Spanned<ParsedType>, ty: &ParsedType, set: bool) -> Option<Shape> {
        let name = match &ty.base {
            BaseType::List(of) => {
                let element =
                    Box::new(Element { shape: self.shape(written, of, false)?, non_null: !of.nullable });
                if !set {
                    return Some(Shape::List(element));
                }
                if is_set_member(&element.shape) {
                    return Some(Shape::Set(element));
                }
                let hint = "DynamoDB has sets of strings, numbers and bytes";
                self.reports.report(&written.span, format!("`{ty}` cannot be a set"), hint);
                return None;
            }
            BaseType::Named(name) => name.as_str(),
        };
        if set {
            self.reports.report(
                &written.span,
                format!("`{ty}` cannot be a set"),
                "a set's type is a list, such as `[String!]`",
            );
        }
        if let Ok(scalar) = name.parse() {
            return Some(Shape::Scalar(scalar));
        }
        if self.pages.contains_key(name) {
            let hint = "say how it is read, such as `@query(bind: {…: \"parent.id\"})`";
            self.reports.report(
                &written.span,
                format!("`{name}` is a page of a query, or a part of one"),
                hint,
            );
            return None;
        }
        match &self.defs.get(name)?.kind {
            Kind::Enum(_) => Some(Shape::Enum(name.into())),
            Kind::Object { .. } if self.is_root(name) => {
                self.reports.report(
                    &written.span,
                    format!("`{name}` is a root"),
                    "give the field another type",
                );
                None
            }
            Kind::Object { .. } if self.has_item(name) => {
                let hint = "say how it is read, such as `@get(bind: {id: \"parent.…\"})`";
                self.reports.report(&written.span, format!("`{name}` has items of its own"), hint);
                None
            }
            // What it was to be cannot be known, and has been reported.
            Kind::Object { .. } if self.may_have_item(name) => None,
            Kind::Object { .. } => Some(Shape::Object(name.into())),
            kind @ (Kind::Interface { .. } | Kind::Union(_)) => {
                let what = if matches!(kind, Kind::Union(_)) { "a union" } else { "an interface" };
                let hint = "read it by a @query that finds its types, or store one of them";
                self.reports.report(&written.span, format!("`{name}` is {what} and is not stored"), hint);
                None
            }
            // Inputs are refused, and unknown types reported, where the field's type is read.
            Kind::Input(_) | Kind::Scalar => None,
        }
    }
}

/// Whether DynamoDB has sets of it.
fn is_set_member(shape: &Shape) -> bool {
    match shape {
        Shape::Enum(_) => true,
        Shape::Scalar(scalar) => !matches!(scalar, Scalar::Boolean | Scalar::Json),
        Shape::Object(_) | Shape::List(_) | Shape::Set(_) => false,
    }
}
