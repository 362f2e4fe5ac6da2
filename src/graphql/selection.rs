//! A document becomes a tree of selections: fragments in place, equal fields merged, arguments coerced.
//!
//! GraphQL, section 6.3.2 ("Field Collection"). Two selections of one field under one name are one field: it runs
//! once, and its sub-selections are merged.

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
use super::guard::passes;
use super::input::{Coercion, Origin};
use super::limits::{Counters, Times};
use super::merging::{check_shapes, is_same};
use super::selected::{
    Prepared, Refusal, Selected, Selections, What, only_what_takes_all, without_vain_writes,
};
use super::variables::Variables;
use crate::credentials::TenantSession;
use crate::schema::{Field, Object, PagePart, Plan, Resolve, Scalar, Type};
use crate::telemetry::Event;

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

/// A document that is being prepared.
pub(super) struct Preparing<'p, 'd> {
    pub(super) plan: &'p Plan,
    /// Whose request it is.
    session: &'d TenantSession,
    document: &'d ExecutableDocument,
    operation: &'d Positioned<OperationDefinition>,
    variables: Variables,
    counters: Counters<'p>,
    /// The coordinates of the fields that the caller may not see.
    refused: RefCell<BTreeSet<String>>,
}

/// The fields of one name in the answer, in the order in which the name first appears.
type Groups<'d> = IndexMap<&'d Name, Vec<&'d Positioned<GraphField>>>;

impl<'p, 'd> Preparing<'p, 'd> {
    pub(super) fn new(
        (plan, session): (&'p Plan, &'d TenantSession),
        (document, counters): (&'d ExecutableDocument, Counters<'p>),
        operation: &'d Positioned<OperationDefinition>,
        variables: Variables,
    ) -> Self {
        Self { plan, session, document, operation, variables, counters, refused: RefCell::default() }
    }

