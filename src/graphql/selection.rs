//! A document becomes a tree of selections: fragments in place, equal fields merged.
//!
//! GraphQL, section 6.3.2 ("Field Collection"). Two selections of one field under one name are one field: it runs
//! once, and its sub-selections are merged. What the tree rests on besides the document, guards and the variables of
//! `@skip` and `@include`, is written down beside it, so that it serves the next request for which this is the same.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use async_graphql::parser::Positioned;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field as GraphField, OperationDefinition,
    OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Value};
use async_graphql_value::Value as Literal;
use indexmap::IndexMap;

use super::answer::Refused;
use super::binding::Slots;
use super::guard::passes;
use super::input::{Coercion, Origin};
use super::limits::Expanded;
use super::merging::{check_shapes, is_same};
use super::selected::{
    HoldsFor, Refusal, Selected, Selections, Shape, What, only_what_takes_all, without_vain_writes,
};
use super::variables::Variables;
use crate::credentials::TenantSession;
use crate::schema::{Field, Guard, Object, PagePart, Plan, Resolve, Scalar, Type};

/// The operation that a request means.
pub(super) fn operation<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Result<&'d Positioned<OperationDefinition>, Refused> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations
            .get(name)
            .ok_or_else(|| Refused::operation("The document has no operation of that name.")),
        (DocumentOperations::Single(_), Some(_)) => {
            Err(Refused::operation("The document has no operation of that name."))
        }
        (DocumentOperations::Multiple(operations), None) => {
            let mut all = operations.values();
            match (all.next(), all.next()) {
                (Some(only), None) => Ok(only),
                _ => Err(Refused::operation("The document has several operations; say which one to run.")),
            }
        }
    }
}

/// A shape in the making.
pub(super) struct Shaping<'s, 'd> {
    pub(super) plan: &'s Plan,
    /// Whose request it is.
    session: &'s TenantSession,
    document: &'d ExecutableDocument,
    operation: &'d Positioned<OperationDefinition>,
    variables: &'s Variables,
    expanded: Expanded,
    slots: Slots<'s>,
    /// The coordinates of the fields that the caller may not see.
    refused: RefCell<BTreeSet<String>>,
    holds_for: RefCell<HoldsFor>,
}

/// The fields of one name in the answer, in the order in which the name first appears.
type Groups<'d> = IndexMap<&'d Name, Vec<&'d Positioned<GraphField>>>;

