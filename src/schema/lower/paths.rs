//! Where values come from: `args.input.id`, `parent.customerId`, `claims.sub`, `each.sku`.

use indexmap::IndexMap;

use super::bind::{Given, PutBefore, Site, StepEach};
use super::each::{SECOND_LIST, argument, elements};
use crate::problem::did_you_mean;
use crate::schema::condition::EACH;
use crate::schema::literal::Text;
use crate::schema::plan::{Argument, Name, Type, ValueSource};
use crate::schema::template::Mistake;

impl<'l> Site<'_, 'l> {
    /// Reads a path.
    pub(super) fn source(&self, text: &Text) -> Option<(ValueSource, Given<'l>)> {
        self.resolve(&text.value).map_err(|mistake| self.lowering.reports.report_in(text, mistake)).ok()
    }

    /// Reads a path that follows a sign.
    pub(super) fn source_after(&self, sign: char, text: &Text) -> Option<(ValueSource, Given<'l>)> {
        let path = text.value.strip_prefix(sign).unwrap_or(&text.value);
        let at = text.value.len() - path.len();
        let found = self.resolve(path).map_err(|mistake| mistake.shifted(at));
        found.map_err(|mistake| self.lowering.reports.report_in(text, mistake)).ok()
    }

    pub(super) fn resolve(&self, path: &str) -> Result<(ValueSource, Given<'l>), Mistake> {
        let (root, rest) = path.split_once('.').unwrap_or((path, ""));
        let rest_at = root.len() + 1;
        if matches!(root, "args" | "parent" | "claims") && rest.is_empty() {
            let hint = format!("write `{root}.` and a name");
            return Err(Mistake::new(0..path.len(), format!("`{path}` alone is no value"), hint));
        }
        match root {
            "args" => {
                let found = self.argument_path(rest).map_err(|mistake| mistake.shifted(rest_at));
                let (ty, always) = found?;
                let path = rest.split('.').map(Name::from).collect();
                Ok((ValueSource::Argument(path), Given::Argument { ty, always }))
            }
            "parent" => {
                let Some(parent) = self.parent else {
                    let hint = "bind an argument: `args.…`";
                    return Err(Mistake::new(0..root.len(), "a field of a root has no parent", hint));
                };
                let attribute = parent.attribute(rest).map_err(|mistake| mistake.shifted(rest_at))?;
                Ok((ValueSource::Parent(rest.into()), Given::Parent { attribute }))
            }
            "claims" => {
                let Some(kind) = self.lowering.claims.get(rest) else {
                    let hint = "name it, with its type, under `[claims]` in the configuration";
                    let message = format!("no claim `{rest}` is configured");
                    return Err(Mistake::new(rest_at..path.len(), message, hint));
                };
                Ok((ValueSource::Claim(rest.into()), Given::Claim(*kind)))
            }
            EACH => self.of_element(path, rest),
            _ => match self.put_before(root) {
                Some(put) => self.field_of_step(put, rest),
                None => Err(self.no_such_root(root)),
            },
        }
    }

    /// Whether it is a step that is done for each element of a list.
    pub(super) fn has_element(&self) -> bool {
        self.step.as_ref().is_some_and(|step| step.each.is_some())
    }

    /// The element that a step of a transaction is done for, or a field within it.
    fn of_element(&self, path: &str, within: &str) -> Result<(ValueSource, Given<'l>), Mistake> {
        let Some(StepEach { list, element }) = self.step.as_ref().and_then(|step| step.each.as_ref()) else {
            let hint =
                "name its list, `each: \"args.…\"`, in the step of `@transact` that is done for each element";
            return Err(Mistake::new(0..EACH.len(), "`each` is no element: there is no list here", hint));
        };
        if path == EACH {
            self.draw(list.clone());
            let given = Given::Argument { ty: element, always: true };
            return Ok((ValueSource::Each(list.clone(), Vec::new()), given));
        }
        let Some(input) = self.lowering.inputs.get(element.base()) else {
            let message = format!("an element of the list is {element}, which has no fields");
            return Err(Mistake::new(0..path.len(), message, "write `each`"));
        };
        let found = self.path_within((&input.fields, Some(element.base())), within);
        let (names, ty, always) = found.map_err(|mistake| mistake.shifted(EACH.len() + 1))?;
        self.draw([list.as_slice(), names.as_slice()].concat());
        Ok((ValueSource::Each(list.clone(), names), Given::Argument { ty, always }))
    }

    /// The earlier step of a name that puts items.
    fn put_before(&self, name: &str) -> Option<&PutBefore> {
        self.step.as_ref()?.puts.iter().find(|put| put.step.as_str() == name)
    }

    fn field_of_step(
        &self,
        PutBefore { step, object, is_each }: &PutBefore,
        field: &str,
    ) -> Result<(ValueSource, Given<'l>), Mistake> {
        if *is_each {
            let message =
                format!("`{step}` puts an item for each element of a list, so none of them is meant here");
            let hint = "draw on what that step draws on: arguments, or an earlier step that puts one item";
            return Err(Mistake::new(0..step.len(), message, hint));
        }
        let at = step.len() + 1;
        if field.is_empty() {
            let hint = format!("write `{step}.` and a field of `{object}`");
            return Err(Mistake::new(0..step.len(), format!("`{step}` alone is no value"), hint));
        }
        let draft = self.lowering.drafts.get(object).ok_or_else(Mistake::reported)?;
        let attribute = draft.attribute(field).map_err(|mistake| mistake.shifted(at))?;
        if !attribute.non_null {
            let message = format!("`{object}.{field}` may be null");
            let hint = "name a field that must be there";
            return Err(Mistake::new(at..at + field.len(), message, hint));
        }
        Ok((ValueSource::Step(step.clone(), field.into()), Given::Step { attribute }))
    }

    fn no_such_root(&self, root: &str) -> Mistake {
        let hint = match root {
            "tenant" => {
                "the tenant comes from the verified token alone, as `${tenant}` in templates".to_owned()
            }
            root if self.has_argument(root) => format!("write `args.{root}`"),
            _ if self.has_element() => "a value is `each.…`, `args.…`, `parent.…` or `claims.…`".to_owned(),
            _ => "a value is `args.…`, `parent.…` or `claims.…`".to_owned(),
        };
        let message = match root {
            "" => "the path is empty".to_owned(),
            root => format!("`{root}` is none of the places that values come from"),
        };
        Mistake::new(0..root.len(), message, hint)
    }

    /// The type of an argument, or of a field within an input object, and whether it is always there. The path is
    /// what follows `args.`.
    fn argument_path(&self, path: &str) -> Result<(&'l Type, bool), Mistake> {
        let (names, ty, always) = self.path_within((self.arguments, None), path)?;
        self.draw(names);
        Ok((ty, always))
    }

    /// The names of a path, the type that it leads to, and whether that is always there: from the arguments on, or from
    /// the fields of an input object.
    fn path_within(
        &self,
        (mut fields, mut input): (&'l IndexMap<Name, Argument>, Option<&'l Name>),
        path: &str,
    ) -> Result<(Vec<Name>, &'l Type, bool), Mistake> {
        let mut at = 0;
        let mut always = true;
        let mut names: Vec<Name> = Vec::new();
        let mut segments = path.split('.').peekable();
        while let Some(segment) = segments.next() {
            let place = at..at + segment.len();
            let Some(argument) = fields.get(segment) else {
                return Err(self.no_such_argument(segment, input, fields.keys()).shifted(at));
            };
            if input.is_none() {
                self.use_argument(&argument.name);
            }
            names.push(argument.name.clone());
            always &= argument.is_always_given();
            if segments.peek().is_none() {
                return Ok((names, &argument.ty, always));
            }
            let within = self.lowering.inputs.get(argument.ty.base());
            // Through the elements of a list, where the operation is run for each.
            let element = elements(&argument.ty).filter(|_| self.iterates() && input.is_none());
            if element.is_some() && !self.take_each(self::argument(&argument.name)) {
                return Err(Mistake::new(place, SECOND_LIST.0, SECOND_LIST.1));
            }
            always &= element.is_none_or(|element| element.non_null);
            let Some(within) = within.filter(|_| element.is_some() || !argument.ty.is_list()) else {
                return Err(self.no_fields(segment, argument).shifted(at));
            };
            (fields, input, at) = (&within.fields, Some(argument.ty.base()), place.end + 1);
        }
        Err(Mistake::new(
            0..path.len(),
            "the path names no argument",
            "write `args.` and the argument's name",
        ))
    }

    /// A path goes on where there are no fields; or where there is a list, whose elements a step has in its own way.
    fn no_fields(&self, segment: &str, argument: &Argument) -> Mistake {
        let is_list = self.step.is_some() && argument.ty.is_list();
        let (what, hint) = if is_list {
            let hint =
                "a step with `each` is done for each element of one list, and names its fields: `each.id`";
            ("whose elements are many", hint)
        } else {
            ("which has no fields", "end the path here, or name an input object")
        };
        Mistake::new(0..segment.len(), format!("`{segment}` is {}, {what}", argument.ty), hint)
    }

    fn no_such_argument<'n>(
        &self,
        segment: &str,
        input: Option<&Name>,
        known: impl Iterator<Item = &'n Name> + Clone,
    ) -> Mistake {
        let is_written = match input {
            None => self.def.arguments.iter().any(|def| def.name.value == segment),
            Some(input) => self.lowering.has_input_field(input, segment),
        };
        if is_written {
            // Its type has been reported.
            return Mistake::reported();
        }
        let message = match input {
            _ if segment.is_empty() => "a name is missing here".to_owned(),
            None => format!("there is no argument `{segment}`"),
            Some(input) => format!("`{input}` has no field `{segment}`"),
        };
        let known: Vec<&str> = known.map(AsRef::as_ref).collect();
        Mistake::new(0..segment.len(), message, did_you_mean(segment, known))
    }
}
