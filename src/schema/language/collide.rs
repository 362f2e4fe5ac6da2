//! Can one text be a key of two tenants?
//!
//! Two languages are walked through at once, and for each pair of places it is known how the tenants' ids in them
//! relate: while both began at the same character and go on together they are one tenant's; once one of them ends, or
//! begins, where the other does not, they may be two. A walk that reaches both ends in that state is a collision, and its
//! characters are the example. Of a language that names the tenant twice the first place counts; that the second is
//! the same is seen to in the example.

use std::collections::{HashMap, VecDeque};

use super::{Alphabet, Language, Place, Step, after, rests, tenant_chars};

/// A text that belongs to both languages, for two tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// The tenant for whom the first language holds the text.
    pub tenant: String,
    /// The tenant for whom the second does.
    pub other: String,
    /// The text.
    pub text: String,
}

/// Whether a text of one tenant's can be another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meeting {
    /// No text can, whoever they are.
    Never,
    /// This one can.
    At(Collision),
    /// The walk says that one can, and no example was found: it is not known.
    Unknown,
}

/// How the tenants' ids in the two texts so far relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Relation {
    /// Neither has begun.
    Neither,
    /// They began at the same character, and neither has ended.
    Together,
    /// They are the same.
    Equal,
    /// They may be two.
    Apart,
    /// The first is one tenant and no other; the second has been spelled as its id so far, for so many characters.
    Spelled(usize),
}

type Node = (Place, Place, Relation);

/// Whether `one` for some tenant and `other` for another hold the same text.
pub fn collide(one: &Language, other: &Language) -> Meeting {
    Walk { one, other, only: None }.run()
}

/// Whether `one`, which is the tenant `only`'s alone, and `other` for some other tenant hold the same text.
pub fn collide_only(only: &str, one: &Language, other: &Language) -> Meeting {
    Walk { one, other, only: Some(only.chars().collect()) }.run()
}

fn pairs(ones: &[Place], others: &[Place], relation: Relation) -> Vec<Node> {
    ones.iter().flat_map(|a| others.iter().map(move |b| (*a, *b, relation))).collect()
}

struct Walk<'l> {
    one: &'l Language,
    other: &'l Language,
    /// The tenant that the first language is of, where it is one's alone.
    only: Option<Vec<char>>,
}

