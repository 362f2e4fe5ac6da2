//! What a field runs, and the values that it draws on.

use std::fmt;

use async_graphql::Value;
use indexmap::IndexMap;

use super::{Item, KeyTemplates, Name, Transact};

/// What a field runs.
#[derive(Debug, Clone)]
pub enum Operation {
    /// GetItem.
    Get(Get),
    /// Query.
    Query(Query),
    /// PutItem.
    Put(Put),
    /// UpdateItem.
    Update(Update),
    /// DeleteItem.
    Delete(Delete),
    /// TransactWriteItems.
    Transact(Transact),
}

impl Operation {
    /// The type whose items it is about.
    pub fn object(&self) -> &Name {
        match self {
            Self::Get(get) => &get.object,
            Self::Query(query) => &query.object,
            Self::Put(put) => &put.object,
            Self::Update(update) => &update.object,
            Self::Delete(delete) => &delete.object,
            Self::Transact(transact) => &transact.object,
        }
    }

    /// Where the values come from that it draws on.
    pub fn sources(&self) -> Vec<&ValueSource> {
        match self {
            Self::Get(get) => get.key.values().collect(),
            Self::Query(query) => {
                let range = query.range.iter().flat_map(|range| range.from.iter().chain(&range.to));
                query.key.values().chain(query.filter.values()).chain(range).collect()
            }
            Self::Put(put) => put.values.values().collect(),
            Self::Update(update) => update.sources().collect(),
            Self::Delete(delete) => delete.key.values().chain(&delete.expect).collect(),
            Self::Transact(transact) => transact.sources().collect(),
        }
    }

    /// Whether it changes anything.
    pub fn is_write(&self) -> bool {
        match self {
            Self::Get(_) | Self::Query(_) => false,
            Self::Put(_) | Self::Update(_) | Self::Delete(_) | Self::Transact(_) => true,
        }
    }
}

/// Which value each field of a type is given.
pub type Bindings = IndexMap<Name, ValueSource>;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueSource {
    /// An argument, or a field within an input object.
    Argument(Vec<Name>),
    /// A field of the item that the operation's field belongs to.
    Parent(Name),
    /// A claim of the token that the configuration names.
    Claim(Name),
    /// A field of an item that an earlier step of the transaction puts: the step's name, and the field.
    Step(Name, Name),
    /// The element that a step of a transaction is done for, or a field within it: the path of the list, and the path within
    /// its element.
    Each(Vec<Name>, Vec<Name>),
}

impl fmt::Display for ValueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(path) => {
                f.write_str("args")?;
                path.iter().try_for_each(|step| write!(f, ".{step}"))
            }
            Self::Each(_, path) => {
                f.write_str("each")?;
                path.iter().try_for_each(|step| write!(f, ".{step}"))
            }
            Self::Parent(field) => write!(f, "parent.{field}"),
            Self::Claim(name) => write!(f, "claims.{name}"),
            Self::Step(step, field) => write!(f, "{step}.{field}"),
        }
    }
}

/// The list whose elements an operation is run for. Values that are drawn from it are drawn from one element at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Each {
    /// An argument.
    Argument(Name),
    /// A field of the item that the operation's field belongs to.
    Parent(Name),
}

impl Each {
    /// The name of the argument or the field.
    pub fn name(&self) -> &Name {
        match self {
            Self::Argument(name) | Self::Parent(name) => name,
        }
    }
}

impl fmt::Display for Each {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(name) => write!(f, "args.{name}"),
            Self::Parent(field) => write!(f, "parent.{field}"),
        }
    }
}

/// `@get`.
#[derive(Debug, Clone)]
pub struct Get {
    /// The type.
    pub object: Name,
    /// The values of the key's fields.
    pub key: Bindings,
    /// The list whose elements each name one item, so that many are asked for at once; none for one item.
    pub each: Option<Each>,
    /// Whether the read is strongly consistent.
    pub consistent: bool,
    /// Whether the items of a list are read as of one moment.
    pub snapshot: bool,
    /// Whether the field can stand below a list in an answer, where all that stand there are asked for together.
    pub coalesces: bool,
}

