//! `@transact`: the steps, each read as the directive of its name is; which of them is answered; where the record lies.

use super::bind::{Given, Site, StepSite};
use super::get::{is_list, named};
use super::{Draft, Lowering};
use crate::schema::directive::{Args, check_arguments};
use crate::schema::literal::{Literal, Spanned, Text};
use crate::schema::plan::{
    Check, Item, KeyKind, KeyTemplates, Name, Part, Record, Shape, Step, StepWrite, Template, Transact,
    ValueSource,
};
use crate::schema::scalar::Scalar;

/// The most items of a transaction (*Service quotas*, DynamoDB).
const MAX_ITEMS: usize = 100;

/// What a step may do, and what may stand in it.
const KINDS: [(&str, &[&str]); 4] = [
    ("put", &["as", "put", "bind", "spread", "if", "when"]),
    ("update", &["as", "update", "bind", "spread", "expect", "if", "when", "add", "append", "remove"]),
    ("delete", &["as", "delete", "bind", "expect", "if", "when"]),
    ("check", &["as", "check", "bind", "when"]),
];

/// What a step does, what may stand in it, and with which type.
struct Kind<'a> {
    name: &'static str,
    known: &'static [&'static str],
    object: &'a Text,
}

/// What cannot be the name of a step, because values come from there.
const ROOTS: [&str; 4] = ["args", "parent", "claims", "tenant"];

impl<'a> Lowering<'a> {
    pub(super) fn transact<'l>(&'l self, site: &Site<'a, 'l>) -> Option<Transact> {
        if !site.args.has("do") {
            let hint = "write `do: [{put: \"Order\", …}, {update: \"Customer\", …}]`";
            self.reports.report(site.args.span(), "`@transact` needs `do`", hint);
            return None;
        }
        let token = site.args.string("token").map(|text| (text, self.token(site, text)));
        let written = site.args.objects("do");
        let most = MAX_ITEMS - usize::from(token.is_some());
        if written.is_empty() || written.len() > most {
            let what = if token.is_some() { ", of which the record of `token` is one" } else { "" };
            let message = format!("a transaction has {} steps", written.len());
            let hint = format!("DynamoDB takes 1 to {MAX_ITEMS} items{what}");
            if site.is_clean() {
                self.reports.report(site.args.span_of("do"), message, hint);
            }
            return None;
        }
        let mut drawn = Vec::new();
        site.args.all().iter().for_each(|(_, value)| paths(value, &mut drawn));
        let mut steps: Vec<Step> = Vec::new();
        let mut places: Vec<&Text> = Vec::new();
        let mut puts: Vec<(Name, Name)> = Vec::new();
        let mut complete = true;
        for (at, args) in written.into_iter().enumerate() {
            let Some(Kind { name: kind, known, object }) = self.kind(&args) else {
                complete = false;
                continue;
            };
            let given_name = self.step_name(&args, &steps);
            let mut step_site =
                Site::new(self, site.def, site.arguments, site.parent, args.standing_at(kind));
            step_site.step = Some(StepSite { object, puts: puts.clone() });
            check_arguments(kind, step_site.args.all(), known, self.reports);
            for path in &drawn {
                step_site.draw(path.clone());
            }
            let write = self.step(kind, &step_site);
            site.use_what(&step_site);
            let Some(write) = write else {
                complete = false;
                continue;
            };
            let name =
                given_name.clone().unwrap_or_else(|| format!("{}:{}", at + 1, object.value).as_str().into());
            if let (Some(name), StepWrite::Put(put)) = (given_name, &write) {
                puts.push((name, put.object.clone()));
            }
            places.push(object);
            steps.push(Step { name, write });
        }
        if !complete {
            return None;
        }
        self.refuse_one_item_twice(&steps, &places);
        let (object, answer) = self.answered(site, &steps, &places)?;
        let record = match token {
            None => None,
            Some((text, source)) => Some(self.record(text, source?, &steps)?),
        };
        Some(Transact { object, answer, steps, record })
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

    /// The step whose item is answered.
    fn answered(&self, site: &Site<'a, '_>, steps: &[Step], places: &[&Text]) -> Option<(Name, usize)> {
        let ty = &site.def.ty;
        let text = ty.value.to_string();
        if is_list(&text) {
            let hint = "return the type of one step";
            self.reports.report(&ty.span, "a transaction answers with one item", hint);
            return None;
        }
        let object: Name = named(&text).into();
        let of_type: Vec<usize> = (0..steps.len())
            .filter(|at| steps.get(*at).is_some_and(|step| *step.write.object() == object))
            .collect();
        let answer = if let Some(returns) = site.args.string("returns") {
            let Some(at) = steps.iter().position(|step| *step.name == *returns.value) else {
                let hint = "give the step a name: `as: \"…\"`";
                let message = format!("there is no step `{}`", returns.value);
                self.reports.report(&returns.whole(), message, hint);
                return None;
            };
            if !of_type.contains(&at) {
                let message = format!("the field returns `{object}`, and this step is about another type");
                self.reports.report(&returns.whole(), message, "return the type of the step");
                return None;
            }
            at
        } else {
            match of_type.as_slice() {
                [one] => *one,
                [] => {
                    let message = format!("no step is about `{object}`");
                    let hint = "return the type of one of the steps";
                    self.reports.report(&ty.span, message, hint);
                    return None;
                }
                _ => {
                    let hint =
                        "name the step whose item is answered: `as: \"order\"`, and `returns: \"order\"`";
                    let message = format!("several steps are about `{object}`");
                    self.reports.report(&ty.span, message, hint);
                    return None;
                }
            }
        };
        if matches!(steps.get(answer)?.write, StepWrite::Delete(_)) {
            let hint = "return the type of another step: a transaction gives nothing back";
            let place = places.get(answer).map_or(ty.span.clone(), |text| text.whole());
            self.reports.report(&place, "an item that is deleted cannot be answered", hint);
            return None;
        }
        Some((object, answer))
    }

    fn token(&self, site: &Site<'a, '_>, text: &Text) -> Option<ValueSource> {
        let (source, given) = site.source(text)?;
        let fits = match &given {
            Given::Argument { ty, always } => *always && self.accepts(&Shape::Scalar(Scalar::Id), ty).is_ok(),
            Given::Parent { .. } | Given::Element(_) | Given::Claim(_) | Given::Step { .. } => false,
        };
        if !fits {
            let hint = "name an argument that is an `ID!`, such as `args.requestId`";
            self.reports.report(
                &text.whole(),
                "the token must be an argument that is text and non-null",
                hint,
            );
        }
        fits.then_some(source)
    }

    /// Where the record lies: in the table of the first step that writes, in a partition that the tenant's policy
    /// covers because it begins as that step's does.
    fn record(&self, text: &Text, token: ValueSource, steps: &[Step]) -> Option<Record> {
        let is_write = |step: &&Step| !matches!(step.write, StepWrite::Check(_));
        let Some(first) = steps.iter().find(is_write) else {
            self.reports.report(&text.whole(), "there is nothing to repeat: no step writes", "take it out");
            return None;
        };
        let beside = first.write.object().clone();
        let item = &self.drafts.get(&beside)?.item.as_ref()?.item;
        let table = self.tables.get(&item.table)?;
        let is_text = table.keys.partition.kind == KeyKind::String
            && table.keys.sort.as_ref().is_none_or(|sort| sort.kind == KeyKind::String);
        if !is_text {
            let message =
                format!("the record of the token has no place in `{}`, whose keys are no text", table.name);
            self.reports.report(&text.whole(), message, "begin with a step on another table");
            return None;
        }
        let Some(keys) = record_keys(item, table.keys.sort.is_some()) else {
            let message =
                format!("the record of the token has no place in `{}`, which has no sort key", table.name);
            self.reports.report(&text.whole(), message, "let the partition key go on after the tenant");
            return None;
        };
        if let Some(met) = self.met_by_record(&table.name, &keys) {
            let message = format!(
                "the record of the token, `{}`, could be taken for an item of `{met}`",
                keys.partition
            );
            let hint = format!("give `{met}` a discriminator, `type: \"__typename\"`, or other keys");
            self.reports.report(&text.whole(), message, hint);
            return None;
        }
        let declared = table.ttl.clone();
        let mut of_items = self.drafts.values().filter_map(|draft| ttl_attribute(draft, &table.name));
        let Some(ttl) = declared.or_else(|| of_items.next()) else {
            let message =
                format!("the record of the token expires, and `{}` has no time to live", table.name);
            let hint = "name its attribute: `@table(…, ttl: \"expiresAt\")`";
            self.reports.report(&text.whole(), message, hint);
            return None;
        };
        Some(Record { token, beside, keys, ttl })
    }
}

