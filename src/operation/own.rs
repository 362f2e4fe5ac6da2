//! Which items are a type's own: those that bear its name, where types share keys, and whose time to live is not over.
//!
//! DynamoDB deletes what has expired within some days, and answers with it until then; here it is missing at once, for
//! reads and writes alike. What counts as expired is what DynamoDB would delete (*Time to Live (TTL)*): a number, in
//! epoch seconds, that is past and no more than five years past. Another type's item is never taken for expired.

use aws_sdk_dynamodb::types::AttributeValue;

use super::Target;
use super::expression::{Placeholders, all};
use crate::image::{Members, Stored};
use crate::schema::{Collection, Item, Name, Object, Plan, Query, Table};

/// DynamoDB leaves alone what seems to have expired longer ago, in seconds: it is taken for a mistake.
const FIVE_YEARS: i64 = 5 * 365 * 24 * 60 * 60;

/// The times to live that are over: from five years ago to now.
pub(super) struct Expired<V> {
    pub(super) from: V,
    pub(super) to: V,
}

impl Expired<AttributeValue> {
    fn at(now: i64) -> Self {
        let number = |seconds: i64| AttributeValue::N(seconds.to_string());
        Self { from: number(now - FIVE_YEARS), to: number(now) }
    }
}

/// The condition that an item is a type's own; none where everything is.
pub(super) fn own<V: From<AttributeValue>>(
    object: &Object,
    item: &Item,
    expired: Expired<V>,
    placeholders: &mut Placeholders<V>,
) -> Option<String> {
    let mut conditions: Vec<_> = is_of_type(object, item, placeholders).into_iter().collect();
    let expired = is_expired(object, item, expired, placeholders);
    conditions.extend(expired.map(|expired| format!("NOT {expired}")));
    all(&conditions)
}

/// The condition that an item is one that a query finds: of its type, or of one of its types.
pub(super) fn found<V: From<AttributeValue>>(
    (plan, query): (&Plan, &Query),
    (object, item): (&Object, &Item),
    expired: Expired<V>,
    placeholders: &mut Placeholders<V>,
) -> Option<String> {
    let Some(collection) = &query.collection else { return own(object, item, expired, placeholders) };
    let mut one_of = |members: &[&Name]| {
        let values = members.iter().map(|member| AttributeValue::S((***member).to_owned()));
        let values: Vec<_> = values.map(|value| placeholders.value(value)).collect();
        format!("{} IN ({})", placeholders.name(&collection.discriminator), values.join(", "))
    };
    let members: Vec<_> = collection.members.iter().collect();
    let of_type = one_of(&members);
    // A table has one attribute for the time to live, and not every type need have one.
    let expires = |member: &&&Name| {
        let object = plan.objects.get(**member);
        object.and_then(|object| ttl(object, object.item.as_ref()?))
    };
    let mortal: Vec<&Name> = members.iter().filter(|member| expires(member).is_some()).copied().collect();
    let Some(attribute) = members.iter().find_map(|member| expires(&member)) else { return Some(of_type) };
    let mortals = (mortal.len() < members.len()).then(|| one_of(&mortal));
    let expired = is_between(attribute, expired, placeholders);
    Some(match mortals {
        None => format!("{of_type} AND NOT {expired}"),
        Some(mortals) => format!("{of_type} AND NOT ({mortals} AND {expired})"),
    })
}

/// The condition that there is nothing in an item's place: no item, or one of the type that has expired.
pub(super) fn free<V: From<AttributeValue>>(
    (table, object, item): (&Table, &Object, &Item),
    expired: Expired<V>,
    placeholders: &mut Placeholders<V>,
) -> String {
    let absent = absent(table, placeholders);
    if ttl(object, item).is_none() {
        return absent;
    }
    let mut gone: Vec<_> = is_of_type(object, item, placeholders).into_iter().collect();
    gone.extend(is_expired(object, item, expired, placeholders));
    either(absent, &gone)
}

/// The condition that one holds, or all of the others do. DynamoDB refuses parentheses that are not needed, and a
/// condition may come in its own.
pub(super) fn either(one: String, others: &[String]) -> String {
    match others {
        [] => one,
        [other] => format!("{one} OR {other}"),
        others => format!("{one} OR ({})", others.join(" AND ")),
    }
}

/// The condition that nothing is there.
pub(super) fn absent<V>(table: &Table, placeholders: &mut Placeholders<V>) -> String {
    format!("attribute_not_exists({})", placeholders.name(&table.keys.partition.name))
}

