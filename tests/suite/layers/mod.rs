//! Who may know whom: the table of imports, held against the code itself.
//!
//! A breach is shown with its file. The table is the law: a module that is not in it fails too, and there are no
//! exceptions.

mod code;

use code::{File, code};

/// What everybody may know. These know each other and nobody else.
const GROUND: [&str; 12] = [
    "error",
    "id",
    "clock",
    "entropy",
    "problem",
    "settings",
    "json",
    "image",
    "fetch",
    "claim",
    "telemetry",
    "aws",
];

/// What each module may import, besides the ground and itself. `*` is everything.
const TABLE: [(&str, &[&str]); 13] = [
    ("server", &["authorizer", "tenant", "credentials", "graphql"]),
    ("authorizer", &[]),
    ("tenant", &["authorizer"]),
    ("credentials", &["tenant", "policy"]),
    ("graphql", &["operation", "item", "schema", "credentials"]),
    ("operation", &["credentials", "item", "schema"]),
    ("item", &["schema"]),
    ("schema", &[]),
    ("policy", &["schema"]),
    ("dev", &["policy", "schema"]),
    (
        "config",
        &[
            "server",
            "authorizer",
            "tenant",
            "credentials",
            "graphql",
            "operation",
            "item",
            "schema",
            "policy",
        ],
    ),
    ("cli", &["*"]),
    ("main", &["*"]),
];

/// What `graphql` may name of `credentials`: a session is handed through, and nothing else.
const SESSION: [&str; 3] = ["crate", "credentials", "TenantSession"];

/// The modules that know neither a runtime nor a network.
const PURE: [&str; 3] = ["schema", "policy", "item"];
const IMPURE: [&str; 3] = ["tokio", "axum", "hyper"];

/// Names that say nothing.
const EMPTY_NAMES: [&str; 4] = ["utils", "common", "helpers", "types"];

/// The one file that makes clients for tenants' data.
const CLIENTS: &str = "credentials/client.rs";

/// The files that open connections of their own: to DynamoDB, with a lease's signature on each request, and for what is no tenant's.
const CONNECTIONS: [&str; 2] = ["credentials/wire/pool.rs", "fetch.rs"];

#[test]
fn every_module_imports_what_the_table_allows() {
    let breaches = each_path(|file, path| {
        let [first, target, ..] = path else { return None };
        let own = file.module();
        let allowed = first != "crate" || target == own || may_import(own, target);
        (!allowed).then(|| path.join("::"))
    });
    assert!(breaches.is_empty(), "the table does not allow\n{}", breaches.join("\n"));
}

#[test]
fn every_module_is_in_the_table() {
    let known = |name: &str| GROUND.contains(&name) || TABLE.iter().any(|(module, _)| *module == name);
    let unknown: Vec<_> =
        code().iter().map(|file| file.module().to_owned()).filter(|it| !known(it)).collect();
    // `lib.rs` is the root: it names the modules and nothing in them.
    assert!(unknown.iter().all(String::is_empty), "these modules are not in the table: {unknown:?}");
}

