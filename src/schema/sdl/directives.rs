//! The definitions of our directives, so that editors complete and check a `schema.graphql`.
//!
//! Together with the schema they are a whole that any GraphQL tool understands: what the schema uses and does not define
//! itself is defined here, the scalars of the gateway and the types that the compiler makes, such as `OrderConnection`.

use std::collections::HashSet;

use super::super::catalogue::{CATALOGUE, HELPERS, Helper, HelperKind, Known, KnownArgument, Status};
use super::super::plan::{Name, Plan};
use super::super::scalar::Scalar;
use super::text::description;

/// The definitions, and beside them whatever a schema uses and does not define. `written` are the types that it defines.
pub(in crate::schema) fn definitions(plan: Option<&Plan>, written: &HashSet<String>) -> String {
    let is_made = |name: &Name| !written.contains(name.as_str());
    let known = CATALOGUE.iter().filter(|it| matches!(it.status, Status::Once | Status::Repeatable));
    let mut parts: Vec<_> = known.map(directive).collect();
    parts.extend(HELPERS.iter().map(helper));
    let scalars = Scalar::ALL.into_iter().filter(|it| !it.is_standard() && !written.contains(it.name()));
    parts.extend(scalars.map(super::scalar));
    if let Some(plan) = plan {
        parts.extend(plan.objects.values().filter(|it| is_made(&it.name)).map(|it| super::object(plan, it)));
        parts.extend(plan.inputs.values().filter(|it| is_made(&it.name)).map(super::input));
        parts.extend(plan.enums.values().filter(|it| is_made(&it.name)).map(super::enumeration));
    }
    parts.join("\n\n") + "\n"
}

fn directive(known: &Known) -> String {
    let arguments = if known.arguments.is_empty() {
        String::new()
    } else {
        let all: Vec<_> = known.arguments.iter().map(argument).collect();
        format!("(\n{}\n)", all.join("\n"))
    };
    let repeatable = if known.status == Status::Repeatable { " repeatable" } else { "" };
    let mut places: Vec<_> = known.locations.iter().map(|place| place.name()).collect();
    // GraphQL has one name for the fields of objects and interfaces.
    places.dedup();
    let text = description(Some(known.description), "");
    format!("{text}directive @{}{arguments}{repeatable} on {}", known.name, places.join(" | "))
}

fn argument(argument: &KnownArgument) -> String {
    format!("{}  {}: {}", description(Some(argument.description), "  "), argument.name, argument.ty)
}

fn helper(helper: &Helper) -> String {
    let text = description(Some(helper.description), "");
    let name = helper.name;
    match helper.kind {
        HelperKind::Scalar => format!("{text}scalar {name}"),
        HelperKind::Input(fields) => {
            let fields: Vec<_> = fields.iter().map(argument).collect();
            format!("{text}input {name} {{\n{}\n}}", fields.join("\n"))
        }
        HelperKind::Enum(words) => {
            let word = |(word, text): &(&str, &str)| format!("{}  {word}", description(Some(text), "  "));
            let words: Vec<_> = words.iter().map(word).collect();
            format!("{text}enum {name} {{\n{}\n}}", words.join("\n"))
        }
    }
}
