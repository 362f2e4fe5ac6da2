//! `@cost` and `@listSize`: what a field weighs, and how long its list is taken to be.
//!
//! The names and the meaning are those of the GraphQL Cost Specification, as far as a size is not known without it: how
//! long the page of a `@query` is, and the list that an operation is run for, the gateway sees by itself. What would
//! change nothing is refused.

use super::{Draft, Lowering, find, operation};
use crate::problem::did_you_mean;
use crate::schema::ast::{Directive, FieldDef};
use crate::schema::directive::Args;
use crate::schema::plan::{
    Delete, Each, Get, ListSize, Name, Object, Operation, PagePart, Put, Query, Resolve, Type,
};

/// What an operation weighs, and an object that is answered, where no `@cost` says it.
pub(super) const WEIGHT: u32 = 1;
/// The most that `@cost` may say.
const MAX_WEIGHT: u32 = 100_000;
/// The longest list that may be assumed.
const MAX_SIZE: u64 = 10_000;

impl<'a> Lowering<'a> {
    /// What `@cost` says.
    pub(super) fn weight(&self, directives: &[Directive]) -> Option<u32> {
        let args = Args::of(find(directives, "cost")?, self.reports);
        if !args.has("weight") {
            self.reports.report(args.span(), "`@cost` needs `weight`", "write `@cost(weight: 5)`");
            return None;
        }
        let written = args.decimal("weight")?;
        let weight = written.parse().ok().filter(|weight| *weight <= MAX_WEIGHT);
        if weight.is_none() {
            let message = format!("a weight is a whole number from 0 to {MAX_WEIGHT}, and this is {written}");
            let hint = "an operation weighs 1, and an object that is answered too: weigh against these";
            self.reports.report(args.span_of("weight"), message, hint);
        }
        weight
    }

    /// What a type weighs: what `@cost` says; a root and a page weigh nothing.
    pub(super) fn weight_of_type(&self, name: &str, draft: &Draft<'a>) -> u32 {
        let usual = if self.is_root(name) { 0 } else { WEIGHT };
        self.weight(&draft.def.directives).unwrap_or(usual)
    }

    /// What a field weighs: what `@cost` says; what runs nothing weighs nothing.
    pub(super) fn weight_of_field(&self, def: &FieldDef) -> u32 {
        let usual = if operation(&def.directives).is_some() { WEIGHT } else { 0 };
        self.weight(&def.directives).unwrap_or(usual)
    }

    /// What `@listSize` says.
    pub(super) fn list_size(&self, def: &FieldDef, ty: &Type, resolve: &Resolve) -> Option<ListSize> {
        let args = Args::of(find(&def.directives, "listSize")?, self.reports);
        let query = match resolve {
            Resolve::Attribute(_) | Resolve::Page(_) => None,
            Resolve::Operation(operation) => match operation.as_ref() {
                Operation::Query(query) => Some(query),
                Operation::Get(Get { each, .. })
                | Operation::Put(Put { each, .. })
                | Operation::Delete(Delete { each, .. }) => {
                    if let Some(Each::Argument(name)) = each {
                        let message = format!("the list is as long as `{name}`");
                        self.reports.report(args.span(), message, "take `@listSize` out");
                        return None;
                    }
                    None
                }
                Operation::Update(_) => None,
                Operation::Transact(_) => {
                    let message = "a transaction has 100 items at most, and is counted as one operation";
                    self.reports.report(args.span(), message, "take `@listSize` out, or write `@cost`");
                    return None;
                }
            },
        };
        if query.is_none() && !ty.is_list() {
            let message = format!("`{}` is no list and no page", def.name.value);
            self.reports.report(args.span(), message, "take `@listSize` out");
            return None;
        }
        let size = ListSize { assumed: self.assumed(&args), one_of: self.one_of(&args, query) };
        self.check_sized_fields(&args, ty);
        if !["assumedSize", "slicingArguments", "sizedFields"].into_iter().any(|name| args.has(name)) {
            let hint = "say how long the list is taken to be: `@listSize(assumedSize: 10)`";
            self.reports.report(args.span(), "this `@listSize` does nothing", hint);
        }
        Some(size)
    }

    fn assumed(&self, args: &Args<'_>) -> Option<u32> {
        let (size, span) = args.number("assumedSize")?;
        if !(1..=MAX_SIZE).contains(&size) {
            let message = format!("a list is taken to have 1 to {MAX_SIZE} items, and this says {size}");
            self.reports.report(span, message, "say how many it has as a rule");
            return None;
        }
        u32::try_from(size).ok()
    }

    /// The arguments of which a request must give one.
    fn one_of(&self, args: &Args<'_>, query: Option<&Query>) -> Vec<Name> {
        let sizes: Vec<&Name> =
            query.into_iter().flat_map(|query| [&query.page.first, &query.page.last]).flatten().collect();
        let mut named = Vec::new();
        for text in args.strings("slicingArguments") {
            let name = text.value.as_str();
            if !sizes.iter().any(|size| size.as_str() == name) {
                let hint = if sizes.is_empty() {
                    "take it out: `assumedSize` says how long the list is taken to be".to_owned()
                } else {
                    did_you_mean(name, sizes.iter().map(|size| size.as_str()))
                };
                let message = format!("`{name}` does not say how long a page of this field is");
                self.reports.report(&text.whole(), message, hint);
            }
            named.push(Name::from(name));
        }
        let asked = args.boolean("requireOneSlicingArgument");
        if named.is_empty() && asked == Some(true) {
            let hint = "name them: `slicingArguments: [\"first\", \"last\"]`";
            let span = args.span_of("requireOneSlicingArgument");
            self.reports.report(span, "there are no slicing arguments to require", hint);
        }
        // The specification's own default.
        if asked.unwrap_or(true) { named } else { Vec::new() }
    }

    /// The fields of a page that the size is about. The gateway knows them: a name that is none of them is a mistake.
    fn check_sized_fields(&self, args: &Args<'_>, ty: &Type) {
        let page: Option<&Object> = self.pages.get(ty.base()).map(|page| &page.object);
        let sized = page.into_iter().flat_map(|page| page.fields.values()).filter(|field| {
            matches!(field.resolve, Resolve::Page(PagePart::Edges | PagePart::Items)) && field.ty.is_list()
        });
        let sized: Vec<&str> = sized.map(|field| field.name.as_str()).collect();
        for text in args.strings("sizedFields") {
            let name = text.value.as_str();
            if !sized.contains(&name) {
                let hint = if sized.is_empty() {
                    "take it out: the field is a list itself".to_owned()
                } else {
                    did_you_mean(name, sized.iter().copied())
                };
                self.reports.report(
                    &text.whole(),
                    format!("`{name}` is no list of items of this page"),
                    hint,
                );
            }
        }
    }
}
