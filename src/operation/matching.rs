//! What a client wants to hold of items: a value of a filter becomes a tree of tests, and that an expression.
//!
//! A test is true or false of every item, also of one that lacks the field: what is not there equals null, equals nothing
//! else, and is neither less nor greater than anything. `ne` is the opposite of `eq`. So `not` needs no third value, and
//! what is taken out for the key (`narrow`) means the same as it does here.

use async_graphql::Value;
use aws_sdk_dynamodb::types::AttributeValue;

use super::expression::Placeholders;
use super::query::Asking;
use super::{Failure, Operations};
use crate::item::marshal;
use crate::schema::{Attribute, Comparison, Name, Plan, Shape, ValueSource};

/// How deep `and`, `or` and `not` may be nested.
const MAX_DEPTH: usize = 10;
/// How many values `in` may have (*Service quotas*, DynamoDB: operands of IN).
const MAX_VALUES: usize = 100;
/// How many operators and functions a filter may have. DynamoDB allows 300 in an expression (*Service quotas*); the rest
/// is for the type's name, the time to live and what the schema filters by.
const MAX_OPERATORS: usize = 250;

/// Something that holds of an item or does not.
#[derive(Debug, Clone)]
pub(super) enum Test<'p> {
    Always,
    Never,
    /// All hold; two at least.
    All(Vec<Test<'p>>),
    /// One holds; two at least.
    Any(Vec<Test<'p>>),
    Not(Box<Test<'p>>),
    Is(Is<'p>),
}

/// A test of one field.
#[derive(Debug, Clone)]
pub(super) struct Is<'p> {
    pub(super) field: &'p Name,
    pub(super) attribute: &'p Attribute,
    pub(super) against: Against,
}

/// What a field is held against.
#[derive(Debug, Clone)]
pub(super) enum Against {
    /// It is not there, or null.
    Null,
    Compare(Comparison, Value),
    BeginsWith(String),
    Contains(Value),
    In(Vec<Value>),
}

impl Test<'_> {
    fn all(tests: Vec<Self>) -> Self {
        let mut kept = Vec::new();
        for test in tests {
            match test {
                Self::Always => {}
                Self::Never => return Self::Never,
                Self::All(inner) => kept.extend(inner),
                test @ (Self::Any(_) | Self::Not(_) | Self::Is(_)) => kept.push(test),
            }
        }
        match kept.len() {
            0 => Self::Always,
            1 => kept.remove(0),
            _ => Self::All(kept),
        }
    }

    fn any(tests: Vec<Self>) -> Self {
        let mut kept = Vec::new();
        for test in tests {
            match test {
                Self::Never => {}
                Self::Always => return Self::Always,
                Self::Any(inner) => kept.extend(inner),
                test @ (Self::All(_) | Self::Not(_) | Self::Is(_)) => kept.push(test),
            }
        }
        match kept.len() {
            0 => Self::Never,
            1 => kept.remove(0),
            _ => Self::Any(kept),
        }
    }

    fn not(test: Self) -> Self {
        match test {
            Self::Always => Self::Never,
            Self::Never => Self::Always,
            Self::Not(inner) => *inner,
            test @ (Self::All(_) | Self::Any(_) | Self::Is(_)) => Self::Not(Box::new(test)),
        }
    }

    /// The tests that must all hold.
    pub(super) fn into_all(self) -> Vec<Self> {
        match self {
            Self::Always => Vec::new(),
            Self::All(tests) => tests,
            test @ (Self::Never | Self::Any(_) | Self::Not(_) | Self::Is(_)) => vec![test],
        }
    }
}

impl Operations {
    /// What a query's client wants to hold, as tests that must all hold. None where nothing can.
    pub(super) fn tests<'a>(&self, asking: &Asking<'a>) -> Result<Option<Vec<Test<'a>>>, Failure> {
        let Some(path) = &asking.query.matching else { return Ok(Some(Vec::new())) };
        let Some(value) = self.given(&ValueSource::Argument(path.clone()), asking.inputs)?.value() else {
            return Ok(Some(Vec::new()));
        };
        match (Parsing { asking }).object(&value, 0)? {
            Test::Never => Ok(None),
            test => Ok(Some(test.into_all())),
        }
    }
}

