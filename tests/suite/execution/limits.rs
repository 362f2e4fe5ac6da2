//! Hostile documents: refused at once, whatever they would have cost, and the gateway goes on.

use std::time::{Duration, Instant};

use innkeeper::graphql::Config as Limits;
use serde_json::{Value, json};

use super::{CUSTOMER, assert_refused, warm};
use crate::harness::{Reply, Tenant, World};

/// What a refusal may take. It takes a few milliseconds; a debug build on a busy machine is slow.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A world with limits of its own, in which `acme` has a session already.
async fn limited(limit: impl FnOnce(&mut Limits) + Send + 'static) -> World {
    let configure = |config: &mut innkeeper::config::Config| limit(&mut config.graphql);
    let world = World::builder().configure(configure).start().await;
    world.tenant("acme").query("{ __typename }").await.ok();
    world.calls();
    world
}

/// A world with room for documents of many parts: what is behind the limits on their number has to hold by itself.
async fn roomy() -> World {
    let limits = |limits: &mut Limits| {
        (limits.max_document_tokens, limits.max_fragments) = (100_000, 10_000);
        (limits.max_root_fields, limits.max_aliases, limits.max_directives) = (10_000, 10_000, 10_000);
    };
    limited(limits).await
}

/// Sends a document, which is answered at once.
#[expect(clippy::disallowed_methods, reason = "this is about real time")]
async fn at_once(tenant: &Tenant<'_>, query: &str, variables: Value) -> Reply {
    let began = Instant::now();
    let reply = tenant.with(query, variables).await;
    let took = began.elapsed();
    assert!(took < AT_ONCE, "{took:?}");
    reply
}

/// Asserts that a document is refused at once for a reason, and that the gateway is there for the next one.
async fn assert_limit(world: &World, query: &str, expected: &str) {
    let acme = world.tenant("acme");
    let error = assert_refused(world, &at_once(&acme, query, json!({})).await);
    assert!(error["message"].as_str().unwrap().contains(expected), "{expected}: {error}");
    acme.query("{ __typename }").await.ok();
}

/// `{customer{orders{nodes{customer{…`, so many levels deep.
fn deep(levels: usize) -> String {
    let names = ["orders(first: 1)", "nodes", "customer"];
    let path: Vec<_> = (1..levels - 1).map(|at| names[(at - 1) % 3]).collect();
    let leaf = "__typename";
    let open = path.iter().map(|name| format!("{{ {name} ")).collect::<String>();
    format!("{{ customer(id: \"{CUSTOMER}\") {open} {{ {leaf} }} {} }}", "} ".repeat(path.len()))
}

#[tokio::test]
async fn selections_are_as_deep_as_they_may_be() {
    let world = warm().await;
    world.tenant("acme").query(&deep(15)).await.ok();
    world.calls();
    assert_limit(&world, &deep(16), "16 levels of selections, and may have 15").await;
    let fragments = "{ ...A } fragment A on Query { customer(id: \"C\") { ...B } } fragment B on Customer { \
                     orders { nodes { customer { orders { nodes { customer { orders { nodes { customer { orders { \
                     nodes { customer { orders { nodes { customer { name } } } } } } } } } } } } } } } }";
    assert_limit(&world, fragments, "17 levels of selections").await;
}

#[tokio::test]
async fn as_deep_as_the_configuration_allows_is_not_too_deep_for_the_stack() {
    let configure = |config: &mut innkeeper::config::Config| config.graphql.max_depth = 50;
    let world = World::builder().configure(configure).start().await;
    world.tenant("acme").query(&deep(50)).await.ok();
    let inline = format!("{{ {} __typename {} }}", "... { ".repeat(60), "} ".repeat(60));
    world.tenant("acme").query(&inline).await.ok();
}

#[tokio::test]
async fn a_document_has_as_many_selections_as_it_may() {
    let world = roomy().await;
    let many = |count: usize| (0..count).map(|at| format!("a{at}: __typename ")).collect::<String>();
    world.tenant("acme").query(&format!("{{ {} }}", many(2_000))).await.ok();
    assert_limit(&world, &format!("{{ {} }}", many(2_001)), "2001 selections, and may have 2000").await;
    let twice = format!("{{ ...F ...F }} fragment F on Query {{ {} }}", many(1_000));
    assert_limit(&world, &twice, "2002 selections").await;
}

