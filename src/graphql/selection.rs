//! A document becomes a tree of selections: fragments in place, equal fields merged, arguments coerced.
//!
//! GraphQL, section 6.3.2 ("Field Collection"). Two selections of one field under one name are one field: it runs
//! once, and its sub-selections are merged.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field as GraphField, OperationDefinition,
    OperationType, Selection, SelectionSet,
};
use async_graphql::parser::{Pos, Positioned};
use async_graphql::{Name, Value};
use async_graphql_value::Value as Literal;
use indexmap::IndexMap;

use super::answer::Refused;
use super::config::Config;
use super::guard::passes;
use super::input::{Coercion, Origin};
use super::limits::MAX_VALUES;
use super::merging::{check_shapes, is_same};
use super::variables::Variables;
use crate::credentials::TenantSession;
use crate::operation::Projection;
use crate::schema::{
    Delete, Each, Field, Get, Object, Of, Operation, PageKind, PagePart, Plan, Put, Resolve, Scalar, Type,
};
use crate::telemetry::Event;

/// How many items a page is taken to have whose size the document does not say. What is run is counted once more, so
/// that one with more items costs no more than it may.
const ASSUMED_PAGE: usize = 50;

/// How many times the length of its arguments a document may have of them, once each stands for each type that its field
/// is selected on; [`MAX_VALUES`], where that is more.
const MAX_COPIES: usize = 2;
/// How many selections may be looked at for each that a document may have.
const MAX_LOOKS: usize = 10;

/// An operation that is ready to run.
#[derive(Debug)]
pub(super) struct Prepared<'p> {
    /// The root type.
    pub(super) root: &'p Object,
    /// Whether root fields run one after the other.
    pub(super) serial: bool,
    pub(super) selections: Vec<Selected<'p>>,
    /// The answers to `__schema` and `__type`.
    pub(super) introspection: Value,
}

/// A field that is selected on an object type.
#[derive(Debug)]
pub(super) struct Selected<'p> {
    /// What it is called in the answer.
    pub(super) key: Name,
    pub(super) pos: Pos,
    pub(super) what: What<'p>,
}

#[derive(Debug)]
pub(super) enum What<'p> {
    /// `__typename`.
    TypeName,
    /// `__schema` or `__type`.
    Introspection,
    /// A field that is not answered: its scopes are not the caller's.
    Refused(Refusal),
    /// A field of the type.
    Field {
        /// The field.
        field: &'p Field,
        /// `Query.order`: the coordinate of the field.
        coordinate: Arc<str>,
        arguments: IndexMap<Name, Value>,
        /// The selections on what it returns.
        selections: Selections<'p>,
        /// The attributes that the operation asks for; none for all of them, and where it runs none.
        projection: Option<Arc<Projection>>,
    },
}

/// What is selected on what a field returns, for each object type that this may be. None for a leaf.
#[derive(Debug, Default)]
pub(super) struct Selections<'p>(Vec<(&'p crate::schema::Name, Vec<Selected<'p>>)>);

impl<'p> Selections<'p> {
    /// Nothing, where nothing is selected.
    pub(super) const NONE: &'static Selections<'static> = &Selections(Vec::new());

    /// What is selected where it is this type.
    pub(super) fn on(&self, object: &Object) -> &[Selected<'p>] {
        match self.0.as_slice() {
            [(_, only)] => only,
            several => several.iter().find(|(name, _)| **name == object.name).map_or(&[], |(_, it)| it),
        }
    }

    /// What is selected, type by type.
    pub(super) fn sets(&self) -> impl Iterator<Item = &[Selected<'p>]> {
        self.0.iter().map(|(_, selected)| selected.as_slice())
    }

    /// What is selected, each with the name of the type that it is selected on.
    pub(super) fn types(&self) -> impl Iterator<Item = (&'p crate::schema::Name, &[Selected<'p>])> {
        self.0.iter().map(|(name, selected)| (*name, selected.as_slice()))
    }

    pub(super) fn is_leaf(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why a field is not answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    /// Whether the field must not be null, so that what it belongs to is not answered either.
    pub(super) non_null: bool,
    /// Whether it is a write that could not be answered, because of a field within.
    pub(super) within: bool,
}

