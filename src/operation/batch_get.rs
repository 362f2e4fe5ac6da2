//! Many items by their keys, in the calls that they need: each key is asked for once, a hundred in a call.
//!
//! What comes back is told apart by its key, since DynamoDB keeps no order. What it leaves unprocessed is asked for
//! again; what is left in the end is an error for whoever waits for it, and never "missing".

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aws_sdk_dynamodb::operation::batch_get_item::builders::BatchGetItemInputBuilder;
use aws_sdk_dynamodb::operation::get_item::builders::GetItemInputBuilder;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use indexmap::IndexMap;

use super::backoff::Backoff;
use super::each::Element;
use super::{Budget, Failure, Inputs, Operations, Projection};
use crate::credentials::{CallError, FoundBatch, TenantSession};
use crate::id::TableName;
use crate::image::{Image, Members};
use crate::item::{Attributes, KeyId};
use crate::schema::{Get, Name};

/// The most keys of one call (*Service quotas*, DynamoDB).
const MOST_KEYS: usize = 100;

/// What there is under a key; none where nothing is. Shared, since many fields may ask for one item.
pub(crate) type Loaded = Result<Option<Image>, Failure>;

/// What a `@get` asks for.
pub(crate) enum Lookups {
    /// An item; none where the values name none.
    One(Option<Lookup>),
    /// An item for each element of a list; none where there is no list.
    Many(Option<Vec<Option<Lookup>>>),
}

/// An item that a field waits for.
pub(crate) struct Lookup {
    /// Working for the field.
    session: TenantSession,
    pub(super) from: From,
    object: Name,
    pub(super) key: Attributes,
    pub(super) projection: Option<Arc<Projection>>,
    /// Whether it is asked for by `BatchGetItem` in any case: the field's policy need not allow more.
    together: bool,
}

/// Where an item lies, and how it is read. Those that are alike in it can be asked for together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct From {
    pub(super) table: TableName,
    consistent: bool,
}

/// Keys that are asked for together, each once, with those who want what is there.
pub(crate) struct Batch<T> {
    /// Works for the first of the fields: the audit names one.
    session: TenantSession,
    from: From,
    keys: IndexMap<KeyId, (Attributes, Vec<Taker<T>>)>,
    /// What is asked for of the items: each projection once.
    projections: Vec<Option<Arc<Projection>>>,
    together: bool,
}

impl<T> Batch<T> {
    /// How many keys it asks for.
    pub(crate) fn size(&self) -> usize {
        self.keys.len()
    }
}

/// Somebody who wants an item of a type.
struct Taker<T> {
    object: Name,
    who: T,
}

impl Operations {
    /// What a `@get` asks for.
    pub(crate) fn lookups(&self, get: &Get, inputs: Inputs<'_>) -> Result<Lookups, Failure> {
        let Some(each) = &get.each else { return Ok(Lookups::One(self.lookup(get, inputs)?)) };
        let Some(list) = self.list(each, inputs)? else { return Ok(Lookups::Many(None)) };
        let wanted = list.iter().map(|value| {
            let inputs = Inputs { element: Some(Element { each, value }), ..inputs };
            self.lookup(get, inputs)
        });
        Ok(Lookups::Many(Some(wanted.collect::<Result<_, _>>()?)))
    }

    fn lookup(&self, get: &Get, inputs: Inputs<'_>) -> Result<Option<Lookup>, Failure> {
        let target = self.target(&get.object, inputs.session)?;
        let Some(texts) = self.texts(target.object, &get.key, inputs)? else { return Ok(None) };
        let key = self.key(&target, inputs, &texts)?;
        Ok(Some(Lookup {
            session: inputs.session.clone(),
            from: From { table: target.physical, consistent: get.consistent },
            object: get.object.clone(),
            key,
            projection: inputs.projection.cloned(),
            together: get.each.is_some(),
        }))
    }

    /// Asks for a batch. Each of those who want something of it gets it, or the reason why not.
    pub(crate) async fn load<T>(&self, batch: Batch<T>, budget: &Budget, mut give: impl FnMut(T, Loaded)) {
        let Batch { session, from, mut keys, projections, together } = batch;
        let projection = projection(&projections);
        let mut give = |takers: Vec<Taker<T>>, loaded: &Loaded| {
            for Taker { object, who } in takers {
                give(who, self.own(&object, loaded.clone(), &session));
            }
        };
        if keys.len() == 1 && !together {
            for (key, takers) in keys.into_values() {
                give(takers, &load_one(&from, key, (projection.as_ref(), &session)).await);
            }
            return;
        }
        let mut backoff = Backoff::new(&self.entropy, &session);
        let failure = loop {
            let wanted = i32::try_from(keys.len()).unwrap_or(i32::MAX);
            let Some(reservation) = budget.reserve(wanted).await else { break Failure::Budget };
            let most = usize::try_from(reservation.items()).unwrap_or_default();
            let asked: Vec<_> =
                keys.iter().take(most).map(|(id, (key, _))| (id.clone(), key.clone())).collect();
            let mut answer = match ask(&from, &asked, (projection.as_ref(), &session)).await {
                Ok(answer) => answer,
                Err(failure) => break failure,
            };
            let (left, done): (Vec<_>, Vec<_>) =
                asked.into_iter().map(|(id, _)| id).partition(|id| answer.unprocessed.contains(id));
            reservation.settle(i32::try_from(done.len()).unwrap_or(i32::MAX), answer.items.values());
            for id in &done {
                if let Some((_, takers)) = keys.shift_remove(id) {
                    give(takers, &Ok(answer.items.remove(id)));
                }
            }
            if keys.is_empty() {
                return;
            }
            if !left.is_empty() && !backoff.pause(!done.is_empty()).await {
                break CallError::Throttled("keys are left unprocessed".into()).into();
            }
        };
        for (_, takers) in keys.into_values() {
            give(takers, &Err(failure.clone()));
        }
    }

