//! *Isolating* and *guarded*: no tenant's policy admits a key of another's in a table that they share, and none admits
//! a request that names no key.
//!
//! Each layer is looked at by itself. That another layer would stop a request is no excuse: one of them may only be
//! declared, or be changed by somebody else.

use super::confirm::Concrete;
use super::grant::{Grant, Layered, Said};
use super::subject::{Documents, Subject};
use super::sufficient::spelled;
use crate::policy::{Counterexample, Finding, Layer, Rule};
use crate::schema::language::{Collision, Language, Letter, Meeting, collide, collide_only, hull, shortest};
use crate::schema::{Layout, Plan, Table};

/// Actions that name keys (*Using IAM policy conditions for fine-grained access control*). Those on several come last.
pub(super) const KEYED: [&str; 12] = [
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:PartiQLSelect",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
];
/// Of those, the ones that name several keys.
const OF_SEVERAL: [&str; 2] = ["dynamodb:BatchGetItem", "dynamodb:BatchWriteItem"];
/// Actions that read items, and name no key or may name none.
const UNKEYED: [&str; 4] =
    ["dynamodb:Scan", "dynamodb:PartiQLSelect", "dynamodb:GetRecords", "dynamodb:ExportTableToPointInTime"];

/// With how many tenants of the registry a hole is tried, so that it is shown with two that somebody knows.
const REGISTERED: usize = 20;

/// A subject, with its documents for all its tenants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) documents: &'a Documents,
}

/// A place where tenants meet: a shared table, or an index of it.
struct Place<'p> {
    arn: String,
    /// The keys that the gateway makes there: each form up to what follows the tenant, and one that is whole.
    own: Vec<OwnKeys>,
    table: &'p Table,
    is_index: bool,
}

/// Keys of one form.
pub(super) struct OwnKeys {
    /// All keys that begin as these do, up to what follows the tenant.
    pub(super) hull: Language,
    /// The shortest of them.
    pub(super) shortest: Vec<Letter>,
}

/// What one subject's policies let through of another's. The two may be the same subject.
pub(super) fn isolating(plan: &Plan, one: Side<'_>, other: Side<'_>) -> Vec<Finding> {
    let is_itself = std::ptr::eq(one.subject, other.subject);
    if is_itself && one.subject.only.is_some() {
        return Vec::new();
    }
    let places = places(plan, other.subject);
    let mut findings = Vec::new();
    for layer in one.documents.layers().iter().filter(|it| it.layer != Layer::Boundary) {
        for grant in layer.grants().iter().filter(|grant| grant.allows()) {
            let pair = Pair { one, other, layer: layer.layer, grant };
            findings.extend(places.iter().find_map(|place| pair.hole(place)));
            if is_itself {
                findings.extend(places.iter().find_map(|place| pair.unguarded(place)));
            }
        }
    }
    findings
}

/// A key of a shared table that both subjects' policies admit, for two tenants, though the gateway makes it for neither.
pub(super) fn common(plan: &Plan, one: Side<'_>, other: Side<'_>) -> Option<Finding> {
    common_key(one, other, &places(plan, other.subject))
}

/// The shared tables of a subject, and their indexes, with the keys that the gateway makes in each.
fn places<'p>(plan: &'p Plan, subject: &Subject<'_>) -> Vec<Place<'p>> {
    let Some(member) = subject.example() else { return Vec::new() };
    let shared = plan.tables.values().filter(|table| !subject.is_own(&table.name));
    shared
        .flat_map(|table| {
            let indexes = table.indexes.keys().map(|index| Some(index.as_ref()));
            std::iter::once(None).chain(indexes).filter_map(move |index: Option<&str>| {
                let own = own_keys(plan, subject, table, index);
                let arn = subject.arn(&table.name, index, member)?;
                Some(Place { arn, own, table, is_index: index.is_some() })
            })
        })
        .collect()
}