impl<'s, 'd> Shaping<'s, 'd> {
    pub(super) fn new(
        (plan, session): (&'s Plan, &'s TenantSession),
        (document, max_selections): (&'d ExecutableDocument, usize),
        (operation, variables): (&'d Positioned<OperationDefinition>, &'s Variables),
    ) -> Self {
        Self {
            plan,
            session,
            document,
            operation,
            variables,
            expanded: Expanded::at_most(max_selections),
            slots: Slots::of(plan),
            refused: RefCell::default(),
            holds_for: RefCell::default(),
        }
    }

    pub(super) fn shape(self) -> Result<Shape, Refused> {
        let (root, serial) = match self.operation.node.ty {
            OperationType::Query => (Some(&self.plan.query), false),
            OperationType::Mutation => (self.plan.mutation.as_ref(), true),
            OperationType::Subscription => (None, false),
        };
        let root = root.and_then(|root| self.plan.objects.get(root));
        let root = root.ok_or_else(|| Refused::operation("The schema has no such kind of operation."))?;
        let selections = self.selections(root, &[&self.operation.node.selection_set.node])?;
        let selections = if serial { without_vain_writes(selections) } else { selections };
        Ok(Shape {
            root: Arc::clone(root),
            serial,
            selections,
            slots: self.slots.into_inner(),
            selected: self.expanded.selected(),
            refused: self.refused.into_inner(),
            holds_for: self.holds_for.into_inner(),
        })
    }

    fn selections(&self, object: &Object, sets: &[&'d SelectionSet]) -> Result<Vec<Selected>, Refused> {
        let mut groups = Groups::new();
        let mut spread = HashSet::new();
        for set in sets {
            self.collect(object, set, &mut groups, &mut spread)?;
        }
        let selected = groups.into_iter().map(|(key, fields)| self.selected(object, key, &fields));
        Ok(only_what_takes_all(selected.collect::<Result<_, _>>()?))
    }

    /// Whether the caller may see a field of a type, and what it returns. Where several types may be returned, the fields
    /// of each are asked for what it asks.
    pub(super) fn may_see(&self, object: &Object, field: &Field) -> bool {
        let ty = self.plan.objects.get(field.ty.base());
        self.passes(&object.guard) && self.passes(&field.guard) && ty.is_none_or(|ty| self.passes(&ty.guard))
    }

    fn passes(&self, guard: &Guard) -> bool {
        if guard.is_open() {
            return true;
        }
        let known = &mut self.holds_for.borrow_mut().guards;
        if let Some((_, passed)) = known.iter().find(|(known, _)| known == guard) {
            return *passed;
        }
        let passed = passes(guard, self.session);
        known.push((guard.clone(), passed));
        passed
    }

    fn selected(
        &self,
        object: &Object,
        key: &Name,
        fields: &[&'d Positioned<GraphField>],
    ) -> Result<Selected, Refused> {
        self.expanded.selection()?;
        let unknown = || Refused::operation("The document selects a field that does not exist.");
        let first = fields.first().ok_or_else(unknown)?;
        if let Some(other) = fields.iter().find(|other| !is_same(&first.node, &other.node)) {
            let message =
                format!("`{key}` stands for different selections: give one of them an alias of its own.");
            return Err(Refused::between(vec![first.pos, other.pos], message));
        }
        let name = first.node.name.node.as_str();
        let what = match name {
            // Validation passes over what is written behind it.
            "__typename"
                if !first.node.arguments.is_empty() || !first.node.selection_set.node.items.is_empty() =>
            {
                return Err(Refused::at(first.pos, "`__typename` has neither arguments nor selections."));
            }
            "__typename" => What::TypeName,
            "__schema" | "__type" => What::Introspection,
            _ => {
                let field = object.fields.get(name).ok_or_else(unknown)?;
                let slot = self.slots.slot(field, first)?;
                if !self.may_see(object, field) {
                    self.refused.borrow_mut().insert(format!("{}.{name}", object.name));
                    let refusal = Refusal { non_null: field.ty.non_null, within: false };
                    return Ok(Selected { key: key.clone(), pos: first.pos, what: What::Refused(refusal) });
                }
                let coordinate = match &field.resolve {
                    Resolve::Operation(_) | Resolve::Page(PagePart::TotalCount) => {
                        format!("{}.{}", object.name, field.name).into()
                    }
                    Resolve::Attribute(_) | Resolve::Page(_) => "".into(),
                };
                let sets: Vec<_> = fields.iter().map(|field| &field.node.selection_set.node).collect();
                let selections = self.within(field.ty.base(), &sets)?;
                let projection = match &field.resolve {
                    Resolve::Operation(operation) => self.projection(operation, &selections).map(Arc::new),
                    Resolve::Attribute(_) | Resolve::Page(_) => None,
                };
                What::Field { field: Arc::clone(field), coordinate, slot, selections, projection }
            }
        };
        Ok(Selected { key: key.clone(), pos: first.pos, what })
    }

    /// Selections on what a field returns, for each type that it may be.
    fn within(&self, ty: &crate::schema::Name, sets: &[&'d SelectionSet]) -> Result<Selections, Refused> {
        let on = |object: &Arc<Object>| Ok((Arc::clone(object), self.selections(object, sets)?));
        if let Some(object) = self.plan.objects.get(ty) {
            return Ok(Selections::new(vec![on(object)?]));
        }
        let Some(several) = self.plan.abstracts.get(ty) else { return Ok(Selections::default()) };
        let members = several.members.iter().filter_map(|member| self.plan.objects.get(member));
        let selections = Selections::new(members.map(on).collect::<Result<_, Refused>>()?);
        check_shapes(&selections)?;
        Ok(selections)
    }

    fn collect(
        &self,
        object: &Object,
        set: &'d SelectionSet,
        groups: &mut Groups<'d>,
        spread: &mut HashSet<&'d Name>,
    ) -> Result<(), Refused> {
        self.expanded.looks(set.items.len())?;
        for selection in &set.items {
            if !self.is_included(selection.node.directives())? {
                continue;
            }
            let (condition, inner) = match &selection.node {
                Selection::Field(field) => {
                    groups.entry(&field.node.response_key().node).or_default().push(field);
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    (fragment.node.type_condition.as_ref(), &fragment.node.selection_set)
                }
                Selection::FragmentSpread(it) => {
                    let name = &it.node.fragment_name.node;
                    let fragment = self.document.fragments.get(name).filter(|_| spread.insert(name));
                    let Some(fragment) = fragment else { continue };
                    (Some(&fragment.node.type_condition), &fragment.node.selection_set)
                }
            };
            if condition.is_none_or(|condition| self.applies(&condition.node.on.node, object)) {
                self.collect(object, &inner.node, groups, spread)?;
            }
        }
        Ok(())
    }

    /// Whether a fragment on a type is one on an object type: it is that type, or one of its interfaces and unions.
    fn applies(&self, condition: &str, object: &Object) -> bool {
        condition == &*object.name
            || self.plan.abstracts.get(condition).is_some_and(|it| it.members.contains(&object.name))
    }

    /// `@skip` and `@include`.
    fn is_included(&self, directives: &[Positioned<Directive>]) -> Result<bool, Refused> {
        let coercion = Coercion::new(self.plan, Origin::Document(self.variables));
        let boolean = Type::named(Scalar::Boolean.name(), true);
        let mut is_included = true;
        for directive in directives {
            let included_when = match directive.node.name.node.as_str() {
                "skip" => false,
                "include" => true,
                // Validation passes over the directives of `__typename`.
                _ => return Err(Refused::at(directive.pos, "There is no such directive on a selection.")),
            };
            let written = directive.node.get_argument("if").map(|value| &value.node);
            match coercion.value(&boolean, written.unwrap_or(&Literal::Null)) {
                Ok(Value::Boolean(condition)) => {
                    if let Some(Literal::Variable(name)) = written {
                        self.rests_on(name, condition);
                    }
                    is_included &= condition == included_when;
                }
                Ok(_) => return Err(Refused::at(directive.pos, "The argument `if` must be true or false.")),
                Err(wrong) => {
                    let message = format!("The argument `if` must be {}.", wrong.expected);
                    return Err(Refused::at(directive.pos, message));
                }
            }
        }
        Ok(is_included)
    }

    fn rests_on(&self, variable: &Name, value: bool) {
        let known = &mut self.holds_for.borrow_mut().variables;
        if !known.iter().any(|(known, _)| known == variable) {
            known.push((variable.clone(), value));
        }
    }
}
