//! What one statement lets through, as far as keys go.

use std::sync::Arc;

use crate::policy::condition::{Comparison, Holds, Quantifier, holds};
use crate::policy::document::{Condition, Effect, Statement, Version};
use crate::policy::evaluate::matches;
use crate::policy::pattern::{Match, Pattern, Spelling};
use crate::policy::{Context, Document, DocumentAt, Layer};
use crate::problem::{Place, Source};
use crate::schema::language::{Language, Step};

/// The condition key that holds the partition keys of a request.
pub(super) const LEADING_KEYS: &str = "dynamodb:LeadingKeys";

/// A layer of policies: a role's own, its boundary, or the session policy.
#[derive(Debug, Clone)]
pub(super) struct Layered<'d> {
    pub(super) layer: Layer,
    pub(super) source: &'d Arc<Source>,
    pub(super) documents: Vec<(DocumentAt, &'d Document)>,
}

/// A statement, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grant<'d> {
    pub(super) source: &'d Arc<Source>,
    pub(super) at: DocumentAt,
    pub(super) index: usize,
    pub(super) version: Version,
    pub(super) statement: &'d Statement,
}

/// What one condition of a statement says of the keys of a request.
#[derive(Debug, Clone)]
pub(super) enum Keys {
    /// Every key is one of these.
    Among {
        /// What the keys may be.
        languages: Vec<Language>,
        /// Whether a request that names no key passes too.
        passes_none: bool,
        /// Whether it is enough that one key of several is one of these.
        any_is_enough: bool,
    },
    /// No key is one of these, where there is one.
    NoneOf(Vec<Language>),
    /// Something that is not understood here.
    Unclear,
}

/// What a statement says of the keys of a request: every condition that is about them.
#[derive(Debug, Clone)]
pub(super) struct Said(pub(super) Vec<Keys>);

impl Grant<'_> {
    pub(super) fn allows(&self) -> bool {
        self.statement.effect == Effect::Allow
    }

    /// Whether it speaks of an action, such as `dynamodb:GetItem`.
    pub(super) fn speaks_of(&self, action: &str) -> bool {
        matches(&self.statement.actions, &action.to_lowercase(), Match::Like, &Context::default())
            != Holds::No
    }

    /// Whether it speaks of a resource.
    pub(super) fn reaches(&self, arn: &str, context: &Context) -> bool {
        let resources = self.statement.resources.as_ref();
        resources.is_none_or(|resources| matches(resources, arn, Match::Arn, context) != Holds::No)
    }

    /// The patterns of its resources, as they stand after rendering; none where they say what is *not* meant.
    pub(super) fn resource_patterns(&self) -> Option<&[String]> {
        self.statement.resources.as_ref().filter(|it| !it.negated).map(|it| it.patterns.as_slice())
    }

    /// What it says of keys.
    pub(super) fn keys(&self, spelling: Spelling<'_>) -> Said {
        let conditions = || self.statement.conditions.iter();
        let is_guarded = conditions().any(|it| {
            it.operator.comparison == Comparison::Null
                && is_leading_keys(it)
                && it.values.iter().all(|value| value.eq_ignore_ascii_case("false"))
        });
        let about =
            conditions().filter(|it| is_leading_keys(it) && it.operator.comparison != Comparison::Null);
        Said(about.map(|it| keys_of(it, self.version, spelling, is_guarded)).collect())
    }

    /// Whether its conditions that are not about keys hold for every request with this context; none, if one looks at
    /// what is not known beforehand.
    pub(super) fn others_hold(&self, context: &Context) -> Option<bool> {
        let mut all = true;
        for condition in self.statement.conditions.iter().filter(|it| !is_leading_keys(it)) {
            if !is_known(&condition.key, context) {
                return None;
            }
            match holds(condition, self.version == Version::V2012, context) {
                Holds::Yes => {}
                Holds::No => all = false,
                Holds::Unclear => return None,
            }
        }
        Some(all)
    }

    /// The condition key that decides and is not known beforehand.
    pub(super) fn unknown_key(&self, context: &Context) -> Option<&str> {
        let others = self.statement.conditions.iter().filter(|it| !is_leading_keys(it));
        others.map(|it| it.key.as_str()).find(|key| !is_known(key, context))
    }

    /// What it is called: file, line and `Sid`.
    pub(super) fn name(&self) -> String {
        self.at.name_of(self.source, self.index)
    }

    /// Where it stands; what it says of keys, if it does.
    pub(super) fn place(&self) -> Place {
        self.at.condition(self.source, self.index, LEADING_KEYS)
    }
}

