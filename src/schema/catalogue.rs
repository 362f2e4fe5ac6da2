//! The directives of the language: where each may stand, what its arguments are, and what they say.
//!
//! One place for all of it: the compiler refuses what is not here, `innkeeper schema --directives` prints what is, for
//! editors, and `docs/schema.md` is held to it by a test. A directive that is not carried out yet is kept as planned, is
//! refused, and is not printed.

use super::ast::Directive;
use super::literal::Arguments;

/// Where a directive can stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Location {
    Schema,
    Object,
    Field,
    Argument,
    InputField,
    Scalar,
    Enum,
    EnumValue,
    Input,
    Interface,
    InterfaceField,
    Union,
}

impl Location {
    /// What it is, for a message.
    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::Schema => "the schema",
            Self::Object => "an object type",
            Self::Field => "a field",
            Self::Argument => "an argument",
            Self::InputField => "a field of an input",
            Self::Scalar => "a scalar",
            Self::Enum => "an enum",
            Self::EnumValue => "an enum value",
            Self::Input => "an input",
            Self::Interface => "an interface",
            Self::InterfaceField => "a field of an interface",
            Self::Union => "a union",
        }
    }

    /// Its name in GraphQL (section 3.13, `TypeSystemDirectiveLocation`).
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Schema => "SCHEMA",
            Self::Object => "OBJECT",
            Self::Field | Self::InterfaceField => "FIELD_DEFINITION",
            Self::Argument => "ARGUMENT_DEFINITION",
            Self::InputField => "INPUT_FIELD_DEFINITION",
            Self::Scalar => "SCALAR",
            Self::Enum => "ENUM",
            Self::EnumValue => "ENUM_VALUE",
            Self::Input => "INPUT_OBJECT",
            Self::Interface => "INTERFACE",
            Self::Union => "UNION",
        }
    }
}

/// A directive of the language.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) locations: &'static [Location],
    pub(super) arguments: &'static [KnownArgument],
    pub(super) status: Status,
}

/// An argument of a directive, or a field of an input that one takes.
pub(super) struct KnownArgument {
    pub(super) name: &'static str,
    /// Its type, as GraphQL writes it.
    pub(super) ty: &'static str,
    pub(super) description: &'static str,
}

/// What is done with a directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It is carried out, and stands once.
    Once,
    /// It is carried out, and may stand several times.
    Repeatable,
    /// It is GraphQL's own: nobody has to define it.
    Standard,
}

/// A type that only arguments of directives have.
pub(super) struct Helper {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) kind: HelperKind,
}