/// `@query`.
#[derive(Debug, Clone)]
pub struct Query {
    /// The type. Of a collection, the first: the key's fields are called as it calls them.
    pub object: Name,
    /// The types that are found beside each other, where it is more than the one.
    pub collection: Option<Collection>,
    /// The index, by its place in [`Item::indexes`](super::Item::indexes); none for the table itself.
    pub index: Option<usize>,
    /// The values of the partition key's fields, and of the sort key's from the left as far as they are bound.
    pub key: Bindings,
    /// Bounds on the first sort key field that is not bound.
    pub range: Option<Range>,
    /// Fields that must equal a value, where the value is given.
    pub filter: Bindings,
    /// The argument that says what must hold of the items: a value of an input that is made for the type.
    pub matching: Option<Vec<Name>>,
    /// Whether the last comes first.
    pub descending: bool,
    /// Whether the read is strongly consistent.
    pub consistent: bool,
    /// What is returned.
    pub page: Page,
}

/// Types that one query finds beside each other, told apart by the discriminator.
#[derive(Debug, Clone)]
pub struct Collection {
    /// The interface or the union.
    pub of: Name,
    /// The types, in the order of the schema.
    pub members: Vec<Name>,
    /// The attribute that holds the type's name, the same in all of them.
    pub discriminator: Name,
    /// The keys as far as all of them have them in common, with the names that the first gives to the fields. Where they
    /// part, the sort key's template ends in a literal.
    pub keys: KeyTemplates,
    /// Whether the sort keys go on, each type's in its own way.
    pub is_open: bool,
}

impl Query {
    /// The templates of the keys that are asked for; and whether the sort key goes on after its template. None if the
    /// item has no such index.
    pub fn templates<'p>(&'p self, item: &'p Item) -> Option<(&'p KeyTemplates, bool)> {
        match (&self.collection, self.index) {
            (Some(collection), _) => Some((&collection.keys, collection.is_open)),
            (None, None) => Some((&item.keys, false)),
            (None, Some(at)) => Some((&item.indexes.get(at)?.keys, false)),
        }
    }
}

/// Bounds on a sort key's field.
#[derive(Debug, Clone)]
pub struct Range {
    /// The field.
    pub of: Name,
    /// The least value, inclusive.
    pub from: Option<ValueSource>,
    /// The greatest value, inclusive.
    pub to: Option<ValueSource>,
}

/// What a `@query` returns, and the arguments that steer it.
#[derive(Debug, Clone)]
pub struct Page {
    /// How it is shaped.
    pub kind: PageKind,
    /// The argument that says how many items.
    pub first: Option<Name>,
    /// The argument that says after which.
    pub after: Option<Name>,
    /// The argument that says how many from the end.
    pub last: Option<Name>,
    /// The argument that says before which.
    pub before: Option<Name>,
}

/// The shapes that a `@query` can return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// A list, whole or not at all.
    List,
    /// A Relay connection.
    Connection,
    /// Items and a token.
    Tokens,
}

/// `@put`.
#[derive(Debug, Clone)]
pub struct Put {
    /// The type.
    pub object: Name,
    /// The values of the item's fields.
    pub values: Bindings,
    /// The list whose elements each make one item; none for one item.
    pub each: Option<Each>,
    /// Whether an item that is there already is replaced (`if: ANY`).
    pub replace: bool,
    /// What must hold of an item that is replaced.
    pub when: Option<Condition>,
}

/// `@update`.
#[derive(Debug, Clone)]
pub struct Update {
    /// The type.
    pub object: Name,
    /// The values of the key's fields.
    pub key: Bindings,
    /// The values of the fields that it sets.
    pub set: Bindings,
    /// Of these the ones, objects all, whose members are written one by one: those that are absent stay.
    pub merge: Vec<Name>,
    /// The version that the item must have.
    pub expect: Option<ValueSource>,
    /// What must hold of the item.
    pub when: Option<Condition>,
    /// Whether an item that is not there is made (`if: ANY`).
    pub upsert: bool,
    /// The indexes whose keys it may touch, by their place in [`Item::indexes`](super::Item::indexes).
    pub touches: Vec<Touch>,
    /// What it changes from what is there, whatever that is.
    pub actions: Vec<Action>,
}

