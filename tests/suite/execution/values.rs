//! Values: variables, defaults, and what of a client's input becomes a value of the argument's type.

use serde_json::{Value, json};

use super::{assert_refused, warm};

const CREATE: &str = "mutation ($input: NewProduct!) { createProduct(input: $input) \
                      { sku name category price stock tags details photo rev } }";

fn product(sku: &str) -> Value {
    json!({ "sku": sku, "name": "N", "category": "TEA", "price": "1" })
}

fn with(mut product: Value, name: &str, value: Value) -> Value {
    product[name] = value;
    product
}

#[tokio::test]
async fn what_is_left_out_has_its_default() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let created = acme.with(CREATE, json!({ "input": product("N1") })).await.ok();
    let expected = json!({ "sku": "N1", "name": "N", "category": "TEA", "price": "1", "stock": 0, "tags": [],
        "details": null, "photo": null, "rev": 1 });
    assert_eq!(created["createProduct"], expected);
    let order = "mutation { createOrder(input: {customerId: \"C\", total: 1, lines: []}) { status lines { sku } note } }";
    let expected = json!({ "createOrder": { "status": "PLACED", "lines": [], "note": null } });
    assert_eq!(acme.query(order).await.ok(), expected);
}

#[tokio::test]
async fn a_variable_has_what_is_sent_or_its_default_or_nothing() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let query = "query ($limit: Int = 1, $category: Category! = TEA) \
                 { products(category: $category, limit: $limit) { items { sku } } }";
    let found = async |variables: Value| {
        let data = acme.with(query, variables).await.ok();
        data["products"]["items"].as_array().unwrap().len()
    };
    assert_eq!(found(json!({})).await, 1);
    assert_eq!(found(json!({ "limit": 2 })).await, 2);
    assert_eq!(found(json!({ "limit": 5, "category": "BOOKS" })).await, 1);
    world.calls();
    for variables in [json!({ "category": null }), json!({ "category": "NOPE" }), json!({ "category": 1 })] {
        let error = assert_refused(&world, &acme.with(query, variables).await);
        assert_eq!(error["locations"], json!([{ "line": 1, "column": 25 }]));
        assert!(
            error["message"].as_str().unwrap().starts_with("The variable `$category` must be "),
            "{error}"
        );
    }
    // A variable that nobody gave is as if the argument had not been written: then the argument's default counts.
    let query = "query ($limit: Int) { products(category: TEA, limit: $limit) { items { sku } } }";
    let items = acme.query(query).await.ok()["products"]["items"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(2));
    // A null that was sent is null: an update removes what it is given null for, and leaves alone what is not there.
    let update = "mutation ($details: JSON, $stock: Int) { updateProduct(sku: \"COF-001\", \
                  input: {details: $details, stock: $stock}) { details stock } }";
    let expected = json!({ "updateProduct": { "details": null, "stock": 41 } });
    assert_eq!(acme.with(update, json!({ "details": null })).await.ok(), expected);
}

#[tokio::test]
async fn variables_that_do_not_fit_the_document_are_refused() {
    let world = warm().await;
    let acme = world.tenant("acme");
    for (query, variables) in [
        ("query ($sku: ID!) { product(sku: $sku) { sku } }", json!({})),
        ("query ($sku: ID!) { product(sku: $sku) { sku } }", json!({ "sku": null })),
        ("query ($sku: ID!) { product(sku: $sku) { sku } }", json!({ "sku": ["a"] })),
        ("query ($sku: ID) { product(sku: $sku) { sku } }", json!({ "sku": "COF-001" })),
        ("query ($sku: Int!) { product(sku: $sku) { sku } }", json!({ "sku": 1 })),
        ("query ($sku: Nothing!) { product(sku: $sku) { sku } }", json!({ "sku": "a" })),
        ("query ($sku: Product!) { product(sku: $sku) { sku } }", json!({ "sku": "a" })),
        ("query ($unused: ID) { product(sku: \"COF-001\") { sku } }", json!({})),
        ("query ($a: ID!, $a: ID!) { product(sku: $a) { sku } }", json!({ "a": "a" })),
        ("{ product(sku: $sku) { sku } }", json!({ "sku": "a" })),
        ("query ($limit: Int = \"1\") { products(category: TEA, limit: $limit) { nextToken } }", json!({})),
        ("query ($category: Category = \"TEA\") { products(category: $category) { nextToken } }", json!({})),
    ] {
        assert_refused(&world, &acme.with(query, variables).await);
    }
    // What nobody asked for does no harm.
    acme.with("{ __typename }", json!({ "sku": { "not a name": [1] } })).await.ok();
}

#[tokio::test]
async fn a_single_value_stands_for_a_list_of_one() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let created = acme.with(CREATE, json!({ "input": with(product("L1"), "tags", json!("one")) })).await.ok();
    assert_eq!(created["createProduct"]["tags"], json!(["one"]));
    let query = "mutation ($tags: [String!]) { updateProduct(sku: \"L1\", input: {tags: $tags}) { tags } }";
    assert_eq!(
        acme.with(query, json!({ "tags": "two" })).await.ok()["updateProduct"]["tags"],
        json!(["two"])
    );
    let query = "mutation { updateProduct(sku: \"L1\", input: {tags: \"three\"}) { tags } }";
    assert_eq!(acme.query(query).await.ok()["updateProduct"]["tags"], json!(["three"]));
    let query =
        "mutation ($tag: String!) { updateProduct(sku: \"L1\", input: {tags: [\"a\", $tag]}) { tags } }";
    assert_eq!(
        acme.with(query, json!({ "tag": "b" })).await.ok()["updateProduct"]["tags"],
        json!(["a", "b"])
    );
}

