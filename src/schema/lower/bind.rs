//! Which value does a field get? Arguments bind by name, and `bind` says otherwise.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::ops::Range;

use indexmap::IndexMap;

use super::fits::{claim_fits, describe, same_kind};
use super::{Draft, Lowering};
use crate::claim::ClaimKind;
use crate::schema::ast::{FieldDef, InputDef};
use crate::schema::directive::{Args, has_known_names};
use crate::schema::literal::{Literal, Spanned, Text};
use crate::schema::plan::{Argument, Attribute, Bindings, Each, Element, Name, Type, ValueSource};

/// A field that runs an operation, and the values that it can draw on.
pub(super) struct Site<'a, 'l> {
    pub(super) lowering: &'l Lowering<'a>,
    pub(super) def: &'a FieldDef,
    pub(super) arguments: &'l IndexMap<Name, Argument>,
    /// The type that the field belongs to, unless that is a root.
    pub(super) parent: Option<&'l Draft<'a>>,
    /// The arguments of the directive that says what it runs.
    pub(super) args: Args<'a>,
    /// What `bind` names.
    explicit: RefCell<Bound<'l>>,
    /// The fields whose values have been asked for.
    taken: RefCell<HashSet<Name>>,
    /// Whether `bind` has mistakes. What it was to bind cannot be known then, and is not missed.
    bind_is_ruined: Cell<bool>,
    /// Whether the operation may be run for the elements of a list, and of which it is.
    pub(super) iterates: Cell<bool>,
    pub(super) each: RefCell<Option<Each>>,
    used: RefCell<HashSet<Name>>,
    /// The paths that values are drawn from: arguments, and fields within inputs.
    drawn: RefCell<HashSet<Vec<Name>>>,
    /// The step that is read, where it is one of a transaction.
    pub(super) step: Option<StepSite<'a, 'l>>,
    /// The fields that are changed from what is there: they are not set.
    pub(super) acted_on: RefCell<HashSet<Name>>,
    /// The fields whose members are written one by one.
    pub(super) merged: RefCell<HashSet<Name>>,
    /// How many problems there were before this field was read.
    problems_before: usize,
}

/// A step of a transaction.
pub(super) struct StepSite<'a, 'l> {
    /// The name of the type that it is about.
    pub(super) object: &'a Text,
    /// The earlier steps that put items and have a name.
    pub(super) puts: Vec<PutBefore>,
    /// The list that it is done for the elements of.
    pub(super) each: Option<StepEach<'l>>,
}

/// A step that puts an item, as later ones see it.
#[derive(Debug, Clone)]
pub(super) struct PutBefore {
    pub(super) step: Name,
    pub(super) object: Name,
    /// Whether it puts one for each element of a list: none of them can be drawn on.
    pub(super) is_each: bool,
}

/// The list of the arguments that a step is done for the elements of.
#[derive(Debug, Clone)]
pub(super) struct StepEach<'l> {
    pub(super) list: Vec<Name>,
    /// What its elements are.
    pub(super) element: &'l Type,
}

/// Values by the field that they are for.
pub(super) type Bound<'l> = IndexMap<Name, (ValueSource, Given<'l>)>;

/// What is known of a value before it is there.
#[derive(Debug, Clone)]
pub(super) enum Given<'l> {
    Argument {
        ty: &'l Type,
        always: bool,
    },
    Parent {
        attribute: &'l Attribute,
    },
    /// An element of a list in the parent.
    Element(&'l Element),
    Claim(ClaimKind),
    /// A field that must be there, of an item that an earlier step puts.
    Step {
        attribute: &'l Attribute,
    },
}

impl Given<'_> {
    /// Whether an operation can count on it. A claim may be absent from a token; the request is refused then. A
    /// parent's field may be null; nothing is found then.
    pub(super) fn is_always_given(&self) -> bool {
        match self {
            Self::Argument { always, .. } => *always,
            Self::Parent { .. } | Self::Element(_) | Self::Claim(_) | Self::Step { .. } => true,
        }
    }
}

impl<'a, 'l> Site<'a, 'l> {
    pub(super) fn new(
        lowering: &'l Lowering<'a>,
        def: &'a FieldDef,
        arguments: &'l IndexMap<Name, Argument>,
        parent: Option<&'l Draft<'a>>,
        args: Args<'a>,
    ) -> Self {
        Self {
            lowering,
            def,
            arguments,
            parent,
            args,
            explicit: RefCell::default(),
            taken: RefCell::default(),
            bind_is_ruined: Cell::default(),
            iterates: Cell::default(),
            each: RefCell::default(),
            used: RefCell::default(),
            drawn: RefCell::default(),
            step: None,
            acted_on: RefCell::default(),
            merged: RefCell::default(),
            problems_before: lowering.reports.count(),
        }
    }

    /// Notes that what does something in a step does something.
    pub(super) fn use_what(&self, step: &Self) {
        self.used.borrow_mut().extend(step.used.borrow().iter().cloned());
    }