    /// An item that was found, if it is of the type that is wanted: types may share keys.
    fn own(&self, object: &Name, loaded: Loaded, session: &TenantSession) -> Loaded {
        let target = self.target(object, session)?;
        Ok(loaded?.filter(|found| target.is_own(found.members())))
    }
}

/// One item, by `GetItem`.
async fn load_one(
    from: &From,
    key: Attributes,
    (projection, session): (Option<&Projection>, &TenantSession),
) -> Loaded {
    let call = GetItemInputBuilder::default()
        .table_name(from.table.as_str())
        .set_key(Some(key))
        .consistent_read(from.consistent)
        .set_projection_expression(projection.map(Projection::expression))
        .set_expression_attribute_names(projection.map(|it| it.names(None)));
    Ok(session.run(&call).await?.item)
}

/// Some items, by `BatchGetItem`.
async fn ask(
    from: &From,
    asked: &[(KeyId, Attributes)],
    (projection, session): (Option<&Projection>, &TenantSession),
) -> Result<Answer, Failure> {
    let keys = asked.iter().map(|(_, key)| key.clone()).collect();
    let of_table = KeysAndAttributes::builder()
        .set_keys(Some(keys))
        .consistent_read(from.consistent)
        .set_projection_expression(projection.map(Projection::expression))
        .set_expression_attribute_names(projection.map(|it| it.names(None)))
        .build();
    let of_table = of_table.map_err(|error| CallError::Refused(error.to_string().into()))?;
    let call = BatchGetItemInputBuilder::default().request_items(from.table.as_str(), of_table);
    Ok(Answer::read(session.run(&call).await?, from, asked))
}

/// What came back, by its keys.
struct Answer {
    items: HashMap<KeyId, Image>,
    unprocessed: HashSet<KeyId>,
}

impl Answer {
    fn read(mut answer: FoundBatch, from: &From, asked: &[(KeyId, Attributes)]) -> Self {
        let table = from.table.as_str();
        // All keys of a table have the same attributes.
        let names: Vec<&String> = asked.first().map(|(_, key)| key.keys().collect()).unwrap_or_default();
        let items = answer.responses.remove(table).unwrap_or_default();
        let left = answer.unprocessed_keys.remove(table).map(|it| it.keys);
        Self {
            items: items.into_iter().filter_map(|it| Some((KeyId::of(it.members(), &names)?, it))).collect(),
            unprocessed: left
                .unwrap_or_default()
                .iter()
                .filter_map(|it| KeyId::of(Members::Map(it), &names))
                .collect(),
        }
    }
}

/// The batches that it takes to ask for what is wanted.
pub(crate) fn batches<T>(wanted: impl IntoIterator<Item = (Lookup, T)>) -> Vec<Batch<T>> {
    let mut groups: IndexMap<From, Batch<T>> = IndexMap::new();
    for (Lookup { session, from, object, key, projection, together }, who) in wanted {
        let names: Vec<&String> = key.keys().collect();
        let Some(id) = KeyId::of(Members::Map(&key), &names) else { continue };
        let empty = || Batch {
            session,
            from: from.clone(),
            keys: IndexMap::new(),
            projections: Vec::new(),
            together: false,
        };
        let batch = groups.entry(from.clone()).or_insert_with(empty);
        batch.together |= together;
        if !batch.projections.iter().any(|known| is_same(known.as_ref(), projection.as_ref())) {
            batch.projections.push(projection);
        }
        batch.keys.entry(id).or_insert_with(|| (key, Vec::new())).1.push(Taker { object, who });
    }
    groups.into_values().flat_map(Batch::chunks).collect()
}

impl<T> Batch<T> {
    fn chunks(self) -> Vec<Self> {
        let Self { session, from, mut keys, projections, mut together } = self;
        let mut chunks = Vec::new();
        while keys.len() > MOST_KEYS {
            // One that is left over is not asked for in another way than its siblings.
            together = true;
            let rest = keys.split_off(MOST_KEYS);
            let (session, from) = (session.clone(), from.clone());
            chunks.push(Self { session, from, keys, projections: projections.clone(), together });
            keys = rest;
        }
        chunks.push(Self { session, from, keys, projections, together });
        chunks
    }
}

/// Whether two projections are one.
fn is_same(one: Option<&Arc<Projection>>, other: Option<&Arc<Projection>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// What all of a batch ask for, together; none where one of them asks for everything.
fn projection(all: &[Option<Arc<Projection>>]) -> Option<Projection> {
    let all: Vec<&Projection> = all.iter().map(Option::as_deref).collect::<Option<_>>()?;
    Projection::of_all(all)
}
