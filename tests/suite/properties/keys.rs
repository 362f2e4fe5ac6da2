//! Laws of keys: templates that the compiler accepts are injective, a prefix leads to its own keys alone, and no two
//! tenants ever share a partition key.
//!
//! Literals, texts and tenants are short and made of a few signs, so that keys meet if they can: each law looks at
//! all pairs of some dozens of values at once. Taking out the check of the delimiter, or one of the compiler's rules
//! of where the tenant stands, makes them fail within a second.

use std::collections::{BTreeSet, HashMap};

use async_graphql::{Name as GraphName, Value};
use innkeeper::claim::ClaimKinds;
use innkeeper::id::TenantId;
use innkeeper::item::{KeyTexts, key_text, marshal, prefix, render};
use innkeeper::problem::Source;
use innkeeper::schema::{KeyTemplates, Object, Plan, Template, compile};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::cases;

/// The fields that keys can be made of.
const FIELDS: [(&str, &str); 8] = [
    ("id", "ID!"),
    ("text", "String!"),
    ("number", "Int!"),
    ("big", "BigInt!"),
    ("padded", "Int! @attribute(pad: 4)"),
    ("at", "DateTime!"),
    ("day", "Date!"),
    ("colour", "Colour!"),
];

/// A literal. Some of its signs may stand in a tenant, some in a number.
const LITERAL: &str = "[#/A0-]{1,2}";

fn variable() -> impl Strategy<Value = String> {
    let field = |names: &[&str]| {
        let variables: Vec<_> = names.iter().map(|name| format!("${{{name}}}")).collect();
        prop::sample::select(variables)
    };
    prop_oneof![
        6 => field(&["id", "text"]),
        3 => field(&FIELDS.map(|(name, _)| name)),
        1 => Just("${tenant}".to_owned()),
    ]
}

/// A template's text: variables, and literals between them.
fn template() -> impl Strategy<Value = String> {
    let optional = || prop_oneof![Just(String::new()), LITERAL];
    // Without a literal between two variables the compiler has to refuse.
    let between = || prop_oneof![6 => LITERAL, 1 => ""];
    (optional(), variable(), vec((between(), variable()), 0..3), optional()).prop_map(
        |(before, first, rest, after)| {
            let rest: String = rest.into_iter().map(|(literal, variable)| literal + &variable).collect();
            format!("{before}{first}{rest}{after}")
        },
    )
}

/// A partition key's text: it holds the tenant, where the compiler wants it or not far from there.
fn partition() -> impl Strategy<Value = String> {
    let optional = || prop_oneof![Just(String::new()), LITERAL];
    let rest = prop_oneof![
        1 => Just(String::new()),
        4 => (LITERAL, variable(), optional()).prop_map(|(literal, variable, after)| literal + &variable + &after),
    ];
    (optional(), rest).prop_map(|(before, rest)| format!("{before}${{tenant}}{rest}"))
}

/// Two types of one table, as far as the compiler takes them. A discriminator tells their items apart.
fn plan() -> impl Strategy<Value = Plan> {
    (partition(), template(), partition(), template()).prop_filter_map("it compiles", |(pk, sk, pk2, sk2)| {
        compiled([("One", &pk, &sk), ("Two", &pk2, &sk2)], ", type: \"__typename\"")
    })
}

/// Two types of one partition, told apart by their sort keys alone.
fn neighbours() -> impl Strategy<Value = Plan> {
    let field = || prop::sample::select(&FIELDS[2..]).prop_map(|(name, _)| format!("${{{name}}}"));
    let known = || prop::sample::select(vec!["0", "-1", "0001", "10", "2026-01-01", "RED", "A", "#"]);
    let piece = move || prop_oneof![2 => field(), 1 => known().prop_map(str::to_owned)];
    let pieces = move || (piece(), prop::option::of((LITERAL, piece())));
    let sort = move || {
        pieces().prop_map(|(one, more)| more.map_or(one.clone(), |(literal, other)| one + &literal + &other))
    };
    let sort = move || prop_oneof![6 => sort(), 1 => template()];
    (sort(), sort()).prop_filter_map("it compiles", |(sk, sk2)| {
        let pk = "T#${tenant}";
        compiled([("One", pk, &sk), ("Two", pk, &sk2)], "")
    })
}