/// A filter that is read.
struct Parsing<'r, 'a> {
    asking: &'r Asking<'a>,
}

impl<'a> Parsing<'_, 'a> {
    fn object(&self, value: &Value, depth: usize) -> Result<Test<'a>, Failure> {
        if depth > MAX_DEPTH {
            let message = format!("the filter may have {MAX_DEPTH} levels of `and`, `or` and `not`");
            return Err(Failure::Input(message));
        }
        let Value::Object(members) = value else { return Err(is_null("a part of the filter")) };
        let mut tests = Vec::new();
        for (name, value) in members {
            let each = || match value {
                Value::List(items) => items.iter().map(|item| self.object(item, depth + 1)).collect(),
                _ => Err(is_null(name)),
            };
            tests.push(match name.as_str() {
                "and" => Test::all(each()?),
                "or" => Test::any(each()?),
                "not" => Test::not(self.object(value, depth + 1)?),
                name => self.field(name, value)?,
            });
        }
        Ok(Test::all(tests))
    }

    fn field(&self, name: &str, value: &Value) -> Result<Test<'a>, Failure> {
        let object = self.asking.target.object;
        let unplanned = || Failure::Unplanned(name.to_owned());
        let (field, _) = object.fields.get_key_value(name).ok_or_else(unplanned)?;
        let attribute = object.attribute(name).ok_or_else(unplanned)?;
        let Value::Object(operators) = value else { return Err(is_null(name)) };
        let test = |against| Test::Is(Is { field, attribute, against });
        let tests = operators.iter().map(|(operator, value)| {
            let path = || format!("{name}.{operator}");
            operator_test(operator, value, &test, &path)
        });
        Ok(Test::all(tests.collect::<Result<_, _>>()?))
    }
}

/// What one operator asks of a field.
fn operator_test<'p>(
    operator: &str,
    value: &Value,
    test: &dyn Fn(Against) -> Test<'p>,
    path: &dyn Fn() -> String,
) -> Result<Test<'p>, Failure> {
    let compare = |comparison| test(Against::Compare(comparison, value.clone()));
    let exists = || Test::not(test(Against::Null));
    Ok(match (operator, value) {
        ("eq", Value::Null) | ("exists", Value::Boolean(false)) => test(Against::Null),
        ("ne", Value::Null) | ("exists", Value::Boolean(true)) => exists(),
        (_, Value::Null) => return Err(is_null(&path())),
        ("eq", _) => compare(Comparison::Equal),
        ("ne", _) => Test::not(compare(Comparison::Equal)),
        ("lt", _) => compare(Comparison::Less),
        ("le", _) => compare(Comparison::LessOrEqual),
        ("gt", _) => compare(Comparison::Greater),
        ("ge", _) => compare(Comparison::GreaterOrEqual),
        ("between", Value::List(ends)) => match ends.as_slice() {
            [from, to] => Test::all(vec![
                test(Against::Compare(Comparison::GreaterOrEqual, from.clone())),
                test(Against::Compare(Comparison::LessOrEqual, to.clone())),
            ]),
            _ => return Err(Failure::Input(format!("`{}` must be two values", path()))),
        },
        // Every text begins with nothing, and holds it.
        ("beginsWith" | "contains", Value::String(text)) if text.is_empty() => exists(),
        ("beginsWith", Value::String(text)) => test(Against::BeginsWith(text.clone())),
        ("contains", _) => test(Against::Contains(value.clone())),
        ("in", Value::List(values)) => match values.as_slice() {
            [] => Test::Never,
            values if values.len() > MAX_VALUES => {
                return Err(Failure::Input(format!("`{}` may have {MAX_VALUES} values", path())));
            }
            values => test(Against::In(values.to_vec())),
        },
        _ => return Err(Failure::Unplanned(path())),
    })
}

/// Null is refused where it asks for nothing: taken for absent, it would find more than was meant.
fn is_null(what: &str) -> Failure {
    Failure::Input(format!("`{what}` must not be null; `{{eq: null}}` asks for what is not there"))
}

/// How tightly an expression holds together, so that it has no parentheses that it does not need: DynamoDB refuses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binds {
    Or,
    And,
    Not,
    Whole,
}

