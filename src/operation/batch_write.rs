//! Many items put or deleted, in the calls that they need: twenty-five in a call, without conditions.
//!
//! A batch is no transaction: some of it may be written and some not, so each element has an outcome of its own. Calls go
//! one after the other, since a table that is busy is not helped by more of them, and where one fails none is sent after
//! it. A call whose answer was lost is not repeated: what was written meanwhile by somebody else would be lost.

use aws_sdk_dynamodb::operation::batch_write_item::builders::BatchWriteItemInputBuilder;
use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};
use indexmap::IndexMap;
use indexmap::map::Entry;

use super::backoff::Backoff;
use super::each::Element;
use super::{Failure, Inputs, Loaded, Operations, Target};
use crate::credentials::{Applied, CallError, TenantSession};
use crate::image::{Image, Members};
use crate::item::{Attributes, KeyId, compose};
use crate::schema::{Delete, Each, Put};

/// The most writes of one call (*Service quotas*, DynamoDB).
const MOST_WRITES: usize = 25;

/// What a batch does, by the keys of its items. Each has the place of its element in the list.
type Writes = IndexMap<KeyId, (usize, WriteRequest)>;

/// What comes of each element of a list.
pub(crate) type Outcomes<T> = Vec<Result<T, Failure>>;

impl Operations {
    /// Writes an item for each element of a list, and gives them back.
    pub(crate) async fn put_each(
        &self,
        put: &Put,
        each: &Each,
        inputs: Inputs<'_>,
    ) -> Result<Vec<Loaded>, Failure> {
        let target = self.target(&put.object, inputs.session)?;
        let mut batch = Gathering::new(&target, each);
        let mut items = Vec::new();
        for value in self.list(each, inputs)?.unwrap_or_default().iter() {
            let inputs = Inputs { element: Some(Element { each, value }), ..inputs };
            let values = self.new_values(&target, put, inputs, &mut IndexMap::new())?;
            let composed = compose(&self.plan, target.object, self.tenant(inputs.session), &values)?;
            let request = PutRequest::builder().set_item(Some(composed.item.clone())).build();
            let request = request.map_err(|error| refused(&error))?;
            batch.add(&composed.key, WriteRequest::builder().put_request(request).build())?;
            items.push(Image::from(composed.item));
        }
        let outcomes = self.write_all(&target, batch, inputs.session).await;
        Ok(outcomes.into_iter().zip(items).map(|(outcome, item)| outcome.map(|()| Some(item))).collect())
    }

    /// Deletes the item that each element of a list names, if it is there.
    pub(crate) async fn delete_each(
        &self,
        delete: &Delete,
        each: &Each,
        inputs: Inputs<'_>,
    ) -> Result<Outcomes<()>, Failure> {
        let target = self.target(&delete.object, inputs.session)?;
        let mut batch = Gathering::new(&target, each);
        for value in self.list(each, inputs)?.unwrap_or_default().iter() {
            let inputs = Inputs { element: Some(Element { each, value }), ..inputs };
            let texts = self.texts(target.object, &delete.key, inputs)?.unwrap_or_default();
            let key = self.key(&target, inputs, &texts)?;
            let request = DeleteRequest::builder().set_key(Some(key.clone())).build();
            let request = request.map_err(|error| refused(&error))?;
            batch.add(&key, WriteRequest::builder().delete_request(request).build())?;
        }
        Ok(self.write_all(&target, batch, inputs.session).await)
    }

    /// Carries a batch out, call after call, until one fails.
    async fn write_all(
        &self,
        target: &Target<'_>,
        batch: Gathering<'_>,
        session: &TenantSession,
    ) -> Outcomes<()> {
        let mut rest = batch.writes;
        let mut outcomes = vec![Ok(()); rest.len()];
        let mut failure = None;
        while !rest.is_empty() {
            let next = rest.split_off(rest.len().min(MOST_WRITES));
            let mut writes = std::mem::replace(&mut rest, next);
            if failure.is_none() {
                failure = self.write_some(target, &mut writes, session).await.err();
            } else {
                failure = failure.map(not_sent);
            }
            let Some(failure) = &failure else { continue };
            for (place, _) in writes.into_values() {
                if let Some(outcome) = outcomes.get_mut(place) {
                    *outcome = Err(failure.clone());
                }
            }
        }
        outcomes
    }

    /// One call, and those for what it leaves unprocessed. What is written is taken out of `writes`.
    async fn write_some(
        &self,
        target: &Target<'_>,
        writes: &mut Writes,
        session: &TenantSession,
    ) -> Result<(), Failure> {
        let table = target.physical.as_str();
        let mut backoff = Backoff::new(&self.entropy, session);
        loop {
            let requests = writes.values().map(|(_, request)| request.clone()).collect();
            let call = BatchWriteItemInputBuilder::default().request_items(table, requests);
            let answer = session.run(&call).await?;
            let left = answer.unprocessed_items.and_then(|mut it| it.remove(table)).unwrap_or_default();
            let left: Vec<KeyId> = left.iter().filter_map(|request| target.written(request)).collect();
            let before = writes.len();
            writes.retain(|id, _| left.contains(id));
            if writes.is_empty() {
                return Ok(());
            }
            if !backoff.pause(writes.len() < before).await {
                return Err(CallError::Throttled("items are left unprocessed".into()).into());
            }
        }
    }
}

impl Target<'_> {
    /// The key of an item that a request writes.
    fn written(&self, request: &WriteRequest) -> Option<KeyId> {
        let put = request.put_request.as_ref().map(|it| &it.item);
        let named = put.or_else(|| request.delete_request.as_ref().map(|it| &it.key))?;
        self.key_id(named)
    }

    fn key_id(&self, item: &Attributes) -> Option<KeyId> {
        let names: Vec<String> = self.table.keys.names().map(ToString::to_string).collect();
        KeyId::of(Members::Map(item), &names.iter().collect::<Vec<_>>())
    }
}

/// A batch while it is gathered. Nothing is written before all of it is found to be sound.
struct Gathering<'a> {
    target: &'a Target<'a>,
    each: &'a Each,
    writes: Writes,
}

impl<'a> Gathering<'a> {
    fn new(target: &'a Target<'a>, each: &'a Each) -> Self {
        Self { target, each, writes: Writes::new() }
    }

    /// Adds what is done with the item of the next element. DynamoDB takes no two writes of one item.
    fn add(&mut self, key: &Attributes, request: WriteRequest) -> Result<(), Failure> {
        let place = self.writes.len();
        let unusable =
            || Failure::Input(format!("`{}` must name an item with each element", self.each.name()));
        match self.writes.entry(self.target.key_id(key).ok_or_else(unusable)?) {
            Entry::Vacant(entry) => {
                entry.insert((place, request));
                Ok(())
            }
            Entry::Occupied(entry) => {
                let first = entry.get().0;
                let message =
                    format!("`{}` names one item twice, at {first} and at {place}", self.each.name());
                Err(Failure::Input(message))
            }
        }
    }
}

fn refused(error: &aws_smithy_types::error::operation::BuildError) -> Failure {
    CallError::Refused(error.to_string().into()).into()
}

/// The failure of a call, for those that were not sent after it.
fn not_sent(failure: Failure) -> Failure {
    match failure {
        Failure::Call(CallError::Unavailable { reason, .. }) => {
            CallError::Unavailable { applied: Applied::No, reason }.into()
        }
        failure => failure,
    }
}
