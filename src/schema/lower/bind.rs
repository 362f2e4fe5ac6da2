//! Which value does a field get? Arguments bind by name, and `bind` says otherwise.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::Range;

use indexmap::IndexMap;

use super::fits::{claim_fits, describe, same_kind};
use super::{Draft, Lowering};
use crate::claim::ClaimKind;
use crate::problem::did_you_mean;
use crate::schema::ast::FieldDef;
use crate::schema::condition::{self, Scope};
use crate::schema::directive::Args;
use crate::schema::literal::{Literal, Text};
use crate::schema::plan::{Argument, Attribute, Bindings, Condition, Name, Of, Shape, Type, ValueSource};
use crate::schema::scalar::Scalar;
use crate::schema::template::Mistake;

/// A field that runs an operation, and the values that it can draw on.
pub(super) struct Site<'a, 'l> {
    pub(super) lowering: &'l Lowering<'a>,
    pub(super) def: &'a FieldDef,
    pub(super) arguments: &'l IndexMap<Name, Argument>,
    /// The type that the field belongs to, unless that is a root.
    pub(super) parent: Option<&'l Draft<'a>>,
    /// The arguments of the directive that says what it runs.
    pub(super) args: Args<'a>,
    /// What `bind` names and nobody has taken yet.
    explicit: RefCell<Bound<'l>>,
    used: RefCell<HashSet<Name>>,
}

/// Values by the field that they are for.
pub(super) type Bound<'l> = IndexMap<Name, (ValueSource, Given<'l>)>;