    pub(super) fn prepare(&self, introspection: Value) -> Result<Prepared<'p>, Refused> {
        let (root, serial) = match self.operation.node.ty {
            OperationType::Query => (Some(&self.plan.query), false),
            OperationType::Mutation => (self.plan.mutation.as_ref(), true),
            OperationType::Subscription => (None, false),
        };
        let root = root.and_then(|root| self.plan.objects.get(root));
        let root = root.ok_or_else(|| Refused::operation("The schema has no such kind of operation."))?;
        let selections = self.selections(root, &[&self.operation.node.selection_set.node], Times::ONCE)?;
        let selections = if serial { without_vain_writes(selections) } else { selections };
        self.tell_refused();
        self.counters.check()?;
        Ok(Prepared { root, serial, selections, introspection })
    }

    /// Selections on an object that are made so often.
    fn selections(
        &self,
        object: &'p Object,
        sets: &[&'d SelectionSet],
        times: Times,
    ) -> Result<Vec<Selected<'p>>, Refused> {
        self.counters.objects(object, times);
        let mut groups = Groups::new();
        let mut spread = HashSet::new();
        for set in sets {
            self.collect(object, set, &mut groups, &mut spread)?;
        }
        let selected = groups.into_iter().map(|(key, fields)| self.selected(object, key, &fields, times));
        Ok(only_what_takes_all(selected.collect::<Result<_, _>>()?))
    }

    /// Whether the caller may see a field of a type, and what it returns. Where several types may be returned, the fields
    /// of each are asked for what it asks.
    pub(super) fn may_see(&self, object: &Object, field: &Field) -> bool {
        let ty = self.plan.objects.get(field.ty.base());
        passes(&object.guard, self.session)
            && passes(&field.guard, self.session)
            && ty.is_none_or(|ty| passes(&ty.guard, self.session))
    }

    /// Says which fields were refused, each once, whatever becomes of the request.
    fn tell_refused(&self) {
        let (request, context) = (self.session.request(), self.session.context());
        for field in &*self.refused.borrow() {
            let (principal, subject) = (self.session.principal(), context.caller().subject());
            Event::FieldRefused { request, principal, subject, field }.emit();
        }
    }

    fn selected(
        &self,
        object: &'p Object,
        key: &Name,
        fields: &[&'d Positioned<GraphField>],
        times: Times,
    ) -> Result<Selected<'p>, Refused> {
        self.counters.selection()?;
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
                let arguments = self.arguments(field, first)?;
                if !self.may_see(object, field) {
                    self.refused.borrow_mut().insert(format!("{}.{name}", object.name));
                    let refusal = Refusal { non_null: field.ty.non_null, within: false };
                    return Ok(Selected { key: key.clone(), pos: first.pos, what: What::Refused(refusal) });
                }
                check_size_is_said(field, first, &arguments)?;
                let below = self.counters.field(field, &arguments, times);
                let coordinate = match &field.resolve {
                    Resolve::Operation(_) | Resolve::Page(PagePart::TotalCount) => {
                        format!("{}.{}", object.name, field.name).into()
                    }
                    Resolve::Attribute(_) | Resolve::Page(_) => "".into(),
                };
                let sets: Vec<_> = fields.iter().map(|field| &field.node.selection_set.node).collect();
                let selections = self.within(field.ty.base(), &sets, below)?;
                let projection = match &field.resolve {
                    Resolve::Operation(operation) => self.projection(operation, &selections).map(Arc::new),
                    Resolve::Attribute(_) | Resolve::Page(_) => None,
                };
                What::Field { field, coordinate, arguments, selections, projection }
            }
        };
        Ok(Selected { key: key.clone(), pos: first.pos, what })
    }

    /// Selections on what a field returns, for each type that it may be.
    fn within(
        &self,
        ty: &crate::schema::Name,
        sets: &[&'d SelectionSet],
        times: Times,
    ) -> Result<Selections<'p>, Refused> {
        if let Some(object) = self.plan.objects.get(ty) {
            return Ok(Selections(vec![(&object.name, self.selections(object, sets, times)?)]));
        }
        let Some(several) = self.plan.abstracts.get(ty) else { return Ok(Selections::default()) };
        // Each item is of one of them, so that what it runs is what the most demanding runs.
        let (before, mut most) = (self.counters.mark(), self.counters.mark());
        let mut selections = Selections::default();
        for object in several.members.iter().filter_map(|member| self.plan.objects.get(member)) {
            self.counters.set(before);
            selections.0.push((&object.name, self.selections(object, sets, times)?));
            most = most.max(self.counters.mark());
        }
        self.counters.set(most);
        check_shapes(&selections)?;
        Ok(selections)
    }

    fn arguments(
        &self,
        field: &Field,
        node: &Positioned<GraphField>,
    ) -> Result<IndexMap<Name, Value>, Refused> {
        let coercion = Coercion::new(self.plan, Origin::Document(&self.variables));
        let mut arguments = IndexMap::new();
        for (name, definition) in &field.arguments {
            let sent = node.node.get_argument(name);
            let value = coercion.argument(definition, sent.map(|sent| &sent.node)).map_err(|wrong| {
                let wrong = wrong.within(name);
                let message = format!("The argument `{}` must be {}.", wrong.path, wrong.expected);
                Refused::at(sent.map_or(node.pos, |sent| sent.pos), message)
            })?;
            if let Some(value) = value {
                self.counters.value(&value)?;
                arguments.insert(Name::new(&**name), value);
            }
        }
        Ok(arguments)
    }

    fn collect(
        &self,
        object: &Object,
        set: &'d SelectionSet,
        groups: &mut Groups<'d>,
        spread: &mut HashSet<&'d Name>,
    ) -> Result<(), Refused> {
        self.counters.looks(set.items.len())?;
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
        let coercion = Coercion::new(self.plan, Origin::Document(&self.variables));
        let boolean = Type::named(Scalar::Boolean.name(), true);
        let mut is_included = true;
        for directive in directives {
            let included_when = match directive.node.name.node.as_str() {
                "skip" => false,
                "include" => true,
                // Validation passes over the directives of `__typename`.
                _ => return Err(Refused::at(directive.pos, "There is no such directive on a selection.")),
            };
            let condition = directive.node.get_argument("if").map(|value| &value.node);
            match coercion.value(&boolean, condition.unwrap_or(&Literal::Null)) {
                Ok(Value::Boolean(condition)) => is_included &= condition == included_when,
                Ok(_) => return Err(Refused::at(directive.pos, "The argument `if` must be true or false.")),
                Err(wrong) => {
                    let message = format!("The argument `if` must be {}.", wrong.expected);
                    return Err(Refused::at(directive.pos, message));
                }
            }
        }
        Ok(is_included)
    }
}

/// Refuses a field of whose size a request has to say one thing, where it says nothing or two.
fn check_size_is_said(
    field: &Field,
    node: &Positioned<GraphField>,
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
    Err(Refused::at(node.pos, message))
}