/// The condition that an item is of a type; none where no other type shares its keys.
pub(super) fn is_of_type<V: From<AttributeValue>>(
    object: &Object,
    item: &Item,
    placeholders: &mut Placeholders<V>,
) -> Option<String> {
    let discriminator = item.discriminator.as_ref()?;
    let value = placeholders.value(AttributeValue::S(object.name.to_string()));
    Some(format!("{} = {value}", placeholders.name(discriminator)))
}

/// The condition that an item has expired; none where its type has no time to live. It is false of an item without
/// the attribute, and of one that holds no number there.
fn is_expired<V>(
    object: &Object,
    item: &Item,
    expired: Expired<V>,
    placeholders: &mut Placeholders<V>,
) -> Option<String> {
    Some(is_between(ttl(object, item)?, expired, placeholders))
}

fn is_between<V>(
    attribute: &str,
    Expired { from, to }: Expired<V>,
    placeholders: &mut Placeholders<V>,
) -> String {
    let name = placeholders.name(attribute);
    format!("{name} BETWEEN {} AND {}", placeholders.value(from), placeholders.value(to))
}

/// The attribute that holds a type's time to live.
fn ttl<'a>(object: &'a Object, item: &Item) -> Option<&'a Name> {
    Some(&object.attribute(item.ttl.as_deref()?)?.name)
}

impl Target<'_> {
    /// Whether an item that was found is one of this type's. Another is "missing".
    pub(super) fn is_own(&self, found: Members<'_>) -> bool {
        self.is_named(found) && !self.is_over(self.object, self.item, found)
    }

    /// The type of an item that a query has found, among its types. None if it is of another, or over.
    pub(super) fn type_of<'q>(
        &self,
        (plan, collection): (&Plan, &'q Collection),
        found: Members<'_>,
    ) -> Option<&'q Name> {
        let name = found.get(collection.discriminator.as_str())?.as_s()?;
        let member = collection.members.iter().find(|member| *name == ***member)?;
        let object = plan.objects.get(member)?;
        (!self.is_over(object, object.item.as_ref()?, found)).then_some(member)
    }

    /// Where types share keys, each read checks it.
    fn is_named(&self, found: Members<'_>) -> bool {
        let Some(discriminator) = &self.item.discriminator else { return true };
        let name = found.get(discriminator.as_str()).and_then(Stored::as_s);
        name.is_some_and(|name| *name == *self.object.name)
    }

    fn is_over(&self, object: &Object, item: &Item, found: Members<'_>) -> bool {
        let stored = ttl(object, item).and_then(|name| found.get(name.as_str()));
        let Some(seconds) = stored.and_then(Stored::as_n) else { return false };
        // A number that is no whole one, or larger than any time, is read as DynamoDB's comparison reads it.
        let Ok(seconds) = seconds.parse::<f64>() else { return false };
        #[expect(clippy::cast_precision_loss, reason = "epoch seconds are far below 2^53")]
        let (from, to) = ((self.now - FIVE_YEARS) as f64, self.now as f64);
        (from..=to).contains(&seconds)
    }

    /// The condition that an item is one of this type's; none where everything is.
    pub(super) fn own_condition(&self, placeholders: &mut Placeholders) -> Option<String> {
        own(self.object, self.item, Expired::at(self.now), placeholders)
    }

    /// The condition that an item is one that a query finds.
    pub(super) fn found_condition(
        &self,
        (plan, query): (&Plan, &Query),
        placeholders: &mut Placeholders,
    ) -> Option<String> {
        found((plan, query), (self.object, self.item), Expired::at(self.now), placeholders)
    }

    /// The condition that there is nothing in an item's place.
    pub(super) fn free_condition(&self, placeholders: &mut Placeholders) -> String {
        free((self.table, self.object, self.item), Expired::at(self.now), placeholders)
    }

    /// The condition that an item may be replaced: there is none, or it is of this type and these hold of it. None where
    /// anything may.
    pub(super) fn replaceable(
        &self,
        when: Option<String>,
        placeholders: &mut Placeholders,
    ) -> Option<String> {
        let mut allowed: Vec<_> = is_of_type(self.object, self.item, placeholders).into_iter().collect();
        allowed.extend(when);
        (!allowed.is_empty()).then(|| either(self.free_condition(placeholders), &allowed))
    }
}
