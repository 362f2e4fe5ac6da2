//! Runs a prepared operation: fields beside each other, mutations one after the other, and null where something
//! failed, as far up as the types ask for it.
//!
//! GraphQL, section 6.4 ("Executing Fields") and 6.4.4 ("Handling Field Errors"). Everything is polled inside the
//! request's own future: when a client goes away, its work goes with it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use async_graphql::parser::Pos;
use async_graphql::{Name, Value};
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream;
use indexmap::IndexMap;
use serde_json::json;

use super::answer::{GraphError, Response, Segment};
use super::selection::{Prepared, Selected, What};
use crate::credentials::TenantSession;
use crate::error::{Chain, Code, Public};
use crate::item::{Attributes, elements, leaf};
use crate::operation::{Budget, Failure, Found, Inputs, Operations, Parent};
use crate::schema::{
    Attribute, Field, Object, Of, Operation, PageKind, PagePart, Plan, Resolve, Shape, Type,
};

/// How many members of one list are resolved beside each other.
const CONCURRENT: usize = 16;

/// An error went up: what this would have been must not be null. It has been recorded.
#[derive(Debug)]
struct Nulled;

type Completed = Result<Value, Nulled>;
/// Boxed, because selections nest.
type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A run of one operation.
struct Run<'a> {
    operations: &'a Operations,
    plan: &'a Plan,
    session: &'a TenantSession,
    budget: Budget,
    max_errors: usize,
    errors: Mutex<Vec<GraphError>>,
    partial: Mutex<Vec<Vec<Segment>>>,
}

/// What the selections of an object are made on.
#[derive(Clone, Copy)]
enum On<'a> {
    Root(&'a Value),
    Item(&'a Attributes),
    Page(&'a Found),
    Edge(&'a Found, usize),
}

/// Where a field stands in the answer.
#[derive(Clone, Copy)]
struct Path<'a> {
    above: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Name(&'a Name),
    Index(usize),
}

impl<'a> Path<'a> {
    fn name(&'a self, name: &'a Name) -> Self {
        Path { above: Some(self), step: Step::Name(name) }
    }

    fn index(&'a self, at: usize) -> Self {
        Path { above: Some(self), step: Step::Index(at) }
    }

    fn segments(&self) -> Vec<Segment> {
        let mut segments = self.above.map(Path::segments).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Name(name) => segments.push(Segment::Name(name.clone())),
            Step::Index(at) => segments.push(Segment::Index(at)),
        }
        segments
    }
}

/// A field that is being resolved.
#[derive(Clone, Copy)]
struct At<'a> {
    path: &'a Path<'a>,
    pos: Pos,
    selections: &'a [Selected<'a>],
}

/// Runs an operation to its end.
pub(super) async fn run(
    operations: &Operations,
    session: &TenantSession,
    prepared: Prepared<'_>,
) -> Response {
    let run = Run {
        operations,
        plan: operations.plan(),
        session,
        budget: operations.budget(),
        max_errors: prepared.max_errors,
        errors: Mutex::default(),
        partial: Mutex::default(),
    };
    let root = Path { above: None, step: Step::Root };
    let on = On::Root(&prepared.introspection);
    let members: Vec<_> =
        prepared.selections.iter().map(|selected| run.member(prepared.root, on, selected, &root)).collect();
    // Mutations run one after the other: a boxed future does nothing until it is polled.
    let at_once = if prepared.serial { 1 } else { members.len().max(1) };
    let members: Vec<_> = stream::iter(members).buffered(at_once).collect().await;
    let data: Result<IndexMap<_, _>, Nulled> = members.into_iter().collect();
    let errors = run.errors.into_inner().unwrap_or_else(PoisonError::into_inner);
    let partial = run.partial.into_inner().unwrap_or_else(PoisonError::into_inner);
    Response::new(data.ok(), errors, partial)
}

