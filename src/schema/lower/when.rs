//! `when`: what its names mean.

use super::Draft;
use super::bind::{Given, Site};
use super::fits::describe;
use crate::schema::condition::{self, Scope};
use crate::schema::plan::{Condition, Shape, ValueSource};
use crate::schema::template::Mistake;

impl<'a> Site<'a, '_> {
    /// Reads `when`.
    pub(super) fn when(&self, draft: &Draft<'a>) -> Option<Condition> {
        let text = self.args.string("when")?;
        let scope = WhenScope { site: self, draft };
        let parsed = condition::parse(&text.value, &scope);
        parsed.map_err(|mistake| self.lowering.reports.report_in(text, mistake)).ok()
    }
}

struct WhenScope<'s, 'a, 'l> {
    site: &'s Site<'a, 'l>,
    draft: &'s Draft<'a>,
}

impl Scope for WhenScope<'_, '_, '_> {
    fn field(&self, name: &str) -> Result<Shape, Mistake> {
        self.draft.attribute(name).map(|attribute| attribute.shape.clone())
    }

    fn enum_values(&self, name: &str) -> Vec<String> {
        let found = self.site.lowering.enums.get(name);
        found.map(|found| found.values.keys().map(ToString::to_string).collect()).unwrap_or_default()
    }

    fn source(&self, path: &str, field: &str, shape: &Shape) -> Result<ValueSource, Mistake> {
        let (source, given) = self.site.resolve(path)?;
        // Nothing else begins as what is asked for does.
        let Given::Argument { ty, always } = given else { return Err(Mistake::reported()) };
        let start = path.find('.').map_or(0, |dot| dot + 1);
        let wrong = |message: String, hint: &str| Err(Mistake::new(start..path.len(), message, hint));
        if let Err(hint) = self.site.lowering.accepts(shape, ty) {
            return wrong(format!("`{field}` is {}, and this is {ty}", describe(shape)), &hint);
        }
        if !always {
            let hint = "make it non-null, or give it a default: a condition on nothing would always fail";
            return wrong("this argument may be null".to_owned(), hint);
        }
        Ok(source)
    }
}