fn is_leading_keys(condition: &Condition) -> bool {
    condition.key.eq_ignore_ascii_case(LEADING_KEYS)
}

/// Whether the value of a condition key is known before a request is made: what the gateway sends, and what its
/// sessions are.
fn is_known(key: &str, context: &Context) -> bool {
    let key = key.to_ascii_lowercase();
    let sessions =
        ["aws:principalaccount", "aws:principaltype", "aws:requestedregion", "aws:securetransport"];
    // Which attributes a request names depends on what a client selects; some choice of them may be looked at.
    let is_chosen = || !context.values(&key).is_empty();
    (key.starts_with("dynamodb:") && (key != "dynamodb:attributes" || is_chosen()))
        || key.starts_with("aws:principaltag/")
        || sessions.contains(&key.as_str())
}

fn keys_of(condition: &Condition, version: Version, spelling: Spelling<'_>, is_guarded: bool) -> Keys {
    let operator = condition.operator;
    let like = match operator.comparison {
        Comparison::StringLike => true,
        Comparison::StringEquals => false,
        _ => return Keys::Unclear,
    };
    let language = |value: &String| {
        let pattern = Pattern::new(value, version == Version::V2012);
        // A variable without a value matches nothing, so a pattern that is not understood is left out of what is
        // admitted only where it is known to be so.
        pattern.language(like, spelling)
    };
    let languages: Option<Vec<Language>> = condition.values.iter().map(language).collect();
    let Some(languages) = languages else { return Keys::Unclear };
    if operator.negated {
        return match operator.quantifier {
            // "Some key is none of these" under Deny: no key may be another.
            Some(Quantifier::Any) | None => Keys::NoneOf(languages),
            Some(Quantifier::All) => Keys::Unclear,
        };
    }
    let passes_none = match operator.quantifier {
        Some(Quantifier::All) => !is_guarded,
        Some(Quantifier::Any) | None => operator.if_exists && !is_guarded,
    };
    Keys::Among { languages, passes_none, any_is_enough: operator.quantifier == Some(Quantifier::Any) }
}

impl Said {
    /// At most these keys pass, for a request that names one: what any one of the conditions leaves.
    pub(super) fn at_most(&self) -> Vec<Language> {
        let among = self.0.iter().find_map(|keys| match keys {
            Keys::Among { languages, .. } => Some(languages.clone()),
            Keys::NoneOf(_) | Keys::Unclear => None,
        });
        among.unwrap_or_else(|| vec![vec![Step::Anything]])
    }

    /// At least these keys pass, for a request that names one. Of two conditions it is not known.
    pub(super) fn at_least(&self) -> Vec<Language> {
        match self.0.as_slice() {
            [] => vec![vec![Step::Anything]],
            [Keys::Among { languages, .. }] => languages.clone(),
            _ => Vec::new(),
        }
    }

    /// Whether it says nothing of keys.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a request that names no key may pass.
    pub(super) fn passes_none(&self) -> bool {
        self.0.iter().all(|keys| match keys {
            Keys::Among { passes_none, .. } => *passes_none,
            Keys::NoneOf(_) | Keys::Unclear => true,
        })
    }

    /// Whether a request may pass of whose keys only one is right.
    pub(super) fn any_is_enough(&self) -> bool {
        self.0.iter().all(|keys| match keys {
            Keys::Among { any_is_enough, .. } => *any_is_enough,
            Keys::NoneOf(_) | Keys::Unclear => true,
        })
    }
}