impl Selected<'_> {
    /// The refusal, if it is refused.
    fn refusal(&self) -> Option<Refusal> {
        match &self.what {
            What::Refused(refusal) => Some(*refusal),
            What::TypeName | What::Introspection | What::Field { .. } => None,
        }
    }

    /// Where the field is that is refused and would take this one with it, if there is one: it must not be null, and
    /// nothing between the two may be. A list counts as one that has members.
    fn taken_by(&self) -> Option<Pos> {
        match &self.what {
            What::TypeName | What::Introspection => None,
            What::Refused(refusal) => refusal.non_null.then_some(self.pos),
            What::Field { field, .. } => self.lost_by().filter(|_| never_null(&field.ty)),
        }
    }

    /// Where the field within is that is refused and would make this one null.
    fn lost_by(&self) -> Option<Pos> {
        match &self.what {
            What::TypeName | What::Introspection | What::Refused(_) => None,
            What::Field { field, selections, .. } => {
                let carries = match &field.ty.of {
                    Of::Named(_) => true,
                    Of::List(of) => never_null(of),
                };
                selections.sets().flatten().find_map(Selected::taken_by).filter(|_| carries)
            }
        }
    }
}

/// Whether a value of the type can be null nowhere, so that a null below goes up through it.
fn never_null(ty: &Type) -> bool {
    ty.non_null
        && match &ty.of {
            Of::Named(_) => true,
            Of::List(of) => never_null(of),
        }
}

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
    config: &'p Config,
    /// How many operations the fields so far may run.
    operations: Cell<usize>,
    /// How many selections have been made so far, each once for each type that it may be made on.
    selected: Cell<usize>,
    /// How many selections of the document have been looked at, each once for each type that it is looked at for.
    looked_at: Cell<usize>,
    /// How long the arguments may be of all selections together, in bytes, and how long those are that have been made.
    values: (usize, Cell<usize>),
    /// The coordinates of the fields that the caller may not see.
    refused: RefCell<BTreeSet<String>>,
}

/// How often a selection is made: on so many objects; where they are pages, each with so many items.
#[derive(Debug, Clone, Copy)]
struct Times {
    objects: usize,
    items: usize,
}

impl Times {
    const ONCE: Self = Self { objects: 1, items: 1 };

    /// On what an operation finds.
    fn below(self, operation: &Operation, arguments: &IndexMap<Name, Value>) -> Self {
        let items = most_items(operation, arguments);
        match operation {
            Operation::Query(query) if query.page.kind != PageKind::List => Self { items, ..self },
            _ => Self { items, ..self }.on_items(),
        }
    }

    /// On each item of each page.
    fn on_items(self) -> Self {
        Self { objects: self.objects.saturating_mul(self.items), items: 1 }
    }
}

/// The fields of one name in the answer, in the order in which the name first appears.
type Groups<'d> = IndexMap<&'d Name, Vec<&'d Positioned<GraphField>>>;

