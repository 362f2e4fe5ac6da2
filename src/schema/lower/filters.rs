//! `input OrderFilter @filter(of: "Order")`: the conditions that a client may put on items, made from the type's fields.
//!
//! Each field has the operators that fit what it holds. Hidden fields are left out, and so are those that not everybody
//! may see: whoever can compare a field learns it. Of an interface or a union, the fields that all of its types store
//! alike.

use indexmap::IndexMap;

use super::bind::{Given, Site};
use super::fits::same_kind;
use super::{Draft, Lowering, find};
use crate::problem::did_you_mean;
use crate::schema::ast::{Kind, TypeDef};
use crate::schema::directive::Args;
use crate::schema::literal::Text;
use crate::schema::plan::{Argument, Attribute, Input, Name, Shape, Type, ValueSource};
use crate::schema::scalar::Scalar;

/// What joins conditions. No field of a filter can bear these names.
const JOINS: [&str; 3] = ["and", "or", "not"];

impl<'a> Lowering<'a> {
    /// Makes the fields of all filters.
    pub(super) fn filters(&mut self) {
        let ast = self.ast;
        for def in &ast.types {
            let Some(directive) = find(&def.directives, "filter") else { continue };
            let Kind::Input(written) = &def.kind else { continue };
            if let Some(field) = written.first() {
                let hint = "take it out; `fields` says which of the type's fields there are";
                self.reports.report(&field.name.span, "the fields of a filter are made", hint);
            }
            let args = Args::of(directive, self.reports);
            let Some(of) = args.required("of") else { continue };
            let Some(fields) = self.filtered(of, &args) else { continue };
            let name: Name = def.name.value.as_str().into();
            self.filters.insert(name.clone(), of.value.as_str().into());
            self.make_filter(&name, def, fields);
        }
    }

    /// The fields that a filter is about, each with its shape.
    fn filtered(&self, of: &Text, args: &Args<'a>) -> Option<Vec<(Name, Shape)>> {
        let members = match self.members.get(of.value.as_str()) {
            Some(members) => members.iter().filter_map(|it| self.drafts.get(it)).collect(),
            None => self.drafts.get(of.value.as_str()).into_iter().collect::<Vec<_>>(),
        };
        let Some(first) =
            members.first().filter(|_| members.iter().all(|it| self.may_have_item(&it.def.name.value)))
        else {
            let with_items = self.drafts.keys().filter(|name| self.has_item(name));
            let known: Vec<&str> = with_items.chain(self.members.keys()).map(AsRef::as_ref).collect();
            let message = format!("there are no items of `{}`", of.value);
            self.reports.report(&of.whole(), message, did_you_mean(&of.value, known));
            return None;
        };
        let is_abstract = self.is_abstract(&of.value);
        let texts = args.strings("fields");
        if texts.is_empty() {
            if args.has("fields") {
                return None;
            }
            let names =
                first.attributes.keys().filter(|name| self.unfit(is_abstract, &members, name).is_none());
            return self.without_joins(first, names.cloned().collect(), &of.whole());
        }
        let mut names: Vec<Name> = Vec::new();
        for text in texts {
            if let Err(mistake) = first.attribute(&text.value) {
                self.reports.report_in(text, mistake);
            } else if let Some((message, hint)) = self.unfit(is_abstract, &members, &text.value) {
                self.reports.report(&text.whole(), message, hint);
            } else if names.iter().any(|name| name.as_ref() == text.value) {
                let message = format!("`{}` stands here twice", text.value);
                self.reports.report(&text.whole(), message, "keep one of them");
            } else {
                names.push(text.value.as_str().into());
            }
        }
        self.without_joins(first, names, &of.whole())
    }

    fn without_joins(
        &self,
        draft: &Draft<'a>,
        names: Vec<Name>,
        place: &std::ops::Range<usize>,
    ) -> Option<Vec<(Name, Shape)>> {
        if let Some(name) = names.iter().find(|name| JOINS.contains(&name.as_ref())) {
            let message = format!("`{name}` joins conditions, and cannot be a field of a filter");
            self.reports.report(place, message, "name the other fields in `fields`");
            return None;
        }
        let shape = |name: Name| Some((name.clone(), draft.attributes.get(&name)?.shape.clone()));
        Some(names.into_iter().filter_map(shape).collect())
    }