    /// Notes that a value is drawn from a path.
    pub(super) fn draw(&self, path: Vec<Name>) {
        self.drawn.borrow_mut().insert(path);
    }

    /// Whether a value is drawn from a path.
    pub(super) fn is_drawn(&self, path: &[Name]) -> bool {
        self.drawn.borrow().contains(path)
    }

    /// Whether nothing has been found wrong with this field so far.
    pub(super) fn is_clean(&self) -> bool {
        let is_known = self.def.directives.iter().all(|it| has_known_names(&it.name.value, &it.arguments));
        is_known && self.lowering.reports.count() == self.problems_before
    }

    /// Notes that an argument does something.
    pub(super) fn use_argument(&self, name: &Name) {
        self.used.borrow_mut().insert(name.clone());
    }

    /// An argument by name, which then counts as used.
    pub(super) fn argument(&self, name: &str) -> Option<&'l Argument> {
        let argument = self.arguments.get(name)?;
        self.use_argument(&argument.name);
        Some(argument)
    }

    /// Whether a value is never null: not even where a client sends null instead of leaving a default alone.
    pub(super) fn is_never_null(&self, (source, given): &(ValueSource, Given<'l>)) -> bool {
        let ValueSource::Argument(path) = source else {
            return !matches!(given, Given::Parent { attribute } if !attribute.non_null);
        };
        let mut fields = Some(self.arguments);
        path.iter().all(|segment| {
            let argument = fields.and_then(|fields| fields.get(segment));
            fields =
                argument.and_then(|it| self.lowering.inputs.get(it.ty.base())).map(|input| &input.fields);
            argument.is_some_and(|argument| argument.ty.non_null)
        })
    }

    /// Reports arguments that do nothing; not where something else is wrong, which may be the reason.
    pub(super) fn refuse_unused_arguments(&self) {
        if !self.is_clean() {
            return;
        }
        let used = self.used.borrow();
        let is_used = |name: &str| used.contains(name) || !self.arguments.contains_key(name);
        for def in self.def.arguments.iter().filter(|def| !is_used(&def.name.value)) {
            let message = format!("nothing uses the argument `{}`", def.name.value);
            self.lowering.reports.report(&def.name.span, message, self.use_for(&def.name.value));
        }
    }

    /// What an argument that does nothing may have been meant for.
    fn use_for(&self, name: &str) -> String {
        let ty = self.arguments.get(name).map(|argument| &argument.ty);
        let is_query = self.args.are_of("query");
        if is_query && ty.is_some_and(|ty| self.lowering.filters.contains_key(ty.base())) {
            return format!("write `where: \"args.{name}\"`: it is a filter");
        }
        let has_size = || ["first", "limit"].iter().any(|size| self.has_argument(size));
        let is_size = name != "last" && ty.is_some_and(|ty| ty.base().as_ref() == "Int" && !ty.is_list());
        if is_query && is_size && !has_size() {
            return "call it `first` or `limit` if it is the size of a page; otherwise name it in `bind` or `filter`, or take it out".to_owned();
        }
        "name it as a field of the type, name it in `bind` or `filter`, or take it out".to_owned()
    }

    /// Reads `bind` and checks each of its values against the field that it is for.
    pub(super) fn read_bind(&self, draft: &Draft<'a>) {
        let Some(object) = self.args.object("bind") else {
            self.bind_is_ruined.set(self.args.has("bind"));
            return;
        };
        for (at, (name, value)) in object.all().iter().enumerate() {
            let is_second = object.all().iter().take(at).any(|(other, _)| other.value == name.value);
            if is_second {
                let message = format!("`{}` is bound twice", name.value);
                self.lowering.reports.report(&name.span, message, "keep one of them");
            } else if let Some(bound) = self.bound(draft, name, value) {
                self.explicit.borrow_mut().insert(name.value.as_str().into(), bound);
            } else {
                self.bind_is_ruined.set(true);
            }
        }
    }

    /// One member of `bind`.
    fn bound(
        &self,
        draft: &Draft<'a>,
        name: &Spanned<String>,
        value: &Spanned<Literal>,
    ) -> Option<(ValueSource, Given<'l>)> {
        let reports = self.lowering.reports;
        let attribute = draft.attribute(&name.value);
        let attribute = attribute.map_err(|mistake| reports.report_at(name.span.start, mistake)).ok();
        let Literal::String(text) = &value.value else {
            let message = format!("this must be a string, and it is {}", value.value.kind());
            let hint = "write `\"args.…\"`, `\"parent.…\"` or `\"claims.…\"`";
            reports.report(&value.span, message, hint);
            return None;
        };
        let (source, given) = self.source(text)?;
        let attribute = attribute?;
        let (source, given) = self.element((source, given), attribute, &text.whole())?;
        self.fits(&given, attribute, &text.whole(), &name.value).then_some((source, given))
    }

    /// Whether `bind` names a field.
    pub(super) fn is_bound(&self, field: &str) -> bool {
        self.member_of_bind(field).is_some()
    }

    /// Whether `bind` or an argument gives a field a value, rightly, or wrongly and reported.
    pub(super) fn is_given(&self, field: &str) -> bool {
        self.has_argument(field) || self.member_of_bind(field).is_some()
    }

    /// Whether somebody may have tried to give a field a value.
    pub(super) fn is_attempted(&self, field: &str) -> bool {
        self.is_given(field) || self.bind_is_ruined.get()
    }

    fn member_of_bind(&self, field: &str) -> Option<&'a (Spanned<String>, Spanned<Literal>)> {
        self.args.object("bind")?.all().iter().find(|(name, _)| name.value == field)
    }

    /// The value that a field gets: the one that `bind` names, or the argument of its name.
    pub(super) fn value_for(&self, field: &Name, attribute: &Attribute) -> Option<(ValueSource, Given<'l>)> {
        self.taken.borrow_mut().insert(field.clone());
        if self.member_of_bind(field).is_some() {
            return self.explicit.borrow().get(field).cloned();
        }
        let argument = self.argument(field)?;
        let given = Given::Argument { ty: &argument.ty, always: argument.is_always_given() };
        let (span, source) = (self.value_span(field), ValueSource::Argument(vec![field.clone()]));
        let (source, given) = self.element((source, given), attribute, &span)?;
        self.fits(&given, attribute, &span, field).then_some((source, given))
    }

    /// Whether an argument of a name is written, be its type understood or not.
    pub(super) fn has_argument(&self, name: &str) -> bool {
        self.argument_def(name).is_some()
    }

    fn argument_def(&self, name: &str) -> Option<&'a InputDef> {
        self.def.arguments.iter().find(|def| def.name.value == name)
    }

    /// Where an argument stands, or the member of `bind` that says what a field gets.
    pub(super) fn span_of(&self, name: &str) -> Range<usize> {
        let bound = self.member_of_bind(name).map(|(name, _)| &name.span);
        let argument = || self.argument_def(name).map(|def| &def.name.span);
        bound.or_else(argument).unwrap_or(&self.def.name.span).clone()
    }

    /// Where it stands what a field gets: the path in `bind`, or the type of the argument of its name.
    pub(super) fn value_span(&self, name: &str) -> Range<usize> {
        let bound = self.member_of_bind(name).map(|(_, value)| match &value.value {
            Literal::String(text) => text.whole(),
            _ => value.span.clone(),
        });
        let argument = || self.argument_def(name).map(|def| def.ty.span.clone());
        bound.or_else(argument).unwrap_or_else(|| self.def.name.span.clone())
    }

    /// Whether a value can be stored in an attribute; reports it if not.
    pub(super) fn fits(
        &self,
        given: &Given<'_>,
        attribute: &Attribute,
        span: &Range<usize>,
        field: &str,
    ) -> bool {
        let expected = describe(&attribute.shape);
        let other = |fits: bool, hint: &str| if fits { Ok(()) } else { Err(hint.to_owned()) };
        let (fits, found) = match given {
            Given::Argument { ty, .. } if self.merged.borrow().contains(field) => {
                (self.lowering.accepts_part(&attribute.shape, ty), ty.to_string())
            }
            Given::Argument { ty, .. } => {
                let whole = self.lowering.accepts(&attribute.shape, ty);
                (whole.map_err(|hint| self.merge_hint(hint, (attribute, ty), field)), ty.to_string())
            }
            Given::Parent { attribute: parent } | Given::Step { attribute: parent } => {
                let hint = format!("bind a field that is {expected}");
                (other(same_kind(&attribute.shape, &parent.shape), &hint), describe(&parent.shape))
            }
            Given::Element(element) => {
                let hint = format!("bind a list of {expected}");
                (other(same_kind(&attribute.shape, &element.shape), &hint), describe(&element.shape))
            }
            Given::Claim(kind) => {
                let found = match kind {
                    ClaimKind::String => "a claim that is a string",
                    ClaimKind::Integer => "a claim that is a whole number",
                    ClaimKind::Strings => "a claim that is a list of strings",
                };
                let hint = "bind another value, or configure the claim otherwise";
                (other(claim_fits(&attribute.shape, *kind), hint), found.to_owned())
            }
        };
        if let Err(hint) = &fits {
            let message = format!("`{field}` is {expected}, and this is {found}");
            self.lowering.reports.report(span, message, hint);
        }
        fits.is_ok()
    }

    /// Reports what `bind` names and the operation does not take.
    pub(super) fn refuse_left_over(&self, takes: &str) {
        let Some(object) = self.args.object("bind") else {
            return;
        };
        let (bound, taken) = (self.explicit.borrow(), self.taken.borrow());
        let is_left = |name: &str| bound.contains_key(name) && !taken.contains(name);
        for (name, _) in object.all().iter().filter(|(name, _)| is_left(&name.value)) {
            let message = format!("`{}` is bound and does nothing", name.value);
            self.lowering.reports.report(&name.span, message, takes);
        }
    }
}

/// Keeps the sources of bindings that have been checked.
pub(super) fn sources(bound: Bound<'_>) -> Bindings {
    bound.into_iter().map(|(name, (source, _))| (name, source)).collect()
}
