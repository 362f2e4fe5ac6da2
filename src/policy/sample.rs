//! A request of a plan, made concrete for one tenant: what IAM would see of it.
//!
//! The key is one of those that the template makes; which one does not matter to a policy that looks at the tenant. Where
//! it could matter, the proof walks the whole language and does not sample.

use super::requests::Asked;
use super::{Context, Request};
use crate::id::{AccountId, Region, TableName, TenantId};
use crate::schema::Plan;
use crate::schema::language::{Alphabet, Language, Step};

/// Whose request it is, and where the table lies.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// The tenant.
    pub tenant: &'a TenantId,
    /// The account of its role.
    pub account: &'a AccountId,
    /// The Region of its tables.
    pub region: &'a Region,
    /// The physical table.
    pub table: &'a TableName,
}

/// A concrete request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The action.
    pub action: &'static str,
    /// The ARN.
    pub resource: String,
    /// The partition key that it names.
    pub key: String,
    /// The condition keys. Those of the principal are added by whoever knows it.
    pub context: Context,
}

impl Sample {
    /// The request that a field would send for a tenant.
    pub fn of(plan: &Plan, asked: &Asked<'_>, whose: Whose<'_>) -> Self {
        let key = word(&plan.language(asked.object, &asked.keys.partition), whose.tenant);
        let mut context = Context::default();
        context.set_all("dynamodb:LeadingKeys", vec![key.clone()]);
        if let Some(select) = asked.select {
            context.set("dynamodb:Select", select);
        }
        if let Some(attributes) = &asked.attributes {
            context.set_all("dynamodb:Attributes", attributes.at_most.iter().cloned().collect());
        }
        if let Some(returns) = asked.returns {
            context.set("dynamodb:ReturnValues", returns);
        }
        if let Some(enclosing) = asked.enclosing() {
            context.set("dynamodb:EnclosingOperation", enclosing);
        }
        context.set("aws:RequestedRegion", whose.region.as_str());
        context.set("aws:PrincipalTag/tenant", whose.tenant.as_str());
        context.set("aws:PrincipalAccount", whose.account.as_str());
        context.set("aws:PrincipalType", "AssumedRole");
        context.set("aws:SecureTransport", "true");
        let index = asked.index.map_or_else(String::new, |index| format!("/index/{index}"));
        let Whose { account, region, table, .. } = whose;
        let resource = format!("arn:{}:dynamodb:{region}:{account}:table/{table}{index}", region.partition());
        Self { action: asked.action, resource, key, context }
    }

    /// It as the evaluator takes it.
    pub fn request(&self) -> Request<'_> {
        Request { action: self.action, resource: &self.resource, context: &self.context }
    }
}

/// A text of a language, for a tenant.
fn word(language: &Language, tenant: &TenantId) -> String {
    language
        .iter()
        .map(|step| match step {
            Step::One(c) => c.to_string(),
            Step::Any => "x".to_owned(),
            Step::Run(alphabet) | Step::OneOf(alphabet) => letter(alphabet).to_string(),
            Step::Anything => String::new(),
            Step::Tenant => tenant.to_string(),
        })
        .collect()
}

/// A character of an alphabet; one that is easily read, where there is one.
fn letter(alphabet: &Alphabet) -> char {
    let plain = ('x'..='z').chain('1'..='9').chain('a'..='w').chain('A'..='Z');
    let any: Box<dyn Iterator<Item = char>> = match alphabet {
        Alphabet::Only(chars) => Box::new(chars.iter().copied()),
        Alphabet::AllBut(_) => Box::new('\u{3b1}'..),
    };
    plain.chain(any).find(|c| alphabet.contains(*c)).unwrap_or('x')
}