#[tokio::test]
async fn an_enum_is_a_word_in_a_document_and_a_string_in_json() {
    let world = warm().await;
    let acme = world.tenant("acme");
    acme.query("{ products(category: TEA) { nextToken } }").await.ok();
    let query = "query ($category: Category!) { products(category: $category) { nextToken } }";
    acme.with(query, json!({ "category": "TEA" })).await.ok();
    world.calls();
    for literal in ["\"TEA\"", "WATER", "tea", "1", "null", "[TEA, TEA]", "{a: TEA}"] {
        let query = format!("{{ products(category: {literal}) {{ nextToken }} }}");
        assert_refused(&world, &acme.query(&query).await);
    }
    // And no word is a string.
    assert_refused(&world, &acme.query("{ product(sku: COF) { sku } }").await);
}

#[tokio::test]
async fn unknown_missing_and_misplaced_members_of_inputs_are_refused() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let without = |name: &str| {
        let mut product = product("X");
        product.as_object_mut().unwrap().shift_remove(name);
        product
    };
    let cases = [
        (with(product("X"), "colour", json!("red")), "$input.colour` must be left out"),
        (with(product("X"), "rev", json!(7)), "$input.rev` must be left out"),
        (with(product("X"), "pk", json!("TENANT#acme2#PRODUCT#X")), "$input.pk` must be left out"),
        (without("name"), "$input.name` must be there"),
        (with(product("X"), "name", Value::Null), "$input.name` must be there, and not null"),
        (with(product("X"), "stock", Value::Null), "$input.stock` must be there, and not null"),
        (with(product("X"), "tags", json!(["a", null])), "$input.tags.1` must be there, and not null"),
        (json!([product("X"), product("Y")]), "$input` must be a NewProduct object"),
        (json!("X"), "$input` must be a NewProduct object"),
    ];
    for (input, expected) in cases {
        let error = assert_refused(&world, &acme.with(CREATE, json!({ "input": input })).await);
        assert!(error["message"].as_str().unwrap().contains(expected), "{error}");
    }
    let literal = "mutation { createOrder(input: {customerId: \"C\", total: 1, lines: [{sku: \"S\", name: \"N\", \
                   quantity: 1, price: 1, gift: true}]}) { id } }";
    assert_refused(&world, &acme.query(literal).await);
}

#[tokio::test]
async fn values_of_every_scalar_are_taken_and_given_back() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let good = [
        ("stock", json!(2_147_483_647), json!(2_147_483_647)),
        ("stock", json!(-2_147_483_648), json!(-2_147_483_648)),
        ("price", json!("-0019.90"), json!("-19.9")),
        ("price", json!(9_007_199_254_740_992_i64), json!("9007199254740992")),
        (
            "price",
            json!("12345678901234567890123456789012345.678"),
            json!("12345678901234567890123456789012345.678"),
        ),
        ("details", json!({ "not a name": 1, "ü": [null, true, 1.5, "x", {}] }), Value::Null),
        ("details", json!("text"), json!("text")),
        ("details", json!([1, 2]), json!([1, 2])),
        ("photo", json!("AAE="), json!("AAE=")),
        ("name", json!("\u{1F375} \"\\\n"), json!("\u{1F375} \"\\\n")),
        ("details", json!(""), json!("")),
        ("sku", json!(17), json!("17")),
    ];
    for (at, (field, sent, expected)) in good.into_iter().enumerate() {
        let input = with(product(&format!("S{at}")), field, sent.clone());
        let created = acme.with(CREATE, json!({ "input": input })).await.ok();
        let expected = if expected.is_null() { sent } else { expected };
        assert_eq!(created["createProduct"][field], expected);
    }
}

#[tokio::test]
async fn values_that_are_none_of_their_scalar_are_refused() {
    let world = warm().await;
    let acme = world.tenant("acme");
    let bad = [
        (
            "stock",
            vec![json!(2_147_483_648_i64), json!(1.5), json!("1"), json!(true), json!([1, 2]), json!({})],
        ),
        ("price", vec![json!(1.5), json!("1,5"), json!("x"), json!(9_007_199_254_740_993_i64), json!(true)]),
        ("name", vec![json!(1), json!(true), json!(["a", "b"]), json!({ "a": 1 })]),
        ("sku", vec![json!(1.5), json!(false), json!({})]),
        ("photo", vec![json!("AAE"), json!("äö=="), json!(1)]),
        ("details", vec![json!({ "a": 1e200 })]),
    ];
    for (field, values) in bad {
        for value in values {
            let reply = acme.with(CREATE, json!({ "input": with(product("X"), field, value) })).await;
            let error = assert_refused(&world, &reply);
            assert!(
                error["message"].as_str().unwrap().contains(&format!("`$input.{field}` must be ")),
                "{error}"
            );
        }
    }
    let dates = "query ($from: DateTime) { ordersByStatus(status: PAID, from: $from) { nodes { id } } }";
    for value in [json!("2026-01-01"), json!("2026-01-01T00:00:00"), json!("2026-13-01T00:00:00Z"), json!(0)]
    {
        assert_refused(&world, &acme.with(dates, json!({ "from": value })).await);
    }
    for literal in ["2147483648", "1.0", "\"1\"", "-2147483649", "99999999999999999999"] {
        let query = format!("{{ products(category: TEA, limit: {literal}) {{ nextToken }} }}");
        assert_refused(&world, &acme.query(&query).await);
    }
}
