//! Hostile documents, by what they multiply.

use serde_json::{Value, json};

use super::{Case, Expected, Sent};

use Expected::{Answered, Limit, Refused};

const CUSTOMER: &str = "01M2FNQYS97KB6CQ643DZVMXXQ";

pub(super) fn corpus() -> Vec<Case> {
    [fragments(), texts(), parts(), lists(), introspection(), mistakes(), values(), definitions()]
        .into_iter()
        .flatten()
        .collect()
}

fn case(name: &'static str, document: impl Into<String>, expected: Expected) -> Case {
    Case { name, sent: Sent::Document(document.into(), json!({})), expected }
}

fn with(name: &'static str, document: impl Into<String>, variables: Value, expected: Expected) -> Case {
    Case { name, sent: Sent::Document(document.into(), variables), expected }
}

fn many(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

fn product(fields: &str) -> String {
    format!("{{ product(sku: \"COF-001\") {{ {fields} }} }}")
}

/// Fragments each of which spreads the next one so often.
fn doubled(levels: usize, times: usize, last: &str) -> String {
    let spread = |at: usize| format!("...F{} ", at + 1).repeat(times);
    let fragments = many(levels, |at| format!("fragment F{at} on Product {{ {} }} ", spread(at)));
    format!("{fragments} fragment F{levels} on Product {{ {last} }}")
}

fn fragments() -> Vec<Case> {
    let doubling = |levels, times, last| product("...F0") + " " + &doubled(levels, times, last);
    let chain = |length: usize| {
        many(length, |at| format!("fragment F{at} on Product {{ ...F{} }} ", at + 1))
            + &format!("fragment F{length} on Product {{ sku }}")
    };
    let cycle = |length: usize| {
        many(length, |at| format!("fragment F{at} on Product {{ ...F{} }} ", (at + 1) % length))
    };
    let inline =
        |levels: usize, inner: &str| format!("{} {inner} {}", "... { ".repeat(levels), "} ".repeat(levels));
    vec![
        case("fragments that double, in a kilobyte", doubling(26, 2, "sku"), Limit("max-selections")),
        case("fragments that double, longer", doubling(90, 2, "sku"), Limit("max-selections")),
        case("fragments that double, to nothing", doubling(60, 2, "...Nothing"), Limit("max-selections")),
        case(
            "fragments that double, to an unknown field",
            doubling(60, 2, "nothing"),
            Limit("max-selections"),
        ),
        case("fragments that grow a hundredfold", doubling(8, 100, "sku"), Limit("max-selections")),
        case(
            "fragments that double, spread by nobody",
            product("sku") + &doubled(90, 2, "sku"),
            Refused(400),
        ),
        case(
            "a fragment that spreads itself",
            product("...F") + "fragment F on Product { ...F }",
            Refused(400),
        ),
        case("fragments in a circle", product("...F0") + &cycle(80), Refused(400)),
        case(
            "fragments in a circle, doubled",
            product("...F") + "fragment F on Product { ...G ...G } fragment G on Product { ...F ...F }",
            Refused(400),
        ),
        case(
            "a circle through a field",
            "{ ...F } fragment F on Query { order(id: 1) { customer { orders { nodes { ...G } } } } } fragment G on Order { customer { orders { nodes { ...G } } } }",
            Refused(400),
        ),
        case("a chain of fragments", product("...F0") + &chain(200), Limit("nesting")),
        case("a chain that nobody spreads", product("sku") + &chain(200), Refused(400)),
        case("thousands of fragments", product("sku") + &chain(900), Limit("max-fragments")),
        case(
            "inline fragments in fragments",
            format!(
                "{{ ...A }} fragment A on Query {{ {} }} fragment B on Query {{ {} }}",
                inline(60, "...B"),
                inline(60, "__typename")
            ),
            Limit("nesting"),
        ),
        case("hundreds of inline fragments side by side", product(&"... { sku } ".repeat(900)), Answered(1)),
        case(
            "a thousand spreads of one fragment",
            product(&"...F ".repeat(990)) + "fragment F on Product { sku }",
            Answered(1),
        ),
    ]
}

fn texts() -> Vec<Case> {
    let deep = |open: &str| open.repeat(60_000 / open.len());
    vec![
        case("braces, 60,000 deep", deep("{"), Limit("brackets")),
        case("selections, 30,000 deep", deep("{a"), Limit("brackets")),
        case("lists, 60,000 deep", format!("{{ product(sku: {}", deep("[")), Limit("brackets")),
        case("objects, 20,000 deep", format!("{{ product(sku: {}", deep("{a:")), Limit("brackets")),
        case("types, 60,000 deep", format!("query ($v: {}", deep("[")), Limit("brackets")),
        case("defaults, 60,000 deep", format!("query ($v: ID = {}", deep("[")), Limit("brackets")),
        case("arguments, 20,000 deep", deep("{a("), Limit("brackets")),
        case(
            "brackets behind a block string",
            format!("{{ product(sku: \"\"\"a \" \"\"\") {}", deep("{a")),
            Limit("brackets"),
        ),
        case("a string without end", format!("{{ a(b: \"{}", "x".repeat(60_000)), Refused(400)),
        case("a block string without end", format!("{{ a(b: \"\"\"{}", "x\n".repeat(30_000)), Refused(400)),
        case("a longer document than there may be", " ".repeat(70_000), Limit("max-document")),
        case("comments alone", "# x\n".repeat(15_000), Refused(400)),
        case("commas alone", ",".repeat(65_000), Refused(400)),
        case("nothing that a document holds", "%".repeat(9_000), Refused(400)),
        case("other signs, by the thousand", "%".repeat(60_000), Limit("max-document-tokens")),
        case("marks of byte order", "\u{feff}".repeat(20_000), Limit("max-document-tokens")),
        case("thousands of tokens", product(&"sku ".repeat(15_000)), Limit("max-document-tokens")),
        case(
            "numbers of signs and points",
            format!("{{ a(b: [{}]) }}", "-1.".repeat(15_000)),
            Limit("max-document-tokens"),
        ),
        case("a name of 60,000 letters", format!("{{ {} }}", "x".repeat(60_000)), Limit("name")),
        case(
            "a number of 60,000 digits",
            format!("{{ product(sku: {}) {{ sku }} }}", "9".repeat(60_000)),
            Limit("name"),
        ),
        case(
            "escapes by the thousand",
            format!("{{ product(sku: \"{}\") {{ sku }} }}", "\\u0041".repeat(10_000)),
            Answered(0),
        ),
        case("a document of NULs", "\0".repeat(9_000), Refused(400)),
    ]
}

fn parts() -> Vec<Case> {
    let comparisons = many(90, |at| format!("a{at}: 1 "));
    let nested = |levels: usize| {
        (0..levels).fold("name".to_owned(), |inner, _| {
            format!("orders(first: 1) {{ nodes {{ customer {{ {inner} }} }} }}")
        })
    };
    vec![
        case(
            "thousands of aliases",
            product(&many(1_900, |at| format!("a{at}: sku "))),
            Limit("max-aliases"),
        ),
        case(
            "aliases by fragments",
            product(&"...F ".repeat(40))
                + "fragment F on Product { "
                + &many(40, |at| format!("a{at}: sku "))
                + "}",
            Limit("max-aliases"),
        ),
        case(
            "hundreds of root fields",
            format!("{{ {} }}", many(240, |at| format!("a{at}: product(sku: {at}) {{ sku }} "))),
            Limit("max-root-fields"),
        ),
        case(
            "hundreds of mutations",
            format!(
                "mutation {{ {} }}",
                many(240, |at| format!("a{at}: deleteProduct(sku: {at}) {{ sku }} "))
            ),
            Limit("max-root-fields"),
        ),
        case(
            "a directive a thousand times",
            product(&format!("sku {}", "@skip(if: false) ".repeat(1_000))),
            Limit("max-directives"),
        ),
        case(
            "directives by fragments",
            product(&"...F ".repeat(60))
                + "fragment F on Product { "
                + &"sku @skip(if: false) ".repeat(9)
                + "}",
            Limit("max-directives"),
        ),
        case(
            "selections as deep as the text allows",
            format!("{{ customer(id: \"{CUSTOMER}\") {{ {} }} }}", nested(9)),
            Limit("max-depth"),
        ),
        case(
            "arguments to compare",
            product(&(format!("sku({comparisons}) ") + &"sku ".repeat(1_400))),
            Limit("comparisons"),
        ),
        case(
            "fields to compare in every set around them",
            product(&format!(
                "{} sku(a: 1) {} {}",
                "... { ".repeat(40),
                "sku ".repeat(1_500),
                "} ".repeat(40)
            )),
            Limit("comparisons"),
        ),
        case(
            "a hundred arguments and more",
            format!("{{ product({}) }}", many(200, |at| format!("a{at}: 1 "))),
            Limit("arguments"),
        ),
        case(
            "one field many times",
            format!("{{ {} }}", "product(sku: \"COF-001\") { sku } ".repeat(80)),
            Answered(1),
        ),
        case(
            "selections that cannot be merged",
            format!("{{ {} }}", many(80, |at| format!("a: product(sku: {at}) {{ sku }} "))),
            Refused(400),
        ),
    ]
}

fn lists() -> Vec<Case> {
    let customer = |inner: &str| format!("{{ customer(id: \"{CUSTOMER}\") {{ {inner} }} }}");
    let ids = |count: usize| many(count, |at| format!("{at} "));
    vec![
        case(
            "lists in lists, in 96 bytes",
            customer("orders(first:500){nodes{customer{orders(first:500){nodes{id}}}}}"),
            Limit("max-operations"),
        ),
        case(
            "lists in lists that run operations",
            customer("orders(first: 500) { nodes { events { text } customer { name } } }"),
            Limit("max-operations"),
        ),
        case(
            "lists in lists, under other names",
            customer(&many(20, |at| {
                format!("a{at}: orders(first: 500) {{ nodes {{ id lines {{ sku }} }} }} ")
            })),
            Limit("max-cost"),
        ),
        case(
            "pages of no size, in pages of no size",
            customer(
                "orders { nodes { customer { orders { nodes { customer { orders { nodes { customer { name } } } } } } } } }",
            ),
            Limit("max-operations"),
        ),
        case(
            "a page of two thousand million",
            customer("orders(first: 2000000000) { nodes { id } }"),
            Answered(2),
        ),
        case("a page of less than nothing", customer("orders(first: -5) { nodes { id } }"), Answered(2)),
        case(
            "a list of thousands of ids",
            format!("{{ ordersById(ids: [{}]) {{ id }} }}", ids(9_000)),
            Answered(0),
        ),
        case(
            "one list of ids, under many names",
            format!(
                "query ($v: [ID!]!) {{ {} }}",
                many(90, |at| format!("a{at}: ordersById(ids: $v) {{ id }} "))
            ),
            Refused(400),
        ),
        with(
            "a list of ids in a variable, under many names",
            format!(
                "query ($v: [ID!]!) {{ {} }}",
                many(90, |at| format!("a{at}: ordersById(ids: $v) {{ id }} "))
            ),
            json!({ "v": (0..450).collect::<Vec<_>>() }),
            Limit("max-cost"),
        ),
        with(
            "a list of deletions, under many names",
            format!(
                "mutation ($v: [OrderEventKey!]!) {{ {} }}",
                many(90, |at| format!("a{at}: deleteOrderEvents(orderId: 1, events: $v) "))
            ),
            json!({ "v": vec![json!({ "id": "x", "at": "2026-01-01T00:00:00Z" }); 250] }),
            Limit("max-cost"),
        ),
    ]
}

fn introspection() -> Vec<Case> {
    let types =
        |levels: usize| (0..levels).fold("name".to_owned(), |inner, _| format!("ofType {{ {inner} }}"));
    let fields = |levels: usize| {
        (0..levels).fold("name".to_owned(), |inner, _| format!("fields {{ type {{ {inner} }} }}"))
    };
    vec![
        case(
            "the schema, list in list in list",
            format!("{{ __schema {{ types {{ {} }} }} }}", fields(4)),
            Limit("introspection-lists"),
        ),
        case(
            "the schema under other names",
            format!(
                "{{ {} }}",
                many(90, |at| format!(
                    "a{at}: __schema {{ types {{ name fields {{ name type {{ name }} }} }} }} "
                ))
            ),
            Limit("introspection"),
        ),
        case("types of types", format!("{{ __schema {{ types {{ {} }} }} }}", types(40)), Limit("max-depth")),
        case(
            "the schema in a circle",
            "{ __schema { types { ...T } } } fragment T on __Type { ofType { ...T } }",
            Refused(400),
        ),
        case(
            "interfaces of interfaces",
            "{ __schema { types { possibleTypes { interfaces { possibleTypes { name } } } } } }",
            Limit("introspection-lists"),
        ),
    ]
}

fn mistakes() -> Vec<Case> {
    vec![
        case("unknown fields by the hundred", product(&many(1_900, |at| format!("x{at} "))), Refused(400)),
        case(
            "unknown fields of long names",
            product(&many(240, |at| format!("{}{at} ", "x".repeat(240)))),
            Refused(400),
        ),
        case(
            "unknown arguments",
            format!("{{ product({}) {{ sku }} }}", many(99, |at| format!("x{at}: 1 "))),
            Refused(400),
        ),
        case(
            "unknown arguments in many places",
            product(&many(90, |_| format!("sku({}) ", many(20, |at| format!("x{at}: 1 "))))),
            Refused(400),
        ),
        case(
            "unknown directives",
            product(&format!("sku {}", many(240, |at| format!("@x{at} ")))),
            Refused(400),
        ),
        case(
            "directives of others",
            product("... @defer(label: \"x\") { sku } tags @stream(initialCount: 1)"),
            Refused(400),
        ),
        case(
            "unknown types",
            product(&many(240, |at| format!("...F{at} ")))
                + &many(240, |at| format!("fragment F{at} on X{at} {{ a }} ")),
            Refused(400),
        ),
        case("unknown fragments", product(&many(1_900, |at| format!("...X{at} "))), Refused(400)),
        case("unknown variables", product(&many(240, |at| format!("sku @skip(if: $v{at}) "))), Refused(400)),
        case(
            "variables that nobody uses",
            format!("query ({}) {{ __typename }}", many(250, |at| format!("$v{at}: Int "))),
            Refused(400),
        ),
        case(
            "variables of unknown types",
            format!("query ({}) {{ __typename }}", many(250, |at| format!("$v{at}: X{at} "))),
            Refused(400),
        ),
        case("leaves with selections", product(&"sku { a } ".repeat(900)), Refused(400)),
        case("arguments twice", format!("{{ product({}) {{ sku }} }}", "sku: 1 ".repeat(90)), Refused(400)),
        case(
            "arguments behind a type's name",
            product(&many(240, |at| format!("a{at}: __typename(x: 1) "))),
            Refused(400),
        ),
    ]
}

fn values() -> Vec<Case> {
    let update =
        |at: usize| format!("a{at}: updateProduct(sku: \"NONE\", input: {{details: $v}}) {{ sku }} ");
    let updates = |count: usize| format!("mutation ($v: JSON) {{ {} }}", many(count, update));
    let large = || json!({ "v": vec![1; 100_000] });
    let spread = "mutation ($v: JSON) { ...A ...A } fragment A on Mutation { ...B ...B } fragment B on Mutation { \
                  ...C ...C ...C ...C } fragment C on Mutation { updateProduct(sku: 1, input: {details: [$v, $v]}) { sku } }";
    let list = |count: usize| format!("[{}]", "1 ".repeat(count));
    vec![
        with("a large variable in many places", updates(90), large(), Limit("values")),
        with("a large variable by fragments", spread, large(), Limit("values")),
        case(
            "a large default in many places",
            updates(90).replace("JSON)", &format!("JSON = {})", list(8_000))),
            Limit("values"),
        ),
        with(
            "a large variable in directives",
            format!("query ($v: JSON) {{ __typename {} }}", "@skip(if: $v) ".repeat(200)),
            large(),
            Limit("values"),
        ),
        with(
            "a variable of another type, by the thousand",
            "query ($v: ID!) { product(sku: $v) { sku } }",
            large(),
            Refused(400),
        ),
        case(
            "a text where there should be a word",
            "{ products(category: \"TEA\") { nextToken } }",
            Refused(400),
        ),
        case(
            "a float beyond all floats",
            "{ products(category: TEA, limit: 1e999999999) { nextToken } }",
            Refused(400),
        ),
        case(
            "an Int beyond all Ints",
            format!("{{ products(category: TEA, limit: {}) {{ nextToken }} }}", "9".repeat(200)),
            Refused(400),
        ),
        case(
            "a key that is long",
            format!("{{ product(sku: \"{}\") {{ sku }} }}", "x".repeat(60_000)),
            Answered(0),
        ),
        case(
            "a cursor that is none",
            format!("{{ products(category: TEA, nextToken: \"{}\") {{ nextToken }} }}", "A".repeat(60_000)),
            Answered(0),
        ),
        case(
            "a list within lists for one value",
            format!("{{ product(sku: {}{}) {{ sku }} }}", "[".repeat(90), "]".repeat(90)),
            Refused(400),
        ),
        case(
            "conditions within conditions",
            format!(
                "{{ orders(customerId: 1, where: {}{}) {{ nodes {{ id }} }} }}",
                "{not: ".repeat(40) + "{status: {eq: PAID}}",
                "}".repeat(40)
            ),
            Answered(0),
        ),
    ]
}

fn definitions() -> Vec<Case> {
    vec![
        case("nothing at all in braces", "{ }", Refused(400)),
        case(
            "thousands of operations",
            many(1_400, |at| format!("query Q{at} {{ __typename }} ")),
            Limit("operation-definitions"),
        ),
        case("operations of one name", "query Q { __typename } ".repeat(40), Refused(400)),
        case("operations with and without a name", "{ __typename } query Q { __typename }", Refused(400)),
        case(
            "thousands of variables",
            format!("query ({}) {{ __typename }}", many(1_900, |at| format!("$v{at}: Int "))),
            Limit("variables"),
        ),
        with(
            "a variable a thousand times",
            format!("query ({}) {{ __typename }}", "$v: JSON ".repeat(1_900)),
            json!({ "v": vec![1; 60_000] }),
            Refused(400),
        ),
        case("a subscription", "subscription { product(sku: 1) { sku } }", Refused(400)),
        case(
            "types instead of operations",
            many(900, |at| format!("type T{at} {{ a: Int }} ")),
            Refused(400),
        ),
        case("fragments alone", "fragment F on Query { __typename }", Refused(400)),
    ]
}