/// The keys that the gateway makes for a subject's tenants in a table or an index: each form once, up to what follows
/// the tenant.
pub(super) fn own_keys(
    plan: &Plan,
    subject: &Subject<'_>,
    table: &Table,
    index: Option<&str>,
) -> Vec<OwnKeys> {
    let mut own: Vec<OwnKeys> = Vec::new();
    for object in plan.objects.values() {
        let Some(item) = object.item.as_ref().filter(|item| item.table == table.name) else { continue };
        let keys = match index {
            None => Some(&item.keys),
            Some(index) => item.indexes.iter().find(|it| it.name.as_str() == index).map(|it| &it.keys),
        };
        let Some(keys) = keys else { continue };
        let language = plan.language(object, &keys.partition);
        let shortest = shortest(&language);
        let hull = subject.spelled(hull(&language));
        if !own.iter().any(|it| it.hull == hull) {
            own.push(OwnKeys { hull, shortest });
        }
    }
    own
}

/// Whether two languages, each for tenants of a subject, can be one text for two tenants.
pub(super) fn collision(one: (&Subject<'_>, &Language), other: (&Subject<'_>, &Language)) -> Meeting {
    match (&one.0.only, &other.0.only) {
        (None, None) => collide(one.1, other.1),
        (Some(only), None) => collide_only(only.as_str(), one.1, other.1),
        (None, Some(only)) => match collide_only(only.as_str(), other.1, one.1) {
            Meeting::At(Collision { tenant, other, text }) => {
                Meeting::At(Collision { tenant: other, other: tenant, text })
            }
            decided => decided,
        },
        (Some(only), Some(other_only)) => match collide(one.1, other.1) {
            Meeting::At(found) => {
                Meeting::At(Collision { tenant: only.to_string(), other: other_only.to_string(), ..found })
            }
            decided => decided,
        },
    }
}

/// A statement of one subject's, held against another's keys.
struct Pair<'a> {
    one: Side<'a>,
    other: Side<'a>,
    layer: Layer,
    grant: &'a Grant<'a>,
}