    /// Why a field of the first type cannot be filtered by, with what to do.
    fn unfit(
        &self,
        is_abstract: bool,
        members: &[&Draft<'a>],
        field: &str,
    ) -> Option<(String, &'static str)> {
        let first = members.first()?;
        let attribute = first.attributes.get(field)?;
        for draft in members {
            let name = &draft.def.name.value;
            let own = draft.attributes.get(field);
            let is_alike =
                |own: &Attribute| own.name == attribute.name && same_kind(&own.shape, &attribute.shape);
            if !own.is_some_and(is_alike) {
                let hint = "filter by fields that all of the types store alike";
                return Some((
                    format!("`{name}` does not store `{field}` as `{}` does", first.def.name.value),
                    hint,
                ));
            }
            if own.is_some_and(|own| own.hidden) {
                return Some((format!("`{field}` is hidden"), "leave it out, or show it"));
            }
            let def = draft.fields.iter().find(|def| def.name.value == field)?;
            let mut guard = self.guard(&def.directives);
            guard.and(&self.guard_of_type(def.ty.value.to_string().trim_matches(['[', ']', '!'])));
            // A query of an interface or a union does not ask what its types ask.
            if is_abstract {
                guard.and(&self.guard_of_type(name));
            }
            if !guard.is_open() {
                let message = format!("whoever compares `{field}` learns it, and not everybody may see it");
                return Some((message, "leave it out"));
            }
        }
        None
    }

    fn make_filter(&mut self, name: &Name, def: &TypeDef, fields: Vec<(Name, Shape)>) {
        let mut made = IndexMap::new();
        for (field, shape) in fields {
            let operators = self.operators(&shape);
            made.insert(field.clone(), argument(&field, None, Type::named(operators, false)));
        }
        let several = || Type::list(Type::named(name.clone(), true), false);
        for (join, description, ty) in [
            ("and", "All of these hold. None holds always.", several()),
            ("or", "One of these holds. None holds never.", several()),
            ("not", "This does not hold.", Type::named(name.clone(), false)),
        ] {
            made.insert(join.into(), argument(&join.into(), Some(description), ty));
        }
        let input = Input { name: name.clone(), description: def.description.clone(), fields: made };
        self.inputs.insert(name.clone(), input);
    }

    /// The input with the operators of a shape, made where it is not yet.
    fn operators(&mut self, shape: &Shape) -> Name {
        let (what, operators) = operators(shape);
        let name: Name = format!("{what}Operators").as_str().into();
        if let Some(def) = self.defs.get(name.as_ref()) {
            let message = format!("filters call their operators `{name}`");
            self.reports.report(&def.name.span, message, "choose another name");
            return name;
        }
        if self.made_inputs.insert(name.clone()) {
            let fields = operators.into_iter().map(|(operator, ty)| {
                let operator: Name = operator.into();
                (operator.clone(), argument(&operator, describe(&operator), ty))
            });
            let description = Some("What a field is held against; all that is given must hold.".to_owned());
            let input = Input { name: name.clone(), description, fields: fields.collect() };
            self.inputs.insert(name.clone(), input);
        }
        name
    }

    /// The filter that a query's `where` names: the path of the argument.
    pub(super) fn matching(&self, site: &Site<'a, '_>, of: &Name) -> Option<Vec<Name>> {
        let text = site.args.string("where")?;
        let (source, given) = site.source(text)?;
        let (ValueSource::Argument(path), Given::Argument { ty, .. }) = (source, given) else {
            let hint = "name an argument: `where: \"args.where\"`";
            self.reports.report(
                &text.whole(),
                "a client says what is to hold, and this is no argument",
                hint,
            );
            return None;
        };
        let filter = self.filters.get(ty.base()).filter(|_| !ty.is_list());
        let is_ruined = find(self.defs.get(ty.base().as_ref()).map_or(&[], |it| &it.directives), "filter");
        match filter {
            Some(filtered) if filtered == of => Some(path),
            Some(filtered) => {
                let message = format!("`{}` filters `{filtered}`, and this query finds `{of}`", ty.base());
                let hint = format!("make one of its own: `input … @filter(of: \"{of}\")`");
                self.reports.report(&text.whole(), message, hint);
                None
            }
            None if is_ruined.is_some() && !ty.is_list() => None,
            None => {
                let hint = format!("make one: `input {of}Filter @filter(of: \"{of}\")`");
                self.reports.report(&text.whole(), format!("{ty} is no filter"), hint);
                None
            }
        }
    }
}

fn argument(name: &Name, description: Option<&str>, ty: Type) -> Argument {
    Argument {
        name: name.clone(),
        description: description.map(str::to_owned),
        deprecated: None,
        ty,
        default: None,
        constraint: None,
    }
}

/// What the operators of a shape are called, and which these are.
fn operators(shape: &Shape) -> (String, Vec<(&'static str, Type)>) {
    let one = |name: &str| Type::named(name, false);
    let several = |name: &str| Type::list(Type::named(name, true), false);
    let exists = ("exists", one(Scalar::Boolean.name()));
    let equal = |name: &str| vec![("eq", one(name)), ("ne", one(name))];
    let ordered = |name: &str| {
        let ends = ["lt", "le", "gt", "ge"].map(|operator| (operator, one(name)));
        let rest = [("between", several(name)), ("in", several(name))];
        [equal(name), ends.to_vec(), rest.to_vec()].concat()
    };
    let leaf = |shape: &Shape| match shape {
        Shape::Scalar(scalar) if *scalar != Scalar::Json => Some(scalar.name().to_owned()),
        Shape::Enum(name) => Some(name.to_string()),
        Shape::Scalar(_) | Shape::Object(_) | Shape::List(_) | Shape::Set(_) => None,
    };
    let (name, mut all) = match shape {
        Shape::Scalar(scalar) => {
            let name = scalar.name();
            let all = match scalar {
                Scalar::String | Scalar::Id => {
                    [ordered(name), vec![("beginsWith", one("String")), ("contains", one("String"))]].concat()
                }
                Scalar::Int
                | Scalar::Float
                | Scalar::Decimal
                | Scalar::BigInt
                | Scalar::DateTime
                | Scalar::Date => ordered(name),
                Scalar::Boolean | Scalar::Base64 => equal(name),
                Scalar::Json => Vec::new(),
            };
            (name.to_owned(), all)
        }
        Shape::Enum(name) => (name.to_string(), [equal(name), vec![("in", several(name))]].concat()),
        Shape::List(element) | Shape::Set(element) => match leaf(&element.shape) {
            Some(of) => (format!("{of}List"), vec![("contains", one(&of))]),
            None => ("Object".to_owned(), Vec::new()),
        },
        Shape::Object(_) => ("Object".to_owned(), Vec::new()),
    };
    all.push(exists);
    (name, all)
}

fn describe(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "eq" => "It is this. Null: it is not there.",
        "ne" => "It is not this, or not there. Null: it is there.",
        "between" => "It is one of these two, or lies between them.",
        "in" => "It is one of these.",
        "exists" => "It is there, and not null; or it is not.",
        _ => return None,
    })
}
