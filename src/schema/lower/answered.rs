//! Which step of a transaction the field answers with: with its item, or with the list of its items, where it is done for
//! each element of a list.

use super::Lowering;
use super::bind::Site;
use super::get::{is_list, named};
use crate::schema::literal::Text;
use crate::schema::plan::{Name, Step, StepWrite};

impl<'a> Lowering<'a> {
    /// The type that is answered, and the place of the step.
    pub(super) fn answered(
        &self,
        site: &Site<'a, '_>,
        steps: &[Step],
        places: &[&Text],
    ) -> Option<(Name, usize)> {
        let ty = &site.def.ty;
        let text = ty.value.to_string();
        let is_list = is_list(&text);
        if text.matches('[').count() > usize::from(steps.iter().any(|step| step.each.is_some())) {
            let hint = "return the type of one step";
            self.reports.report(&ty.span, "a transaction answers with one item", hint);
            return None;
        }
        let object: Name = named(&text).into();
        let answer = match site.args.string("returns") {
            Some(returns) => self.named_step(returns, &object, (is_list, steps))?,
            None => self.only_step(site, &object, (is_list, steps))?,
        };
        if matches!(steps.get(answer)?.write, StepWrite::Delete(_)) {
            let hint = "return the type of another step: a transaction gives nothing back";
            let place = places.get(answer).map_or(ty.span.clone(), |text| text.whole());
            self.reports.report(&place, "an item that is deleted cannot be answered", hint);
            return None;
        }
        Some((object, answer))
    }

    /// The step that `returns` names.
    fn named_step(&self, returns: &Text, object: &Name, (is_list, steps): (bool, &[Step])) -> Option<usize> {
        let found = steps.iter().enumerate().find(|(_, step)| *step.name == *returns.value);
        let (message, hint) = match found {
            Some((_, step)) if step.write.object() != object => (
                format!("the field returns `{object}`, and this step is about another type"),
                "return the type of the step",
            ),
            Some((_, step)) if step.each.is_some() != is_list => other_number(is_list),
            Some((at, _)) => return Some(at),
            None => (format!("there is no step `{}`", returns.value), "give the step a name: `as: \"…\"`"),
        };
        self.reports.report(&returns.whole(), message, hint);
        None
    }

    /// The only step that is about the type.
    fn only_step(
        &self,
        site: &Site<'a, '_>,
        object: &Name,
        (is_list, steps): (bool, &[Step]),
    ) -> Option<usize> {
        let of_type = || steps.iter().enumerate().filter(|(_, step)| step.write.object() == object);
        let mut fitting = of_type().filter(|(_, step)| step.each.is_some() == is_list).map(|(at, _)| at);
        let (message, hint) = match (fitting.next(), fitting.next()) {
            (Some(one), None) => return Some(one),
            (Some(_), Some(_)) => (
                format!("several steps are about `{object}`"),
                "name the step whose item is answered: `as: \"order\"`, and `returns: \"order\"`",
            ),
            (None, _) if of_type().next().is_some() => other_number(is_list),
            (None, _) => (format!("no step is about `{object}`"), "return the type of one of the steps"),
        };
        self.reports.report(&site.def.ty.span, message, hint);
        None
    }
}

/// What is said where a step has one item and the field returns a list, or the other way round.
fn other_number(is_list: bool) -> (String, &'static str) {
    let (message, hint) = if is_list {
        (
            "the field returns a list, and the step has one item",
            "return one item, or those of a step with `each`",
        )
    } else {
        let hint = "return a list, or the item of a step without `each`";
        ("the field returns one item, and the step has one for each element of a list", hint)
    };
    (message.to_owned(), hint)
}