impl Pair<'_> {
    /// The statement lets a tenant reach another's key.
    fn hole(&self, place: &Place<'_>) -> Option<Finding> {
        let context = self.one.subject.principal(self.one.subject.sign());
        if !self.grant.reaches(&place.arn, &context) {
            return None;
        }
        let actions: Vec<_> = KEYED.into_iter().filter(|action| self.grant.speaks_of(action)).collect();
        let action = *actions.first()?;
        let said = self.grant.keys(self.one.subject.spelling());
        let mut doubtful = None;
        for pattern in said.at_most() {
            for own in &place.own {
                let found = match collision((self.one.subject, &pattern), (self.other.subject, &own.hull)) {
                    Meeting::Never => continue,
                    Meeting::Unknown => None,
                    Meeting::At(found) => Some(found),
                };
                if let Some((concrete, tenant, other)) = self.among_registered(place, action, own) {
                    return Some(self.isolating(&concrete, &tenant, &other));
                }
                let Some(found) = found else {
                    doubtful = Some(());
                    continue;
                };
                let concrete = Concrete::new(action, &place.arn, vec![found.text.clone()]);
                if concrete.passes(self.one.subject, &found.tenant, self.layer) {
                    return Some(self.isolating(&concrete, &found.tenant, &found.other));
                }
                doubtful = Some(());
            }
        }
        if doubtful.is_some() {
            return Some(self.undecided(place));
        }
        self.hole_of_several(place, &actions, &said)
    }

    /// The hole, shown with two tenants that there are.
    fn among_registered(
        &self,
        place: &Place<'_>,
        action: &str,
        own: &OwnKeys,
    ) -> Option<(Concrete, String, String)> {
        let ids = |side: Side<'_>| {
            side.subject.members.iter().take(REGISTERED).map(|it| it.tenant.to_string()).collect()
        };
        let (tenants, others): (Vec<String>, Vec<String>) = (ids(self.one), ids(self.other));
        tenants.iter().find_map(|tenant| {
            others.iter().filter(|other| *other != tenant).find_map(|other| {
                let key = spelled(&own.shortest, other);
                let concrete = Concrete::new(action, &place.arn, vec![key]);
                let passes = concrete.passes(self.one.subject, tenant, self.layer);
                passes.then(|| (concrete, tenant.clone(), other.clone()))
            })
        })
    }

    /// A request for several keys, of which one is the tenant's own and another somebody else's.
    fn hole_of_several(&self, place: &Place<'_>, actions: &[&str], said: &Said) -> Option<Finding> {
        if said.is_empty() || !said.any_is_enough() || place.is_index {
            return None;
        }
        let mut of_several = OF_SEVERAL.into_iter().filter(|action| actions.contains(action)).peekable();
        of_several.peek()?;
        let id = |side: Side<'_>, at: usize| side.subject.members.get(at).map(|it| it.tenant.to_string());
        let tenant = id(self.one, 0)?;
        let others = [id(self.other, 0), id(self.other, 1), Some("a".to_owned()), Some("b".to_owned())];
        let others: Vec<_> = others.into_iter().flatten().filter(|other| *other != tenant).collect();
        let shortest_own = &place.own.first()?.shortest;
        let found = of_several.clone().find_map(|action| {
            others.iter().find_map(|other| {
                said.at_most().iter().find_map(|pattern| {
                    let keys = vec![spelled(&shortest(pattern), &tenant), spelled(shortest_own, other)];
                    let concrete = Concrete::new(action, &place.arn, keys);
                    let passes = concrete.passes(self.one.subject, &tenant, self.layer);
                    passes.then(|| self.isolating(&concrete, &tenant, other))
                })
            })
        });
        // That these few are denied says little of others, unless the action is denied whatever the keys are.
        found.or_else(|| {
            let is_open = of_several.any(|action| !self.is_denied_throughout(place, action));
            is_open.then(|| self.undecided(place))
        })
    }

    /// Whether an action is denied by a statement without conditions.
    fn is_denied_throughout(&self, place: &Place<'_>, action: &str) -> bool {
        let subject = self.one.subject;
        let context = subject.principal(subject.sign());
        let layers = self.one.documents.layers();
        let of_layer = layers.iter().filter(|it| it.layer == self.layer);
        of_layer.flat_map(Layered::grants).any(|grant| {
            let is_plain = !grant.allows() && grant.statement.conditions.is_empty();
            is_plain && grant.speaks_of(action) && grant.reaches(&place.arn, &context)
        })
    }

    fn isolating(&self, concrete: &Concrete, tenant: &str, other: &str) -> Finding {
        let message = format!("this lets a tenant reach another's items{}", self.of_others());
        let hint = match self.layer {
            Layer::Session | Layer::Boundary => {
                "limit `dynamodb:LeadingKeys` to `PREFIX#{{tenant}}#*`, with the delimiter"
            }
            Layer::Identity if self.one.subject.mode == "role" => {
                "limit `dynamodb:LeadingKeys` to `PREFIX#{{tenant}}#*`, with the delimiter"
            }
            Layer::Identity => {
                "limit `dynamodb:LeadingKeys` to `PREFIX#${aws:PrincipalTag/tenant}#*`, with the delimiter"
            }
        };
        let counterexample = self.counterexample(concrete, tenant, Some(other.to_owned()));
        Finding::error(Rule::Isolating, self.grant.place().problem(message).hint(hint)).with(counterexample)
    }

    /// The statement lets a request through that names no key.
    fn unguarded(&self, place: &Place<'_>) -> Option<Finding> {
        let subject = self.one.subject;
        let context = subject.principal(subject.sign());
        if place.table.layout != Layout::Pooled || !self.grant.reaches(&place.arn, &context) {
            return None;
        }
        let said = self.grant.keys(subject.spelling());
        if !said.passes_none() {
            return None;
        }
        let tenant = subject.example().map_or("a", |member| member.tenant.as_str());
        // What says nothing of keys is a hole for those that name one, and found as that.
        let vacuous = KEYED.into_iter().filter(|_| !said.is_empty());
        let mut actions = UNKEYED.into_iter().chain(vacuous).filter(|action| self.grant.speaks_of(action));
        // Another statement may deny one of them, and leave the next.
        let concrete = actions.find_map(|action| {
            let concrete = Concrete::new(action, &place.arn, Vec::new());
            concrete.passes(subject, tenant, self.layer).then_some(concrete)
        })?;
        let message = "this lets a request through that names no key, and so reaches all tenants' items";
        let hint = "add `\"Null\": {\"dynamodb:LeadingKeys\": \"false\"}`, and leave out actions without leading keys, such as Scan";
        let problem = self.grant.place().problem(message).hint(hint);
        Some(Finding::error(Rule::Guarded, problem).with(self.counterexample(&concrete, tenant, None)))
    }

    fn undecided(&self, place: &Place<'_>) -> Finding {
        let message = format!(
            "it cannot be decided whether this keeps tenants apart in the table `{}`{}",
            place.table.name,
            self.of_others()
        );
        let hint = "write the keys as `PREFIX#{{tenant}}#*` under one `ForAllValues:StringLike`, without other conditions";
        Finding::error(Rule::Undecided, self.grant.place().problem(message).hint(hint))
    }

    /// Whose items, where they are another subject's.
    fn of_others(&self) -> String {
        if std::ptr::eq(self.one.subject, self.other.subject) {
            return String::new();
        }
        format!(", of those in mode {} ({})", self.other.subject.mode, self.other.subject.label)
    }

    fn counterexample(&self, concrete: &Concrete, tenant: &str, other: Option<String>) -> Counterexample {
        Counterexample {
            tenant: tenant.to_owned(),
            other,
            action: concrete.action.clone(),
            resource: concrete.arn.clone(),
            keys: concrete.keys.clone(),
            statement: Some(self.grant.name()),
        }
    }
}