fn compiled(types: [(&str, &str, &str); 2], discriminator: &str) -> Option<Plan> {
    let text = schema(types, discriminator);
    compile(&Source::new("schema.graphql", text), &ClaimKinds::new()).ok()
}

fn schema(types: [(&str, &str, &str); 2], discriminator: &str) -> String {
    let fields: String = FIELDS.iter().map(|(name, ty)| format!("  {name}: {ty}\n")).collect();
    let table = "schema @table(name: \"main\", pk: \"pk\", sk: \"sk\") { query: Query }";
    let (mut text, mut query) = (format!("{table}\nenum Colour {{ RED GREEN }}\n"), String::new());
    for (name, pk, sk) in types {
        let item = format!("@item(table: \"main\", pk: \"{pk}\", sk: \"{sk}\"{discriminator})");
        text = format!("{text}type {name} {item} {{\n{fields}}}\n");
        let is_used = |field: &str| [pk, sk].iter().any(|key| key.contains(&format!("${{{field}}}")));
        let bare = |ty: &'static str| ty.split(' ').next().unwrap_or_default();
        let used = FIELDS.iter().filter(|(field, _)| is_used(field));
        let arguments: Vec<_> = used.map(|(field, ty)| format!("{field}: {}", bare(ty))).collect();
        let arguments =
            if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        query = format!("{query}  {}{arguments}: {name} @get\n", name.to_lowercase());
    }
    format!("{text}type Query {{\n{query}}}\n")
}

/// A value for each field.
type Values = Vec<Value>;

fn values() -> impl Strategy<Value = Values> {
    let text = || prop_oneof![8 => "[#A0]{1,2}", 1 => any::<String>()];
    let fixed = |texts: &'static [&'static str]| {
        prop::sample::select(texts).prop_map(|text| Value::String(text.into()))
    };
    let colour =
        prop::sample::select(vec!["RED", "GREEN"]).prop_map(|word| Value::Enum(GraphName::new(word)));
    (
        prop_oneof![4 => text().prop_map(Value::String), 1 => (0..3_i32).prop_map(Value::from)],
        text().prop_map(Value::String),
        (-2..12_i32).prop_map(Value::from),
        fixed(&["0", "-0", "1", "1.0", "10", "1e1", "-1"]),
        (-1..12_i32).prop_map(Value::from),
        fixed(&["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.1Z"]),
        fixed(&["2026-01-01", "2026-01-10"]),
        colour,
    )
        .prop_map(|values| {
            let (id, text, number, big, padded, at, day, colour) = values;
            vec![id, text, number, big, padded, at, day, colour]
        })
}

/// Tenants whose ids begin and end alike.
fn tenants() -> impl Strategy<Value = Vec<TenantId>> {
    let ids = btree_set("[A0-]{1,3}", 2..12);
    ids.prop_map(|ids| ids.iter().map(|id| id.parse().unwrap()).collect())
}

fn texts(plan: &Plan, object: &Object, values: &Values) -> KeyTexts {
    let fields = FIELDS.iter().zip(values).filter_map(|((name, _), value)| {
        let field = (*name).into();
        let text = key_text(plan, &field, object.attribute(name)?, value).ok()?;
        Some((field, text))
    });
    fields.collect()
}

/// The values of a template's fields, in the form that equal values share.
fn meant(plan: &Plan, object: &Object, template: &Template, values: &Values) -> Vec<String> {
    let value = |field: &str| {
        let at = FIELDS.iter().position(|(name, _)| *name == field).unwrap();
        format!("{:?}", marshal(plan, &object.attribute(field).unwrap().shape, &values[at]).unwrap())
    };
    template.fields().map(|field| value(field)).collect()
}