pub(super) enum HelperKind {
    /// Words, each with what it says.
    Enum(&'static [(&'static str, &'static str)]),
    Input(&'static [KnownArgument]),
    Scalar,
}

const OBJECT: &[Location] = &[Location::Object];
const FIELD: &[Location] = &[Location::Field];
const SCHEMA: &[Location] = &[Location::Schema];
const INPUTS: &[Location] = &[Location::Argument, Location::InputField];
const GUARDED: &[Location] = &[Location::Field, Location::Object];
const DEPRECATED: &[Location] = &[
    Location::Field,
    Location::Argument,
    Location::InputField,
    Location::EnumValue,
    Location::InterfaceField,
];

const fn arg(name: &'static str, ty: &'static str, description: &'static str) -> KnownArgument {
    KnownArgument { name, ty, description }
}

const fn known(
    (name, description): (&'static str, &'static str),
    status: Status,
    locations: &'static [Location],
    arguments: &'static [KnownArgument],
) -> Known {
    Known { name, description, locations, arguments, status }
}

const BIND: KnownArgument =
    arg("bind", "InnkeeperBind", "Values of fields, where arguments have other names.");
const SPREAD: KnownArgument =
    arg("spread", "String", "The input object whose fields are the item's, such as `\"args.input\"`.");
const EXPECT: KnownArgument = arg(
    "expect",
    "String",
    "The argument that holds the version which the item must have; null asks for none.",
);
const WHEN: KnownArgument =
    arg("when", "String", "What must hold of the item that is there, such as `\"status <> 'CANCELLED'\"`.");
const ADD: KnownArgument = arg(
    "add",
    "InnkeeperBind",
    "What is added to numbers and to sets: `{views: \"1\", tags: \"args.tags\"}`.",
);
const APPEND: KnownArgument = arg("append", "InnkeeperBind", "What lists get at their ends.");
const REMOVE: KnownArgument = arg("remove", "InnkeeperBind", "What sets lose.");
const MERGE: KnownArgument = arg(
    "merge",
    "[String!]",
    "The fields, nested objects, whose members are written one by one: what is absent in them stays too.",
);
const CONSISTENT: KnownArgument = arg("consistent", "Boolean", "Whether the read is strongly consistent.");

#[rustfmt::skip]
pub(super) const CATALOGUE: &[Known] = {
    use Status::{Once, Repeatable, Standard};
    &[
        known(("table", "A table, and its key attributes."), Repeatable, SCHEMA, &[
            arg("name", "String!", "What the schema calls it. Which table it is, the configuration or a tenant's record says."),
            arg("pk", "String!", "The attribute of the partition key: a string, unless written `\"n: N\"` or `\"b: B\"`."),
            arg("sk", "String", "The attribute of the sort key."),
            arg("layout", "InnkeeperLayout", "Whether tenants share it. They do, if nothing is said."),
            arg("ttl", "String", "The attribute that holds the time to live. Needed where no type has one, and a transaction has a token."),
        ]),
        known(("tableIndex", "A secondary index of a table."), Repeatable, SCHEMA, &[
            arg("table", "String!", "The table."),
            arg("name", "String!", "Its name in DynamoDB."),
            arg("pk", "String!", "The attribute of its partition key."),
            arg("sk", "String", "The attribute of its sort key."),
            arg("projection", "InnkeeperProjection", "What it holds; everything, if nothing is said."),
            arg("include", "[String!]", "The attributes of `projection: INCLUDE`."),
        ]),
        known(("item", "Where the items of a type live."), Once, OBJECT, &[
            arg("table", "String!", "The table."),
            arg("pk", "String!", "The template of the partition key, such as `\"TENANT#${tenant}#ORDER#${id}\"`."),
            arg("sk", "String", "The template of the sort key."),
            arg("type", "String", "The discriminator: the attribute that holds the type's name. It is checked on every read."),
            arg("version", "String", "The Int field that counts writes."),
            arg("ttl", "String", "The field that holds the time to live, in epoch seconds. What has expired is missing."),
        ]),
        known(("index", "An index that the items of a type are in."), Repeatable, OBJECT, &[
            arg("name", "String!", "The index's name in DynamoDB."),
            arg("as", "String", "What `@query(index: …)` calls it."),
            arg("pk", "String!", "The template of its partition key."),
            arg("sk", "String", "The template of its sort key."),
        ]),
        known(("attribute", "How a field is stored."), Once, FIELD, &[
            arg("name", "String", "The attribute's name in DynamoDB, where it differs from the field's."),
            arg("generate", "InnkeeperGenerate", "The value that the gateway makes where nobody gives one."),
            arg("hidden", "Boolean", "Whether clients never see the field."),
            arg("as", "InnkeeperStoredAs", "How a list is stored, if not as a list."),
            arg("pad", "Int", "The width that a whole number is padded to in keys, so that it sorts."),
        ]),
        known(("get", "GetItem: one item by its key; BatchGetItem: an item for each element of a list."), Once, FIELD, &[
            BIND, CONSISTENT,
            arg("snapshot", "Boolean", "Whether the items of a list are read as of one moment: TransactGetItems, at most 100."),
        ]),
        known(("query", "Query: items of one partition."), Once, FIELD, &[
            arg("index", "String", "The index, as `@index(as: …)` calls it; the table itself without it."),
            BIND,
            arg("range", "InnkeeperRange", "Bounds on the first field of the sort key that is not bound."),
            arg("filter", "[String!]", "Fields that must equal their argument, where it is given."),
            arg("where", "String", "The argument that says what must hold, of an input with `@filter`, such as `\"args.where\"`."),
            arg("order", "InnkeeperOrder", "The order of the sort key; ascending, if nothing is said."),
            CONSISTENT,
            arg("count", "Boolean", "Whether the connection that is made has a `totalCount`."),
        ]),
        known(("put", "PutItem: a new item; BatchWriteItem: an item for each element of a list."), Once, FIELD, &[
            BIND, SPREAD,
            arg("if", "InnkeeperIf", "`ANY` replaces an item that is there."),
            WHEN,
        ]),
        known(("update", "UpdateItem: what is absent stays, what is null is removed."), Once, FIELD, &[
            BIND, SPREAD, EXPECT,
            arg("if", "InnkeeperIf", "`ANY` makes the item where it is missing."),
            WHEN, ADD, APPEND, REMOVE, MERGE,
        ]),
        known(("delete", "DeleteItem: answers with the item that was deleted; BatchWriteItem: many, and gives none back."), Once, FIELD, &[
            arg("of", "String", "The type of the items, where many are deleted and `[Boolean!]!` is answered."),
            BIND, EXPECT,
            arg("if", "InnkeeperIf", "`ANY` takes a missing item for deleted."),
            WHEN,
        ]),
        known(("page", "Other names for the parts of a page."), Once, GUARDED, &[
            arg("items", "String", "The field of the items, if it is not `items`."),
            arg("next", "String", "The field of the token of the next page, if it is not `nextToken`."),
            arg("after", "String", "The argument that takes the token, if it is not `nextToken`."),
        ]),
        known(("count", "How many items there are in all. It costs a Query of its own, where it is selected."), Once, FIELD, &[]),
        known(("filter", "An input whose fields are made: conditions on the fields of a type."), Once, &[Location::Input], &[
            arg("of", "String!", "The type, interface or union."),
            arg("fields", "[String!]", "Which of its fields; all that can be compared and everybody may see, if nothing is said."),
        ]),
        known(("deprecated", ""), Standard, DEPRECATED, &[arg("reason", "String", "")]),
        known(("specifiedBy", ""), Standard, &[Location::Scalar], &[arg("url", "String!", "")]),
        known(("transact", "TransactWriteItems: several writes, all or none."), Once, FIELD, &[
            arg("do", "[InnkeeperStep!]!", "The steps, at most 100 items in all."),
            arg("token", "String", "The argument that names the request: the same one again happens once."),
            arg("returns", "String", "The name of the step whose item (or list of items) is answered, where several are about its type."),
        ]),
        known(("authenticated", "Whoever has a verified token may see it, as everybody here has."), Once, GUARDED, &[]),
        known(("requiresScopes", "Only a token with these scopes may see it."), Once, GUARDED, &[
            arg("scopes", "[[String!]!]!", "Sets of scopes: all of at least one set."),
        ]),
        known(("auth", "Only a token whose claims fit may see it."), Once, GUARDED, &[
            arg("if", "String!", "What must hold of the claims, such as `\"claims.level >= 3\"`."),
        ]),
        known(("cost", "What it costs: a field each time that it is answered, a type each object of it."), Once, GUARDED, &[
            arg("weight", "Int!", "The weight. An operation and an object that is answered weigh 1, if nothing is said."),
        ]),
        known(("listSize", "How long a list is taken to be, where a request does not say it."), Once, FIELD, &[
            arg("assumedSize", "Int", "How many items it is taken to have."),
            arg("slicingArguments", "[String!]", "The arguments that say how long a page is."),
            arg("sizedFields", "[String!]", "The fields of the page that have the items."),
            arg("requireOneSlicingArgument", "Boolean", "Whether a request must give exactly one of the slicing arguments; it must, if nothing is said."),
        ]),
        known(("constraint", "What a value must be beyond its type. A request with another is refused as a whole."), Once, INPUTS, &[
            arg("minLength", "Int", "The least number of characters."),
            arg("maxLength", "Int", "The greatest number of characters."),
            arg("pattern", "String", "A regular expression that is found in the text; `^…$` for the whole of it."),
            arg("min", "Decimal", "The least number; a string, where it has many digits."),
            arg("max", "Decimal", "The greatest number."),
            arg("minItems", "Int", "The least number of items of a list."),
            arg("maxItems", "Int", "The greatest number of items of a list."),
        ]),
        known(("default", "What a new item holds there where nobody gives a value."), Once, FIELD, &[
            arg("value", "JSON!", "A value of the field's type."),
        ]),
    ]
};

/// The types that arguments of directives have. Their names begin alike, so that no schema's own type is one.
#[rustfmt::skip]
pub(super) const HELPERS: &[Helper] = {
    use HelperKind::{Enum, Input, Scalar};
    &[
        Helper { name: "InnkeeperLayout", description: "Whether tenants share a table.", kind: Enum(&[
            ("POOLED", "They do: every partition key holds `${tenant}`."),
            ("SILO", "Each tenant has a table of its own."),
        ]) },
        Helper { name: "InnkeeperProjection", description: "What an index holds.", kind: Enum(&[
            ("ALL", "Every attribute."),
            ("KEYS_ONLY", "The keys of table and index."),
            ("INCLUDE", "The keys, and what `include` names."),
        ]) },
        Helper { name: "InnkeeperGenerate", description: "A value that the gateway makes.", kind: Enum(&[
            ("ULID", "A ULID."),
            ("CREATED_AT", "The time of creation."),
            ("UPDATED_AT", "The time of the last write."),
        ]) },
        Helper { name: "InnkeeperStoredAs", description: "How a list is stored.", kind: Enum(&[
            ("SET", "As a set of strings, numbers or bytes."),
        ]) },
        Helper { name: "InnkeeperOrder", description: "The order of a sort key.", kind: Enum(&[
            ("ASC", "The first comes first."),
            ("DESC", "The last comes first."),
        ]) },
        Helper { name: "InnkeeperIf", description: "Which item a write expects.", kind: Enum(&[
            ("ANY", "Any, or none."),
        ]) },
        Helper {
            name: "InnkeeperBind",
            description: "An object of fields, each with a path to its value: `{id: \"args.orderId\", by: \"claims.sub\", of: \"parent.id\"}`.",
            kind: Scalar,
        },
        Helper { name: "InnkeeperStep", description: "A step of a transaction: one of `put`, `update`, `delete` and `check`.", kind: Input(&[
            arg("as", "String", "What the step is called: later steps may name its fields, `\"order.id\"`."),
            arg("each", "String", "The list of the arguments for whose elements it is done: the step names them, or fields of theirs, `\"each.sku\"`."),
            arg("put", "String", "The type whose item is put."),
            arg("update", "String", "The type whose item is changed."),
            arg("delete", "String", "The type whose item is deleted."),
            arg("check", "String", "The type whose item is looked at."),
            BIND, SPREAD, EXPECT,
            arg("if", "InnkeeperIf", "As in the directive of the step's name."),
            WHEN, ADD, APPEND, REMOVE,
        ]) },
        Helper { name: "InnkeeperRange", description: "Bounds on a field of the sort key, both inclusive.", kind: Input(&[
            arg("of", "String!", "The field."),
            arg("from", "String", "The path to the least value, such as `\"args.from\"`."),
            arg("to", "String", "The path to the greatest value."),
        ]) },
    ]
};

/// A directive by its name.
pub(super) fn find(name: &str) -> Option<&'static Known> {
    CATALOGUE.iter().find(|known| known.name == name)
}

impl Known {
    /// The names of its arguments.
    pub(super) fn argument_names(&self) -> impl Iterator<Item = &'static str> {
        self.arguments.iter().map(|argument| argument.name)
    }
}

/// Whether the catalogue knows these words, and no others, as the values of a directive's argument.
pub(super) fn has_words<'w>(directive: &str, argument: &str, words: impl Iterator<Item = &'w str>) -> bool {
    let argument = find(directive).and_then(|it| it.arguments.iter().find(|known| known.name == argument));
    let helper = argument.and_then(|it| HELPERS.iter().find(|helper| helper.name == it.ty));
    matches!(helper.map(|it| &it.kind), Some(HelperKind::Enum(known)) if known.iter().map(|it| it.0).eq(words))
}

/// Whether a directive exists, may stand there and is carried out. What is not has been reported, and whoever misses
/// its effect says nothing.
pub(super) fn is_understood(directive: &Directive, location: Location) -> bool {
    find(&directive.name.value).is_some_and(|known| known.locations.contains(&location))
}

/// Whether all arguments of a directive are ones that it has. One that is not may have been meant as any.
pub(super) fn has_known_names(name: &str, arguments: &Arguments) -> bool {
    let is_known = |argument: &str| find(name).is_some_and(|it| it.argument_names().any(|it| it == argument));
    arguments.iter().all(|(argument, _)| is_known(&argument.value))
}
