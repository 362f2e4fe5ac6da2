//! How many items a query has in all: counted by DynamoDB, without reading them out.
//!
//! `Select=COUNT` costs the capacity that reading would, and so it counts against the request's budget: a count that
//! would need more is an error and never a smaller number.

use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;
use aws_sdk_dynamodb::types::Select;

use super::{Budget, Failure, Found, Operations};
use crate::credentials::TenantSession;

/// How many items are counted at a time. A call reserves so many of the budget, and its siblings wait for what is left.
const BATCH: i32 = 500;

impl Operations {
    /// How many items the query of a page has, whatever part of them the page is.
    pub(crate) async fn count(
        &self,
        found: &Found,
        session: &TenantSession,
        budget: &Budget,
    ) -> Result<usize, Failure> {
        // The page is all there is.
        if !found.has_next && !found.has_previous {
            return Ok(found.items.len());
        }
        let Some(call) = &found.asked else { return Ok(0) };
        let mut call = QueryInputBuilder::clone(call).select(Select::Count);
        let mut count = 0;
        loop {
            let reservation = budget.reserve(BATCH).await.ok_or(Failure::Budget)?;
            call = call.limit(reservation.items());
            let answer = session.run(&call).await?;
            reservation.settle(answer.scanned_count, []);
            count += usize::try_from(answer.count).unwrap_or_default();
            let Some(last) = answer.last_evaluated_key else { return Ok(count) };
            call = call.set_exclusive_start_key(Some(last));
        }
    }
}
