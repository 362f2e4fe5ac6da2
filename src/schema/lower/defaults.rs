//! `@default`: the value that a new item's field has when nobody gives one.

use async_graphql::Value;

use super::definitions::convert;
use super::{Lowering, find};
use crate::schema::ast::{FieldDef, TypeDef};
use crate::schema::directive::{Args, Location, is_understood};
use crate::schema::plan::Attribute;

impl Lowering<'_> {
    pub(super) fn default_of(
        &self,
        attribute: &Attribute,
        (def, field): (&TypeDef, &FieldDef),
    ) -> Option<Value> {
        let args = Args::of(find(&field.directives, "default")?, self.reports);
        let Some(literal) = args.value("value") else {
            if args.has_known_names() {
                let hint = "write `value: …`; a field that is not there is null by itself";
                self.reports.report(args.span(), "the default has no value", hint);
            }
            return None;
        };
        let (span, value) = (&literal.span, literal.value.as_value());
        let object = &def.name.value;
        let is_version =
            find(&def.directives, "item").is_some_and(|it| it.string("version") == Some(&field.name.value));
        let ruined = def.directives.iter().any(|it| !is_understood(it, Location::Object));
        let ty = convert(&field.ty.value);
        if attribute.generate.is_some() {
            let hint = "keep one of them";
            self.reports.report(args.span(), "the field is generated already", hint);
        } else if is_version {
            let hint = "take the default out";
            self.reports.report(
                args.span(),
                format!("`{}` is counted by the gateway", field.name.value),
                hint,
            );
        } else if find(&def.directives, "item").is_none() && !ruined {
            let hint =
                "only fields of a type with `@item` have defaults; an input's field has its own: `= …`";
            self.reports.report(args.span(), format!("`{object}` has no items to make"), hint);
        } else if !self.fits(&value, &ty) {
            let hint = "a default is a scalar, an enum value, or a list of them";
            self.reports.report(span, format!("this default is no {ty}"), hint);
        } else {
            return Some(value);
        }
        None
    }
}
