//! *Index-safe*, and that no operation can make a key of another tenant's: what the schema alone decides.

use crate::policy::{Counterexample, Finding, Rule};
use crate::problem::Place;
use crate::schema::language::{Collision, Language, Meeting, Step, collide, hull};
use crate::schema::{Layout, Object, Operation, Plan, Table, Template};

/// Whether every partition key that the gateway makes in a shared table, and in its indexes, is one tenant's.
pub(super) fn plan_keys(plan: &Plan) -> Vec<Finding> {
    let shared = plan.tables.values().filter(|table| table.layout == Layout::Pooled);
    shared
        .flat_map(|table| {
            let indexes = table.indexes.keys().map(|index| Some(index.as_ref()));
            std::iter::once(None).chain(indexes).flat_map(move |index| place(plan, table, index))
        })
        .collect()
}

/// A template in a place, and the type that has it.
struct Made<'p> {
    object: &'p Object,
    template: &'p Template,
    language: Language,
}

fn place(plan: &Plan, table: &Table, index: Option<&str>) -> Vec<Finding> {
    let of_items = plan.objects.values().filter_map(|object| made(plan, object, table, index));
    let of_records = plan.operations().filter_map(|(_, _, operation)| record(plan, operation, table, index));
    let made: Vec<_> = of_items.chain(of_records).collect();
    let mut findings: Vec<_> = made
        .iter()
        .filter(|it| !it.language.contains(&Step::Tenant))
        .map(|it| without_tenant(it, index))
        .collect();
    // Many templates go on alike after the tenant: each beginning is looked at once, and the whole only where two meet.
    let mut hulls: Vec<Language> = Vec::new();
    for it in &made {
        let hull = hull(&it.language);
        if !hulls.contains(&hull) {
            hulls.push(hull);
        }
    }
    let meet = hulls.iter().any(|one| hulls.iter().any(|other| collide(one, other) != Meeting::Never));
    if meet && findings.is_empty() {
        findings.extend(made.iter().find_map(|one| {
            made.iter().find_map(|other| match collide(&one.language, &other.language) {
                Meeting::Never => None,
                Meeting::Unknown => Some(mistakable(one, other, None, index)),
                Meeting::At(found) => Some(mistakable(one, other, Some(found), index)),
            })
        }));
    }
    findings
}

fn made<'p>(plan: &'p Plan, object: &'p Object, table: &Table, index: Option<&str>) -> Option<Made<'p>> {
    let item = object.item.as_ref().filter(|item| item.table == table.name)?;
    let keys = match index {
        None => &item.keys,
        Some(index) => &item.indexes.iter().find(|it| it.name.as_str() == index)?.keys,
    };
    Some(Made { object, template: &keys.partition, language: plan.language(object, &keys.partition) })
}

/// The records of transactions lie beside the items.
fn record<'p>(
    plan: &'p Plan,
    operation: &'p Operation,
    table: &Table,
    index: Option<&str>,
) -> Option<Made<'p>> {
    let Operation::Transact(transact) = operation else { return None };
    let record = transact.record.as_ref().filter(|_| index.is_none())?;
    let object = plan.objects.get(&record.beside)?;
    object.item.as_ref().filter(|item| item.table == table.name)?;
    let template = &record.keys.partition;
    Some(Made { object, template, language: plan.language(object, template) })
}

fn without_tenant(made: &Made<'_>, index: Option<&str>) -> Finding {
    let what = index.map_or("the table".to_owned(), |index| format!("the index `{index}`"));
    let message = format!("the keys `{}` of `{}` in {what} hold no tenant", made.template, made.object.name);
    let rule = if index.is_some() { Rule::IndexSafe } else { Rule::Isolating };
    Finding::error(
        rule,
        Place::named("schema.graphql").problem(message).hint("begin them with `TENANT#${tenant}#`"),
    )
}

fn mistakable(one: &Made<'_>, other: &Made<'_>, found: Option<Collision>, index: Option<&str>) -> Finding {
    let message = format!(
        "a key under `{}` of `{}` can be another tenant's under `{}` of `{}`",
        one.template, one.object.name, other.template, other.object.name
    );
    let hint =
        "begin all partition keys of a table and its indexes alike, up to the tenant and the sign after it";
    let problem = Place::named("schema.graphql").problem(message).hint(hint);
    match found {
        None => Finding::error(Rule::Undecided, problem),
        Some(Collision { tenant, other, text }) => {
            let rule = if index.is_some() { Rule::IndexSafe } else { Rule::Isolating };
            Finding::error(rule, problem).with(Counterexample {
                tenant,
                other: Some(other),
                action: "dynamodb:PutItem".to_owned(),
                resource: index.unwrap_or("the table").to_owned(),
                keys: vec![text],
                statement: None,
            })
        }
    }
}