fn ttl_attribute(draft: &Draft<'_>, table: &Name) -> Option<Name> {
    let item = &draft.item.as_ref()?.item;
    let field = item.ttl.as_ref().filter(|_| item.table == *table)?;
    Some(draft.attributes.get(field)?.name.clone())
}

/// The templates of a record beside the items of a type; none where it has no place.
fn record_keys(item: &Item, has_sort: bool) -> Option<KeyTemplates> {
    let variable = || Part::Field(Record::VARIABLE.into());
    let literal = |text: String| Part::Literal(text.as_str().into());
    let constant = || has_sort.then(|| Template { parts: vec![literal(Record::MARK.to_owned())] });
    let marked = || vec![literal(format!("{}#", Record::MARK)), variable()];
    let (before, after) = match item.keys.partition.parts.as_slice() {
        [Part::Tenant, after @ ..] => (Vec::new(), after),
        [first @ Part::Literal(_), Part::Tenant, after @ ..] => (vec![first.clone()], after),
        // Only a silo's: the table is the tenant's own.
        _ => return Some(KeyTemplates { partition: Template { parts: marked() }, sort: constant() }),
    };
    let own = || before.iter().cloned().chain([Part::Tenant]);
    let delimiter = match after.first() {
        Some(Part::Literal(text)) => text.chars().next(),
        Some(Part::Tenant | Part::Field(_)) | None => None,
    };
    let Some(delimiter) = delimiter else {
        let sort = has_sort.then(|| Template { parts: marked() })?;
        return Some(KeyTemplates { partition: Template { parts: own().collect() }, sort: Some(sort) });
    };
    let mark = literal(format!("{delimiter}{}{delimiter}", Record::MARK));
    Some(KeyTemplates {
        partition: Template { parts: own().chain([mark, variable()]).collect() },
        sort: constant(),
    })
}

/// The paths of arguments that stand in a literal, in values and in conditions.
fn paths(value: &Spanned<Literal>, found: &mut Vec<Vec<Name>>) {
    match &value.value {
        Literal::String(text) => {
            let words = text.value.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')));
            let paths = words.filter_map(|word| word.strip_prefix("args."));
            found.extend(paths.map(|path| path.split('.').map(Name::from).collect()));
        }
        Literal::List(items) => items.iter().for_each(|item| paths(item, found)),
        Literal::Object(members) => members.iter().for_each(|(_, value)| paths(value, found)),
        Literal::Word(_) | Literal::Number(_) => {}
    }
}