#[tokio::test]
async fn each_kind_of_part_has_a_limit_of_its_own() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let many = |count: usize, part: &dyn Fn(usize) -> String| (0..count).map(part).collect::<String>();
    let product = |fields: &str| format!("{{ product(sku: \"NONE\") {{ {fields} }} }}");
    let fragments = |count: usize| {
        let (spread, define) = (
            many(count, &|at| format!("...F{at} ")),
            many(count, &|at| format!("fragment F{at} on Product {{ sku }} ")),
        );
        product(&spread) + &define
    };
    let aliases = |count: usize| product(&many(count, &|at| format!("a{at}: sku ")));
    // A fragment counts as often as it is spread.
    let spread = |count: usize| {
        let aliases = many(count, &|at| format!("a{at}: sku "));
        product("...A ...B")
            + &format!(" fragment A on Product {{ ...B }} fragment B on Product {{ {aliases} }}")
    };
    let roots = |count: usize| format!("{{ {} }}", many(count, &|at| format!("a{at}: __typename ")));
    let spread_roots = |count: usize| {
        let fields = many(count, &|at| format!("a{at}: __typename "));
        format!("{{ ...A ... {{ b: __typename }} }} fragment A on Query {{ {fields} }}")
    };
    let directives = |count: usize| product(&many(count, &|_| "sku @skip(if: false) ".to_owned()));
    // 17 tokens stand around the ones.
    let tokens = |count: usize| product(&format!("sku @include(if: {})", "1 ".repeat(count - 17)));
    for (limit, most, document) in [
        ("max-fragments", 250, &fragments as &dyn Fn(usize) -> String),
        ("max-aliases", 250, &aliases),
        ("max-root-fields", 100, &roots),
        ("max-root-fields", 100, &|count| spread_roots(count - 1)),
        ("max-directives", 250, &directives),
    ] {
        acme.query(&document(most)).await.ok();
        world.calls();
        let error = assert_refused(&world, &at_once(&acme, &document(most + 1), json!({})).await);
        let expected = json!({ "name": limit, "most": most, "found": most + 1 });
        assert_eq!(error["extensions"]["limit"], expected, "{error}");
    }
    let error = assert_refused(&world, &at_once(&acme, &spread(126), json!({})).await);
    assert_eq!(error["extensions"]["limit"], json!({ "name": "max-aliases", "most": 250, "found": 252 }));
    let error = assert_refused(&world, &acme.query(&tokens(10_001)).await);
    assert_eq!(error["message"], "The document has 10001 tokens, and may have 10000.");
    let error = assert_refused(&world, &acme.query(&tokens(10_000)).await);
    assert!(error["message"].as_str().unwrap().starts_with("Syntax error"), "{error}");
    // What was refused is counted by the limit that refused it.
    let metrics = world.send(world.http.get(format!("{}/metrics", world.admin))).await.text;
    let counted = "innkeeper_documents_refused_total{limit=\"max-root-fields\"} 2";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn tokens_are_counted_as_graphql_has_them() {
    let configure = |config: &mut innkeeper::config::Config| config.graphql.max_document_tokens = 1;
    let world = World::builder().configure(configure).start().await;
    let acme = world.tenant("acme");
    acme.query("{ a }").await;
    world.calls();
    for (document, tokens) in [
        ("{ a }", 3),
        ("{a,,,b\r\n\t}# } } }\n", 4),
        ("query Q($a: [Int!]! = 1) @x { ...F ... on T { a: b } }", 28),
        ("{ a(b: -1.5e-3, c: 1E+7, d: 10, e: 0.5e2) }", 17),
        ("{ a(b: \"x y z\", c: \"\"\"x \"\" \\\"\"\" {{ \"\"\", d: \"\") }", 14),
        ("{ a(b: [1 2 -3]) }", 12),
        ("{ a | & }", 5),
    ] {
        let error = assert_refused(&world, &acme.query(document).await);
        let expected = format!("The document has {tokens} tokens, and may have 1.");
        assert_eq!(error["message"], expected, "{document}");
    }
}

