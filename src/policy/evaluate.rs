//! May this principal do that? One evaluator for the embedded AWS, for `check` and for the tests.
//!
//! Source: *Policy evaluation logic* and *Session policies*: an explicit Deny in any policy ends it; otherwise
//! each layer that there is (identity policies, permissions boundary, session policy) must have an Allow.

use super::Context;
use super::condition::{Holds, holds};
use super::document::{Document, Effect, Matcher, Principals, Statement, Version};
use super::pattern::{Match, Unresolved};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The action, such as `dynamodb:GetItem`.
    pub action: &'a str,
    /// The ARN of the resource.
    pub resource: &'a str,
    /// The condition keys of the request.
    pub context: &'a Context,
}

/// The policies that bear on a principal of an account, layer by layer.
#[derive(Debug, Clone, Copy)]
pub struct Policies<'a> {
    /// The identity's own policies: any of them may allow.
    pub identity: &'a [Document],
    /// The permissions boundary, if it has one.
    pub boundary: Option<&'a Document>,
    /// The session policy, if the session was narrowed by one.
    pub session: Option<&'a Document>,
}

/// A layer of policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Identity policies.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// The session policy.
    Session,
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementRef {
    /// The layer.
    pub layer: Layer,
    /// The document's place among the documents of its layer, from 0.
    pub document: usize,
    /// The statement's place in its document, from 0.
    pub statement: usize,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every layer allows it and nothing denies it.
    Allowed,
    /// A statement denies it.
    ExplicitlyDenied,
    /// A layer has no statement that allows it.
    ImplicitlyDenied(Layer),
}

/// The verdict, and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// The statement that denied, or those that allowed, one a layer.
    pub by: Vec<StatementRef>,
}

impl Decision {
    /// Whether the request may pass.
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }
}

impl Policies<'_> {
    /// Whether the layers that only limit, the boundary and the session policy, allow a request where they are there.
    /// A Deny of theirs is [`Self::evaluate`]'s affair.
    fn limits_allow(&self, request: &Request<'_>) -> bool {
        let limits = [(Layer::Boundary, self.boundary), (Layer::Session, self.session)];
        limits.into_iter().all(|(layer, document)| {
            let documents = document.map(std::slice::from_ref);
            documents.is_none_or(|it| find(layer, it, Effect::Allow, request).is_some())
        })
    }

    /// Judges a request.
    pub fn evaluate(&self, request: &Request<'_>) -> Decision {
        let layers = [
            (Layer::Identity, Some(self.identity)),
            (Layer::Boundary, self.boundary.map(std::slice::from_ref)),
            (Layer::Session, self.session.map(std::slice::from_ref)),
        ];
        let there = || layers.iter().filter_map(|(layer, documents)| documents.map(|it| (*layer, it)));
        if let Some(by) = there().find_map(|(layer, it)| find(layer, it, Effect::Deny, request)) {
            return Decision { verdict: Verdict::ExplicitlyDenied, by: vec![by] };
        }
        let mut by = Vec::new();
        for (layer, documents) in there() {
            match find(layer, documents, Effect::Allow, request) {
                Some(statement) => by.push(statement),
                None => {
                    return Decision { verdict: Verdict::ImplicitlyDenied(layer), by: Vec::new() };
                }
            }
        }
        Decision { verdict: Verdict::Allowed, by }
    }
}

/// The first statement of an effect that speaks of the request.
fn find(layer: Layer, documents: &[Document], effect: Effect, request: &Request<'_>) -> Option<StatementRef> {
    documents.iter().enumerate().find_map(|(document, it)| {
        let statement = it
            .statements
            .iter()
            .position(|statement| statement.effect == effect && applies(statement, it.version, request))?;
        Some(StatementRef { layer, document, statement })
    })
}

/// Whether a statement speaks of a request. What AWS leaves unclear applies for a Deny and not for an Allow.
fn applies(statement: &Statement, version: Version, request: &Request<'_>) -> bool {
    let resource = match &statement.resources {
        None => Holds::Yes,
        Some(resources) => matches(resources, request.resource, Match::Arn, request.context),
    };
    let action = matches(&statement.actions, &request.action.to_lowercase(), Match::Like, request.context);
    let conditions = statement
        .conditions
        .iter()
        .map(|condition| holds(condition, version == Version::V2012, request.context));
    [action, resource].into_iter().chain(conditions).all(|holds| match (holds, statement.effect) {
        (Holds::Yes, _) | (Holds::Unclear, Effect::Deny) => true,
        (Holds::No, _) | (Holds::Unclear, Effect::Allow) => false,
    })
}

