//! Updates of parts of nested objects: by paths, under the condition that the maps on the way are there, or are not.
//!
//! Nobody reads first. A write is made for an item whose maps are all there, and brings back the item where it is
//! otherwise; then it is made for that one. So two who write different members both succeed, and neither has to know
//! of the other, nor of a version.

use aws_sdk_dynamodb::types::AttributeValue;
use indexmap::IndexMap;

use super::expression::Placeholders;
use super::update::Writing;
use super::update_expression::Clauses;
use super::{Failure, Operations, Target};
use crate::image::Members;
use crate::item::{Attributes, Merge, merge, names_members};
use crate::schema::{Attribute, Name, Update};

/// What is written of nested objects, by the fields of the item.
pub(super) type Merges = IndexMap<Name, Merge>;

/// What DynamoDB calls the type of a map.
pub(super) const MAP: &str = "M";

impl Operations {
    /// What is written of the nested objects of an item: as it was found, or one whose maps are all there.
    pub(super) fn merges(
        &self,
        target: &Target<'_>,
        writing: &Writing<'_>,
        found: Option<&Attributes>,
    ) -> Result<Merges, Failure> {
        let mut merges = Merges::new();
        for field in &writing.update.merge {
            let Some(attribute) = target.object.attribute(field) else { continue };
            let Some(Some(value)) = writing.changes.get(field) else { continue };
            merges.insert(field.clone(), merge(&self.plan, (field, attribute), value, found)?);
        }
        Ok(merges)
    }

    /// What is to be written instead, where a condition failed. None where it was not for the maps: another attempt
    /// would fail too.
    pub(super) fn merges_after(
        &self,
        target: &Target<'_>,
        writing: &Writing<'_>,
        (merges, pinned): (&Merges, Option<i64>),
        found: Option<&Attributes>,
    ) -> Result<Option<Merges>, Failure> {
        let is_expected = |found: &&Attributes| {
            target.is_own(Members::Map(found))
                && pinned.is_none_or(|pinned| target.version_of(found) == pinned)
        };
        let Some(found) = found.filter(is_expected).filter(|_| !merges.is_empty()) else { return Ok(None) };
        let others = self.merges(target, writing, Some(found))?;
        Ok((others != *merges).then_some(others))
    }

    /// Whether a value of a field changes nothing: an object to merge that names no members.
    pub(super) fn leaves_all(
        &self,
        update: &Update,
        (field, attribute): (&Name, &Attribute),
        value: &async_graphql::Value,
    ) -> bool {
        update.merge.contains(field) && !names_members(&self.plan, &attribute.shape, value)
    }
}

/// The clauses of what is written of nested objects.
pub(super) fn write(merge: &Merge, clauses: &mut Clauses, placeholders: &mut Placeholders) {
    for (path, value) in &merge.writes {
        let path = placeholders.path(path);
        clauses.change_at(path, value.clone(), placeholders);
    }
}

/// The conditions under which it is right.
pub(super) fn conditions<'m>(
    merges: impl IntoIterator<Item = &'m Merge>,
    placeholders: &mut Placeholders,
) -> Vec<String> {
    let maps: Vec<_> = merges.into_iter().flat_map(|merge| &merge.maps).collect();
    if maps.is_empty() {
        return Vec::new();
    }
    let map = placeholders.value(AttributeValue::S(MAP.to_owned()));
    maps.into_iter().map(|(path, is_there)| is_map(&placeholders.path(path), &map, *is_there)).collect()
}

/// The condition that there is a map at a path, or that there is none.
pub(super) fn is_map(path: &str, map: &str, is_there: bool) -> String {
    format!("{}attribute_type({path}, {map})", if is_there { "" } else { "NOT " })
}