impl Walk<'_> {
    fn run(&self) -> Meeting {
        let mut reached: HashMap<Node, Option<(Node, Option<char>)>> = HashMap::new();
        let mut open = VecDeque::new();
        let start = if self.only.is_some() { Relation::Spelled(0) } else { Relation::Neither };
        for node in pairs(&rests(self.one, (0, false)), &rests(self.other, (0, false)), start) {
            reached.insert(node, None);
            open.push_back(node);
        }
        let mut met = false;
        while let Some(node) = open.pop_front() {
            if self.is_collision(node) {
                met = true;
                if let Some(collision) = self.example(node, &reached) {
                    return Meeting::At(collision);
                }
            }
            for (next, spelled) in self.next(node) {
                reached.entry(next).or_insert_with(|| {
                    open.push_back(next);
                    Some((node, spelled))
                });
            }
        }
        if met { Meeting::Unknown } else { Meeting::Never }
    }

    /// Where one more character leads, and which it has to be for that.
    fn next(&self, (a, b, relation): Node) -> Vec<(Node, Option<char>)> {
        let (Some(step_a), Some(step_b)) = (self.one.get(a.0), self.other.get(b.0)) else {
            return Vec::new();
        };
        if !step_a.meets(step_b) {
            return Vec::new();
        }
        let to = |relation| pairs(&after(self.one, a, step_a), &after(self.other, b, step_b), relation);
        let free = |relation| to(relation).into_iter().map(|node| (node, None)).collect();
        let inside = (is_first_tenant(self.one, a), is_first_tenant(self.other, b));
        match (relation, inside) {
            (Relation::Spelled(so_far), (_, true)) => self.spell_on(so_far, step_a, &to),
            (Relation::Spelled(so_far), (_, false)) => free(Relation::Spelled(so_far)),
            (Relation::Neither, (false, false)) => free(Relation::Neither),
            (Relation::Neither | Relation::Together, (true, true)) => free(Relation::Together),
            (Relation::Neither | Relation::Together, (true, false) | (false, true))
            | (Relation::Apart, _) => free(Relation::Apart),
            (Relation::Together, (false, false)) | (Relation::Equal, _) => free(Relation::Equal),
        }
    }

    /// One more character of the second tenant's id: the next one of the first's, or another.
    fn spell_on(
        &self,
        so_far: usize,
        step: &Step,
        to: &impl Fn(Relation) -> Vec<Node>,
    ) -> Vec<(Node, Option<char>)> {
        let only = self.only.as_deref().unwrap_or_default();
        let expected = only.get(so_far).copied();
        let on = expected.filter(|c| step.holds(*c)).map(|c| (Relation::Spelled(so_far + 1), c));
        let off =
            tenant_chars().find(|c| Some(*c) != expected && step.holds(*c)).map(|c| (Relation::Apart, c));
        let ways = on.into_iter().chain(off);
        ways.flat_map(|(relation, c)| to(relation).into_iter().map(move |node| (node, Some(c)))).collect()
    }

    /// Whether both texts end here, and are not one tenant's.
    fn is_collision(&self, (a, b, relation): Node) -> bool {
        let at_end = a.0 == self.one.len() && b.0 == self.other.len();
        at_end
            && match relation {
                Relation::Together | Relation::Equal => false,
                // One of them names no tenant: it holds the text for all.
                Relation::Neither | Relation::Apart => true,
                // A beginning of the id is another tenant; so is anybody, if the second language names none.
                Relation::Spelled(so_far) => {
                    so_far < self.only.as_ref().map_or(0, Vec::len) || !self.other.contains(&Step::Tenant)
                }
            }
    }

    /// The text of the walk that ends at a node, with tenants that differ.
    fn example(&self, end: Node, reached: &HashMap<Node, Option<(Node, Option<char>)>>) -> Option<Collision> {
        let mut nodes = Vec::new();
        let mut at = end;
        while let Some(Some(before)) = reached.get(&at) {
            nodes.push(*before);
            at = before.0;
        }
        nodes.reverse();
        // The plainest characters first; where the tenants come out alike, others.
        (0..3).find_map(|variety| self.spell(&nodes, variety))
    }

    fn spell(&self, nodes: &[(Node, Option<char>)], variety: usize) -> Option<Collision> {
        let mut text = String::new();
        let (mut tenants, mut others) = (Ids::default(), Ids::default());
        for (at, ((a, b, _), spelled)) in nodes.iter().enumerate() {
            let (step_a, step_b) = (self.one.get(a.0)?, self.other.get(b.0)?);
            let mut fitting = candidates(step_a, step_b).filter(|c| step_a.holds(*c) && step_b.holds(*c));
            let plainest = spelled.or_else(|| fitting.next())?;
            let varied = (at * variety + variety).checked_sub(1).filter(|_| spelled.is_none());
            let c = varied.and_then(|nth| fitting.nth(nth)).unwrap_or(plainest);
            tenants.take(self.one, *a, c);
            others.take(self.other, *b, c);
            text.push(c);
        }
        let only = self.only.as_ref().map(|only| only.iter().collect::<String>());
        let tenants = only.map_or_else(|| tenants.spelled(), Spelled::One);
        let (tenant, other) = match (tenants, others.spelled()) {
            (Spelled::One(tenant), Spelled::One(other)) => (tenant, other),
            (Spelled::One(tenant), Spelled::None) => (tenant.clone(), another(&tenant)),
            (Spelled::None, Spelled::One(other)) => (another(&other), other),
            (Spelled::None, Spelled::None) => ("a".to_owned(), "b".to_owned()),
            (Spelled::Several, _) | (_, Spelled::Several) => return None,
        };
        (tenant != other).then_some(Collision { tenant, other, text })
    }
}

/// A tenant that is not this one.
fn another(tenant: &str) -> String {
    if tenant == "a" { "b".to_owned() } else { "a".to_owned() }
}

/// The ids that a text spells, one for each place of the tenant in its language.
#[derive(Default)]
struct Ids(Vec<(usize, String)>);

impl Ids {
    fn take(&mut self, language: &Language, (at, _): Place, c: char) {
        if language.get(at) != Some(&Step::Tenant) {
            return;
        }
        match self.0.last_mut() {
            Some((place, id)) if *place == at => id.push(c),
            _ => self.0.push((at, c.to_string())),
        }
    }

    fn spelled(self) -> Spelled {
        let mut ids = self.0.into_iter().map(|(_, id)| id);
        let Some(first) = ids.next() else { return Spelled::None };
        if ids.all(|id| id == first) { Spelled::One(first) } else { Spelled::Several }
    }
}