/// A key that the policies of two tenants admit, though the gateway makes it for neither.
fn common_key(one: Side<'_>, other: Side<'_>, places: &[Place<'_>]) -> Option<Finding> {
    if std::ptr::eq(one.subject, other.subject) && one.subject.only.is_some() {
        return None;
    }
    let context = one.subject.principal(one.subject.sign());
    let other_context = other.subject.principal(other.subject.sign());
    let kinds = [Layer::Identity, Layer::Session];
    let layer = |side: Side<'_>, kind: Layer| side.documents.layers().into_iter().any(|it| it.layer == kind);
    for kind in kinds.into_iter().filter(|kind| layer(one, *kind) && layer(other, *kind)) {
        let (ones, others) = (one.documents.layers(), other.documents.layers());
        let grants = |layers: &[Layered<'_>]| layers.iter().position(|it| it.layer == kind);
        let (Some(at), Some(other_at)) = (grants(&ones), grants(&others)) else { continue };
        let (Some(ones), Some(others)) = (ones.get(at), others.get(other_at)) else { continue };
        for place in places {
            for grant in ones.grants().iter().filter(|it| it.allows() && it.reaches(&place.arn, &context)) {
                for theirs in
                    others.grants().iter().filter(|it| it.allows() && it.reaches(&place.arn, &other_context))
                {
                    let Some(action) =
                        KEYED.into_iter().find(|it| grant.speaks_of(it) && theirs.speaks_of(it))
                    else {
                        continue;
                    };
                    if let Some(finding) = shared((one, grant), (other, theirs), (kind, place, action)) {
                        return Some(finding);
                    }
                }
            }
        }
    }
    None
}

fn shared(
    (one, grant): (Side<'_>, &Grant<'_>),
    (other, theirs): (Side<'_>, &Grant<'_>),
    (layer, place, action): (Layer, &Place<'_>, &str),
) -> Option<Finding> {
    for pattern in grant.keys(one.subject.spelling()).at_most() {
        for their in theirs.keys(other.subject.spelling()).at_most() {
            let found = match collision((one.subject, &pattern), (other.subject, &their)) {
                Meeting::Never => continue,
                Meeting::Unknown => None,
                Meeting::At(found) => Some(found),
            };
            let confirmed = found.filter(|found| {
                let concrete = Concrete::new(action, &place.arn, vec![found.text.clone()]);
                concrete.passes(one.subject, &found.tenant, layer)
                    && concrete.passes(other.subject, &found.other, layer)
            });
            let message = "a key is admitted for two tenants";
            let hint = "end the tenant with a delimiter in both patterns: `PREFIX#{{tenant}}#*`";
            let problem = grant.place().problem(message).hint(hint);
            return Some(match confirmed {
                Some(found) => Finding::error(Rule::Isolating, problem).with(Counterexample {
                    tenant: found.tenant,
                    other: Some(found.other),
                    action: action.to_owned(),
                    resource: place.arn.clone(),
                    keys: vec![found.text],
                    statement: Some(format!("{} and {}", grant.name(), theirs.name())),
                }),
                None => Finding::error(Rule::Undecided, problem),
            });
        }
    }
    None
}
