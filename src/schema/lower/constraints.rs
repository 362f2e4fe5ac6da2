//! `@constraint`: what is asked of an argument or a field of an input, and whether its type can be asked for it.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::{Lowering, find};
use crate::schema::ast::InputDef;
use crate::schema::directive::Args;
use crate::schema::literal::Text;
use crate::schema::plan::{Constraint, Type};
use crate::schema::scalar::{Scalar, compare};
use crate::schema::template::Mistake;

/// How much memory a compiled pattern may take, in bytes. A pattern of some lines takes some thousands.
const MAX_PATTERN: usize = 1 << 20;

impl Lowering<'_> {
    /// Reads the constraint of an argument or a field, and holds its default to it.
    pub(super) fn constraint(&self, def: &InputDef, ty: &Type) -> Option<Constraint> {
        let args = Args::of(find(&def.directives, "constraint")?, self.reports);
        let before = self.reports.count();
        let constraint = self.read_constraint(&args);
        if args.all().is_empty() {
            let hint = "write `minLength`, `maxLength`, `pattern`, `min`, `max`, `minItems` or `maxItems`";
            self.reports.report(args.span(), "the constraint asks for nothing", hint);
        }
        self.check_constrained(&args, ty);
        if self.reports.count() == before
            && let Some(default) = &def.default
            && let Err(broken) = constraint.check(&default.value)
        {
            let hint = "each request without a value of its own would be refused";
            self.reports.report(&default.span, format!("the default must be {}", broken.expected), hint);
        }
        Some(constraint)
    }

    fn read_constraint(&self, args: &Args<'_>) -> Constraint {
        let count = |name: &str| {
            let (number, span) = args.number(name)?;
            Some((usize::try_from(number).unwrap_or(usize::MAX), span))
        };
        let both = |least: &str, greatest: &str| {
            let (min, max) = (count(least), count(greatest));
            if let Some(((min, _), (max, span))) = min.zip(max)
                && min > max
            {
                self.report_crossed(span, (least, greatest));
            }
            (min.map(|it| it.0), max.map(|it| it.0))
        };
        let (min_length, max_length) = both("minLength", "maxLength");
        let (min_items, max_items) = both("minItems", "maxItems");
        let (min, max) = (args.decimal("min"), args.decimal("max"));
        if let Some((min, max)) = min.as_ref().zip(max.as_ref())
            && compare(min, max).is_gt()
        {
            self.report_crossed(args.span_of("max"), ("min", "max"));
        }
        let pattern = args.string("pattern").and_then(|text| self.pattern(text));
        Constraint { min_length, max_length, pattern, min, max, min_items, max_items }
    }

    fn report_crossed(&self, span: &Range<usize>, (least, greatest): (&str, &str)) {
        let hint = "no value is both; exchange them";
        self.reports.report(span, format!("`{greatest}` is less than `{least}`"), hint);
    }

    fn pattern(&self, text: &Text) -> Option<Regex> {
        if let Err(error) = regex_syntax::parse(&text.value) {
            let (span, what) = match &error {
                regex_syntax::Error::Parse(error) => (Some(error.span()), error.kind().to_string()),
                regex_syntax::Error::Translate(error) => (Some(error.span()), error.kind().to_string()),
                error => (None, error.to_string()),
            };
            let at = span.map_or(0..text.value.len(), |span| span.start.offset..span.end.offset);
            let hint = "write it as the regex crate reads it: no look-around, no references back";
            self.reports.report_in(text, Mistake::new(at, format!("this is no pattern: {what}"), hint));
            return None;
        }
        let pattern = RegexBuilder::new(&text.value).size_limit(MAX_PATTERN).build();
        if pattern.is_err() {
            let hint = "repeat less: `{1000}` writes its part a thousand times";
            self.reports.report(&text.whole(), "the pattern is too large", hint);
        }
        pattern.ok()
    }

    /// Refuses what a type cannot be asked for.
    fn check_constrained(&self, args: &Args<'_>, ty: &Type) {
        let scalar: Option<Scalar> = ty.base().parse().ok();
        let is_text = matches!(scalar, Some(Scalar::String | Scalar::Id));
        let is_number =
            matches!(scalar, Some(Scalar::Int | Scalar::Float | Scalar::Decimal | Scalar::BigInt));
        for (names, fits, takes) in [
            (&["minLength", "maxLength", "pattern"][..], is_text, "String and ID"),
            (&["min", "max"][..], is_number, "Int, Float, Decimal and BigInt"),
            (&["minItems", "maxItems"][..], ty.is_list(), "lists"),
        ] {
            for name in names.iter().filter(|name| args.has(name) && !fits) {
                let message = format!("a value of {ty} has no `{name}`");
                self.reports.report(args.span_of(name), message, format!("it is for {takes}"));
            }
        }
    }
}