impl<'p, 'd> Preparing<'p, 'd> {
    pub(super) fn new(
        (plan, session): (&'p Plan, &'d TenantSession),
        (document, values): (&'d ExecutableDocument, usize),
        operation: &'d Positioned<OperationDefinition>,
        variables: Variables,
        config: &'p Config,
    ) -> Self {
        let (operations, selected, looked_at) = (Cell::new(0), Cell::new(0), Cell::new(0));
        let refused = RefCell::default();
        let values = (MAX_VALUES.max(values.saturating_mul(MAX_COPIES)), Cell::new(0));
        Self {
            plan,
            session,
            document,
            operation,
            variables,
            config,
            operations,
            selected,
            looked_at,
            values,
            refused,
        }
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
        let found = self.operations.get();
        if found > self.config.max_operations {
            return Err(Refused::limit("operations to run", self.config.max_operations, found));
        }
        Ok(Prepared { root, serial, selections, introspection })
    }

    /// Selections on an object that are made so often.
    fn selections(
        &self,
        object: &'p Object,
        sets: &[&'d SelectionSet],
        times: Times,
    ) -> Result<Vec<Selected<'p>>, Refused> {
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
        // A selection on an interface is one for each of its types, and so on within them: no limit on the document
        // bounds that.
        let (found, most) = (self.selected.get() + 1, self.config.max_selections);
        self.selected.set(found);
        if found > most {
            return Err(Refused::limit("selections for each type that they are made on", most, found));
        }
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
                let (coordinate, inner_times) = match &field.resolve {
                    Resolve::Operation(operation) => {
                        self.operations.set(self.operations.get().saturating_add(times.objects));
                        let coordinate = format!("{}.{}", object.name, field.name).into();
                        (coordinate, times.below(operation, &arguments))
                    }
                    Resolve::Page(PagePart::TotalCount) => {
                        self.operations.set(self.operations.get().saturating_add(times.objects));
                        (format!("{}.{}", object.name, field.name).into(), times)
                    }
                    Resolve::Page(PagePart::Edges | PagePart::Items) => ("".into(), times.on_items()),
                    Resolve::Attribute(_) | Resolve::Page(_) => ("".into(), times),
                };
                let sets: Vec<_> = fields.iter().map(|field| &field.node.selection_set.node).collect();
                let selections = self.within(field.ty.base(), &sets, inner_times)?;
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
        let (before, mut most) = (self.operations.get(), self.operations.get());
        let mut selections = Selections::default();
        for object in several.members.iter().filter_map(|member| self.plan.objects.get(member)) {
            self.operations.set(before);
            selections.0.push((&object.name, self.selections(object, sets, times)?));
            most = most.max(self.operations.get());
        }
        self.operations.set(most);
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
                self.count_value(written_length(&value))?;
                arguments.insert(Name::new(&**name), value);
            }
        }
        Ok(arguments)
    }

    /// Counts selections that are looked at. Those that become one field, or none, are made but once; they are looked at
    /// for each type all the same.
    fn count_looks(&self, more: usize) -> Result<(), Refused> {
        let (found, most) =
            (self.looked_at.get().saturating_add(more), self.config.max_selections.saturating_mul(MAX_LOOKS));
        self.looked_at.set(found);
        if found > most {
            return Err(Refused::limit("selections to look at for each type", most, found));
        }
        Ok(())
    }

    /// Counts the value of an argument. It is copied for each type that its field is selected on, which no limit on the
    /// document bounds.
    fn count_value(&self, length: usize) -> Result<(), Refused> {
        let (most, values) = &self.values;
        values.set(values.get().saturating_add(length));
        if values.get() > *most {
            let what = "bytes of arguments for each type that they are given to";
            return Err(Refused::limit(what, *most, values.get()));
        }
        Ok(())
    }

    fn collect(
        &self,
        object: &Object,
        set: &'d SelectionSet,
        groups: &mut Groups<'d>,
        spread: &mut HashSet<&'d Name>,
    ) -> Result<(), Refused> {
        self.count_looks(set.items.len())?;
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

/// Where a selection is refused that must not be null, nothing else of its object is answered: nothing else is run.
fn only_what_takes_all(mut selections: Vec<Selected<'_>>) -> Vec<Selected<'_>> {
    let takes_all = |it: &Selected<'_>| it.refusal().is_some_and(|refusal| refusal.non_null);
    if selections.iter().any(takes_all) {
        selections.retain(takes_all);
    }
    selections
}

/// Nothing is written whose answer a refusal would take away: nobody would learn that it had been. Such a write is
/// refused itself; and where that takes the whole answer, nothing is run at all.
fn without_vain_writes(selections: Vec<Selected<'_>>) -> Vec<Selected<'_>> {
    let judged = selections.into_iter().map(|selected| {
        let What::Field { field, selections, .. } = &selected.what else { return selected };
        // Of a list of items each would be null, whether the list may hold nulls or not.
        let Some(pos) = selections.sets().flatten().find_map(Selected::taken_by) else { return selected };
        let refusal = Refusal { non_null: field.ty.non_null, within: true };
        Selected { key: selected.key, pos, what: What::Refused(refusal) }
    });
    only_what_takes_all(judged.collect())
}

/// How many items an operation may find, by the size of the page that is asked for.
fn most_items(operation: &Operation, arguments: &IndexMap<Name, Value>) -> usize {
    let query = match operation {
        Operation::Query(query) => query,
        Operation::Get(Get { each, .. })
        | Operation::Put(Put { each, .. })
        | Operation::Delete(Delete { each, .. }) => {
            return each.as_ref().map_or(1, |each| length(each, arguments));
        }
        Operation::Update(_) | Operation::Transact(_) => return 1,
    };
    let sizes = [&query.page.first, &query.page.last].into_iter().flatten();
    let mut sizes = sizes.filter_map(|name| arguments.get(name.as_str()));
    match sizes.find(|size| **size != Value::Null) {
        // One that is no size of a page is refused when it is run.
        Some(Value::Number(number)) => {
            number.as_u64().map_or(0, |it| usize::try_from(it).unwrap_or(usize::MAX))
        }
        _ => ASSUMED_PAGE,
    }
}

/// How long a value is, about as JSON would write it.
fn written_length(value: &Value) -> usize {
    /// A bracket each, or what stands between two values.
    const AROUND: usize = 2;
    let all = |lengths: &mut dyn Iterator<Item = usize>| lengths.fold(AROUND, usize::saturating_add);
    match value {
        Value::String(text) => text.len() + AROUND,
        Value::List(items) => all(&mut items.iter().map(|item| written_length(item) + 1)),
        Value::Object(members) => {
            all(&mut members.iter().map(|(name, value)| name.len() + written_length(value) + AROUND))
        }
        Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Binary(_) | Value::Enum(_) => 1,
    }
}

/// How many elements a list has.
fn length(each: &Each, arguments: &IndexMap<Name, Value>) -> usize {
    match each {
        Each::Argument(name) => match arguments.get(name.as_str()) {
            Some(Value::List(values)) => values.len(),
            _ => 0,
        },
        Each::Parent(_) => ASSUMED_PAGE,
    }
}
