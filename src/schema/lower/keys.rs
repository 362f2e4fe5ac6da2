//! The templates of keys: `TENANT#${tenant}#ORDER#${id}` against the type's fields and the table's keys.

use super::Lowering;
use super::overlap::always_may_contain;
use crate::id::TenantId;
use crate::schema::directive::Args;
use crate::schema::literal::Text;
use crate::schema::plan::{
    Generate, KeyAttribute, KeyKind, KeyTemplates, Keys, Layout, Name, Part, Shape, Table,
};
use crate::schema::scalar::Scalar;
use crate::schema::template::{self, Mistake, Parsed};

/// The longest partition key and sort key, in bytes (*Service, account, and table quotas*, DynamoDB).
const MAX_PARTITION_BYTES: usize = 2048;
const MAX_SORT_BYTES: usize = 1024;

/// A key that a template is for.
#[derive(Clone, Copy)]
struct For<'k> {
    key: &'k KeyAttribute,
    /// The most bytes that the key may have.
    most: usize,
    /// Whether it is the item's own key, which never changes.
    is_own: bool,
}

impl<'a> Lowering<'a> {
    /// The templates of a table's keys, or an index's.
    pub(super) fn key_templates(
        &self,
        object: &Name,
        (table, keys): (&Table, &Keys),
        args: &Args<'a>,
    ) -> Option<KeyTemplates> {
        let is_own = std::ptr::eq(keys, &raw const table.keys);
        let (partition, sort) = (args.required("pk"), args.string("sk"));
        let sort = match (sort, &keys.sort) {
            (Some(text), Some(key)) => {
                self.key_template(object, text, For { key, most: MAX_SORT_BYTES, is_own }).map(Some)
            }
            (None, None) => Some(None),
            (None, Some(_)) if args.has("sk") => None,
            (None, Some(key)) => {
                let hint = format!("write `sk: \"…\"` for its sort key `{}`", key.name);
                self.reports.report(args.span(), "the items need a sort key", hint);
                None
            }
            (Some(text), None) => {
                let hint = "take `sk` out, or give the table a sort key";
                self.reports.report(&text.whole(), "there is no sort key to fill", hint);
                None
            }
        };
        let text = partition?;
        let key = For { key: &keys.partition, most: MAX_PARTITION_BYTES, is_own };
        let partition = self.key_template(object, text, key)?;
        if table.layout == Layout::Pooled
            && let Err(mistake) = holds_tenant(&partition)
        {
            self.reports.report_in(text, mistake);
            return None;
        }
        Some(KeyTemplates { partition: partition.template, sort: sort?.map(|sort| sort.template) })
    }

    fn key_template(&self, object: &Name, text: &Text, key: For<'_>) -> Option<Parsed> {
        let checked = template::parse(text).and_then(|parsed| {
            check_length(&parsed, key.most)?;
            self.check_fields(object, &parsed, key)?;
            Ok(parsed)
        });
        checked.map_err(|mistake| self.reports.report_in(text, mistake)).ok()
    }

    fn check_fields(&self, object: &Name, parsed: &Parsed, key: For<'_>) -> Result<(), Mistake> {
        let Some(draft) = self.drafts.get(object) else {
            return Ok(());
        };
        let kind = key.key.kind;
        if kind != KeyKind::String && parsed.template.exact_field().is_none() {
            let message = format!("`{}` is no string, so its template must be one field", key.key.name);
            return Err(Mistake::new(0..parsed.length(), message, "write exactly `${field}`"));
        }
        let parts: Vec<_> = parsed.parts().collect();
        for (at, (part, place)) in parts.iter().enumerate() {
            let Part::Field(name) = part else { continue };
            // The place of the name, without the `${`.
            let attribute = draft.attribute(name).map_err(|mistake| mistake.shifted(place.start + 2))?;
            if !fits_key(&attribute.shape, kind) {
                let (message, hint) = match kind {
                    KeyKind::String => (
                        format!("`{name}` cannot stand in a key"),
                        "strings, ids, whole numbers, enums, dates and booleans can",
                    ),
                    KeyKind::Number => {
                        (format!("`{name}` cannot be a key that is a number"), "Int, BigInt and Decimal can")
                    }
                    KeyKind::Binary => (format!("`{name}` cannot be a key that is bytes"), "Base64 can"),
                };
                return Err(Mistake::new(place.clone(), message, hint));
            }
            if key.is_own && attribute.generate == Some(Generate::UpdatedAt) {
                let message = format!("`{name}` changes with every write, and an item's key cannot");
                return Err(Mistake::new(place.clone(), message, "use a field that stays as it is"));
            }
            let next = parts.get(at + 1).and_then(|(part, place)| Some((first_char(part)?, place.start)));
            if let Some((delimiter, start)) = next.filter(|(c, _)| always_may_contain(attribute, *c)) {
                let message = format!("a value of `{name}` may contain the `{delimiter}` that follows it");
                let hint = "begin the literal after it with a sign that no such value has, such as `#`";
                return Err(Mistake::new(start..start + delimiter.len_utf8(), message, hint));
            }
        }
        Ok(())
    }
}