/// The tenants that a text spells in its language's places.
enum Spelled {
    /// The language names no tenant.
    None,
    /// The same one in all places.
    One(String),
    /// Several, so that the text is none of the language's.
    Several,
}

fn is_first_tenant(language: &Language, (at, _): Place) -> bool {
    language.get(at) == Some(&Step::Tenant) && !language.iter().take(at).any(|step| *step == Step::Tenant)
}

/// Characters that both steps may hold, the plainest first: what ids are made of, their literals, and something else.
fn candidates<'s>(one: &'s Step, other: &'s Step) -> impl Iterator<Item = char> + 's {
    let literals = [one, other].into_iter().flat_map(|step| -> Box<dyn Iterator<Item = char>> {
        match step {
            Step::One(c) => Box::new(std::iter::once(*c)),
            Step::Run(Alphabet::Only(chars)) | Step::OneOf(Alphabet::Only(chars)) => {
                Box::new(chars.iter().copied())
            }
            Step::Run(Alphabet::AllBut(_))
            | Step::OneOf(Alphabet::AllBut(_))
            | Step::Any
            | Step::Anything
            | Step::Tenant => Box::new(std::iter::empty()),
        }
    });
    tenant_chars().chain(literals).chain("#/|.:~ ".chars()).chain('\u{3b1}'..='\u{3c9}')
}

#[cfg(test)]
mod tests {
    use super::super::tests::language;
    use super::*;

    #[track_caller]
    fn check(one: &str, other: &str, expected: &str) {
        let found = match collide(&language(one), &language(other)) {
            Meeting::Never => "never".to_owned(),
            Meeting::Unknown => "unknown".to_owned(),
            Meeting::At(Collision { tenant, other, text }) => format!("{tenant} {other} {text}"),
        };
        assert_eq!(found, expected, "{one} and {other}");
    }

    #[test]
    fn a_delimiter_after_the_tenant_keeps_two_apart() {
        check("T#@#*", "T#@#P#+", "never");
        check("T#@#*", "T#@#*", "never");
        check("T#@", "T#@", "never");
        check("T#@", "T#@#P", "never");
        check("@#*", "@#+", "never");
        // Twice the tenant is as good as once.
        check("T#@#*@", "T#@#*", "never");
    }

    #[test]
    fn without_one_they_collide() {
        check("T#@*", "T#@#P#+", "a aa T#aa#P#a");
        check("T#@*", "T#@*", "aa a T#aa");
        check("T#@?", "T#@", "a aa T#aa");
        check("T#@-*", "T#@#P", "a a- T#a-#P");
        check("*@#*", "T#@#+", "T a T#a#a");
        check("T@#*", "T#@#*", "never");
        check("T@*", "Ten#@", "en a Ten#a");
    }

    #[test]
    fn a_pattern_without_tenant_holds_everybodys_keys() {
        check("T#*", "T#@#P", "b a T#a#P");
        check("T#acme#*", "T#@#P", "a acme T#acme#P");
        check("T#acme#*", "T#acme2#*", "never");
        check("*", "+", "a b a");
    }

    #[test]
    fn a_language_of_one_tenant_holds_no_other_ones_keys() {
        let check = |only: &str, one: &str, other: &str, expected: &str| {
            let found = match collide_only(only, &language(one), &language(other)) {
                Meeting::Never => "never".to_owned(),
                Meeting::Unknown => "unknown".to_owned(),
                Meeting::At(Collision { tenant, other, text }) => format!("{tenant} {other} {text}"),
            };
            assert_eq!(found, expected, "{only}: {one} and {other}");
        };
        check("acme", "T#acme#*", "T#@#P#+", "never");
        check("acme", "T#acme*", "T#@#P#+", "acme acmea T#acmea#P#a");
        check("acme", "T#acm*", "T#@#P#+", "acme acm T#acm#P#a");
        check("acme", "T#globex#*", "T#@#P#+", "acme globex T#globex#P#a");
        check("acme", "T#*", "T#@#P#+", "acme a T#a#P#a");
        check("acme", "T#acme#*", "T#+", "never");
        check("acme", "*", "T#+", "acme a T#a");
    }

    #[test]
    fn what_may_be_one_tenant_after_all_is_not_decided() {
        // The ids overlap, one character apart, and are the same in the shortest text.
        check("x@", "@x", "unknown");
        // A second place that must be the same and cannot be found so by a short walk.
        check("@#@", "+#x", "unknown");
    }
}
