//! The token of a transaction, and where the record of it lies: beside the items of the first step that writes.
//!
//! Its partition begins as theirs do, so that the tenant's policy covers it, and no item's key can be taken for its own.

use super::bind::{Given, Site};
use super::{Draft, Lowering};
use crate::schema::literal::Text;
use crate::schema::plan::{
    Item, KeyKind, KeyTemplates, Name, Part, Record, Shape, Step, StepWrite, Template, ValueSource,
};
use crate::schema::scalar::Scalar;

impl<'a> Lowering<'a> {
    pub(super) fn token(&self, site: &Site<'a, '_>, text: &Text) -> Option<ValueSource> {
        let (source, given) = site.source(text)?;
        let fits = match &given {
            Given::Argument { ty, always } => *always && self.accepts(&Shape::Scalar(Scalar::Id), ty).is_ok(),
            Given::Parent { .. } | Given::Element(_) | Given::Claim(_) | Given::Step { .. } => false,
        };
        if !fits {
            let hint = "name an argument that is an `ID!`, such as `args.requestId`";
            self.reports.report(
                &text.whole(),
                "the token must be an argument that is text and non-null",
                hint,
            );
        }
        fits.then_some(source)
    }

    /// Where the record lies: in the table of the first step that writes, in a partition that the tenant's policy
    /// covers because it begins as that step's does.
    pub(super) fn record(&self, text: &Text, token: ValueSource, steps: &[Step]) -> Option<Record> {
        let is_write = |step: &&Step| !matches!(step.write, StepWrite::Check(_));
        let Some(first) = steps.iter().find(is_write) else {
            self.reports.report(&text.whole(), "there is nothing to repeat: no step writes", "take it out");
            return None;
        };
        let beside = first.write.object().clone();
        let item = &self.drafts.get(&beside)?.item.as_ref()?.item;
        let table = self.tables.get(&item.table)?;
        let is_text = table.keys.partition.kind == KeyKind::String
            && table.keys.sort.as_ref().is_none_or(|sort| sort.kind == KeyKind::String);
        if !is_text {
            let message =
                format!("the record of the token has no place in `{}`, whose keys are no text", table.name);
            self.reports.report(&text.whole(), message, "begin with a step on another table");
            return None;
        }
        let Some(keys) = record_keys(item, table.keys.sort.is_some()) else {
            let message =
                format!("the record of the token has no place in `{}`, which has no sort key", table.name);
            self.reports.report(&text.whole(), message, "let the partition key go on after the tenant");
            return None;
        };
        if let Some(met) = self.met_by_record(&table.name, &keys) {
            let message = format!(
                "the record of the token, `{}`, could be taken for an item of `{met}`",
                keys.partition
            );
            let hint = format!("give `{met}` a discriminator, `type: \"__typename\"`, or other keys");
            self.reports.report(&text.whole(), message, hint);
            return None;
        }
        let declared = table.ttl.clone();
        let mut of_items = self.drafts.values().filter_map(|draft| ttl_attribute(draft, &table.name));
        let Some(ttl) = declared.or_else(|| of_items.next()) else {
            let message =
                format!("the record of the token expires, and `{}` has no time to live", table.name);
            let hint = "name its attribute: `@table(…, ttl: \"expiresAt\")`";
            self.reports.report(&text.whole(), message, hint);
            return None;
        };
        Some(Record { token, beside, keys, ttl })
    }
}

fn ttl_attribute(draft: &Draft<'_>, table: &Name) -> Option<Name> {
    let item = &draft.item.as_ref()?.item;
    let field = item.ttl.as_ref().filter(|_| item.table == *table)?;
    Some(draft.attributes.get(field)?.name.clone())
}

/// The templates of a record beside the items of a type; none where it has no place.
fn record_keys(item: &Item, has_sort: bool) -> Option<KeyTemplates> {
    let variable = || Part::Field(Record::VARIABLE.into());
    let literal = |text: String| Part::Literal(text.as_str().into());
    let constant = || has_sort.then(|| Template { parts: vec![literal(Record::MARK.to_owned())] });
    let marked = || vec![literal(format!("{}#", Record::MARK)), variable()];
    let (before, after) = match item.keys.partition.parts.as_slice() {
        [Part::Tenant, after @ ..] => (Vec::new(), after),
        [first @ Part::Literal(_), Part::Tenant, after @ ..] => (vec![first.clone()], after),
        // Only a silo's: the table is the tenant's own.
        _ => return Some(KeyTemplates { partition: Template { parts: marked() }, sort: constant() }),
    };
    let own = || before.iter().cloned().chain([Part::Tenant]);
    let delimiter = match after.first() {
        Some(Part::Literal(text)) => text.chars().next(),
        Some(Part::Tenant | Part::Field(_)) | None => None,
    };
    let Some(delimiter) = delimiter else {
        let sort = has_sort.then(|| Template { parts: marked() })?;
        return Some(KeyTemplates { partition: Template { parts: own().collect() }, sort: Some(sort) });
    };
    let mark = literal(format!("{delimiter}{}{delimiter}", Record::MARK));
    Some(KeyTemplates {
        partition: Template { parts: own().chain([mark, variable()]).collect() },
        sort: constant(),
    })
}
