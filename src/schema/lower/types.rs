//! Enums, inputs, arguments, and the attributes of object types.

use async_graphql::Value;
use async_graphql::parser::types::{BaseType, Type as ParsedType};
use indexmap::IndexMap;

use super::{Draft, Lowering, deprecation, fields, find, operation};
use crate::problem::did_you_mean;
use crate::schema::ast::{FieldDef, InputDef, Kind, TypeDef};
use crate::schema::directive::{Args, Location, check};
use crate::schema::literal::Spanned;
use crate::schema::plan::{
    Argument, Attribute, Element, Enum, EnumValue, Generate, Input, Name, Of, Shape, Type,
};
use crate::schema::scalar::Scalar;

impl<'a> Lowering<'a> {
    /// Reads the types: names first, then what they are.
    pub(super) fn types(&mut self) {
        for def in &self.ast.types {
            let name = &def.name;
            if self.defs.insert(&name.value, def).is_some() {
                let message = format!("the type `{}` is defined twice", name.value);
                self.reports.report(&name.span, message, "keep one of them");
            }
            if name.value.starts_with("__") {
                self.reports.report(
                    &name.span,
                    "names that begin with `__` are GraphQL's own",
                    "choose another",
                );
            }
            if !matches!(def.kind, Kind::Scalar) && name.value.parse::<Scalar>().is_ok() {
                self.reports.report(
                    &name.span,
                    format!("`{}` is a built-in scalar", name.value),
                    "choose another name",
                );
            }
        }
        for def in &self.ast.types {
            self.type_def(def);
        }
    }

    fn type_def(&mut self, def: &'a TypeDef) {
        let name: Name = def.name.value.as_str().into();
        let location = match &def.kind {
            Kind::Scalar => Location::Scalar,
            Kind::Object { .. } => Location::Object,
            Kind::Enum(_) => Location::Enum,
            Kind::Input(_) => Location::Input,
            Kind::Interface | Kind::Union => {
                let hint = "item collections come later; query one type at a time";
                self.reports.report(&def.name.span, "interfaces and unions are not supported yet", hint);
                return;
            }
        };
        check(&def.directives, location, self.reports);
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
            Kind::Object { fields, implements } => {
                if let Some(interface) = implements.first() {
                    let hint = "item collections come later; take `implements` out";
                    self.reports.report(&interface.span, "interfaces and unions are not supported yet", hint);
                }
                for field in fields {
                    check(&field.directives, Location::Field, self.reports);
                    if field.name.value.starts_with("__") {
                        let hint = "choose another";
                        self.reports.report(
                            &field.name.span,
                            "names that begin with `__` are GraphQL's own",
                            hint,
                        );
                    }
                }
                let draft = Draft { def, fields, attributes: IndexMap::new(), item: None };
                self.drafts.insert(name, draft);
            }
            Kind::Interface | Kind::Union => {}
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
                let one = EnumValue {
                    description: value.description.clone(),
                    deprecated: deprecation(&value.directives, self.reports),
                };
                if values.insert(value.name.value.as_str().into(), one).is_some() {
                    self.reports.report(&value.name.span, "the value stands here twice", "keep one of them");
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
        let defined = self.defs.values().filter(|def| fitting(&def.kind)).map(|def| def.name.value.as_str());
        let mut names: Vec<_> = Scalar::ALL.iter().map(|scalar| scalar.name()).chain(defined).collect();
        names.sort_unstable();
        self.reports.report(&ty.span, format!("there is no type `{base}`"), did_you_mean(base, names));
    }

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
            let Some(attribute) = self.attribute(field) else {
                continue;
            };
            if let Some((other, _)) = attributes.iter().find(|(_, other)| other.name == attribute.name) {
                let message = format!("`{other}` is stored in the attribute `{}` too", attribute.name);
                self.reports.report(&field.name.span, message, "give one of them another name");
            }
            attributes.insert(field.name.value.as_str().into(), attribute);
        }
        attributes
    }

    fn attribute(&self, field: &FieldDef) -> Option<Attribute> {
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
            pad: None,
            hidden: false,
        };
        let mut set = false;
        if let Some(directive) = find(&field.directives, "attribute") {
            let args = Args::of(directive, self.reports);
            if let Some(name) = args.string("name") {
                attribute.name = name.value.as_str().into();
            }
            attribute.generate = args.word("generate", &GENERATED);
            attribute.hidden = args.boolean("hidden").unwrap_or_default();
            set = args.word("as", &[("SET", ())]).is_some();
            attribute.pad = self.pad(&args, field);
            self.check_generate(&attribute, field, &args);
        }
        attribute.shape = self.shape(&field.ty, &field.ty.value, set)?;
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

    fn check_generate(&self, attribute: &Attribute, field: &FieldDef, args: &Args<'_>) {
        let Some(generate) = attribute.generate else {
            return;
        };
        let base = field.ty.value.base.to_string();
        let (fits, expected) = match generate {
            Generate::Ulid => (matches!(base.as_str(), "ID" | "String"), "ID or String"),
            Generate::CreatedAt | Generate::UpdatedAt => (base == "DateTime", "DateTime"),
        };
        if !fits {
            let hint = format!("give the field the type {expected}");
            self.reports.report(args.span(), format!("what is generated is no {base}"), hint);
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
                self.reports.report(&written.span, format!("{ty} cannot be a set"), hint);
                return None;
            }
            BaseType::Named(name) => name.as_str(),
        };
        if set {
            self.reports.report(
                &written.span,
                format!("{ty} cannot be a set"),
                "a set's type is a list, such as [String!]",
            );
        }
        if let Ok(scalar) = name.parse() {
            return Some(Shape::Scalar(scalar));
        }
        match self.defs.get(name) {
            Some(TypeDef { kind: Kind::Enum(_), .. }) => Some(Shape::Enum(name.into())),
            Some(def @ TypeDef { kind: Kind::Object { .. }, .. }) => {
                if find(&def.directives, "item").is_some() {
                    let hint = format!(
                        "say how it is read, such as `@get(bind: {{id: \"parent.{}Id\"}})`",
                        name.to_lowercase()
                    );
                    self.reports.report(&written.span, format!("`{name}` has items of its own"), hint);
                    return None;
                }
                Some(Shape::Object(name.into()))
            }
            // Inputs are refused, and unknown types reported, where the field's type is read.
            _ => None,
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

pub(super) fn convert(ty: &ParsedType) -> Type {
    match &ty.base {
        BaseType::Named(name) => Type::named(name.as_str(), !ty.nullable),
        BaseType::List(of) => Type::list(convert(of), !ty.nullable),
    }
}