#[tokio::test]
async fn a_document_runs_as_many_operations_as_it_may() {
    let world = limited(|limits| (limits.max_operations, limits.max_root_fields) = (100, 200)).await;
    let many = |count: usize| {
        (0..count).map(|at| format!("a{at}: product(sku: \"NONE\") {{ sku }} ")).collect::<String>()
    };
    world.tenant("acme").query(&format!("{{ {} }}", many(100))).await.ok();
    assert_eq!(world.count("acme").1, 100);
    assert_limit(&world, &format!("{{ {} }}", many(101)), "101 operations to run, and may have 100").await;
    let nested = (0..100).map(|at| format!("a{at}: customer {{ name }} ")).collect::<String>();
    assert_limit(&world, &format!("{{ order(id: \"1\") {{ {nested} }} }}"), "101 operations to run").await;
}

#[tokio::test]
async fn fragments_that_double_with_each_level_are_refused_at_once() {
    let world = warm().await;
    // Each level is spread twice by the one above. What the last one holds is real, unknown, or nothing at all.
    for last in ["sku", "nothing", "...Nothing", "... { sku }", "... on Customer { name }"] {
        for levels in [15, 30, 60, 95] {
            let mut document = "{ product(sku: \"COF-001\") { ...F0 } }".to_owned();
            for at in 0..levels {
                let next = at + 1;
                document.push_str(&format!(" fragment F{at} on Product {{ ...F{next} ...F{next} }}"));
            }
            document.push_str(&format!(" fragment F{levels} on Product {{ {last} }}"));
            assert_limit(&world, &document, "selections").await;
            // The same, if no operation spreads them.
            let unused = document.replace("{ ...F0 }", "{ sku }");
            assert_refused(&world, &at_once(&world.tenant("acme"), &unused, json!({})).await);
        }
    }
}

#[tokio::test]
async fn long_chains_of_fragments_are_refused() {
    let world = roomy().await;
    let mut chain = String::new();
    for at in 0..1_500 {
        chain.push_str(&format!(" fragment F{at} on Product {{ ...F{} }}", at + 1));
    }
    chain.push_str(" fragment F1500 on Product { sku }");
    assert_limit(
        &world,
        &format!("{{ product(sku: \"COF-001\") {{ ...F0 }} }}{chain}"),
        "nested selection sets",
    )
    .await;
    assert_limit(&world, &format!("{{ __typename }}{chain}"), "`F0` is spread by no operation").await;
    // Levels of inline fragments, in fragments.
    let inline = |next: &str| format!("{} {next} {}", "... { ".repeat(50), "} ".repeat(50));
    let nested = format!(
        "{{ ...A }} fragment A on Query {{ {} }} fragment B on Query {{ {} }}",
        inline("...B"),
        inline("__typename")
    );
    assert_limit(&world, &nested, "nested selection sets").await;
}

#[tokio::test]
async fn fragments_that_spread_themselves_are_refused() {
    let world = warm().await;
    for document in [
        "{ ...F } fragment F on Query { ...F }",
        "{ ...F } fragment F on Query { __typename ... { ...F } }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...C } fragment C on Query { ...A }",
        "{ customer(id: \"C\") { ...F } } fragment F on Customer { orders { nodes { customer { ...F } } } }",
        "{ __schema { ...F } } fragment F on __Schema { types { ...T } } fragment T on __Type { ofType { ...T } }",
    ] {
        assert_limit(&world, document, "spreads itself").await;
    }
}

#[tokio::test]
async fn brackets_a_hundred_thousand_deep_are_refused() {
    let longer = |config: &mut innkeeper::config::Config| {
        (config.graphql.max_document, config.server.max_body) = (1024 * 1024, 2 * 1024 * 1024);
    };
    let world = World::builder().configure(longer).start().await;
    world.tenant("acme").query("{ __typename }").await.ok();
    world.calls();
    let deep = |open: &str| open.repeat(100_000);
    for document in [
        deep("{"),
        deep("{a"),
        format!("{{ product(sku: {}", deep("[")),
        format!("{{ product(sku: {}", deep("{a:")),
        format!("query ($v: {}", deep("[")),
        format!("query ($v: ID = {}", deep("[")),
        deep("{a("),
        deep("{...{"),
        // What stands in strings and comments hides nothing of what stands behind them.
        format!("{{ product(sku: \"\"\"a \" \"\"\") {}", deep("{a")),
        format!("{{ product(sku: \"\"\"\\\"\"\" \"\"\") {}", deep("{a")),
        format!("{{ product(sku: \"a\\\\\") {}", deep("{a")),
        format!("{{ product(sku: \"}}\", x: {}", deep("[\"]\" ")),
        format!("# \"\n{{ product(sku: \"\", x: {}", deep("[ #]\r")),
    ] {
        assert_limit(&world, &document, "nested brackets").await;
    }
    for document in [format!("{{ a(x: [\"\"\"a\" {}", deep("[")), format!("{{ a(x: \"\n {}", deep("[\" "))] {
        assert_limit(&world, &document, "a string does not end").await;
    }
}