impl Run<'_> {
    /// An object: each of its selections, in their order.
    fn object<'a>(&'a self, object: &'a Object, on: On<'a>, at: At<'a>) -> Boxed<'a, Completed> {
        let members: Vec<_> =
            at.selections.iter().map(|selected| self.member(object, on, selected, at.path)).collect();
        Box::pin(async move {
            let members: Result<IndexMap<_, _>, Nulled> = join_all(members).await.into_iter().collect();
            members.map(Value::Object)
        })
    }

    /// One selection, under its name in the answer.
    fn member<'a>(
        &'a self,
        object: &'a Object,
        on: On<'a>,
        selected: &'a Selected<'a>,
        path: &'a Path<'a>,
    ) -> Boxed<'a, Result<(Name, Value), Nulled>> {
        Box::pin(async move {
            let value = match &selected.what {
                What::TypeName => Value::String(object.name.to_string()),
                What::Introspection => introspected(on, &selected.key),
                What::Field { field, coordinate, arguments, selections } => {
                    let path = path.name(&selected.key);
                    let at = At { path: &path, pos: selected.pos, selections };
                    let completed = match &field.resolve {
                        Resolve::Attribute(attribute) => self.attribute(attribute, on, at).await,
                        Resolve::Page(part) => self.page_part(*part, field, on, at).await,
                        Resolve::Operation(operation) => {
                            let session = self.session.working_for(coordinate);
                            let parent = match on {
                                On::Item(item) => Some(Parent { object, item }),
                                On::Root(_) | On::Page(_) | On::Edge(..) => None,
                            };
                            let inputs =
                                Inputs { session: &session, arguments, parent, budget: &self.budget };
                            self.operation(operation, field, coordinate, (inputs, at)).await
                        }
                    };
                    nullable(field.ty.non_null, completed)?
                }
            };
            Ok((selected.key.clone(), value))
        })
    }

    // ---- attributes of an item ----

    async fn attribute<'a>(&'a self, attribute: &'a Attribute, on: On<'a>, at: At<'a>) -> Completed {
        let On::Item(item) = on else { return self.absent(attribute, at) };
        let stored = item.get(attribute.name.as_str()).filter(|stored| !stored.is_null());
        match stored {
            Some(stored) => self.stored(&attribute.shape, stored, at).await,
            None => self.absent(attribute, at),
        }
    }

    /// Nothing is stored: null, or an empty set, or an error where the field must not be null.
    fn absent(&self, attribute: &Attribute, at: At<'_>) -> Completed {
        match &attribute.shape {
            // DynamoDB has no empty sets; what is not there is one.
            Shape::Set(_) if attribute.non_null => Ok(Value::List(Vec::new())),
            _ if attribute.non_null => {
                tracing::error!(attribute = %attribute.name, "a stored item lacks an attribute that must not be null");
                self.fail(Code::Internal, "The stored item lacks this field.", at)
            }
            _ => Ok(Value::Null),
        }
    }

    /// A stored value, by its shape.
    fn stored<'a>(
        &'a self,
        shape: &'a Shape,
        stored: &'a AttributeValue,
        at: At<'a>,
    ) -> Boxed<'a, Completed> {
        Box::pin(async move {
            match shape {
                Shape::Scalar(_) | Shape::Enum(_) => {
                    leaf(self.plan, shape, stored).or_else(|mismatch| self.failed(&mismatch.into(), at))
                }
                Shape::Object(name) => match (stored, self.plan.objects.get(name)) {
                    (AttributeValue::M(map), Some(object)) => self.object(object, On::Item(map), at).await,
                    _ => self.mismatch(name, at),
                },
                Shape::List(element) | Shape::Set(element) => {
                    let Some(items) = elements(stored) else { return self.mismatch("a list", at) };
                    let mut values = Vec::with_capacity(items.len());
                    for (index, item) in items.iter().enumerate() {
                        let path = at.path.index(index);
                        let at = At { path: &path, ..at };
                        let completed = match item {
                            AttributeValue::Null(_) if element.non_null => {
                                self.fail(Code::Internal, "The stored list holds a null.", at)
                            }
                            AttributeValue::Null(_) => Ok(Value::Null),
                            item => self.stored(&element.shape, item, at).await,
                        };
                        values.push(nullable(element.non_null, completed)?);
                    }
                    Ok(Value::List(values))
                }
            }
        })
    }

    fn mismatch(&self, expected: &str, at: At<'_>) -> Completed {
        let mismatch = crate::item::Mismatch { expected: expected.to_owned(), found: "of another type" };
        self.failed(&mismatch.into(), at)
    }

    // ---- operations ----

    async fn operation<'a>(
        &'a self,
        operation: &'a Operation,
        field: &'a Field,
        coordinate: &'a str,
        (inputs, at): (Inputs<'a>, At<'a>),
    ) -> Completed {
        let operations = self.operations;
        let item = match operation {
            Operation::Query(query) => {
                return match operations.query(coordinate, query, inputs).await {
                    Ok(found) => self.found(&found, query.page.kind, field, at).await,
                    Err(failure) => self.failed(&failure, at),
                };
            }
            Operation::Get(get) => operations.get(get, inputs).await,
            Operation::Put(put) => operations.put(put, inputs).await.map(Some),
            Operation::Update(update) => operations.update(update, inputs).await,
            Operation::Delete(delete) => operations.delete(delete, inputs).await,
        };
        let object = self.plan.objects.get(operation.object());
        match (item, object) {
            (Ok(Some(item)), Some(object)) => self.object(object, On::Item(&item), at).await,
            // What is missing is null, or an error where it must not be.
            (Ok(None), _) if field.ty.non_null => self.fail(Code::NotFound, "There is no such item.", at),
            (Ok(_), _) => Ok(Value::Null),
            (Err(Failure::Conflict(Some(current))), Some(object)) => {
                self.conflict(object, &current, at).await
            }
            (Err(failure), _) => self.failed(&failure, at),
        }
    }

    async fn found<'a>(
        &'a self,
        found: &'a Found,
        kind: PageKind,
        field: &'a Field,
        at: At<'a>,
    ) -> Completed {
        if found.partial {
            self.partial.lock().unwrap_or_else(PoisonError::into_inner).push(at.path.segments());
        }
        match kind {
            PageKind::List => self.items(found, &field.ty, at).await,
            PageKind::Connection | PageKind::Tokens => match self.plan.objects.get(field.ty.base()) {
                Some(page) => self.object(page, On::Page(found), at).await,
                None => Ok(Value::Null),
            },
        }
    }

    /// The items of a page, as a list.
    async fn items<'a>(&'a self, found: &'a Found, ty: &'a Type, at: At<'a>) -> Completed {
        self.list(ty, found.items.iter().map(On::Item).collect(), at).await
    }

    /// A list of objects, beside each other within a bound.
    async fn list<'a>(&'a self, ty: &'a Type, members: Vec<On<'a>>, at: At<'a>) -> Completed {
        let Some(object) = self.plan.objects.get(ty.base()) else { return Ok(Value::Null) };
        let non_null = matches!(&ty.of, Of::List(of) if of.non_null);
        let members: Vec<_> = members
            .into_iter()
            .enumerate()
            .map(|(index, on)| self.list_member(object, on, at, index))
            .collect();
        let members: Vec<_> = stream::iter(members).buffered(CONCURRENT).collect().await;
        let members = members.into_iter().map(|completed| nullable(non_null, completed));
        members.collect::<Result<Vec<_>, _>>().map(Value::List)
    }

    fn list_member<'a>(
        &'a self,
        object: &'a Object,
        on: On<'a>,
        at: At<'a>,
        index: usize,
    ) -> Boxed<'a, Completed> {
        Box::pin(async move {
            let path = at.path.index(index);
            self.object(object, on, At { path: &path, ..at }).await
        })
    }

    // ---- parts of a page ----

    async fn page_part<'a>(&'a self, part: PagePart, field: &'a Field, on: On<'a>, at: At<'a>) -> Completed {
        let cursor = |cursor: Option<String>| Ok(cursor.map_or(Value::Null, Value::String));
        match (part, on) {
            (PagePart::Edges, On::Page(found)) => {
                let edges = (0..found.items.len()).map(|index| On::Edge(found, index)).collect();
                self.list(&field.ty, edges, at).await
            }
            (PagePart::Items, On::Page(found)) => self.items(found, &field.ty, at).await,
            (PagePart::Items, On::Edge(found, index)) => {
                match (found.items.get(index), self.plan.objects.get(field.ty.base())) {
                    (Some(item), Some(object)) => self.object(object, On::Item(item), at).await,
                    _ => Ok(Value::Null),
                }
            }
            (PagePart::Cursor, On::Edge(found, index)) => cursor(self.operations.cursor(found, index)),
            (PagePart::PageInfo, On::Page(found)) => match self.plan.objects.get(field.ty.base()) {
                Some(info) => self.object(info, On::Page(found), at).await,
                None => Ok(Value::Null),
            },
            (PagePart::HasNextPage, On::Page(found)) => Ok(Value::Boolean(found.has_next)),
            (PagePart::HasPreviousPage, On::Page(found)) => Ok(Value::Boolean(found.has_previous)),
            (PagePart::StartCursor, On::Page(found)) => cursor(self.operations.cursor(found, 0)),
            (PagePart::EndCursor, On::Page(found)) => cursor(self.operations.end_cursor(found)),
            (PagePart::NextToken, On::Page(found)) if found.has_next => {
                cursor(self.operations.end_cursor(found))
            }
            _ => Ok(Value::Null),
        }
    }

    // ---- errors ----

    /// A failed condition: the error shows the item as it is now, shaped as an answer would be.
    async fn conflict<'a>(&'a self, object: &'a Object, current: &'a Attributes, at: At<'a>) -> Completed {
        let stored_only: Vec<_> = at.selections.iter().filter(|selected| is_stored(selected)).collect();
        let mut shown = IndexMap::new();
        for selected in stored_only {
            if let Ok((name, value)) = self.member(object, On::Item(current), selected, at.path).await {
                shown.insert(name, value);
            }
        }
        let failure = Failure::Conflict(None);
        let mut error = graph_error(failure.code(), failure.message(), at);
        let shown = Value::Object(shown).into_json().unwrap_or_default();
        error.extensions.insert("current".to_owned(), shown);
        self.record(error);
        Err(Nulled)
    }

    /// Records a failure: its causes in the log, its public face in the answer.
    fn failed(&self, failure: &Failure, at: At<'_>) -> Completed {
        let code = failure.code();
        if matches!(code, Code::Internal | Code::Unavailable | Code::Throttled) {
            let (request, tenant) = (self.session.request(), self.session.context().tenant());
            tracing::error!(request.id = %request, tenant.id = %tenant, error = %Chain(failure), "a field failed");
        }
        let mut error = graph_error(code, failure.message(), at);
        if failure.applied_is_unknown() {
            error.extensions.insert("applied".to_owned(), json!("unknown"));
        }
        self.record(error);
        Err(Nulled)
    }

    fn fail(&self, code: Code, message: &str, at: At<'_>) -> Completed {
        self.record(graph_error(code, message, at));
        Err(Nulled)
    }

    fn record(&self, error: GraphError) {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        if errors.len() < self.max_errors {
            errors.push(error);
        }
    }
}

fn introspected(on: On<'_>, key: &Name) -> Value {
    match on {
        On::Root(Value::Object(members)) => members.get(key).cloned().unwrap_or_default(),
        On::Root(_) | On::Item(_) | On::Page(_) | On::Edge(..) => Value::Null,
    }
}

fn graph_error(code: Code, message: impl Into<String>, at: At<'_>) -> GraphError {
    let mut error = GraphError::new(code, message);
    error.locations = vec![at.pos];
    error.path = at.path.segments();
    error
}

/// A value that may be null is, where an error went up.
fn nullable(non_null: bool, completed: Completed) -> Completed {
    match completed {
        Err(Nulled) if !non_null => Ok(Value::Null),
        completed => completed,
    }
}

/// Whether a selection is answered from the item alone.
fn is_stored(selected: &Selected<'_>) -> bool {
    match &selected.what {
        What::TypeName => true,
        What::Introspection => false,
        What::Field { field, .. } => matches!(field.resolve, Resolve::Attribute(_)),
    }
}
