//! `@transact`: the steps, each read as the directive of its name is, and which of them is answered.

use super::Lowering;
use super::bind::{PutBefore, Site, StepSite};
use super::write::Reported;
use crate::schema::condition::{ARGS, EACH};
use crate::schema::directive::{Args, check_arguments};
use crate::schema::literal::{Literal, Spanned, Text};
use crate::schema::plan::{Check, Name, Step, StepWrite, Transact};

/// What a step may do, and what may stand in it.
const KINDS: [(&str, &[&str]); 4] = [
    ("put", &["as", "each", "put", "bind", "spread", "if", "when"]),
    (
        "update",
        &["as", "each", "update", "bind", "spread", "expect", "if", "when", "add", "append", "remove"],
    ),
    ("delete", &["as", "each", "delete", "bind", "expect", "if", "when"]),
    ("check", &["as", "each", "check", "bind", "when"]),
];

/// What a step does, what may stand in it, and with which type.
struct Kind<'a> {
    name: &'static str,
    known: &'static [&'static str],
    object: &'a Text,
}

/// What cannot be the name of a step, because values come from there.
const ROOTS: [&str; 5] = ["args", "parent", "claims", "tenant", EACH];

impl<'a> Lowering<'a> {
    pub(super) fn transact<'l>(&'l self, site: &Site<'a, 'l>) -> Option<Transact> {
        if !site.args.has("do") {
            let hint = "write `do: [{put: \"Order\", …}, {update: \"Customer\", …}]`";
            self.reports.report(site.args.span(), "`@transact` needs `do`", hint);
            return None;
        }
        let token = site.args.string("token").map(|text| (text, self.token(site, text)));
        let written = self.written_steps(site)?;
        let mut drawn = Vec::new();
        site.args.all().iter().for_each(|(_, value)| paths(value, None, &mut drawn));
        let mut steps: Vec<Step> = Vec::new();
        let mut places: Vec<&Text> = Vec::new();
        let mut puts: Vec<PutBefore> = Vec::new();
        let mut complete = true;
        for (at, args) in written.into_iter().enumerate() {
            let Some(Kind { name: kind, known, object }) = self.kind(&args) else {
                complete = false;
                continue;
            };
            let given_name = self.step_name(&args, &steps);
            let mut step_site =
                Site::new(self, site.def, site.arguments, site.parent, args.standing_at(kind));
            step_site.step = Some(StepSite { object, puts: puts.clone(), each: None });
            check_arguments(kind, step_site.args.all(), known, self.reports);
            for path in &drawn {
                step_site.draw(path.clone());
            }
            let each = self.step_each(&step_site);
            if let (Ok(each), Some(step)) = (&each, &mut step_site.step) {
                step.each.clone_from(each);
            }
            let write = each.and_then(|each| Ok((self.step(kind, &step_site).ok_or(Reported)?, each)));
            site.use_what(&step_site);
            let Ok((write, each)) = write else {
                complete = false;
                continue;
            };
            let name =
                given_name.clone().unwrap_or_else(|| format!("{}:{}", at + 1, object.value).as_str().into());
            if let (Some(name), StepWrite::Put(put)) = (given_name, &write) {
                puts.push(PutBefore { step: name, object: put.object.clone(), is_each: each.is_some() });
            }
            places.push(object);
            steps.push(Step { name, each: each.map(|each| each.list), write });
        }
        if !complete {
            return None;
        }
        self.refuse_one_item_twice(&steps, &places);
        self.refuse_one_item_for_all(&steps, &places);
        let (object, answer) = self.answered(site, &steps, &places)?;
        let record = match token {
            None => None,
            Some((text, source)) => Some(self.record(text, source?, &steps)?),
        };
        Some(Transact { object, answer, steps, record })
    }

    /// The steps as they are written. One with a list counts as one here: how many elements there are is seen later.
    fn written_steps(&self, site: &Site<'a, '_>) -> Option<Vec<Args<'a>>> {
        let written = site.args.objects("do");
        let has_token = site.args.has("token");
        let most = Transact::MAX_ITEMS - usize::from(has_token);
        if !written.is_empty() && written.len() <= most {
            return Some(written);
        }
        let what = if has_token { ", of which the record of `token` is one" } else { "" };
        let message = format!("a transaction has {} steps", written.len());
        let hint = format!("DynamoDB takes 1 to {} items{what}", Transact::MAX_ITEMS);
        if site.is_clean() {
            self.reports.report(site.args.span_of("do"), message, hint);
        }
        None
    }

    /// What a step does, and with which type.
    fn kind(&self, args: &Args<'a>) -> Option<Kind<'a>> {
        let mut kinds = KINDS.iter().filter(|(kind, _)| args.has(kind));
        let Some((kind, known)) = kinds.next().copied() else {
            let hint = "write `put`, `update`, `delete` or `check` with a type: `{put: \"Order\"}`";
            self.reports.report(args.span(), "this step does nothing", hint);
            return None;
        };
        if let Some((other, _)) = kinds.next() {
            let hint = "make two steps of it";
            self.reports.report(args.span_of(other), format!("the step has `{kind}` already"), hint);
            return None;
        }
        args.string(kind).map(|text| Kind { name: kind, known, object: text })
    }

    /// What `as` calls a step.
    fn step_name(&self, args: &Args<'a>, steps: &[Step]) -> Option<Name> {
        let text = args.string("as")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let wrong = if text.value.is_empty() || !text.value.chars().all(plain) {
            Some(("this is no name for a step".to_owned(), "write letters, digits and `_`"))
        } else if ROOTS.contains(&text.value.as_str()) {
            Some((
                format!("`{}` is where other values come from", text.value),
                "call the step something else",
            ))
        } else if steps.iter().any(|step| *step.name == *text.value) {
            Some((format!("there is a step `{}` already", text.value), "call one of them something else"))
        } else {
            None
        };
        if let Some((message, hint)) = &wrong {
            self.reports.report(&text.whole(), message, *hint);
        }
        wrong.is_none().then(|| text.value.as_str().into())
    }

    fn step(&self, kind: &str, site: &Site<'a, '_>) -> Option<StepWrite> {
        match kind {
            "put" => self.put(site).map(StepWrite::Put),
            "update" => self.update(site).map(StepWrite::Update),
            "delete" => self.delete(site).map(StepWrite::Delete),
            _ => self.check_step(site).map(StepWrite::Check),
        }
    }

    fn check_step(&self, site: &Site<'a, '_>) -> Option<Check> {
        let (object, draft, item) = self.returned_item(site)?;
        site.read_bind(draft);
        let key = self.key(site, draft, &item.keys);
        site.refuse_left_over("bind the fields of the key");
        let when = site.when(draft);
        // A condition that could not be read has been reported: without it the step would mean something else.
        if site.args.has("when") && when.is_none() {
            return None;
        }
        Some(Check { object, key: key?, when })
    }

    /// DynamoDB takes no two steps on one item. Where two have the same keys from the same places, they always are.
    fn refuse_one_item_twice(&self, steps: &[Step], places: &[&Text]) {
        let key = |step: &Step| {
            let item = &self.drafts.get(step.write.object())?.item.as_ref()?.item;
            let bindings = step.write.bindings();
            item.keys.fields().map(|field| bindings.get(field).cloned()).collect::<Option<Vec<_>>>()
        };
        for (at, step) in steps.iter().enumerate() {
            let mut others = steps.iter().take(at).filter(|it| it.write.object() == step.write.object());
            let own = key(step);
            if let Some(other) = others.find(|it| own.is_some() && key(it) == own)
                && let Some(place) = places.get(at)
            {
                let message = format!("this is the item of the step `{}`", other.name);
                let hint = "a transaction has one step for an item: do both in one, or bind another key";
                self.reports.report(&place.whole(), message, hint);
            }
        }
    }
}

/// The paths of arguments that stand in a literal, in values and in conditions; of an element's field, as if its list were
/// the element.
fn paths(value: &Spanned<Literal>, each: Option<&str>, found: &mut Vec<Vec<Name>>) {
    match &value.value {
        Literal::String(text) => {
            let words = text.value.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')));
            let names = |path: &str| path.split('.').map(Name::from).collect::<Vec<_>>();
            let paths =
                words.filter_map(|word| match (word.strip_prefix(ARGS), word.strip_prefix("each.")) {
                    (Some(path), _) => Some(names(path)),
                    (None, Some(path)) => Some([names(each?), names(path)].concat()),
                    (None, None) => None,
                });
            found.extend(paths);
        }
        Literal::List(items) => items.iter().for_each(|item| paths(item, each, found)),
        Literal::Object(members) => {
            let own = members.iter().find_map(|(name, value)| match &value.value {
                Literal::String(text) if name.value == EACH => text.value.strip_prefix(ARGS),
                _ => None,
            });
            for (_, value) in members {
                paths(value, own.or(each), found);
            }
        }
        Literal::Word(_) | Literal::Number(_) => {}
    }
}