/// Tests that are written as an expression.
pub(super) struct Writing<'w> {
    pub(super) plan: &'w Plan,
    /// The key attributes of what is asked, which no filter may name.
    pub(super) keys: Vec<&'w Name>,
    pub(super) placeholders: &'w mut Placeholders,
    pub(super) operators: usize,
}

impl Writing<'_> {
    /// Conditions that must all hold.
    pub(super) fn conditions(&mut self, tests: &[Test<'_>]) -> Result<Vec<String>, Failure> {
        let conditions = tests.iter().map(|test| self.within(test, Binds::And)).collect();
        self.operators += tests.len();
        if self.operators > MAX_OPERATORS {
            let found = self.operators;
            return Err(Failure::Input(format!(
                "the filter has {found} operators, and may have {MAX_OPERATORS}"
            )));
        }
        conditions
    }

    fn within(&mut self, test: &Test<'_>, around: Binds) -> Result<String, Failure> {
        let (text, binds) = self.test(test)?;
        Ok(if binds < around { format!("({text})") } else { text })
    }

    fn test(&mut self, test: &Test<'_>) -> Result<(String, Binds), Failure> {
        // Several are joined by one less.
        self.operators += match test {
            Test::All(tests) | Test::Any(tests) => tests.len() - 1,
            Test::Not(_) | Test::Is(_) | Test::Always | Test::Never => 1,
        };
        let mut join = |tests: &[Test<'_>], word: &str, binds| {
            let parts: Result<Vec<_>, _> = tests.iter().map(|test| self.within(test, binds)).collect();
            Ok((parts?.join(word), binds))
        };
        match test {
            Test::All(tests) => join(tests, " AND ", Binds::And),
            Test::Any(tests) => join(tests, " OR ", Binds::Or),
            Test::Not(inner) => Ok((format!("NOT {}", self.within(inner, Binds::Whole)?), Binds::Not)),
            Test::Is(is) => self.is(is),
            // Folded away where the tests were made.
            Test::Always | Test::Never => Err(Failure::Unplanned("a filter of nothing".to_owned())),
        }
    }

    fn is(&mut self, is: &Is<'_>) -> Result<(String, Binds), Failure> {
        if self.keys.contains(&&is.attribute.name) {
            return Err(cannot_filter(is.field));
        }
        let name = self.placeholders.name(&is.attribute.name);
        let shape = &is.attribute.shape;
        let text = match &is.against {
            Against::Null => {
                let null = self.placeholders.value(AttributeValue::S("NULL".to_owned()));
                let text = format!("attribute_not_exists({name}) OR attribute_type({name}, {null})");
                self.operators += 2;
                return Ok((text, Binds::Or));
            }
            Against::Compare(comparison, value) => {
                format!("{name} {} {}", comparison.as_str(), self.value(is.field, shape, value)?)
            }
            Against::BeginsWith(text) => {
                let value = self.placeholders.value(AttributeValue::S(text.clone()));
                format!("begins_with({name}, {value})")
            }
            Against::Contains(value) => {
                let element = match shape {
                    Shape::List(element) | Shape::Set(element) => &element.shape,
                    shape @ (Shape::Scalar(_) | Shape::Enum(_) | Shape::Object(_)) => shape,
                };
                format!("contains({name}, {})", self.value(is.field, element, value)?)
            }
            Against::In(values) => {
                let values: Result<Vec<_>, _> =
                    values.iter().map(|value| self.value(is.field, shape, value)).collect();
                format!("{name} IN ({})", values?.join(", "))
            }
        };
        Ok((text, Binds::Whole))
    }

    fn value(&mut self, field: &Name, shape: &Shape, value: &Value) -> Result<String, Failure> {
        let stored = marshal(self.plan, shape, value).map_err(|unfit| unfit.within(field))?;
        Ok(self.placeholders.value(stored.ok_or_else(|| is_null(field))?))
    }
}

/// DynamoDB filters by no attribute that is a key of what is asked.
pub(super) fn cannot_filter(field: &Name) -> Failure {
    Failure::Input(format!(
        "`{field}` is a key here: it can be held against one value or one span of values that includes its ends, and \
         not within `or` and `not`"
    ))
}
