//! The schema as clients may see it, as GraphQL's schema language writes it: for code generators.
//!
//! It says what introspection answers, and nothing else: no directive of ours, no key, no hidden field. A test compares the
//! two. Descriptions, deprecations and defaults carry over; the order is the schema's.

mod directives;
mod text;

use std::collections::HashSet;

use indexmap::IndexMap;

pub(super) use directives::definitions;
use text::{description, literal, quoted};

use super::plan::{
    Abstract, AbstractKind, Argument, Enum, Field, Input, Name, Object, Plan, Signature, Type,
};
use super::scalar::Scalar;

/// The scalars of a plan that GraphQL itself does not have, as far as a client meets them.
pub fn scalars(plan: &Plan) -> Vec<Scalar> {
    let inputs = plan.inputs.values().map(|input| &input.fields);
    let objects = || plan.objects.values().flat_map(|it| visible(it));
    let abstracts = || plan.abstracts.values().flat_map(Abstract::fields);
    let taken = objects().map(|it| &it.arguments).chain(abstracts().map(|it| &it.arguments)).chain(inputs);
    let answered = objects().map(|it| &it.ty).chain(abstracts().map(|it| &it.ty));
    let types = answered.chain(taken.flat_map(IndexMap::values).map(|argument| &argument.ty));
    let named: HashSet<&str> = types.map(|ty| ty.base().as_str()).collect();
    let is_met = |scalar: &Scalar| !scalar.is_standard() && named.contains(scalar.name());
    Scalar::ALL.into_iter().filter(is_met).collect()
}

/// The public schema of a plan.
pub fn print(plan: &Plan) -> String {
    let mutation = plan.mutation.iter().map(|root| format!("\n  mutation: {root}"));
    let roots: String = std::iter::once(format!("\n  query: {}", plan.query)).chain(mutation).collect();
    let mut parts = vec![format!("schema {{{roots}\n}}")];
    parts.extend(plan.abstracts.values().map(abstract_type));
    parts.extend(plan.objects.values().map(|it| object(plan, it)));
    parts.extend(plan.inputs.values().map(input));
    parts.extend(plan.enums.values().map(enumeration));
    parts.extend(scalars(plan).into_iter().map(scalar));
    parts.join("\n\n") + "\n"
}

/// The fields that clients see.
fn visible(object: &Object) -> impl Iterator<Item = &Field> {
    object.fields.values().map(AsRef::as_ref).filter(|field: &&Field| !field.is_hidden())
}

fn object(plan: &Plan, object: &Object) -> String {
    let is_one =
        |it: &&Abstract| matches!(it.kind, AbstractKind::Interface(_)) && it.members.contains(&object.name);
    let interfaces: Vec<_> = plan.abstracts.values().filter(is_one).map(|it| it.name.as_str()).collect();
    let implements =
        if interfaces.is_empty() { String::new() } else { format!(" implements {}", interfaces.join(" & ")) };
    let fields: Vec<_> = visible(object).map(field).collect();
    let named = format!("{}{implements}", object.name);
    block("type", (object.description.as_deref(), &named), &fields)
}

fn abstract_type(definition: &Abstract) -> String {
    let (text, name) = (definition.description.as_deref(), &definition.name);
    match &definition.kind {
        AbstractKind::Interface(fields) => {
            let fields: Vec<_> = fields.values().map(signature).collect();
            block("interface", (text, name), &fields)
        }
        AbstractKind::Union => {
            let members: Vec<_> = definition.members.iter().map(Name::as_str).collect();
            format!("{}union {name} = {}", description(text, ""), members.join(" | "))
        }
    }
}

fn input(input: &Input) -> String {
    let fields: Vec<_> = input.fields.values().map(|field| argument(field, "  ")).collect();
    block("input", (input.description.as_deref(), &input.name), &fields)
}

fn enumeration(definition: &Enum) -> String {
    let value = |(name, value): (&Name, &super::plan::EnumValue)| {
        let deprecated = deprecation(value.deprecated.as_deref());
        format!("{}  {name}{deprecated}", description(value.description.as_deref(), "  "))
    };
    let values: Vec<_> = definition.values.iter().map(value).collect();
    block("enum", (definition.description.as_deref(), &definition.name), &values)
}

fn scalar(scalar: Scalar) -> String {
    let specified = scalar.specified_by().map(|url| format!(" @specifiedBy(url: {})", quoted(url)));
    let text = description(Some(scalar.description()), "");
    format!("{text}scalar {scalar}{}", specified.unwrap_or_default())
}

/// `keyword name { … }` after its description.
fn block(keyword: &str, (text, name): (Option<&str>, &str), members: &[String]) -> String {
    format!("{}{keyword} {name} {{\n{}\n}}", description(text, ""), members.join("\n"))
}

fn field(field: &Field) -> String {
    let described = (field.description.as_deref(), field.deprecated.as_deref());
    field_of(&field.name, (&field.arguments, &field.ty), described)
}

fn signature(field: &Signature) -> String {
    let described = (field.description.as_deref(), field.deprecated.as_deref());
    field_of(&field.name, (&field.arguments, &field.ty), described)
}

fn field_of(
    name: &Name,
    (taken, answered): (&IndexMap<Name, Argument>, &Type),
    (text, deprecated): (Option<&str>, Option<&str>),
) -> String {
    let text = description(text, "  ");
    format!("{text}  {name}{}: {answered}{}", arguments(taken), deprecation(deprecated))
}

/// On one line; one a line, where one of them is described.
fn arguments(arguments: &IndexMap<Name, Argument>) -> String {
    if arguments.is_empty() {
        return String::new();
    }
    if arguments.values().all(|it| it.description.is_none()) {
        let all: Vec<_> = arguments.values().map(|it| argument(it, "")).collect();
        return format!("({})", all.join(", "));
    }
    let all: Vec<_> = arguments.values().map(|it| argument(it, "    ")).collect();
    format!("(\n{}\n  )", all.join("\n"))
}

fn argument(argument: &Argument, indent: &str) -> String {
    let default = argument.default.as_ref().map(|value| format!(" = {}", literal(value)));
    let deprecated = deprecation(argument.deprecated.as_deref());
    let text = description(argument.description.as_deref(), indent);
    format!("{text}{indent}{}: {}{}{deprecated}", argument.name, argument.ty, default.unwrap_or_default())
}

fn deprecation(reason: Option<&str>) -> String {
    reason.map(|reason| format!(" @deprecated(reason: {})", quoted(reason))).unwrap_or_default()
}