#[tokio::test]
async fn brackets_in_strings_and_comments_are_text() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let many = "[{(".repeat(200);
    for string in
        [format!("\"{many}\""), format!("\"\"\"\n{many} \" \\\"\"\" \n\"\"\""), format!("\"\\\"{many}\\\\\"")]
    {
        let query = format!("{{ # {many}\n product(sku: {string}) {{ sku }} }}");
        assert_eq!(acme.query(&query).await.ok(), json!({ "product": null }));
    }
}

#[tokio::test]
async fn a_document_is_as_long_as_it_may_be() {
    let world = warm().await;
    let padded =
        |length: usize| format!("{:1$}", "{ __typename }", length.min(60_000)) + &" ".repeat(length - 60_000);
    world.tenant("acme").query(&padded(65_536)).await.ok();
    assert_limit(&world, &padded(65_537), "65537 bytes, and may have 65536").await;
}

#[tokio::test]
async fn a_value_that_a_document_multiplies_is_refused() {
    let world = roomy().await;
    let acme = world.tenant("acme");
    let value = json!({ "details": vec![1; 50_000] });
    let update =
        |at: usize| format!("a{at}: updateProduct(sku: \"NONE\", input: {{details: $details}}) {{ sku }} ");
    let updates = |count: usize| {
        format!("mutation ($details: JSON) {{ {} }}", (0..count).map(update).collect::<String>())
    };
    acme.with(&updates(2), value.clone()).await.ok();
    world.calls();
    let error = assert_refused(&world, &at_once(&acme, &updates(100), value.clone()).await);
    assert!(error["message"].as_str().unwrap().contains("bytes of arguments"), "{error}");
    let spread = "mutation ($details: JSON) { ...A ...A } fragment A on Mutation { ...B ...B } fragment B on Mutation \
                  { ...C ...C ...C ...C } fragment C on Mutation { updateProduct(sku: \"NONE\", \
                  input: {details: [$details, $details]}) { sku } }";
    assert_refused(&world, &at_once(&acme, spread, value).await);
    let default = format!("[{}]", "1 ".repeat(20_000));
    let with_default = updates(100).replace("JSON)", &format!("JSON = {default})"));
    assert_refused(&world, &at_once(&acme, &with_default, json!({})).await);
}

#[tokio::test]
async fn a_variable_is_read_once_however_often_it_is_defined() {
    let world = roomy().await;
    let acme = world.tenant("acme");
    let value = json!({ "v": vec![1; 60_000] });
    let twice = format!("query ({}) {{ __typename }}", "$v: JSON ".repeat(6_000));
    let error = assert_refused(&world, &at_once(&acme, &twice, value.clone()).await);
    assert_eq!(error["message"], "The variable `$v` is defined twice.");
    assert_eq!(error["locations"], json!([{ "line": 1, "column": 17 }]));
    let operations = |count: usize| {
        (0..count).map(|at| format!("query Q{at}($v: JSON) {{ __typename }} ")).collect::<String>()
    };
    let send = async |document: &str| {
        let body = json!({ "query": document, "variables": value, "operationName": "Q0" });
        acme.send(&body).await
    };
    let error = assert_refused(&world, &send(&operations(51)).await);
    assert_eq!(error["message"], "The document has 51 operations, and may have 50.");
    // As many as there may be are looked at: `$v` is used by none of them.
    let error = assert_refused(&world, &send(&operations(50)).await);
    assert!(error["message"].as_str().unwrap().contains("is not used"), "{error}");
    let variables = |count: usize| {
        let (define, list) =
            ((0..count).map(|at| format!("$v{at}: JSON ")), (0..count).map(|at| format!("$v{at} ")));
        let (define, list) = (define.collect::<String>(), list.collect::<String>());
        format!(
            "mutation ({define}) {{ updateProduct(sku: \"NONE\", input: {{details: [{list}]}}) {{ sku }} }}"
        )
    };
    assert_limit(&world, &variables(257), "257 variables, and may have 256").await;
    assert_eq!(acme.query(&variables(256)).await.ok(), json!({ "updateProduct": null }));
}

