//! Many items as of one moment, by `TransactGetItems`: all of them in one call, or none.
//!
//! A batch reads each item by itself: between two of them others may write. Here no write comes between. It costs twice
//! the read capacity of a consistent read, and a set has an end: what one call cannot hold is refused before anything
//! is asked (*Amazon DynamoDB Transactions: How it works*), and what is more than 4 MB DynamoDB refuses itself. Where others are writing the items, DynamoDB cancels the
//! read; it is asked again within a bound, and is then `THROTTLED`.

use std::sync::Arc;

use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsOutput;
use aws_sdk_dynamodb::operation::transact_get_items::builders::TransactGetItemsInputBuilder;
use aws_sdk_dynamodb::types::{Get as Member, TransactGetItem};
use indexmap::IndexMap;

use super::backoff::Backoff;
use super::batch_get::{Loaded, Lookup, Lookups};
use super::transact::MEETING;
use super::{Failure, Inputs, Operations};
use crate::credentials::{CallError, Cancellation};
use crate::image::{Image, Members};
use crate::item::KeyId;
use crate::schema::{Each, Get};

/// The most items of one transaction (*Service quotas*, DynamoDB).
const MOST_ITEMS: usize = 100;

impl Operations {
    /// The items that the elements of a list name, as of one moment, in the list's order; none where there is no list.
    pub(crate) async fn snapshot(
        &self,
        get: &Get,
        inputs: Inputs<'_>,
    ) -> Result<Option<Vec<Loaded>>, Failure> {
        let Lookups::Many(Some(wanted)) = self.lookups(get, inputs)? else { return Ok(None) };
        let wanted: Vec<_> = wanted.iter().map(|it| it.as_ref().and_then(|it| Some((id(it)?, it)))).collect();
        let asked: IndexMap<KeyId, &Lookup> = wanted.iter().flatten().cloned().collect();
        if asked.len() > MOST_ITEMS {
            return Err(too_many(get, asked.len()));
        }
        let found = self.ask(&asked, inputs).await?;
        let target = self.target(&get.object, inputs.session)?;
        let own = |id| found.get(id).filter(|found| target.is_own(found.members())).cloned();
        Ok(Some(wanted.iter().map(|wanted| Ok(wanted.as_ref().and_then(|(id, _)| own(id)))).collect()))
    }

    /// Asks for the items, each once, in one call.
    async fn ask(
        &self,
        asked: &IndexMap<KeyId, &Lookup>,
        inputs: Inputs<'_>,
    ) -> Result<IndexMap<KeyId, Image>, Failure> {
        if asked.is_empty() {
            return Ok(IndexMap::new());
        }
        let wanted = i32::try_from(asked.len()).unwrap_or(i32::MAX);
        // A part of a set is no set.
        let reservation = inputs.budget.reserve_all(wanted).await.ok_or(Failure::Budget)?;
        let members = asked.values().map(|lookup| member(lookup)).collect::<Result<_, _>>()?;
        let call = TransactGetItemsInputBuilder::default().set_transact_items(Some(members));
        let mut backoff = Backoff::of(&self.entropy, inputs.session, MEETING);
        loop {
            let busy = match inputs.session.run(&call).await {
                Ok(answer) => {
                    let found = read(asked, answer)?;
                    reservation.settle(wanted, found.values());
                    return Ok(found);
                }
                Err(CallError::TooLarge(_)) => return Err(Failure::SetTooLarge),
                Err(CallError::Cancelled(reasons)) => busy(&reasons)?,
                Err(error) => return Err(error.into()),
            };
            if !backoff.pause(false).await {
                return Err(busy.into());
            }
        }
    }
}

fn id(lookup: &Lookup) -> Option<KeyId> {
    let names: Vec<&String> = lookup.key.keys().collect();
    KeyId::of(Members::Map(&lookup.key), &names)
}

fn too_many(get: &Get, found: usize) -> Failure {
    match &get.each {
        Some(Each::Argument(name)) => Failure::Input(format!(
            "`{name}` names {found} items, and {MOST_ITEMS} are read as of one moment at most"
        )),
        Some(Each::Parent(_)) | None => Failure::Budget,
    }
}

fn member(lookup: &Lookup) -> Result<TransactGetItem, Failure> {
    let projection = lookup.projection.as_ref();
    let get = Member::builder()
        .table_name(lookup.from.table.as_str())
        .set_key(Some(lookup.key.clone()))
        .set_projection_expression(projection.map(|it| it.expression()))
        .set_expression_attribute_names(projection.map(|it| it.names(None)))
        .build();
    let get = get.map_err(|error| CallError::Refused(error.to_string().into()))?;
    Ok(TransactGetItem::builder().get(get).build())
}

/// What came back, in the order in which it was asked for. Of an item that is missing nothing comes back, but its place.
fn read(
    asked: &IndexMap<KeyId, &Lookup>,
    answer: TransactGetItemsOutput,
) -> Result<IndexMap<KeyId, Image>, Failure> {
    let answered = answer.responses.unwrap_or_default();
    // An answer that is short says nothing of the rest.
    if answered.len() != asked.len() {
        let (found, wanted) = (answered.len(), asked.len());
        return Err(CallError::Refused(format!("{found} answers to {wanted} reads").into()).into());
    }
    let found = asked.keys().zip(answered).filter_map(|(id, found)| {
        let item = found.item.filter(|item| !item.is_empty())?;
        Some((id.clone(), Image::from(item)))
    });
    Ok(found.collect())
}

/// That the read may be asked again; an error, if something else than others stands in its way.
fn busy(reasons: &[Cancellation]) -> Result<CallError, Failure> {
    let mut why = None;
    for reason in reasons {
        match reason {
            Cancellation::None => {}
            Cancellation::Conflict => why = Some("others write the items"),
            Cancellation::Throttled => why = Some("an item of the set is throttled"),
            Cancellation::TooLarge => return Err(Failure::SetTooLarge),
            Cancellation::ConditionFailed(_) => {
                return Err(CallError::Refused("a read was cancelled as a write is".into()).into());
            }
            Cancellation::Refused(reason) => return Err(CallError::Refused(Arc::clone(reason)).into()),
        }
    }
    let why = why.ok_or_else(|| CallError::Refused("a read was cancelled for no reason".into()))?;
    Ok(CallError::Throttled(why.into()))
}