#[test]
fn graphql_knows_of_credentials_only_the_session() {
    let breaches = each_path(|file, path| {
        let of_credentials = path.iter().take(2).eq(SESSION.iter().take(2));
        let breach =
            file.module() == "graphql" && of_credentials && !path.starts_with(&SESSION.map(str::to_owned));
        breach.then(|| path.join("::"))
    });
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

/// What looks at AWS beside the path of a request: no request may come near it.
#[test]
fn only_check_names_what_looks_beside_the_path() {
    let breaches = each_path(|file, path| {
        let looks = path.starts_with(&["crate", "credentials"].map(str::to_owned))
            && path.iter().any(|name| ["Prober", "Probe", "ProbeKey", "Operator"].contains(&name.as_str()));
        let may = file.name.starts_with("cli/check/") || file.module() == "credentials";
        (looks && !may).then(|| path.join("::"))
    });
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn schema_policy_and_item_know_no_runtime_and_no_network() {
    let breaches = each_path(|file, path| {
        let first = path.first()?;
        let impure = IMPURE.iter().any(|it| first == it || first.starts_with(&format!("{it}_")));
        (PURE.contains(&file.module()) && impure).then(|| path.join("::"))
    });
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn only_one_file_makes_clients_for_tenants_data() {
    let constructors = each_path(|_, path| {
        let of_dynamodb = path.first().is_some_and(|first| first == "aws_sdk_dynamodb");
        let constructs =
            matches!(path, [.., of, name] if of == "Client" && (name == "new" || name == "from_conf"));
        (of_dynamodb && constructs).then(|| path.join("::"))
    });
    let elsewhere: Vec<_> = constructors.iter().filter(|found| !found.starts_with(CLIENTS)).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    assert!(!constructors.is_empty(), "{CLIENTS} makes no client any more: who does?");
}

#[test]
fn only_two_files_open_connections_of_their_own() {
    let openers = each_path(|_, path| {
        let is_client = matches!(path, [first, second, .., name]
            if first == "hyper_util" && second == "client" && name != "Error");
        is_client.then(|| path.join("::"))
    });
    let is_known = |found: &String| CONNECTIONS.iter().any(|file| found.starts_with(&format!("{file}:")));
    let elsewhere: Vec<_> = openers.iter().filter(|found| !is_known(found)).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    assert!(!openers.is_empty(), "nobody opens one any more: how is DynamoDB reached?");
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    let named = |file: &File| -> Vec<String> {
        let inline = file.inline_modules.iter().cloned();
        file.modules
            .iter()
            .cloned()
            .chain(inline)
            .filter(|name| EMPTY_NAMES.contains(&name.as_str()))
            .collect()
    };
    let found: Vec<_> = code().iter().map(|file| (file.name.clone(), named(file))).collect();
    let found: Vec<_> = found.into_iter().filter(|(_, names)| !names.is_empty()).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn every_file_opens_with_why() {
    let silent: Vec<_> =
        code().into_iter().filter(|file| !file.opens_with_why).map(|file| file.name).collect();
    assert!(silent.is_empty(), "these files do not open with `//!`: {silent:?}");
}

#[test]
fn the_reader_sees_use_trees_inline_paths_macros_and_chains_of_super() {
    let text = r"
        use crate::schema::{self, Plan as P, plan::*};
        use super::super::tenant::Tenants;
        use super::slot;
        fn f() -> crate::error::Code { schema::compile(P::empty()); log!(error = %crate::clock::now()); }
        mod tests { use super::super::super::item; use super::inner; }
    ";
    let file = File::read("credentials/sts.rs", text);
    let paths: Vec<_> = file.paths.iter().map(|path| path.join("::")).collect();
    for expected in [
        "crate::schema",
        "crate::schema::Plan",
        "crate::schema::plan::*",
        "crate::tenant::Tenants",
        "crate::credentials::slot",
        "crate::error::Code",
        "crate::schema::compile",
        "crate::schema::Plan::empty",
        "crate::clock::now",
        "crate::item",
        "crate::credentials::sts::inner",
    ] {
        assert!(paths.iter().any(|path| path == expected), "{expected} is not among {paths:#?}");
    }
}

#[test]
fn the_table_refuses_what_it_does_not_name() {
    for (module, target) in [
        ("policy", "dev"),
        ("error", "authorizer"),
        ("tenant", "credentials"),
        ("graphql", "tenant"),
        ("server", "config"),
    ] {
        assert!(!may_import(module, target), "{module} imports {target}");
    }
    for (module, target) in [("policy", "schema"), ("error", "id"), ("cli", "dev"), ("config", "server")] {
        assert!(may_import(module, target), "{module} imports {target}");
    }
}

/// Whether the table lets one module import another.
fn may_import(module: &str, target: &str) -> bool {
    // The root re-exports nothing, so what stands there and is no module is a macro or an attribute.
    let is_module = GROUND.contains(&target) || TABLE.iter().any(|(name, _)| *name == target);
    if !is_module || GROUND.contains(&target) {
        return true;
    }
    let allowed =
        TABLE.iter().find(|(name, _)| *name == module).map(|(_, allowed)| *allowed).unwrap_or_default();
    allowed.contains(&"*") || allowed.contains(&target)
}

/// What a rule finds in the paths of all files, each with its file.
fn each_path(rule: impl Fn(&File, &[String]) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    for file in code() {
        let of_file = file.paths.iter().filter_map(|path| rule(&file, path));
        found.extend(of_file.map(|what| format!("{}: {what}", file.name)));
    }
    found.sort();
    found.dedup();
    found
}
