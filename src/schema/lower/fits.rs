//! Which values can be stored where: the types of arguments, parents and claims against the shape of an attribute.

use super::Lowering;
use crate::claim::ClaimKind;
use crate::schema::plan::{Argument, Name, Of, Shape, Type};
use crate::schema::scalar::Scalar;

/// How much of an object an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    /// What is absent is left as it is.
    Part,
}

/// The pairs of types that are being compared: types may contain themselves.
type Open = Vec<(Name, Name, Extent)>;

impl Lowering<'_> {
    /// Whether a value of an argument's type can be stored as a shape. The error is what to do.
    pub(super) fn accepts(&self, shape: &Shape, ty: &Type) -> Result<(), String> {
        self.accepts_within(shape, ty, (Extent::Whole, &mut Vec::new()))
    }

    /// Whether a value of an argument's type can be merged into what is stored as a shape.
    pub(super) fn accepts_part(&self, shape: &Shape, ty: &Type) -> Result<(), String> {
        self.accepts_within(shape, ty, (Extent::Part, &mut Vec::new()))
    }

    fn accepts_within(
        &self,
        shape: &Shape,
        ty: &Type,
        (extent, open): (Extent, &mut Open),
    ) -> Result<(), String> {
        let fits = match (shape, &ty.of) {
            (Shape::List(element) | Shape::Set(element), Of::List(of)) => {
                // The items of a list are written as they are given.
                return self.accepts_within(&element.shape, of, (Extent::Whole, open));
            }
            (Shape::Scalar(scalar), Of::Named(name)) => {
                name.parse().is_ok_and(|sent| same_scalar(*scalar, sent))
            }
            (Shape::Enum(name), Of::Named(sent)) => name == sent,
            (Shape::Object(name), Of::Named(sent)) => {
                return self.object_accepts(name, sent, (extent, open));
            }
            _ => false,
        };
        if fits { Ok(()) } else { Err(advice(shape)) }
    }

    /// An input object fits a nested object if all its fields do, and, of a whole one, none that must be there is
    /// missing.
    fn object_accepts(
        &self,
        object: &Name,
        input: &Name,
        (extent, open): (Extent, &mut Open),
    ) -> Result<(), String> {
        let pair = (object.clone(), input.clone(), extent);
        if open.contains(&pair) {
            return Ok(());
        }
        let (Some(draft), Some(sent)) = (self.drafts.get(object), self.inputs.get(input)) else {
            return Err(advice(&Shape::Object(object.clone())));
        };
        open.push(pair);
        for (name, argument) in &sent.fields {
            let Some(attribute) = draft.attributes.get(name) else {
                return Err(format!("`{object}` has no field `{name}`, which `{input}` has"));
            };
            if self.accepts_within(&attribute.shape, &argument.ty, (extent, open)).is_err() {
                let expected = describe(&attribute.shape);
                return Err(format!(
                    "`{input}.{name}` is {}, and `{object}.{name}` is {expected}",
                    argument.ty
                ));
            }
        }
        let is_whole = extent == Extent::Whole;
        for (name, _) in draft.attributes.iter().filter(|(_, attribute)| attribute.non_null && is_whole) {
            let is_given = sent.fields.get(name).map(Argument::is_always_given);
            // A field whose own type is wrong has been reported.
            if !is_given.unwrap_or_else(|| self.has_input_field(input, name)) {
                return Err(format!("`{input}.{name}` must be there and non-null, as `{object}.{name}` is"));
            }
        }
        Ok(())
    }
}

/// What to give an argument that does not fit a shape.
fn advice(shape: &Shape) -> String {
    match shape {
        Shape::Object(name) => format!("give it an input object whose fields are those of `{name}`"),
        shape => format!("give it the type {}", describe(shape)),
    }
}

/// A shape in GraphQL's words.
pub(super) fn describe(shape: &Shape) -> String {
    match shape {
        Shape::Scalar(scalar) => scalar.name().to_owned(),
        Shape::Enum(name) => name.to_string(),
        Shape::Object(name) => format!("an object like {name}"),
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
