//! `each`: a step of a transaction that is done for each element of a list of the arguments.
//!
//! What an element is must be known, and that it is there. As DynamoDB takes no two operations on one item, the elements
//! must be able to name different ones: whether they do is seen when they are there.

use super::Lowering;
use super::bind::{Given, Site, StepEach};
use super::write::Reported;
use crate::schema::literal::Text;
use crate::schema::plan::{Generate, Of, Step, ValueSource};

const HINT: &str = "name an argument, or a field within one, that is a list: `each: \"args.input.lines\"`";

impl<'a> Lowering<'a> {
    /// The list that a step is done for the elements of; none where it is done once.
    pub(super) fn step_each<'l>(&self, site: &Site<'a, 'l>) -> Result<Option<StepEach<'l>>, Reported> {
        if !site.args.has("each") {
            return Ok(None);
        }
        let text = site.args.string("each").ok_or(Reported)?;
        let (source, given) = site.source(text).ok_or(Reported)?;
        let report = |message: String, hint: &str| {
            self.reports.report(&text.whole(), message, hint);
            Err(Reported)
        };
        let (ValueSource::Argument(list), Given::Argument { ty, .. }) = (source, given) else {
            return report("a list of the arguments is expected here".to_owned(), HINT);
        };
        let Of::List(element) = &ty.of else { return report(format!("this is {ty}, and no list"), HINT) };
        if element.is_list() {
            return report(format!("this is {ty}, a list of lists"), HINT);
        }
        if !element.non_null {
            return report(format!("an element of {ty} may be null"), &format!("write `[{element}!]`"));
        }
        Ok(Some(StepEach { list, element }))
    }

    /// Where nothing of a key comes from the element, all elements are on one item.
    pub(super) fn refuse_one_item_for_all(&self, steps: &[Step], places: &[&Text]) {
        for (step, place) in steps.iter().zip(places).filter(|(step, _)| step.each.is_some()) {
            let Some(draft) = self.drafts.get(step.write.object()) else { continue };
            let Some(item) = &draft.item else { continue };
            let bindings = step.write.bindings();
            let differs = |field| {
                let generated = || draft.attributes.get(field).and_then(|attribute| attribute.generate);
                match bindings.get(field) {
                    Some(source) => matches!(source, ValueSource::Each(..)),
                    None => generated() == Some(Generate::Ulid),
                }
            };
            let mut fields = item.item.keys.fields();
            if !fields.any(differs) {
                let message = "every element of the list is on the same item";
                let hint =
                    "bind a field of the key to the element: `each.…`, or `each` where that is a value";
                self.reports.report(&place.whole(), message, hint);
            }
        }
    }
}
