//! What a query sends: its key condition in every case, and its filter.

use std::collections::BTreeSet;

use super::{About, Described, KeyConditionCase, Shown, Variable, as_texts, texts};
use crate::item::spell;
use crate::operation::Failure;
use crate::operation::expression::{Placeholders, all};
use crate::operation::key_condition::{KeyCondition, Sort, refuse_gaps};
use crate::schema::{KeyTemplates, Keys, Query, Template, ValueSource};

impl About<'_> {
    pub(super) fn query(&self, query: &Query) -> Result<Described, Failure> {
        let unplanned = || Failure::Unplanned(query.object.to_string());
        let (templates, is_open) = query.templates(self.item).ok_or_else(unplanned)?;
        let keys = match query.index {
            None => &self.table.keys,
            Some(at) => {
                let index = self.item.indexes.get(at).ok_or_else(unplanned)?;
                &self.table.indexes.get(&index.name).ok_or_else(unplanned)?.keys
            }
        };
        let mut placeholders = Placeholders::<Shown>::default();
        let key_conditions = self.key_conditions(query, keys, templates, &mut placeholders);
        let mut conditions: Vec<_> = self.found_condition(query, &mut placeholders).into_iter().collect();
        let mut left_out = Vec::new();
        for (field, source) in &query.filter {
            let Some(attribute) = self.object.attribute(field) else { continue };
            let value = placeholders.value(Shown::From(source.to_string()));
            conditions.push(format!("{} = {value}", placeholders.name(&attribute.name)));
            left_out.extend(self.told.is_optional(source).then(|| source.to_string()));
        }
        let mut attributes: BTreeSet<String> = BTreeSet::new();
        if let Some(path) = &query.matching {
            let source = ValueSource::Argument(path.clone());
            conditions.push(format!("what {source} says, where the key does not say it"));
            left_out.extend(self.told.is_optional(&source).then(|| source.to_string()));
            attributes
                .extend(self.told.plan.matched(self.told.field, query).into_iter().map(ToString::to_string));
        }
        let mut variables = self.variables(templates.fields(), &query.key);
        if let Some(range) = &query.range {
            let ends = range.from.iter().chain(&range.to);
            variables.extend(ends.map(|source| Variable {
                name: range.of.clone(),
                from: source.to_string(),
                is_optional: self.told.is_optional(source),
            }));
        }
        let template = |template: &Template| template.to_string().replace("${tenant}", self.told.tenant);
        // What all sort keys of a collection begin with may be nothing.
        let sort = templates.sort.as_ref().filter(|sort| !sort.parts.is_empty());
        let sort = keys.sort.as_ref().zip(sort);
        let both = std::iter::once((&keys.partition, &templates.partition)).chain(sort);
        Ok(Described {
            keys: both
                .map(|(key, it)| {
                    let goes_on = is_open && *key != keys.partition;
                    (key.name.clone(), template(it) + if goes_on { "…" } else { "" })
                })
                .collect(),
            variables,
            key_conditions,
            filter: all(&conditions).map(|it| placeholders.readable(&it)),
            left_out,
            consistent: Some(query.consistent),
            forward: Some(!query.descending),
            attributes: placeholders.attributes().iter().cloned().chain(attributes).collect(),
            ..Described::default()
        })
    }

    /// The key condition with everything given, and with every choice of what may be absent. What is refused as a gap is
    /// not among them.
    fn key_conditions(
        &self,
        query: &Query,
        keys: &Keys,
        templates: &KeyTemplates,
        placeholders: &mut Placeholders<Shown>,
    ) -> Vec<KeyConditionCase> {
        let sort_fields = templates.sort.iter().flat_map(Template::fields).filter_map(|it| query.key.get(it));
        let ends = query.range.iter().flat_map(|range| range.from.iter().chain(&range.to));
        let mut optional: Vec<&ValueSource> = Vec::new();
        for source in sort_fields.chain(ends).filter(|source| self.told.is_optional(source)) {
            if !optional.contains(&source) {
                optional.push(source);
            }
        }
        // As many as there are choices. A sort key has few fields, and one that has many is told whole.
        let choices = if optional.len() <= 6 { 1_usize << optional.len() } else { 1 };
        let mut cases: Vec<KeyConditionCase> = Vec::new();
        for choice in 0..choices {
            let without: Vec<&ValueSource> = optional
                .iter()
                .enumerate()
                .filter(|(at, _)| choice >> at & 1 == 1)
                .map(|(_, it)| *it)
                .collect();
            let Some(condition) = self.key_condition(query, templates, &without) else { continue };
            let expression = condition.expression(&as_texts(keys), placeholders);
            let expression = placeholders.readable(&expression);
            let without = without.into_iter().map(ToString::to_string).collect();
            cases.push(KeyConditionCase { without, expression });
        }
        cases
    }

    /// The key condition where some sources are absent; none if it is refused then.
    fn key_condition(
        &self,
        query: &Query,
        templates: &KeyTemplates,
        without: &[&ValueSource],
    ) -> Option<KeyCondition> {
        let given = query.key.iter().filter(|(_, source)| !without.contains(source)).map(|(field, _)| field);
        let texts = texts(given);
        let partition = spell(&templates.partition, self.told.tenant, &texts).text;
        let Some(template) = &templates.sort else {
            return Some(KeyCondition { partition, sort: Sort::Any });
        };
        let end = |source: &Option<ValueSource>| {
            source.as_ref().filter(|source| !without.contains(source)).map(|source| format!("${{{source}}}"))
        };
        let range = query.range.as_ref();
        let ends = range.map_or((None, None), |range| (end(&range.from), end(&range.to)));
        refuse_gaps(template, query, &texts, &ends).ok()?;
        let mut bound = spell(template, self.told.tenant, &texts);
        bound.complete &= !query.collection.as_ref().is_some_and(|it| it.is_open);
        let sort = match range {
            Some(range) => Sort::ranged(range, template, &bound, ends.0, ends.1),
            None => Sort::bound(bound),
        };
        Some(KeyCondition { partition, sort })
    }
}
