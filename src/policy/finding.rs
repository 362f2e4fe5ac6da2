//! What `check` says of documents: a rule, how bad it is, the place, and where there is a hole the request that goes
//! through it.
//!
//! The rules are append-only, as the codes of `error` are: a pipeline may look for them.

use std::fmt;

use crate::problem::Problem;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is proved while it stands.
    Error,
    /// It does no harm by itself.
    Warning,
}

/// The rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// An operation of a tenant's is not allowed by its policy.
    Sufficient,
    /// A tenant's policy admits a key of another's, or an operation can make one.
    Isolating,
    /// A key of an index that is written does not hold its tenant.
    IndexSafe,
    /// A statement lets a request through that names no key.
    Guarded,
    /// A role's trust policy lets it be assumed for another tenant, by somebody else, or not at all.
    Trust,
    /// Two tenants share what nobody may share, or an issuer speaks for whom there is not.
    Registry,
    /// It is not known whether a rule holds.
    Undecided,
    /// An action that does not exist.
    UnknownAction,
    /// A condition key that does not exist, or is misspelt.
    UnknownConditionKey,
    /// `dynamodb:Scan`, a PartiQL action, or another that reads or writes without leading keys.
    NoLeadingKeys,
    /// `dynamodb:*` or another wildcard in an action.
    ActionWildcard,
    /// `ForAllValues:` without a `Null` guard: it holds where there is no value.
    NoNullGuard,
    /// A wildcard right after the tenant: `acme*` matches `acme2`.
    NoDelimiter,
    /// `Resource: "*"`, or a wildcard in a table's place.
    ResourceWildcard,
    /// A wildcard where the tenant should stand.
    TenantWildcard,
    /// A policy looks at the session's tags, and the trust policy does not allow `sts:TagSession`.
    TagSession,
    /// A session policy is longer than STS takes, for some tenant id.
    Size,
    /// A grant that no operation needs.
    UnneededGrant,
    /// What is declared is not what AWS holds.
    Deployed,
    /// A probe of AWS ended otherwise than it should.
    Live,
}

impl Rule {
    /// All rules, in the order in which they were added.
    pub const ALL: [Self; 20] = [
        Self::Sufficient,
        Self::Isolating,
        Self::IndexSafe,
        Self::Guarded,
        Self::Trust,
        Self::Registry,
        Self::Undecided,
        Self::UnknownAction,
        Self::UnknownConditionKey,
        Self::NoLeadingKeys,
        Self::ActionWildcard,
        Self::NoNullGuard,
        Self::NoDelimiter,
        Self::ResourceWildcard,
        Self::TenantWildcard,
        Self::TagSession,
        Self::Size,
        Self::UnneededGrant,
        Self::Deployed,
        Self::Live,
    ];

    /// The rule's name, as `check` prints it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sufficient => "sufficient",
            Self::Isolating => "isolating",
            Self::IndexSafe => "index-safe",
            Self::Guarded => "guarded",
            Self::Trust => "trust",
            Self::Registry => "registry",
            Self::Undecided => "undecided",
            Self::UnknownAction => "unknown-action",
            Self::UnknownConditionKey => "unknown-condition-key",
            Self::NoLeadingKeys => "no-leading-keys",
            Self::ActionWildcard => "action-wildcard",
            Self::NoNullGuard => "no-null-guard",
            Self::NoDelimiter => "no-delimiter",
            Self::ResourceWildcard => "resource-wildcard",
            Self::TenantWildcard => "tenant-wildcard",
            Self::TagSession => "tag-session",
            Self::Size => "size",
            Self::UnneededGrant => "unneeded-grant",
            Self::Deployed => "deployed",
            Self::Live => "live",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is wrong, or may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: Rule,
    /// How bad it is.
    pub severity: Severity,
    /// Where, what, and what to do.
    pub problem: Problem,
    /// The request that goes through, confirmed by the evaluator.
    pub counterexample: Option<Counterexample>,
}

impl Finding {
    /// A finding that stands in the way.
    pub fn error(rule: Rule, problem: Problem) -> Self {
        Self { rule, severity: Severity::Error, problem, counterexample: None }
    }

    /// A finding that does not.
    pub fn warning(rule: Rule, problem: Problem) -> Self {
        Self { rule, severity: Severity::Warning, problem, counterexample: None }
    }

    /// The same, with the request that shows it.
    #[must_use]
    pub fn with(self, counterexample: Counterexample) -> Self {
        Self { counterexample: Some(counterexample), ..self }
    }
}

/// A concrete request that should be denied and is not, or the other way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counterexample {
    /// The tenant whose credentials sign it.
    pub tenant: String,
    /// The tenant whose item it reaches, where it is another's.
    pub other: Option<String>,
    /// The IAM action, such as `dynamodb:GetItem`.
    pub action: String,
    /// The ARN of the table, the index or the role.
    pub resource: String,
    /// The partition keys that it names, as `dynamodb:LeadingKeys` holds them.
    pub keys: Vec<String>,
    /// The statement that admits it, such as `policies/shop.json:5 OwnItems`; none, where nothing does and something
    /// should.
    pub statement: Option<String>,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenant, other, action, resource, keys, statement } = self;
        write!(f, "tenant `{tenant}`: {action} on {resource}")?;
        match keys.as_slice() {
            [] => f.write_str(", no key named")?,
            [key] => write!(f, ", key `{key}`")?,
            keys => write!(f, ", keys `{}`", keys.join("`, `"))?,
        }
        if let Some(other) = other {
            write!(f, " of tenant `{other}`")?;
        }
        match statement {
            Some(statement) => write!(f, " – allowed by {statement}"),
            None => f.write_str(" – allowed by no statement"),
        }
    }
}
