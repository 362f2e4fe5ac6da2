//! `@authenticated`, `@requiresScopes` and `@auth`: who may see a field, or a type wherever it is returned.
//!
//! The names and the meaning of the first two are those of Apollo Federation 2.5; `@auth` has the language of `when`
//! over the claims that the configuration names. A guard that is written down and not enforced would be worse than
//! none, so what is not understood is an error.

use super::{Lowering, find};
use crate::claim::ClaimKind;
use crate::problem::nearest;
use crate::schema::ast::{Directive, FieldDef};
use crate::schema::condition::{self, CLAIMS, Scope};
use crate::schema::directive::Args;
use crate::schema::literal::{Literal, Spanned};
use crate::schema::plan::{Condition, Element, Guard, Name, Query, Scopes, Shape, ValueSource};
use crate::schema::scalar::Scalar;
use crate::schema::template::Mistake;

const SCOPES_HINT: &str = "write `scopes: [[\"a\", \"b\"], [\"c\"]]`: a and b, or c";

impl Lowering<'_> {
    /// What the directives of a field or a type ask of the caller.
    pub(super) fn guard(&self, directives: &[Directive]) -> Guard {
        let scopes =
            find(directives, "requiresScopes").and_then(|it| self.scopes(&Args::of(it, self.reports)));
        let condition = find(directives, "auth").and_then(|it| self.auth(&Args::of(it, self.reports)));
        Guard {
            authenticated: find(directives, "authenticated").is_some(),
            scopes: scopes.into_iter().collect(),
            conditions: condition.into_iter().collect(),
        }
    }

    /// What a type asks, wherever it is returned.
    pub(super) fn guard_of_type(&self, name: &str) -> Guard {
        self.defs.get(name).map(|def| self.guard(&def.directives)).unwrap_or_default()
    }

    /// What a field that is written in the schema asks; a field of a root, with what the root asks.
    pub(super) fn guard_of_field(&self, object: &str, def: &FieldDef) -> Guard {
        let mut guard = self.guard(&def.directives);
        if self.is_root(object) {
            guard.and(&self.guard_of_type(object));
        }
        guard
    }

    /// `[["a", "b"], ["c"]]`. One list alone is refused: it reads as "all of them", and GraphQL's rules would make it
    /// "one of them".
    fn scopes(&self, args: &Args<'_>) -> Option<Scopes> {
        if !args.has("scopes") {
            self.reports.report(args.span(), "`@requiresScopes` needs `scopes`", SCOPES_HINT);
            return None;
        }
        let sets = args.list("scopes", SCOPES_HINT)?;
        if sets.is_empty() {
            let hint = "name the scopes, or take the directive out";
            self.reports.report(args.span_of("scopes"), "no scopes are named", hint);
        }
        let sets: Vec<_> = sets.iter().map(|set| self.scope_set(set)).collect();
        let sets: Option<Vec<_>> = sets.into_iter().collect();
        sets.filter(|sets| !sets.is_empty()).map(Scopes)
    }

    fn scope_set(&self, set: &Spanned<Literal>) -> Option<Vec<Name>> {
        let Literal::List(scopes) = &set.value else {
            let message = format!("each set of scopes must be a list, and this is {}", set.value.kind());
            self.reports.report(&set.span, message, SCOPES_HINT);
            return None;
        };
        if scopes.is_empty() {
            let hint = "name a scope, or take the set out: everybody has all scopes of none";
            self.reports.report(&set.span, "this set has no scopes", hint);
            return None;
        }
        scopes.iter().map(|scope| self.scope(scope)).collect()
    }

    /// RFC 6749, section 3.3: a scope is a word of printable ASCII.
    fn scope(&self, scope: &Spanned<Literal>) -> Option<Name> {
        let Literal::String(text) = &scope.value else {
            let message = format!("a scope is a string, and this is {}", scope.value.kind());
            self.reports.report(&scope.span, message, SCOPES_HINT);
            return None;
        };
        let is_word = !text.value.is_empty() && text.value.chars().all(|c| c.is_ascii_graphic());
        if !is_word {
            let hint = "a scope is one word of a token's `scope`; several stand in a list";
            self.reports.report(&text.whole(), "no token can have this scope", hint);
        }
        is_word.then(|| text.value.as_str().into())
    }

    fn auth(&self, args: &Args<'_>) -> Option<Condition> {
        if !args.has("if") {
            let hint = "write `@auth(if: \"claims.role = 'admin'\")`";
            self.reports.report(args.span(), "`@auth` needs `if`", hint);
            return None;
        }
        let text = args.string("if")?;
        let parsed = condition::parse(&text.value, &ClaimScope { lowering: self });
        parsed.map_err(|mistake| self.reports.report_in(text, mistake)).ok()
    }

    /// Refuses a query whose client compares a field with values of its own, and may not see that field: with one value
    /// after the other it would learn it. What a parent or a claim gives is no client's choice, and tells nothing.
    pub(super) fn refuse_oracle(
        &self,
        (args, query): (&Args<'_>, &Query),
        (within, own): (&str, &Guard),
    ) -> Option<()> {
        let mut asked = own.clone();
        asked.and(&self.guard_of_type(within));
        // Whoever asks for several types need not see all of them.
        let members = query.collection.as_ref().map_or(std::slice::from_ref(&query.object), |it| &it.members);
        if query.collection.is_none() {
            asked.and(&self.guard_of_type(&query.object));
        }
        let filtered = args
            .strings("filter")
            .into_iter()
            .filter(|text| query.filter.get(text.value.as_str()).is_some_and(is_clients));
        let ranged = query.range.iter().filter(|it| it.from.iter().chain(&it.to).any(is_clients));
        let ranged: Vec<_> = ranged.filter_map(|_| args.object("range")?.string("of")).collect();
        let compared = filtered.chain(ranged);
        for (text, member) in compared.flat_map(|text| members.iter().map(move |member| (text, member))) {
            let draft = self.drafts.get(member)?;
            let Some(def) = draft.fields.iter().find(|def| def.name.value == text.value) else { continue };
            let mut guard = self.guard(&def.directives);
            guard.and(&self.guard_of_type(member));
            if !asked.implies(&guard) {
                let message =
                    format!("whoever compares `{}` learns it, and not everybody may see it", text.value);
                let hint = format!(
                    "ask of this field at least what `{}.{}` asks, or do not compare it",
                    member, text.value
                );
                self.reports.report(&text.whole(), message, hint);
            }
        }
        Some(())
    }
}