impl Update {
    /// Where the values come from that it draws on.
    pub fn sources(&self) -> impl Iterator<Item = &ValueSource> {
        let amounts = self.actions.iter().filter_map(|action| match &action.by {
            Amount::Literal(_) => None,
            Amount::Source(source) | Amount::Minus(source) => Some(source),
        });
        self.key.values().chain(self.set.values()).chain(&self.expect).chain(amounts)
    }

    /// Whether the item may have to be read first, for the fields that an index key is made of.
    pub fn may_read(&self) -> bool {
        self.touches.iter().any(|touch| touch.reads)
    }
}

/// A change that is made from what is there: a counter goes up, a list grows, a set gains or loses members.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// The field.
    pub field: Name,
    /// What is done.
    pub kind: ActionKind,
    /// By what.
    pub by: Amount,
}

/// What an update can do with what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionKind {
    /// `add`: a number is added; to a set, members.
    Add,
    /// `append`: a list gets more at its end.
    Append,
    /// `remove`: a set loses members.
    Remove,
}

/// What an action is done with.
#[derive(Debug, Clone, PartialEq)]
pub enum Amount {
    /// A number that stands in the schema.
    Literal(Value),
    /// A value. Where it is absent or null, the action is left out.
    Source(ValueSource),
    /// A number, with the other sign.
    Minus(ValueSource),
}

/// An index whose key an update may have to make anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// The index, by its place in [`Item::indexes`](super::Item::indexes).
    pub index: usize,
    /// Whether the arguments may lack a field of the key, so that the item has to be read first.
    pub reads: bool,
}

/// `@delete`.
#[derive(Debug, Clone)]
pub struct Delete {
    /// The type.
    pub object: Name,
    /// The values of the key's fields.
    pub key: Bindings,
    /// The list whose elements each name one item; none for one item. What is deleted so is not given back.
    pub each: Option<Each>,
    /// The version that the item must have.
    pub expect: Option<ValueSource>,
    /// What must hold of the item.
    pub when: Option<Condition>,
    /// Whether an item that is not there is fine (`if: ANY`).
    pub idempotent: bool,
}

/// `when`: what must hold of an item before it is written. In `@auth`, what must hold of the caller's claims.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A field compared with a value.
    Compare {
        /// The field.
        field: Name,
        /// How.
        comparison: Comparison,
        /// With what.
        operand: Operand,
    },
    /// A field that is a list or a set holds a value.
    Contains {
        /// The field.
        field: Name,
        /// The value.
        operand: Operand,
    },
    /// A field is there.
    Exists(Name),
    /// All hold.
    And(Vec<Condition>),
    /// At least one holds.
    Or(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// The operator as DynamoDB's expressions write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A value that stands in the schema.
    Literal(Value),
    /// A value of the request: an argument, or what a step of a transaction is done for.
    Source(ValueSource),
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, all: &[Self], word: &str| {
            f.write_str("(")?;
            for (at, one) in all.iter().enumerate() {
                write!(f, "{}{one}", if at == 0 { "" } else { word })?;
            }
            f.write_str(")")
        };
        match self {
            Self::Compare { field, comparison, operand } => {
                write!(f, "{field} {} {operand}", comparison.as_str())
            }
            Self::Contains { field, operand } => write!(f, "{operand} in {field}"),
            Self::Exists(field) => write!(f, "exists({field})"),
            Self::And(all) => joined(f, all, " and "),
            Self::Or(any) => joined(f, any, " or "),
            Self::Not(inner) => write!(f, "not {inner}"),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(Value::String(text)) => write!(f, "'{text}'"),
            Self::Literal(value) => write!(f, "{value}"),
            Self::Source(source) => write!(f, "{source}"),
        }
    }
}
