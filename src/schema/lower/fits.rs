//! Which values can be stored where: the types of arguments, parents and claims against the shape of an attribute.

use super::Lowering;
use crate::claim::ClaimKind;
use crate::schema::plan::{Argument, Name, Of, Shape, Type};
use crate::schema::scalar::Scalar;

impl Lowering<'_> {
    /// Whether a value of an argument's type can be stored as a shape.
    pub(super) fn accepts(&self, shape: &Shape, ty: &Type) -> bool {
        match (shape, &ty.of) {
            (Shape::List(element) | Shape::Set(element), Of::List(of)) => self.accepts(&element.shape, of),
            (Shape::Scalar(scalar), Of::Named(name)) => {
                name.parse().is_ok_and(|sent| same_scalar(*scalar, sent))
            }
            (Shape::Enum(name), Of::Named(sent)) => name == sent,
            (Shape::Object(name), Of::Named(sent)) => self.object_accepts(name, sent),
            _ => false,
        }
    }

    /// An input object fits a nested object if all its fields do, and none that must be there is missing.
    fn object_accepts(&self, object: &Name, input: &Name) -> bool {
        let (Some(draft), Some(input)) = (self.drafts.get(object), self.inputs.get(input)) else {
            return false;
        };
        let known = input.fields.iter().all(|(name, argument)| {
            draft.attributes.get(name).is_some_and(|attribute| self.accepts(&attribute.shape, &argument.ty))
        });
        let complete = draft
            .attributes
            .iter()
            .filter(|(_, attribute)| attribute.non_null)
            .all(|(name, _)| input.fields.get(name).is_some_and(Argument::is_always_given));
        known && complete
    }
}

/// A shape in GraphQL's words.
pub(super) fn describe(shape: &Shape) -> String {
    match shape {
        Shape::Scalar(scalar) => scalar.name().to_owned(),
        Shape::Enum(name) => name.to_string(),
        Shape::Object(name) => format!("an input with the fields of {name}"),
        Shape::List(element) | Shape::Set(element) => format!("[{}]", describe(&element.shape)),
    }
}

/// An id is text, and text may be an id; otherwise the scalars must be the same.
fn same_scalar(one: Scalar, other: Scalar) -> bool {
    let text = |scalar| matches!(scalar, Scalar::String | Scalar::Id);
    one == other || (text(one) && text(other))
}

pub(super) fn same_kind(one: &Shape, other: &Shape) -> bool {
    match (one, other) {
        (Shape::Scalar(one), Shape::Scalar(other)) => same_scalar(*one, *other),
        (one, other) => one == other,
    }
}

pub(super) fn claim_fits(shape: &Shape, kind: ClaimKind) -> bool {
    match (shape, kind) {
        (Shape::Scalar(Scalar::String | Scalar::Id), ClaimKind::String)
        | (Shape::Scalar(Scalar::Int | Scalar::BigInt), ClaimKind::Integer) => true,
        (Shape::List(element) | Shape::Set(element), ClaimKind::Strings) => {
            matches!(element.shape, Shape::Scalar(Scalar::String | Scalar::Id))
        }
        _ => false,
    }
}