#[tokio::test]
async fn a_value_in_the_directives_of_a_definition_is_measured() {
    let world = roomy().await;
    let acme = world.tenant("acme");
    let value = json!({ "v": vec![1; 60_000] });
    let directives = "@skip(if: $v) ".repeat(2_000);
    for document in [
        format!("query ($v: JSON) {directives} {{ __typename }}"),
        format!("query ($v: JSON) {{ ...F }} fragment F on Query {directives} {{ __typename }}"),
        format!("query ($v: JSON) {{ __typename {directives} }}"),
    ] {
        let error = assert_refused(&world, &at_once(&acme, &document, value.clone()).await);
        assert!(error["message"].as_str().unwrap().contains("bytes of arguments"), "{error}");
    }
}

#[tokio::test]
async fn fragments_that_nobody_spreads_are_refused_before_they_are_walked() {
    let world = roomy().await;
    let fields = (0..1_500).map(|at| format!("x{at} ")).collect::<String>();
    let document = format!(
        "{{ __typename }} fragment b on Query {{ {fields} }} fragment a on Query {{ {} }}",
        "...{...b} ".repeat(1_000)
    );
    assert_limit(&world, &document, "`b` is spread by no operation").await;
}

#[tokio::test]
async fn fields_that_are_to_be_compared_too_often_are_refused() {
    let world = roomy().await;
    let arguments = |count: usize| (0..count).map(|at| format!("a{at}: 1 ")).collect::<String>();
    let fields = |count: usize| format!("product({}) {}", arguments(count), "product ".repeat(1_500));
    assert_limit(&world, &format!("{{ {} }}", fields(100)), "151601 arguments to compare").await;
    let levels = format!("{{ {} {} {} }}", "... { ".repeat(55), fields(1), "} ".repeat(55));
    assert_limit(&world, &levels, "arguments to compare").await;
    assert_limit(&world, &format!("{{ {} }}", fields(101)), "101 arguments in one place").await;
    assert_limit(&world, &format!("{{ __typename @skip({}) }}", arguments(101)), "101 arguments").await;
}

#[tokio::test]
async fn names_are_as_long_as_they_may_be() {
    let world = warm().await;
    let (most, more) = ("x".repeat(256), "x".repeat(257));
    let data = world.tenant("acme").query(&format!("{{ {most}: __typename }}")).await.ok();
    assert_eq!(data[&most], "Query");
    for document in [format!("{{ {more}: __typename }}"), format!("query {more} {{ __typename }}")] {
        assert_limit(&world, &document, "257 bytes in a name, and may have 256").await;
    }
}

#[tokio::test]
async fn thousands_of_mistakes_are_answered_in_a_few() {
    let world = roomy().await;
    let acme = world.tenant("acme");
    let unknown = (0..2_000).map(|at| format!("a{at}: nothing{at} ")).collect::<String>();
    let arguments = format!("product({})", (0..6_000).map(|at| format!("x{at}: 1 ")).collect::<String>());
    let directives = format!("__typename {}", "@nothing ".repeat(6_000));
    let variables = (0..4_000).map(|at| format!("$v{at}: Int ")).collect::<String>();
    for document in [
        format!("{{ {unknown} }}"),
        format!("{{ {arguments} {{ sku }} }}"),
        format!("{{ {directives} }}"),
        format!("query ({variables}) {{ __typename }}"),
        format!(
            "{{ __typename }} {}",
            (0..2_000).map(|at| format!("fragment F{at} on X {{ a }} ")).collect::<String>()
        ),
    ] {
        let reply = at_once(&acme, &document, json!({})).await;
        assert_refused(&world, &reply);
        assert!(reply.codes().len() <= 50 && reply.text.len() < 32 * 1024, "{}", reply.text.len());
    }
}
