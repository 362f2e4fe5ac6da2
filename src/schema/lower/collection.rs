//! Item collections: types that one `@query` finds beside each other, by an interface or a union.
//!
//! They lie in one table, under one partition key, and are told apart by the discriminator (rules 4 and 17). The key's
//! fields are found by their places in the templates; the first type's names for them are those that are bound. Of the
//! sort keys, what all begin with is asked for.

use super::bind::Site;
use super::fits::{describe, same_kind};
use super::items::ItemDraft;
use super::query::Asked;
use super::{Draft, Lowering};
use crate::schema::literal::Text;
use crate::schema::plan::{Attribute, Collection, Item, KeyTemplates, Name, Part, Template};

/// A type of a collection.
#[derive(Clone, Copy)]
pub(super) struct Member<'a, 'l> {
    name: &'l Name,
    pub(super) draft: &'l Draft<'a>,
    item: &'l ItemDraft<'a>,
}

impl<'a> Lowering<'a> {
    /// The types that a query finds: the one that it returns, or those of the interface or union.
    pub(super) fn found<'l>(&'l self, site: &Site<'a, '_>, of: &Name) -> Option<Vec<Member<'a, 'l>>> {
        let member = |name: &'l Name| {
            let draft = self.drafts.get(name)?;
            Some(Member { name, draft, item: draft.item.as_ref()? })
        };
        let Some(names) = self.members.get(of) else {
            return self.drafts.get_key_value(of).and_then(|(name, _)| member(name)).map(|one| vec![one]);
        };
        if names.is_empty() {
            let hint = format!("let types with `@item` implement it: `type … implements {of}`");
            self.reports.report(&site.def.ty.span, format!("no type is a `{of}`"), hint);
        }
        if let Some(bare) = names.iter().find(|name| !self.may_have_item(name)) {
            let hint = format!("give `{bare}` an `@item`, or return another type");
            let message = format!("`{bare}` is a `{of}` and has no items");
            self.reports.report(&site.def.ty.span, message, hint);
        }
        names.iter().map(member).collect()
    }

    /// What the types have in common, where they are several: the index by its place in the first one.
    pub(super) fn collection(
        &self,
        site: &Site<'a, '_>,
        of: &Name,
        members: &[Member<'a, '_>],
        index: Option<usize>,
    ) -> Option<Collection> {
        let (first, others) = members.split_first()?;
        let report = |message: String, hint: &str| {
            self.reports.report(&site.def.ty.span, message, hint);
        };
        let table = &first.item.item.table;
        if let Some(other) = others.iter().find(|other| other.item.item.table != *table) {
            let theirs = &other.item.item.table;
            let message =
                format!("`{}` lies in the table `{table}`, and `{}` in `{theirs}`", first.name, other.name);
            report(message, "one query finds items of one table");
            return None;
        }
        let discriminator = first.item.item.discriminator.as_ref();
        let is_else = |other: &&Member<'a, '_>| other.item.item.discriminator.as_ref() != discriminator;
        let untold = others.iter().find(is_else).or_else(|| members.iter().find(|_| discriminator.is_none()));
        if let Some(other) = untold {
            let other =
                if std::ptr::eq(other.name, first.name) { others.first().unwrap_or(other) } else { other };
            let message =
                format!("nothing tells the items of `{}` from those of `{}`", other.name, first.name);
            report(message, "name one attribute in each `@item`: `type: \"__typename\"`");
            return None;
        }
        let mut keys = first.keys(index)?.clone();
        let mut is_open = false;
        for other in others {
            let theirs = self.keys_like(site, first, other, index)?;
            if !first.is_like(&keys.partition, other, &theirs.partition) {
                let message = format!(
                    "the items of `{}` lie under `{}`, and those of `{}` under `{}`",
                    first.name, keys.partition, other.name, theirs.partition
                );
                report(message, "one query finds items of one partition key: give them the same");
                return None;
            }
            if let (Some(sort), Some(their_sort)) = (&keys.sort, &theirs.sort) {
                let (sort, is_whole) =
                    common(sort, their_sort, &|one, two| first.is_same_field(one, other, two));
                is_open |= !is_whole;
                keys.sort = Some(sort);
            }
        }
        if is_open && let Some(sort) = &mut keys.sort {
            cut(sort);
        }
        Some(Collection {
            of: of.clone(),
            members: members.iter().map(|member| member.name.clone()).collect(),
            discriminator: discriminator?.clone(),
            keys,
            is_open,
        })
    }

    /// The templates of another type in the index that the first one names.
    fn keys_like<'l>(
        &self,
        site: &Site<'a, '_>,
        first: &Member<'a, '_>,
        other: &Member<'a, 'l>,
        index: Option<usize>,
    ) -> Option<&'l KeyTemplates> {
        let Some(at) = index else { return Some(&other.item.item.keys) };
        let named = first.item.item.indexes.get(at)?;
        let found = other.item.item.indexes.iter().find(|it| it.alias == named.alias);
        let place = site.args.span_of("index");
        match found {
            Some(found) if found.name == named.name => Some(&found.keys),
            Some(found) => {
                let message = format!(
                    "`{}` is `{}` for `{}`, and `{}` for `{}`",
                    named.alias, named.name, first.name, found.name, other.name
                );
                self.reports.report(place, message, "call one index by one name in all of the types");
                None
            }
            None => {
                let hint = format!("give `{}` the index too, under this name", other.name);
                let message = format!("`{}` has no index `{}`", other.name, named.alias);
                self.reports.report(place, message, hint);
                None
            }
        }
    }

    /// Whether all types store a field alike, so that it can be compared whatever an item is; reports it if not.
    pub(super) fn is_shared(&self, members: &[Member<'a, '_>], field: &Name, text: &Text) -> bool {
        let Some((first, others)) = members.split_first() else { return false };
        let Some(attribute) = first.draft.attributes.get(field) else { return false };
        for other in others {
            let message = match other.draft.attributes.get(field) {
                None => format!("`{}` has no field `{field}` that is stored in the item", other.name),
                Some(theirs) if theirs.name != attribute.name => format!(
                    "`{}` stores `{field}` in `{}`, and `{}` in `{}`",
                    first.name, attribute.name, other.name, theirs.name
                ),
                Some(theirs) if !same_kind(&theirs.shape, &attribute.shape) => {
                    let (one, two) = (describe(&attribute.shape), describe(&theirs.shape));
                    format!("`{field}` is {one} in `{}`, and {two} in `{}`", first.name, other.name)
                }
                Some(_) => continue,
            };
            let hint = "filter by fields that all of the types store alike";
            self.reports.report(&text.whole(), message, hint);
            return false;
        }
        true
    }

    /// What one type's query asks, of each of several.
    pub(super) fn check_indexes(
        &self,
        site: &Site<'a, '_>,
        members: &[Member<'a, '_>],
        asked: &Asked<'_>,
        consistent: bool,
    ) {
        for member in members {
            self.check_index(site, member.draft, asked, consistent);
        }
    }
}

