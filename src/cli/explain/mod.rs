//! `innkeeper explain`: what a field asks of DynamoDB, and which statements let it.

mod granted;
mod json;
mod text;

use std::sync::Arc;

use granted::{Granted, Judge};

use super::{Application, Common, Failure, Output, say};
use crate::config::{self, Config};
use crate::id::{TableName, TenantId};
use crate::operation::describe::{Described, Told};
use crate::policy::requests::{self, Asked};
use crate::problem::{Problem, did_you_mean};
use crate::schema::{Field, Object, Operation, Plan, Resolve};
use crate::tenant::TenantRecord;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The field, such as `Query.orders` or `Order.customer`.
    #[arg(value_name = "TYPE.FIELD")]
    field: String,
    #[command(flatten)]
    common: Common,
    /// Show the requests of this tenant: its physical tables, its keys, its policies.
    #[arg(long, value_name = "TENANT")]
    tenant: Option<TenantId>,
    /// How the result is written.
    #[arg(long, value_enum, default_value = "text")]
    format: Output,
}

/// What there is to say of a field.
struct Explained<'a> {
    object: &'a Object,
    field: &'a Field,
    /// What the field and its type ask of the caller.
    guard: Vec<String>,
    /// What the schema says of what it costs.
    estimate: Vec<String>,
    requests: Vec<Sent<'a>>,
}

/// A request of a field.
struct Sent<'a> {
    asked: Asked<'a>,
    described: Described,
    /// The physical table, where it is said for one tenant.
    physical: Option<&'a TableName>,
    granted: Vec<Granted>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.common.config, &config::variables())?;
    let application = Application::load(config)?;
    let (object, field) = find(&application.plan, &arguments.field)?;
    let record = arguments.tenant.as_ref().map(|tenant| record(&application, tenant)).transpose()?;
    let requests = match &field.resolve {
        Resolve::Attribute(_) | Resolve::Page(_) => Vec::new(),
        Resolve::Operation(operation) => {
            let judge = Judge::new(&application, record.as_ref());
            let tenant = record.as_ref().map_or("${tenant}", |record| record.id.as_str());
            let told = Told { plan: &application.plan, parent: object, field, tenant };
            let all = requests::of(&application.plan, &object.name, &field.name, operation);
            let sent = all.into_iter().map(|asked| {
                let described = match (operation.as_ref(), asked.part) {
                    (Operation::Transact(transact), Some(part)) => told.describe_part(transact, part),
                    (Operation::Query(query), _) if asked.counts() => told.describe_count(query),
                    _ => told.describe(operation, asked.is_prelude),
                };
                let described = described.map_err(|error| {
                    Problem::of(asked.coordinate(), format!("cannot be described: {error}"))
                })?;
                let granted = judge.judge(&asked, &described)?;
                let physical = record.as_ref().and_then(|it| it.tables.get(asked.table.name.as_str()));
                Ok(Sent { asked, described, physical, granted })
            });
            sent.collect::<Result<Vec<_>, Problem>>()?
        }
    };
    let told = Told { plan: &application.plan, parent: object, field, tenant: "" };
    let (guard, estimate) = (told.guard(), told.estimate());
    let explained = Explained { object, field, guard, estimate, requests };
    say(&match arguments.format {
        Output::Text => text::write(&explained),
        Output::Json => format!("{:#}", json::value(&explained)),
    });
    Ok(())
}

/// The field of a coordinate.
fn find<'p>(plan: &'p Plan, coordinate: &str) -> Result<(&'p Object, &'p Field), Problem> {
    let found = coordinate.split_once('.').and_then(|(object, field)| {
        let object = plan.object(object)?;
        Some((object, object.fields.get(field)?.as_ref()))
    });
    found.ok_or_else(|| {
        let all: Vec<String> =
            plan.operations().map(|(object, field, _)| format!("{}.{}", object.name, field.name)).collect();
        // Somebody who left out the type is told the types that have the field.
        let is_named = |it: &&String| it.split_once('.').is_some_and(|(_, field)| field == coordinate);
        let named: Vec<_> = all.iter().filter(is_named).map(|it| format!("`{it}`")).collect();
        let hint = match named.as_slice() {
            [] => did_you_mean(coordinate, all.iter().map(String::as_str)),
            named => format!("did you mean {}?", named.join(" or ")),
        };
        Problem::of("TYPE.FIELD", format!("the schema has no field `{coordinate}`")).hint(hint)
    })
}

fn record(application: &Application, tenant: &TenantId) -> Result<Arc<TenantRecord>, Problem> {
    application.registry.find(tenant).ok_or_else(|| {
        let records = application.registry.records();
        let hint = did_you_mean(tenant.as_str(), records.iter().map(|record| record.id.as_str()));
        Problem::of("--tenant", format!("there is no tenant `{tenant}`")).hint(hint)
    })
}
