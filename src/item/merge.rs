//! A part of a nested object: the members of a map that are written one by one, so that the others stay as they are.
//!
//! A path leads only through maps that are there. So what is written depends on the item: where a map is missing, what
//! is given must make a whole one. Which maps were taken to be there, and which not, is told with the writes, because
//! that is the condition under which they are right.

use async_graphql::Value;
use aws_sdk_dynamodb::types::AttributeValue;

use super::Attributes;
use super::write::{MAX_LEVELS, Unfit, has_levels, marshal};
use crate::schema::{Attribute, Name, Plan, Shape};

/// What is written of a nested object. A path begins with the attribute of the item.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Merge {
    /// Each path with its new value; none for what goes.
    pub writes: Vec<(Vec<Name>, Option<AttributeValue>)>,
    /// The maps that it was made for, and whether each is there.
    pub maps: Vec<(Vec<Name>, bool)>,
}

/// What is known of a map in the item.
#[derive(Clone, Copy)]
enum Seen<'a> {
    /// Nobody has looked: it is taken to be there, as it most often is.
    Assumed,
    /// What is in its place.
    Found(Option<&'a AttributeValue>),
}

impl<'a> Seen<'a> {
    /// What is no map is overwritten, as it is where the whole is written.
    fn is_map(self) -> bool {
        match self {
            Self::Assumed => true,
            Self::Found(stored) => stored.is_some_and(AttributeValue::is_m),
        }
    }

    fn member(self, name: &str) -> Self {
        match self {
            Self::Assumed => Self::Assumed,
            Self::Found(stored) => {
                let map: Option<&'a Attributes> = stored.and_then(|stored| stored.as_m().ok());
                Self::Found(map.and_then(|map| map.get(name)))
            }
        }
    }
}

/// What is written of an object's field that is an object too, for an item as it was found, or for one whose maps are
/// all there.
pub fn merge(
    plan: &Plan,
    (field, attribute): (&Name, &Attribute),
    value: &Value,
    found: Option<&Attributes>,
) -> Result<Merge, Unfit> {
    let seen = found.map_or(Seen::Assumed, |found| Seen::Found(found.get(attribute.name.as_str())));
    let mut merge = Merge::default();
    let path = vec![attribute.name.clone()];
    merge.object(plan, &attribute.shape, value, (path, seen)).map_err(|unfit| unfit.within(field))?;
    Ok(merge)
}

/// Whether an input names a member to write or to remove, at any depth. `{}` leaves everything as it is.
pub fn names_members(plan: &Plan, shape: &Shape, value: &Value) -> bool {
    any_member(plan, shape, value, true)
}

fn any_member(plan: &Plan, shape: &Shape, value: &Value, nulls: bool) -> bool {
    let (Shape::Object(name), Value::Object(members)) = (shape, value) else {
        return nulls || *value != Value::Null;
    };
    plan.objects.get(name).is_some_and(|object| {
        object.attributes().any(|(field, attribute)| {
            let given = members.get(field.as_str());
            given.is_some_and(|given| any_member(plan, &attribute.shape, given, nulls))
        })
    })
}

impl Merge {
    fn object(
        &mut self,
        plan: &Plan,
        shape: &Shape,
        value: &Value,
        (path, seen): (Vec<Name>, Seen<'_>),
    ) -> Result<(), Unfit> {
        let wrong = || Unfit::new("an object");
        let (Shape::Object(name), Value::Object(members)) = (shape, value) else { return Err(wrong()) };
        if !names_members(plan, shape, value) {
            return Ok(());
        }
        self.maps.push((path.clone(), seen.is_map()));
        if !seen.is_map() {
            // Members that go cannot go from a map that is not there.
            let has_values = any_member(plan, shape, value, false);
            return if has_values { self.whole(plan, shape, value, path) } else { Ok(()) };
        }
        let object = plan.objects.get(name).ok_or_else(wrong)?;
        for (field, attribute) in object.attributes() {
            let Some(given) = members.get(field.as_str()) else { continue };
            let mut path = path.clone();
            path.push(attribute.name.clone());
            let place = (path, seen.member(&attribute.name));
            self.member(plan, attribute, given, place).map_err(|unfit| unfit.within(field))?;
        }
        Ok(())
    }

    fn member(
        &mut self,
        plan: &Plan,
        attribute: &Attribute,
        value: &Value,
        (path, seen): (Vec<Name>, Seen<'_>),
    ) -> Result<(), Unfit> {
        if *value == Value::Null && attribute.non_null {
            return Err(Unfit::new("not null"));
        }
        match (&attribute.shape, value) {
            (Shape::Object(_), Value::Object(_)) => self.object(plan, &attribute.shape, value, (path, seen)),
            (shape, value) => {
                let stored = marshal(plan, shape, value)?;
                self.write(path, stored)
            }
        }
    }

    /// The map as a whole, where there is none.
    fn whole(&mut self, plan: &Plan, shape: &Shape, value: &Value, path: Vec<Name>) -> Result<(), Unfit> {
        let stored = marshal(plan, shape, value).map_err(|unfit| {
            if unfit.is_absence() {
                unfit.since("the object is not there yet, and made of what is given")
            } else {
                unfit
            }
        })?;
        self.write(path, stored)
    }

    fn write(&mut self, path: Vec<Name>, stored: Option<AttributeValue>) -> Result<(), Unfit> {
        let left = MAX_LEVELS.checked_sub(path.len() - 1).filter(|left| *left > 0);
        let fits = left.is_some_and(|left| stored.as_ref().is_none_or(|stored| has_levels(stored, left)));
        if !fits {
            return Err(Unfit::too_deep());
        }
        self.writes.push((path, stored));
        Ok(())
    }

    /// Whether an item is as these writes leave it.
    pub fn is_in(&self, item: &Attributes) -> bool {
        self.writes.iter().all(|(path, wanted)| {
            let found = at(item, path);
            let one = |value: Option<&AttributeValue>| -> Attributes {
                value.map(|value| ("value".to_owned(), value.clone())).into_iter().collect()
            };
            super::same_item(&one(wanted.as_ref()), &one(found))
        })
    }
}

/// What is at a path, if anything is.
fn at<'a>(item: &'a Attributes, path: &[Name]) -> Option<&'a AttributeValue> {
    let (first, rest) = path.split_first()?;
    let value = item.get(first.as_str())?;
    if rest.is_empty() { Some(value) } else { at(value.as_m().ok()?, rest) }
}