fn items(plan: &Plan) -> impl Iterator<Item = (&Object, &KeyTemplates)> {
    plan.objects.values().filter_map(|object| Some((object.as_ref(), &object.item.as_ref()?.keys)))
}

/// The key that values make; none if they make none.
fn key(template: &Template, tenant: &TenantId, texts: &KeyTexts) -> Option<String> {
    render(template, tenant, texts).ok().flatten()
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn two_sets_of_values_never_make_one_key(plan in plan(), values in vec(values(), 70)) {
        let tenant = "A0".parse().unwrap();
        for (object, templates) in items(&plan) {
            for template in std::iter::once(&templates.partition).chain(&templates.sort) {
                let mut known: HashMap<String, Vec<String>> = HashMap::new();
                for values in &values {
                    let Some(key) = key(template, &tenant, &texts(&plan, object, values)) else { continue };
                    let meant = meant(&plan, object, template, values);
                    let first = known.entry(key.clone()).or_insert_with(|| meant.clone());
                    prop_assert_eq!(first, &meant, "{}: both make {}", template, key);
                }
            }
        }
    }

    #[test]
    fn two_types_without_a_discriminator_never_make_one_key(plan in neighbours(), values in vec(values(), 70)) {
        let tenant = "A0".parse().unwrap();
        let mut known: HashMap<String, &Object> = HashMap::new();
        for (object, templates) in items(&plan) {
            let Some(template) = &templates.sort else { continue };
            for values in &values {
                let Some(key) = key(template, &tenant, &texts(&plan, object, values)) else { continue };
                let first = *known.entry(key.clone()).or_insert(object);
                prop_assert_eq!(&first.name, &object.name, "both make {}", key);
            }
        }
    }

    #[test]
    fn no_two_tenants_share_a_partition_key(plan in plan(), tenants in tenants(), values in vec(values(), 20)) {
        let mut known: HashMap<String, &TenantId> = HashMap::new();
        for (object, templates) in items(&plan) {
            for values in &values {
                let texts = texts(&plan, object, values);
                for tenant in &tenants {
                    let Some(key) = key(&templates.partition, tenant, &texts) else { continue };
                    let first = *known.entry(key.clone()).or_insert(tenant);
                    prop_assert_eq!(first, tenant, "{} of {}: both reach {}", templates.partition, object.name, key);
                }
            }
        }
    }

    #[test]
    fn a_prefix_leads_to_the_keys_of_its_values_and_to_no_others(
        plan in plan(), values in vec(values(), 30), bound in vec(prop::bool::weighted(0.7), FIELDS.len()),
    ) {
        let tenant = "A0".parse().unwrap();
        let given: BTreeSet<_> = FIELDS.iter().zip(&bound).filter(|(_, bound)| **bound).map(|((name, _), _)| *name).collect();
        for (object, templates) in items(&plan) {
            let Some(template) = &templates.sort else { continue };
            // The prefix stops at the first field that has no value.
            let bound = template.fields().take_while(|field| given.contains(field.as_str())).count();
            let all: Vec<_> = values
                .iter()
                .filter_map(|values| {
                    let texts = texts(&plan, object, values);
                    let whole = key(template, &tenant, &texts)?;
                    let some = texts.into_iter().filter(|(field, _)| given.contains(field.as_str())).collect();
                    Some((prefix(template, &tenant, &some).unwrap(), whole, meant(&plan, object, template, values)))
                })
                .collect();
            for (begun, whole, meant) in &all {
                prop_assert!(whole.starts_with(&begun.text), "{}: {} and {}", template, begun.text, whole);
                prop_assert!(!begun.complete || *whole == begun.text);
                for (_, other, other_meant) in all.iter().filter(|(_, other, _)| other.starts_with(&begun.text)) {
                    // A whole key is compared with `=`, and leads to itself.
                    let leads = !begun.complete || *other == begun.text;
                    let same = meant[..bound] == other_meant[..bound];
                    prop_assert!(!leads || same, "{}: {} begins {}", template, begun.text, other);
                }
            }
        }
    }
}
