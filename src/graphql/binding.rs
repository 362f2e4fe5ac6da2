//! What of a request is its own: the arguments of its fields, and what these make of the document's cost.
//!
//! A shape names its fields' arguments by slots. Where no variable stands in them they are coerced once, with the shape;
//! the others are for each request.

use std::cell::RefCell;
use std::sync::Arc;

use async_graphql::parser::Positioned;
use async_graphql::parser::types::Field as GraphField;
use async_graphql::{Name, Value};
use async_graphql_value::Value as Literal;
use indexmap::IndexMap;

use super::answer::Refused;
use super::input::{Coercion, Origin};
use super::limits::{Counters, Times};
use super::selected::{Arguments, Selected, Selections, Shape, Slot, What};
use super::variables::Variables;
use crate::schema::{Field, Object, Plan};

/// An operation that is ready to run.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) shape: Arc<Shape>,
    pub(super) arguments: Bound,
    /// The answers to `__schema` and `__type`.
    pub(super) introspection: Value,
}

/// The arguments of a shape's slots.
#[derive(Debug, Default)]
pub(super) struct Bound {
    slots: Vec<Arguments>,
    none: IndexMap<Name, Value>,
}

impl Bound {
    /// The arguments of a field; nothing for one that takes none.
    pub(super) fn of(&self, slot: Option<usize>) -> &IndexMap<Name, Value> {
        slot.and_then(|slot| self.slots.get(slot)).map_or(&self.none, AsRef::as_ref)
    }
}

/// The slots of a shape in the making.
pub(super) struct Slots<'p> {
    plan: &'p Plan,
    slots: RefCell<Vec<Slot>>,
}

impl<'p> Slots<'p> {
    pub(super) fn of(plan: &'p Plan) -> Self {
        Self { plan, slots: RefCell::default() }
    }

    /// A slot for the arguments of a selected field; none if it takes none.
    pub(super) fn slot(
        &self,
        field: &Arc<Field>,
        node: &Positioned<GraphField>,
    ) -> Result<Option<usize>, Refused> {
        if field.arguments.is_empty() {
            return Ok(None);
        }
        let written: Vec<_> =
            field.arguments.keys().map(|name| node.node.get_argument(name).cloned()).collect();
        let is_fixed = !written.iter().flatten().any(|it| holds_variable(&it.node));
        let mut slot = Slot { field: Arc::clone(field), pos: node.pos, written, fixed: None };
        if is_fixed {
            slot.fixed = Some(slot.coerced(self.plan, &Variables::default())?);
        }
        let slots = &mut *self.slots.borrow_mut();
        slots.push(slot);
        Ok(Some(slots.len() - 1))
    }

    pub(super) fn into_inner(self) -> Vec<Slot> {
        self.slots.into_inner()
    }
}

fn holds_variable(literal: &Literal) -> bool {
    match literal {
        Literal::Variable(_) => true,
        Literal::List(items) => items.iter().any(holds_variable),
        Literal::Object(members) => members.values().any(holds_variable),
        Literal::Null
        | Literal::Number(_)
        | Literal::String(_)
        | Literal::Boolean(_)
        | Literal::Binary(_)
        | Literal::Enum(_) => false,
    }
}

impl Slot {
    fn coerced(&self, plan: &Plan, variables: &Variables) -> Result<Arguments, Refused> {
        let coercion = Coercion::new(plan, Origin::Document(variables));
        let mut arguments = IndexMap::with_capacity(self.written.len());
        for ((name, definition), written) in self.field.arguments.iter().zip(&self.written) {
            let value = coercion.argument(definition, written.as_ref().map(|it| &it.node));
            let value = value.map_err(|wrong| {
                let wrong = wrong.within(name);
                let message = format!("The argument `{}` must be {}.", wrong.path, wrong.expected);
                Refused::at(written.as_ref().map_or(self.pos, |it| it.pos), message)
            })?;
            if let Some(value) = value {
                arguments.insert(Name::new(&**name), value);
            }
        }
        Ok(Arc::new(arguments))
    }
}

/// Gives a shape its arguments, and refuses it where it would run more than it may, or cost more.
pub(super) fn bind(
    shape: &Shape,
    (plan, variables): (&Plan, &Variables),
    counters: Counters<'_>,
) -> Result<Bound, Refused> {
    let mut slots = Vec::with_capacity(shape.slots.len());
    for slot in &shape.slots {
        let arguments = match &slot.fixed {
            Some(fixed) => Arc::clone(fixed),
            None => slot.coerced(plan, variables)?,
        };
        arguments.values().try_for_each(|value| counters.value(value))?;
        slots.push(arguments);
    }
    let binding = Binding { counters, bound: Bound { slots, none: IndexMap::new() } };
    binding.selections(&shape.root, &shape.selections, Times::ONCE)?;
    binding.counters.check()?;
    Ok(binding.bound)
}

struct Binding<'c> {
    counters: Counters<'c>,
    bound: Bound,
}

impl Binding<'_> {
    /// Counts selections on an object that are made so often.
    fn selections(&self, object: &Object, selections: &[Selected], times: Times) -> Result<(), Refused> {
        self.counters.objects(object, times);
        for selected in selections {
            if let What::Field { field, slot, selections, .. } = &selected.what {
                let arguments = self.bound.of(*slot);
                check_size_is_said(field, selected, arguments)?;
                self.within(selections, self.counters.field(field, arguments, times))?;
            }
        }
        Ok(())
    }

    /// Each item is of one of the types that it may be, so that what it runs is what the most demanding runs.
    fn within(&self, selections: &Selections, times: Times) -> Result<(), Refused> {
        let (before, mut most) = (self.counters.mark(), self.counters.mark());
        for (object, selected) in selections.types() {
            self.counters.set(before);
            self.selections(object, selected, times)?;
            most = most.max(self.counters.mark());
        }
        self.counters.set(most);
        Ok(())
    }
}

/// Refuses a field of whose size a request has to say one thing, where it says nothing or two.
fn check_size_is_said(
    field: &Field,
    selected: &Selected,
    arguments: &IndexMap<Name, Value>,
) -> Result<(), Refused> {
    let one_of = field.list_size.as_ref().map_or(&[][..], |size| &size.one_of);
    if one_of.is_empty() {
        return Ok(());
    }
    let is_given =
        |name: &&crate::schema::Name| arguments.get(name.as_str()).is_some_and(|value| *value != Value::Null);
    // A default counts too.
    if one_of.iter().filter(is_given).count() == 1 {
        return Ok(());
    }
    let names: Vec<_> = one_of.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("`{}` needs exactly one of {}.", field.name, names.join(", "));
    Err(Refused::at(selected.pos, message))
}