/// Whether a list of actions or resources speaks of one.
pub(super) fn matches(matcher: &Matcher, text: &str, how: Match, context: &Context) -> Holds {
    let mut unresolved = false;
    for pattern in &matcher.parsed {
        match pattern.matches(text, how, context) {
            Ok(true) => return (!matcher.negated).into(),
            Ok(false) => {}
            Err(Unresolved) => unresolved = true,
        }
    }
    // A pattern that cannot be resolved matches nothing. Under NotResource nobody says what that means.
    if unresolved && matcher.negated { Holds::Unclear } else { matcher.negated.into() }
}

/// What a trust policy says of a principal.
pub mod trust {
    use super::{Context, Document, Effect, Policies, Principals, Request, Verdict, applies};

    /// Who asks: a session of a role, or a user.
    #[derive(Debug, Clone, Copy)]
    pub struct Principal<'a> {
        /// The account.
        pub account: &'a str,
        /// The ARN of the role or the user.
        pub identity: &'a str,
        /// The ARN of the session; of the user again, if there is no session.
        pub session: &'a str,
    }

    /// How far the trust goes, from nowhere to the session itself.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Trust {
        /// A statement denies it.
        Denied,
        /// No statement allows it.
        None,
        /// The principal's account is trusted: its identity policies have to allow the action too.
        Account,
        /// The principal's role is trusted: within an account its boundary and session policy still limit it.
        Role,
        /// The session itself, or the user, is trusted: within an account nothing limits that but a Deny.
        Session,
    }

    impl Trust {
        /// Whether anybody is trusted at all.
        pub fn is_trust(self) -> bool {
            self > Self::None
        }
    }

    /// Whether a role's trust policy and the caller's own policies together let it do `request` (`sts:AssumeRole`,
    /// `sts:TagSession`, …) on a role of the account `owner`.
    ///
    /// Source: *Policy evaluation logic*: "Resource-based policies that grant permissions to an IAM role ARN are limited
    /// by an implicit deny in a permissions boundary or session policy"; those that name the session's are not. *Session
    /// policies* says the same. *Cross-account policy evaluation logic*: from outside the account both must allow.
    pub fn allows(
        document: &Document,
        owner: &str,
        principal: Principal<'_>,
        own: &Policies<'_>,
        request: &Request<'_>,
    ) -> bool {
        let decision = own.evaluate(request);
        if decision.verdict == Verdict::ExplicitlyDenied {
            return false;
        }
        let within = owner == principal.account;
        match judge(document, principal, request.action, request.context) {
            Trust::Denied | Trust::None => false,
            Trust::Account => decision.is_allowed(),
            Trust::Role => {
                if within {
                    own.limits_allow(request)
                } else {
                    decision.is_allowed()
                }
            }
            Trust::Session => within || decision.is_allowed(),
        }
    }

    /// Judges whether `document` lets `principal` do `action` (`sts:AssumeRole`, `sts:TagSession`, …).
    ///
    /// Source: *AWS JSON policy elements: Principal*, *Cross-account policy evaluation logic*.
    pub fn judge(document: &Document, principal: Principal<'_>, action: &str, context: &Context) -> Trust {
        let request = Request { action, resource: "", context };
        let mut trust = Trust::None;
        for statement in &document.statements {
            let Some(named) = statement.principals.as_ref().and_then(|named| names(named, principal)) else {
                continue;
            };
            if !applies(statement, document.version, &request) {
                continue;
            }
            match statement.effect {
                Effect::Deny => return Trust::Denied,
                Effect::Allow => trust = trust.max(named),
            }
        }
        trust
    }

    fn names(principals: &Principals, principal: Principal<'_>) -> Option<Trust> {
        let Principals::These(names) = principals else {
            return Some(Trust::Account);
        };
        let named = |arn: &str| names.iter().any(|name| name == arn);
        if named(principal.session) {
            return Some(Trust::Session);
        }
        if named(principal.identity) {
            return Some(Trust::Role);
        }
        let root = |name: &str| {
            name.strip_suffix(":root").and_then(|arn| arn.rsplit(':').next()) == Some(principal.account)
        };
        names.iter().any(|name| name == principal.account || root(name)).then_some(Trust::Account)
    }
}