/// A key whose literals alone are too long could never be written.
fn check_length(parsed: &Parsed, most: usize) -> Result<(), Mistake> {
    let least = |part: &Part| match part {
        Part::Literal(text) => text.len(),
        Part::Tenant | Part::Field(_) => 1,
    };
    let length: usize = parsed.template.parts.iter().map(least).sum();
    if length <= most {
        return Ok(());
    }
    let hint = format!("DynamoDB allows {most} bytes");
    Err(Mistake::new(0..parsed.length(), format!("every such key has {length} bytes or more"), hint))
}

/// A pooled table's partition key holds the tenant, after a literal at most, and a delimiter after it: so that no
/// tenant's keys begin as another's do.
fn holds_tenant(parsed: &Parsed) -> Result<(), Mistake> {
    const HINT: &str = "write it like `TENANT#${tenant}#…`";
    let parts: Vec<_> = parsed.parts().collect();
    let Some(at) = parts.iter().position(|(part, _)| **part == Part::Tenant) else {
        let message = "the partition key of a pooled table must hold `${tenant}`";
        return Err(Mistake::new(0..parsed.length(), message, HINT));
    };
    let before = parts.iter().take(at).find(|(part, _)| matches!(part, Part::Field(_)));
    if let Some((_, place)) = before {
        let message = "the tenant must come first in a pooled table's partition key";
        return Err(Mistake::new(place.clone(), message, HINT));
    }
    for (part, place) in &parts {
        if let Some((sign, c)) = literal(part).char_indices().find(|(_, c)| matches!(c, '*' | '?')) {
            let message = format!("`{c}` is a wildcard of IAM");
            let hint = "leave `*` and `?` out of keys, so that policies can name them";
            let sign = place.start + sign;
            return Err(Mistake::new(sign..sign + 1, message, hint));
        }
    }
    let follows = parts.get(at + 1).and_then(|(part, place)| Some((first_char(part)?, place.start)));
    if let Some((c, start)) = follows.filter(|(c, _)| TenantId::allows(*c)) {
        let message = format!("`{c}` may stand in a tenant's id, so it cannot end it");
        let hint = "begin what follows the tenant with a sign such as `#`";
        return Err(Mistake::new(start..start + 1, message, hint));
    }
    Ok(())
}

fn literal(part: &Part) -> &str {
    match part {
        Part::Literal(text) => text,
        Part::Tenant | Part::Field(_) => "",
    }
}

/// The character that a part begins with, if it is known.
pub(super) fn first_char(part: &Part) -> Option<char> {
    literal(part).chars().next()
}

/// Whether a value of a shape can stand in a key attribute of a kind.
fn fits_key(shape: &Shape, kind: KeyKind) -> bool {
    let Shape::Scalar(scalar) = shape else {
        return matches!((shape, kind), (Shape::Enum(_), KeyKind::String));
    };
    match kind {
        KeyKind::String => match scalar {
            Scalar::String
            | Scalar::Id
            | Scalar::Int
            | Scalar::BigInt
            | Scalar::DateTime
            | Scalar::Date
            | Scalar::Boolean => true,
            // A float's text is not canonical, and a decimal's has no fixed width to be sorted by.
            Scalar::Float | Scalar::Decimal | Scalar::Json | Scalar::Base64 => false,
        },
        KeyKind::Number => matches!(scalar, Scalar::Int | Scalar::BigInt | Scalar::Decimal),
        KeyKind::Binary => *scalar == Scalar::Base64,
    }
}
