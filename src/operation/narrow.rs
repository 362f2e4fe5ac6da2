//! What of a filter the key can say: the first fields of the sort key that the query leaves open.
//!
//! What a key condition says is read and paid for; what a filter says is read, paid for and thrown away. A test is taken
//! out only where the key says exactly the same: `eq` of the next field, a span of values that sort in keys as they do by
//! themselves, the beginning of a text. Where the key says a little more (an end that is not included), it narrows and the
//! test stays.

use async_graphql::Value;

use super::key_condition::Sort;
use super::matching::{Against, Is, Test, cannot_filter};
use super::query::Asking;
use super::{Failure, Operations};
use crate::id::TenantId;
use crate::item::{KeyTexts, prefix};
use crate::schema::{Attribute, Comparison, KeyKind, Name, Part, Range, Template};

/// The longest value that goes from a filter into a key, in bytes: a longer one, with the rest, might be more than a key
/// can have, which is no reason to refuse the filter.
const MAX_BYTES: usize = 256;

/// One end of a span.
struct End {
    text: String,
    is_included: bool,
}

impl Operations {
    /// Binds the fields of a sort key that a filter says are equal to something, from the left. What is bound is taken out
    /// of the tests. The first field that stays open, if there is one.
    pub(super) fn bind_equal<'t>(
        &self,
        asking: &Asking<'_>,
        template: &'t Template,
        texts: &mut KeyTexts,
        tests: &mut Vec<Test<'_>>,
    ) -> Option<&'t Name> {
        for (at, part) in template.parts.iter().enumerate() {
            let Part::Field(field) = part else { continue };
            if texts.contains_key(field) {
                continue;
            }
            let delimiter = delimiter(template, at);
            let equal = tests.iter().enumerate().find_map(|(at, test)| match of(test, field)? {
                Is { attribute, against: Against::Compare(Comparison::Equal, value), .. } => {
                    Some((at, self.key_part(field, attribute, value, delimiter)?))
                }
                _ => None,
            });
            let Some((at, text)) = equal.filter(|_| !asking.is_open) else { return Some(field) };
            texts.insert(field.clone(), text);
            tests.remove(at);
        }
        None
    }

    /// What the tests say of the first field that is open. None if they say nothing that the key can.
    pub(super) fn span(
        &self,
        asking: &Asking<'_>,
        (template, texts, tenant): (&Template, &KeyTexts, &TenantId),
        field: &Name,
        tests: &mut Vec<Test<'_>>,
    ) -> Result<Option<Sort>, Failure> {
        let key = asking.keys.sort.as_ref();
        let Some(attribute) = asking.target.object.attribute(field) else { return Ok(None) };
        let (Some(key), false) = (key, asking.is_open) else { return Ok(None) };
        let is_last = matches!(template.parts.last(), Some(Part::Field(last)) if last == field);
        let is_key = attribute.name == key.name;
        let by_value = key.kind == KeyKind::Number;
        let is_sorted = attribute.has_fixed_width() || (is_last && attribute.is_text()) || by_value;
        let bound = prefix(template, tenant, texts)?;
        if key.kind == KeyKind::Binary {
            return Ok(None);
        }
        let end = |comparisons| self.end(field, attribute, tests, comparisons).filter(|_| is_sorted);
        let from = end((Comparison::GreaterOrEqual, Comparison::Greater));
        let to = end((Comparison::LessOrEqual, Comparison::Less));
        if from.is_none() && to.is_none() {
            return Ok(self.beginning((field, attribute), template, &bound.text, tests));
        }
        // One end that is not included can be said where nothing stands before or after the value.
        let is_alone = bound.text.is_empty() && is_last;
        match (&from, &to) {
            (Some((at, End { text, is_included: false })), None) if is_alone => {
                let sort = Sort::Above(text.clone());
                tests.remove(*at);
                return Ok(Some(sort));
            }
            (None, Some((at, End { text, is_included: false }))) if is_alone => {
                let sort = Sort::Below(text.clone());
                tests.remove(*at);
                return Ok(Some(sort));
            }
            _ => {}
        }
        let is_said = |end: &Option<(usize, End)>| end.as_ref().is_none_or(|(_, end)| end.is_included);
        if is_key && !(is_said(&from) && is_said(&to)) {
            return Err(cannot_filter(field));
        }
        let place =
            |end: &Option<(usize, End)>| end.as_ref().filter(|(_, end)| end.is_included).map(|it| it.0);
        let mut said: Vec<usize> = [place(&from), place(&to)].into_iter().flatten().collect();
        // From the last, so that the places of the others stay.
        said.sort_unstable_by(|one, other| other.cmp(one));
        for at in said {
            tests.remove(at);
        }
        let range = Range { of: field.clone(), from: None, to: None };
        let text = |end: Option<(usize, End)>| end.map(|(_, end)| end.text);
        Ok(Some(Sort::ranged(&range, template, &bound, text(from), text(to))))
    }

    /// The first test that gives an end of the span, with its place.
    fn end(
        &self,
        field: &Name,
        attribute: &Attribute,
        tests: &[Test<'_>],
        (included, excluded): (Comparison, Comparison),
    ) -> Option<(usize, End)> {
        tests.iter().enumerate().find_map(|(at, test)| {
            let Against::Compare(comparison, value) = &of(test, field)?.against else { return None };
            let is_included = *comparison == included;
            if !is_included && *comparison != excluded {
                return None;
            }
            let text = self.key_part(field, attribute, value, None)?;
            Some((at, End { text, is_included }))
        })
    }

    /// What the tests say of the beginning of a text.
    fn beginning(
        &self,
        (field, attribute): (&Name, &Attribute),
        template: &Template,
        bound: &str,
        tests: &mut Vec<Test<'_>>,
    ) -> Option<Sort> {
        let part = template.parts.iter().position(|part| matches!(part, Part::Field(it) if it == field))?;
        let delimiter = delimiter(template, part);
        let found = tests.iter().enumerate().find_map(|(at, test)| match &of(test, field)?.against {
            Against::BeginsWith(text) => {
                Some((at, self.key_part(field, attribute, &Value::String(text.clone()), delimiter)?))
            }
            _ => None,
        });
        let (at, text) = found.filter(|_| attribute.is_text())?;
        tests.remove(at);
        Some(Sort::BeginsWith(format!("{bound}{text}")))
    }

    /// The text of a value in a key; none if none of its items can have it there, or it is very long.
    fn key_part(
        &self,
        field: &Name,
        attribute: &Attribute,
        value: &Value,
        delimiter: Option<char>,
    ) -> Option<String> {
        let text = self.text(field, attribute, value).ok()?;
        (text.len() <= MAX_BYTES && !delimiter.is_some_and(|it| text.contains(it))).then_some(text)
    }
}

/// The test, if it is one of a field.
fn of<'t, 'p>(test: &'t Test<'p>, field: &Name) -> Option<&'t Is<'p>> {
    match test {
        Test::Is(is) if is.field == field => Some(is),
        Test::Is(_) | Test::Always | Test::Never | Test::All(_) | Test::Any(_) | Test::Not(_) => None,
    }
}

/// The character that ends a field's value in a key.
fn delimiter(template: &Template, at: usize) -> Option<char> {
    match template.parts.get(at + 1)? {
        Part::Literal(text) => text.chars().next(),
        Part::Tenant | Part::Field(_) => None,
    }
}