impl<'l> Member<'_, 'l> {
    pub(super) fn name(&self) -> &'l Name {
        self.name
    }

    pub(super) fn item(&self) -> &'l Item {
        &self.item.item
    }

    fn keys(&self, index: Option<usize>) -> Option<&'l KeyTemplates> {
        match index {
            None => Some(&self.item.item.keys),
            Some(at) => Some(&self.item.item.indexes.get(at)?.keys),
        }
    }

    fn attribute(&self, field: &Name) -> Option<&'l Attribute> {
        self.draft.attributes.get(field)
    }

    /// Whether two types' templates make the same keys of the same values.
    fn is_like(&self, one: &Template, other: &Self, two: &Template) -> bool {
        one.parts.len() == two.parts.len()
            && one.parts.iter().zip(&two.parts).all(|parts| match parts {
                (Part::Field(one), Part::Field(two)) => self.is_same_field(one, other, two),
                (one, two) => one == two,
            })
    }

    /// Whether two types' fields make the same text of the same value.
    fn is_same_field(&self, one: &Name, other: &Self, two: &Name) -> bool {
        let both = self.attribute(one).zip(other.attribute(two));
        both.is_some_and(|(one, two)| same_kind(&one.shape, &two.shape) && one.pad == two.pad)
    }
}

/// What two templates begin with, and whether it is all of both.
fn common(one: &Template, two: &Template, is_same: &dyn Fn(&Name, &Name) -> bool) -> (Template, bool) {
    let mut parts = Vec::new();
    for at in 0.. {
        match (one.parts.get(at), two.parts.get(at)) {
            (None, None) => return (Template { parts }, true),
            (Some(Part::Literal(one)), Some(Part::Literal(two))) if one != two => {
                let same = one.chars().zip(two.chars()).take_while(|(one, two)| one == two);
                let same: String = same.map(|(c, _)| c).collect();
                parts.extend((!same.is_empty()).then(|| Part::Literal(same.as_str().into())));
                break;
            }
            (Some(Part::Field(one)), Some(Part::Field(two))) if is_same(one, two) => {
                parts.push(Part::Field(one.clone()));
            }
            (Some(one @ (Part::Literal(_) | Part::Tenant)), Some(two)) if one == two => {
                parts.push(one.clone());
            }
            (Some(_), _) | (None, Some(_)) => break,
        }
    }
    (Template { parts }, false)
}

/// A prefix ends after a literal: where the last field's value is followed by anything, `1` begins `12` too.
fn cut(template: &mut Template) {
    if matches!(template.parts.last(), Some(Part::Field(_) | Part::Tenant)) {
        template.parts.pop();
    }
}