/// Whether a client chooses a value.
fn is_clients(source: &ValueSource) -> bool {
    match source {
        // What a step puts may be what a client sent.
        ValueSource::Argument(_) | ValueSource::Step(..) | ValueSource::Each(..) => true,
        ValueSource::Parent(_) | ValueSource::Claim(_) => false,
    }
}

struct ClaimScope<'l, 'a> {
    lowering: &'l Lowering<'a>,
}

impl Scope for ClaimScope<'_, '_> {
    fn field(&self, name: &str) -> Result<Shape, Mistake> {
        let Some(claim) = name.strip_prefix(CLAIMS) else {
            let hint = if self.lowering.claims.contains_key(name) {
                format!("write `claims.{name}`")
            } else {
                "write `claims.` and the name of a claim that the configuration names".to_owned()
            };
            return Err(Mistake::new(0..name.len(), "`@auth` looks at claims alone", hint));
        };
        match self.lowering.claims.get(claim) {
            Some(ClaimKind::String) => Ok(Shape::Scalar(Scalar::String)),
            Some(ClaimKind::Integer) => Ok(Shape::Scalar(Scalar::BigInt)),
            Some(ClaimKind::Strings) => {
                let shape = Shape::Scalar(Scalar::String);
                Ok(Shape::List(Box::new(Element { shape, non_null: true })))
            }
            None => {
                let known = self.lowering.claims.keys().map(String::as_str);
                let configure = "name it, with its type, under `[claims]` in the configuration";
                let hint = match nearest(claim, known) {
                    Some(near) => format!("did you mean `{near}`? Otherwise {configure}"),
                    None => configure.to_owned(),
                };
                let place = CLAIMS.len()..name.len();
                Err(Mistake::new(place, format!("no claim `{claim}` is configured"), hint))
            }
        }
    }

    fn called<'w>(&self, name: &'w str) -> &'w str {
        name.strip_prefix(CLAIMS).unwrap_or(name)
    }

    fn enum_values(&self, _name: &str) -> Vec<String> {
        Vec::new()
    }

    fn source(&self, path: &str, _field: &str, _shape: &Shape) -> Result<ValueSource, Mistake> {
        let hint = "compare with a value; to bind a claim to a key, write `bind: {…: \"claims.…\"}`";
        let start = path.find('.').map_or(0, |dot| dot + 1);
        Err(Mistake::new(start..path.len(), "`@auth` looks at claims alone, and not at arguments", hint))
    }
}
