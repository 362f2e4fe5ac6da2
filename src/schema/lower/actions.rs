//! `add`, `append` and `remove`: what an update makes from what is there.

use super::bind::{Given, Site};
use super::fits::describe;
use super::{Draft, Lowering};
use crate::schema::literal::{Literal, Spanned};
use crate::schema::plan::{Action, ActionKind, Amount, Attribute, Generate, Item, Name, Shape};
use crate::schema::scalar::Scalar;
use async_graphql::Value;
use serde_json::Number;

const ACTIONS: [(&str, ActionKind); 3] =
    [("add", ActionKind::Add), ("append", ActionKind::Append), ("remove", ActionKind::Remove)];

/// What turns a number's sign, before a path.
const MINUS: char = '-';

/// An action, and whether it always takes place.
pub(super) struct Acting {
    pub(super) action: Action,
    pub(super) is_certain: bool,
}

impl<'a> Lowering<'a> {
    /// Reads the actions of an update. Their fields are not set by arguments of their names.
    pub(super) fn actions(&self, site: &Site<'a, '_>, draft: &Draft<'a>, item: &Item) -> Vec<Acting> {
        let mut actions = Vec::new();
        for (word, kind) in ACTIONS {
            let Some(object) = site.args.object(word) else { continue };
            for (name, value) in object.all() {
                let field: Name = name.value.as_str().into();
                if !site.acted_on.borrow_mut().insert(field.clone()) {
                    let message = format!("`{field}` is changed twice");
                    self.reports.report(&name.span, message, "keep one of them");
                    continue;
                }
                let attribute = draft.attribute(&field);
                let attribute = attribute.map_err(|mistake| self.reports.report_at(name.span.start, mistake));
                let Ok(attribute) = attribute else { continue };
                let is_free = self.may_act_on(item, name, attribute) && self.has_kind(kind, name, attribute);
                let by = self.amount(site, attribute, (name, value));
                if let (true, Some((by, is_certain))) = (is_free, by) {
                    actions.push(Acting { action: Action { field, kind, by }, is_certain });
                }
            }
        }
        actions
    }

    /// What the gateway computes cannot be counted: a key would not follow, a version would count twice.
    fn may_act_on(&self, item: &Item, name: &Spanned<String>, attribute: &Attribute) -> bool {
        let field = name.value.as_str();
        let mut keys = item.keys.fields().chain(item.indexes.iter().flat_map(|index| index.keys.fields()));
        let why = if keys.any(|key| key.as_str() == field) {
            Some(("stands in a key, which would have to follow", "set it to a value"))
        } else if item.version.as_deref() == Some(field) {
            Some(("is counted by the gateway", "take it out"))
        } else if attribute.generate == Some(Generate::UpdatedAt) {
            Some(("is written by the gateway with every update", "take it out"))
        } else {
            None
        };
        if let Some((why, hint)) = why {
            self.reports.report(&name.span, format!("`{field}` {why}"), hint);
        }
        why.is_none()
    }

    fn has_kind(&self, kind: ActionKind, name: &Spanned<String>, attribute: &Attribute) -> bool {
        let shape = &attribute.shape;
        let (fits, hint) = match kind {
            ActionKind::Add => (
                is_number(shape) || matches!(shape, Shape::Set(_)),
                "add to a number, or to a list that is stored as a set: `@attribute(as: SET)`",
            ),
            ActionKind::Append => (matches!(shape, Shape::List(_)), "append to a list; `add` to a set"),
            ActionKind::Remove => (
                matches!(shape, Shape::Set(_)),
                "remove from a list that is stored as a set: `@attribute(as: SET)`",
            ),
        };
        if !fits {
            let verb = match kind {
                ActionKind::Add => "added to",
                ActionKind::Append => "appended to",
                ActionKind::Remove => "removed from",
            };
            let message = format!("`{}` is {}, and cannot be {verb}", name.value, describe(shape));
            self.reports.report(&name.span, message, hint);
        }
        fits
    }

    /// A number, or the place that a value comes from; and whether it is always there.
    fn amount(
        &self,
        site: &Site<'a, '_>,
        attribute: &Attribute,
        (name, value): (&Spanned<String>, &Spanned<Literal>),
    ) -> Option<(Amount, bool)> {
        let text = match &value.value {
            Literal::Number(text) => return self.number(attribute, text, (name, value)),
            Literal::String(text) if is_written_number(&text.value) => {
                return self.number(attribute, &text.value, (name, value));
            }
            Literal::String(text) => text,
            other => {
                let message = format!("this must be a number or a string, and it is {}", other.kind());
                self.reports.report(&value.span, message, "write `\"1\"`, or `\"args.…\"`");
                return None;
            }
        };
        let is_minus = text.value.starts_with(MINUS) && is_number(&attribute.shape);
        let (source, given) = if is_minus { site.source_after(MINUS, text)? } else { site.source(text)? };
        // One member may be given without a list.
        let is_one = match &given {
            Given::Argument { ty, .. } => !ty.is_list(),
            Given::Parent { attribute } | Given::Step { attribute } => {
                !matches!(attribute.shape, Shape::List(_) | Shape::Set(_))
            }
            Given::Element(element) => !matches!(element.shape, Shape::List(_) | Shape::Set(_)),
            Given::Claim(kind) => *kind != crate::claim::ClaimKind::Strings,
        };
        let one = match &attribute.shape {
            Shape::List(element) | Shape::Set(element) if is_one => {
                Some(Attribute { shape: element.shape.clone(), ..attribute.clone() })
            }
            _ => None,
        };
        let fits = site.fits(&given, one.as_ref().unwrap_or(attribute), &text.whole(), &name.value);
        // An empty list adds nothing, so of a list nothing is certain.
        let is_certain = given.is_always_given() && (is_one || !matches!(given, Given::Argument { .. }));
        let amount = if is_minus { Amount::Minus(source) } else { Amount::Source(source) };
        fits.then_some((amount, is_certain))
    }

    fn number(
        &self,
        attribute: &Attribute,
        text: &str,
        (name, value): (&Spanned<String>, &Spanned<Literal>),
    ) -> Option<(Amount, bool)> {
        let number = match &attribute.shape {
            Shape::Scalar(Scalar::Int) => text.parse::<i32>().ok().map(Value::from),
            Shape::Scalar(Scalar::Float) => {
                text.parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number)
            }
            Shape::Scalar(scalar @ (Scalar::BigInt | Scalar::Decimal)) => {
                scalar.canonical(text).ok().map(Value::String)
            }
            _ => None,
        };
        if number.is_none() {
            let expected = describe(&attribute.shape);
            let message = format!("`{}` is {expected}, and this is the number {text}", name.value);
            let hint =
                if is_number(&attribute.shape) { "write one that fits" } else { "name a value: `args.…`" };
            self.reports.report(&value.span, message, hint);
        }
        number.map(|number| (Amount::Literal(number), true))
    }
}

/// `1`, `-1`; `-args.amount` is none.
fn is_written_number(text: &str) -> bool {
    text.strip_prefix(MINUS).unwrap_or(text).starts_with(|c: char| c.is_ascii_digit())
}

fn is_number(shape: &Shape) -> bool {
    matches!(shape, Shape::Scalar(Scalar::Int | Scalar::BigInt | Scalar::Decimal | Scalar::Float))
}
