//! What an update writes of nested objects whose maps are there, with every member given.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Shown, Told};
use crate::operation::expression::Placeholders;
use crate::operation::merging::{MAP, is_map};
use crate::schema::{Argument, Name, Object, Shape, ValueSource};

/// How many members are told, of which no expression holds so many. What comes after them is told by the object that it is
/// in: inputs that contain each other have more ways from one to the next than anybody could read.
const MOST_TOLD: usize = 1_000;

/// Paths into nested objects.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// Each member that is written, with the place that its value comes from.
    pub(super) writes: Vec<(Vec<Name>, ValueSource)>,
    /// The maps on the way.
    maps: Vec<Vec<Name>>,
}

/// A nested object, where it is stored, and where an input's members for it come from.
struct Nested<'p> {
    object: &'p Object,
    input: &'p Name,
    path: Vec<Name>,
    source: Vec<Name>,
}

impl Merged {
    /// Adds a field of the item.
    pub(super) fn field(&mut self, told: Told<'_>, object: &Object, (name, source): (&Name, &ValueSource)) {
        let ValueSource::Argument(path) = source else { return };
        let (Some(attribute), Some(argument)) = (object.attribute(name), argument(told, path)) else {
            return;
        };
        let Shape::Object(object) = &attribute.shape else { return };
        if let Some(object) = told.plan.objects.get(object) {
            let (input, source) = (argument.ty.base(), path.clone());
            let nested = Nested { object, input, path: vec![attribute.name.clone()], source };
            self.object(told, &nested, &mut Vec::new());
        }
    }

    /// Adds its members. `open` are the inputs that it lies within: one within itself is told once.
    fn object<'p>(&mut self, told: Told<'p>, nested: &Nested<'p>, open: &mut Vec<&'p Name>) {
        let Some(input) = told.plan.inputs.get(nested.input).filter(|_| !open.contains(&nested.input)) else {
            return;
        };
        if self.writes.len() >= MOST_TOLD {
            let source = ValueSource::Argument(nested.source.clone());
            return self.writes.push((nested.path.clone(), source));
        }
        self.maps.push(nested.path.clone());
        open.push(nested.input);
        for (field, attribute) in nested.object.attributes() {
            let Some(argument) = input.fields.get(field) else { continue };
            let within = |path: &[Name], step: &Name| [path, std::slice::from_ref(step)].concat();
            let (path, source) = (within(&nested.path, &attribute.name), within(&nested.source, field));
            let inner = match &attribute.shape {
                Shape::Object(name) => told.plan.objects.get(name),
                Shape::Scalar(_) | Shape::Enum(_) | Shape::List(_) | Shape::Set(_) => None,
            };
            match inner {
                Some(object) => {
                    let input = argument.ty.base();
                    self.object(told, &Nested { object, input, path, source }, open);
                }
                None => self.writes.push((path, ValueSource::Argument(source))),
            }
        }
        open.pop();
    }

    /// The conditions that the maps are there.
    pub(super) fn conditions(&self, placeholders: &mut Placeholders<Shown>) -> Vec<String> {
        if self.maps.is_empty() {
            return Vec::new();
        }
        let map = placeholders.value(AttributeValue::S(MAP.to_owned()));
        self.maps.iter().map(|path| is_map(&placeholders.path(path), &map, true)).collect()
    }
}

/// The argument, or the field of an input within one, at a path.
fn argument<'p>(told: Told<'p>, path: &[Name]) -> Option<&'p Argument> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(told.field.arguments.get(first)?, |argument, step| {
        told.plan.inputs.get(argument.ty.base())?.fields.get(step)
    })
}
