//! `check --deployed`: is what IAM holds what `policies/roles` declares?
//!
//! The proof rests on documents. In the modes whose policy lives in IAM, and for every trust policy, these are
//! declarations until somebody has looked. Here somebody looks: with the operator's own identity, reading alone
//! (`iam:GetAccountAuthorizationDetails`, `iam:ListRoles`, `dynamodb:GetResourcePolicy`), in few calls for thousands of
//! roles. What cannot be looked up is not verified, and that is said; nothing passes in silence.

mod held;
mod roles;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt as _;

use super::super::Application;
use crate::aws::Aws;
use crate::credentials::Operator;
use crate::id::{AccountId, RoleArn};
use crate::policy::{Finding, Rule};
use crate::problem::Problem;

/// How the looking is bounded.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many entities a page of IAM's holds; IAM allows 1,000.
    pub page: i32,
    /// How often a call of IAM's is tried.
    pub attempts: u32,
    /// How long all of the looking into IAM may take.
    pub time: Duration,
}

impl Default for Options {
    fn default() -> Self {
        // IAM's read calls are throttled per account; a few tries with backoff ride that out.
        Self { page: 1_000, attempts: 5, time: Duration::from_mins(5) }
    }
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    /// The account of the operator's identity, where STS said it.
    pub account: Option<AccountId>,
    /// The roles that tenants' records name.
    pub roles: BTreeMap<RoleArn, Verification>,
    /// The tables that tenants' records name, by ARN: whether a resource policy reaches around the session policies.
    pub tables: BTreeMap<String, Verification>,
    /// What differs, what grants besides, and what could not be verified.
    pub findings: Vec<Finding>,
}

/// Whether what is declared is what AWS holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// It is.
    Verified,
    /// It is not; findings say what differs.
    Differs,
    /// Nobody knows, and why.
    NotVerified(String),
}

impl Verified {
    /// One line a kind: how many are verified, of how many.
    pub fn summary(&self) -> String {
        let count = |all: &mut dyn Iterator<Item = &Verification>| {
            let (mut verified, mut of) = (0, 0);
            for one in all {
                of += 1;
                verified += usize::from(*one == Verification::Verified);
            }
            format!("{verified} of {of}")
        };
        format!(
            "deployed: {} roles are verified to be as they are declared\n\
             deployed: {} tables are verified to grant nothing beside them",
            count(&mut self.roles.values()),
            count(&mut self.tables.values())
        )
    }
}

/// Compares what the application declares with what AWS holds. `aws` has the operator's identity.
pub async fn verify(application: &Application, aws: &Aws, options: &Options) -> Verified {
    let declared = roles::declared(application);
    let tables = tables::of(application);
    let operator = Operator::new(aws.clone(), application.config.credentials.clone());
    let mut verified = Verified::default();
    let account = match caller(&operator, aws).await {
        Ok(account) => account,
        Err(reason) => {
            verified.nothing(&declared, &tables, &reason);
            return verified;
        }
    };
    verified.account = Some(account.clone());
    let foreign = |other: &AccountId| format!("account {other} is another than this identity's, {account}");
    let (own, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        declared.into_iter().partition(|(arn, _)| *arn.account() == account);
    for arn in others.keys() {
        verified.role(arn, Verification::NotVerified(foreign(arn.account())));
    }
    let wanted: BTreeSet<_> = own.keys().cloned().collect();
    match held::read(aws, &wanted, options).await {
        Ok(held) => {
            for (arn, declared) in &own {
                let (verification, findings) = roles::compare(arn, declared, &held, application);
                verified.role(arn, verification);
                verified.findings.extend(findings);
            }
        }
        Err(error) => {
            let reason = format!("IAM could not be read: {error}");
            for arn in own.keys() {
                verified.role(arn, Verification::NotVerified(reason.clone()));
            }
        }
    }
    let judged = tables.into_iter().map(|table| {
        let operator = &operator;
        let (is_own, foreign) = (table.account == account, foreign(&table.account));
        async move {
            if !is_own {
                return (table.arn(), Verification::NotVerified(foreign), Vec::new());
            }
            let policy = operator.table_policy(&table.region, &table.arn()).await;
            let (verification, findings) = tables::judge(&table, policy, application);
            (table.arn(), verification, findings)
        }
    });
    // A few at a time: GetResourcePolicy is a control-plane call, with a low limit.
    let judged: Vec<_> = futures_util::stream::iter(judged).buffer_unordered(4).collect().await;
    for (arn, verification, findings) in judged {
        verified.tables.insert(arn, verification);
        verified.findings.extend(findings);
    }
    verified.say_what_is_not_verified();
    verified
}

/// The account of the operator's identity, or why nothing can be compared.
async fn caller(operator: &Operator, aws: &Aws) -> Result<AccountId, String> {
    if aws.sts_endpoint.is_some() && aws.iam_endpoint.is_none() {
        // Another AWS's IAM would be compared: roles of an emulator with those of an account.
        return Err("`sts-endpoint` is set under `[aws]`, and `iam-endpoint` is not".to_owned());
    }
    operator.account().await.map_err(|error| format!("STS does not say whose identity this is: {error}"))
}

impl Verified {
    fn role(&mut self, arn: &RoleArn, verification: Verification) {
        self.roles.insert(arn.clone(), verification);
    }

    fn nothing(
        &mut self,
        declared: &BTreeMap<RoleArn, roles::Declared>,
        tables: &BTreeSet<tables::TableAt>,
        reason: &str,
    ) {
        let not_verified = || Verification::NotVerified(reason.to_owned());
        self.roles = declared.keys().map(|arn| (arn.clone(), not_verified())).collect();
        self.tables = tables.iter().map(|table| (table.arn(), not_verified())).collect();
        self.say_what_is_not_verified();
    }

    /// One finding a reason: thousands of roles in another account are one line.
    fn say_what_is_not_verified(&mut self) {
        let roles = self.roles.iter().map(|(arn, it)| (arn.to_string(), it, "role", "roles"));
        let tables = self.tables.iter().map(|(arn, it)| (arn.clone(), it, "table", "tables"));
        let mut reasons: BTreeMap<(String, &str, &str), Vec<String>> = BTreeMap::new();
        for (arn, verification, one, many) in roles.chain(tables) {
            if let Verification::NotVerified(reason) = verification {
                reasons.entry((reason.clone(), one, many)).or_default().push(arn);
            }
        }
        for ((reason, one, many), arns) in reasons {
            let Some(first) = arns.first() else { continue };
            let (place, what) = match arns.len() {
                1 => (first.clone(), format!("the {one} is")),
                count => (format!("{first} and {} more", count - 1), format!("{count} {many} are")),
            };
            let problem = Problem::of(place, format!("{what} not verified: {reason}"));
            let account = first.split(':').nth(4);
            let is_elsewhere = self.account.as_ref().is_some_and(|own| account != Some(own.as_str()));
            self.findings.push(match (is_elsewhere, reason.contains("denied: ")) {
                // Each account is verified by a run of its own, so one run may end well.
                (true, _) => {
                    let hint = "run `check --deployed` with an identity of that account too";
                    Finding::warning(Rule::Deployed, problem.hint(hint))
                }
                (false, true) => Finding::error(Rule::Deployed, problem.hint(NEEDS)),
                (false, false) => Finding::error(Rule::Deployed, problem),
            });
        }
    }
}

/// What the operator's identity must be allowed.
const NEEDS: &str = "it needs iam:GetAccountAuthorizationDetails, iam:ListRoles and dynamodb:GetResourcePolicy, and nothing else";