/// What is known of a value before it is there.
#[derive(Debug)]
pub(super) enum Given<'l> {
    Argument { ty: &'l Type, always: bool },
    Parent { attribute: &'l Attribute },
    Claim(ClaimKind),
}

impl Given<'_> {
    /// Whether it can be counted on. A claim may be absent from a token; the request is refused then.
    pub(super) fn is_always_given(&self) -> bool {
        match self {
            Self::Argument { always, .. } => *always,
            Self::Parent { .. } | Self::Claim(_) => true,
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
            used: RefCell::default(),
        }
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

    pub(super) fn refuse_unused_arguments(&self) {
        let used = self.used.borrow();
        for def in self.def.arguments.iter().filter(|def| !used.contains(def.name.value.as_str())) {
            let message = format!("nothing uses the argument `{}`", def.name.value);
            let hint = "name it as a field of the type, name it in `bind` or `filter`, or take it out";
            self.lowering.reports.report(&def.name.span, message, hint);
        }
    }

    /// Reads a path such as `args.input.id`, `parent.customerId` or `claims.sub`.
    pub(super) fn source(&self, text: &Text) -> Option<(ValueSource, Given<'l>)> {
        self.resolve(&text.value).map_err(|mistake| self.lowering.reports.report_in(text, mistake)).ok()
    }

    fn resolve(&self, path: &str) -> Result<(ValueSource, Given<'l>), Mistake> {
        let (root, rest) = path.split_once('.').unwrap_or((path, ""));
        let rest_at = root.len() + 1..path.len().max(root.len() + 1);
        match root {
            "args" => {
                let segments: Vec<_> = rest.split('.').collect();
                let (ty, always) = self.argument_path(&segments, rest_at.start)?;
                let path = segments.into_iter().map(Name::from).collect();
                Ok((ValueSource::Argument(path), Given::Argument { ty, always }))
            }
            "parent" => {
                let Some(parent) = self.parent else {
                    let hint = "bind an argument: `args.…`";
                    return Err(Mistake::new(0..root.len(), "a field of a root has no parent", hint));
                };
                let Some(attribute) = parent.attributes.get(rest) else {
                    let hint = did_you_mean(rest, parent.attributes.keys().map(AsRef::as_ref));
                    let message = format!("the parent has no field `{rest}` that is stored in the item");
                    return Err(Mistake::new(rest_at, message, hint));
                };
                Ok((ValueSource::Parent(rest.into()), Given::Parent { attribute }))
            }
            "claims" => {
                let Some(kind) = self.lowering.claims.get(rest) else {
                    let hint = "name it, with its type, under `[claims]` in the configuration";
                    let message = format!("no claim `{rest}` is configured");
                    return Err(Mistake::new(rest_at, message, hint));
                };
                Ok((ValueSource::Claim(rest.into()), Given::Claim(*kind)))
            }
            _ => {
                let hint = "a value is `args.…`, `parent.…` or `claims.…`";
                Err(Mistake::new(
                    0..root.len(),
                    format!("`{root}` is none of the places that values come from"),
                    hint,
                ))
            }
        }
    }

    /// The type of an argument, or of a field within an input object, and whether it is always there.
    fn argument_path(&self, segments: &[&str], at: usize) -> Result<(&'l Type, bool), Mistake> {
        let mut fields = self.arguments;
        let mut at = at;
        let mut always = true;
        let mut found: Option<&'l Type> = None;
        for (depth, segment) in segments.iter().enumerate() {
            let place = at..at + segment.len();
            let Some(argument) = fields.get(*segment) else {
                let hint = did_you_mean(segment, fields.keys().map(AsRef::as_ref));
                let what = if depth == 0 { "argument" } else { "field of the input" };
                return Err(Mistake::new(place, format!("there is no {what} `{segment}`"), hint));
            };
            if depth == 0 {
                self.use_argument(&argument.name);
            }
            always &= argument.is_always_given();
            found = Some(&argument.ty);
            at = place.end + 1;
            if depth + 1 == segments.len() {
                break;
            }
            let input = self.lowering.inputs.get(argument.ty.base()).filter(|_| !argument.ty.is_list());
            let Some(input) = input else {
                let hint = "only an input object has fields";
                return Err(Mistake::new(place, format!("`{segment}` is {}", argument.ty), hint));
            };
            fields = &input.fields;
        }
        let nothing =
            || Mistake::new(0..at, "the path names no argument", "write `args.` and the argument's name");
        Ok((found.ok_or_else(nothing)?, always))
    }

    /// Reads `bind` and checks each of its values against the field that it is for.
    pub(super) fn read_bind(&self, draft: &Draft<'a>) {
        let Some(object) = self.args.object("bind") else {
            return;
        };
        for (name, value) in object.all() {
            let Some(attribute) = draft.attributes.get(name.value.as_str()) else {
                let hint = did_you_mean(&name.value, draft.attributes.keys().map(AsRef::as_ref));
                let message = no_such_field(draft, &name.value);
                self.lowering.reports.report(&name.span, message, hint);
                continue;
            };
            let Literal::String(text) = &value.value else {
                let message = format!("this must be a string, and it is {}", value.value.kind());
                let hint = "write `\"args.…\"`, `\"parent.…\"` or `\"claims.…\"`";
                self.lowering.reports.report(&value.span, message, hint);
                continue;
            };
            let Some((source, given)) = self.source(text) else {
                continue;
            };
            if self.fits(&given, attribute, &text.whole(), &name.value) {
                let name = name.value.as_str().into();
                self.explicit.borrow_mut().insert(name, (source, given));
            }
        }
    }

    /// Whether `bind` names a field, rightly or not.
    pub(super) fn is_bound(&self, field: &str) -> bool {
        let named = |object: Args<'_>| object.all().iter().any(|(name, _)| name.value == field);
        self.args.object("bind").is_some_and(named)
    }

    /// The value that a field gets: the one that `bind` names, or the argument of its name.
    pub(super) fn value_for(&self, field: &Name, attribute: &Attribute) -> Option<(ValueSource, Given<'l>)> {
        let explicit = self.explicit.borrow_mut().shift_remove(field);
        if explicit.is_some() {
            return explicit;
        }
        let argument = self.argument(field)?;
        let given = Given::Argument { ty: &argument.ty, always: argument.is_always_given() };
        let span = self.span_of(field);
        self.fits(&given, attribute, &span, field)
            .then(|| (ValueSource::Argument(vec![field.clone()]), given))
    }

    /// Where an argument stands.
    pub(super) fn span_of(&self, argument: &str) -> Range<usize> {
        let def = self.def.arguments.iter().find(|def| def.name.value == argument);
        def.map_or_else(|| self.def.name.span.clone(), |def| def.name.span.clone())
    }

    /// Whether a value can be stored in an attribute; reports it if not.
    pub(super) fn fits(
        &self,
        given: &Given<'_>,
        attribute: &Attribute,
        span: &Range<usize>,
        field: &str,
    ) -> bool {
        let (fits, found) = match given {
            Given::Argument { ty, .. } => (self.lowering.accepts(&attribute.shape, ty), ty.to_string()),
            Given::Parent { attribute: parent } => {
                (same_kind(&attribute.shape, &parent.shape), describe(&parent.shape))
            }
            Given::Claim(kind) => (claim_fits(&attribute.shape, *kind), format!("a claim of kind {kind:?}")),
        };
        if !fits {
            let expected = describe(&attribute.shape);
            let message = format!("`{field}` is {expected}, and this is {found}");
            self.lowering.reports.report(span, message, format!("give it the type {expected}"));
        }
        fits
    }

    /// Reads `when`.
    pub(super) fn when(&self, draft: &Draft<'a>) -> Option<Condition> {
        let text = self.args.string("when")?;
        let scope = WhenScope { site: self, draft };
        let parsed = condition::parse(&text.value, &scope);
        parsed.map_err(|mistake| self.lowering.reports.report_in(text, mistake)).ok()
    }

    /// Reports what `bind` names and the operation does not take.
    pub(super) fn refuse_left_over(&self, takes: &str) {
        let Some(object) = self.args.object("bind") else {
            return;
        };
        let left = self.explicit.borrow();
        for (name, _) in object.all().iter().filter(|(name, _)| left.contains_key(name.value.as_str())) {
            let message = format!("`{}` is bound and does nothing", name.value);
            self.lowering.reports.report(&name.span, message, takes);
        }
    }
}

/// The message for a name that is no attribute of a type.
pub(super) fn no_such_field(draft: &Draft<'_>, name: &str) -> String {
    format!("`{}` has no field `{name}` that is stored in the item", draft.def.name.value)
}

/// Keeps the sources of bindings that have been checked.
pub(super) fn sources(bound: Bound<'_>) -> Bindings {
    bound.into_iter().map(|(name, (source, _))| (name, source)).collect()
}

struct WhenScope<'s, 'a, 'l> {
    site: &'s Site<'a, 'l>,
    draft: &'s Draft<'a>,
}

impl Scope for WhenScope<'_, '_, '_> {
    fn field(&self, name: &str) -> Option<Shape> {
        self.draft.attributes.get(name).map(|attribute| attribute.shape.clone())
    }

    fn fields(&self) -> Vec<String> {
        self.draft.attributes.keys().map(ToString::to_string).collect()
    }

    fn enum_values(&self, name: &str) -> Vec<String> {
        let found = self.site.lowering.enums.get(name);
        found.map(|found| found.values.keys().map(ToString::to_string).collect()).unwrap_or_default()
    }

    fn argument(&self, path: &[&str], shape: &Shape) -> Result<(), (String, String)> {
        let (ty, always) =
            self.site.argument_path(path, 0).map_err(|mistake| (mistake.message, mistake.hint))?;
        if !self.site.lowering.accepts(shape, ty) {
            let expected = describe(shape);
            return Err((
                format!("the field is {expected}, and the argument {ty}"),
                format!("give it the type {expected}"),
            ));
        }
        if !always {
            let hint = "make it non-null, or give it a default: a condition on nothing would always fail";
            return Err(("the argument may be null".to_owned(), hint.to_owned()));
        }
        Ok(())
    }
}
