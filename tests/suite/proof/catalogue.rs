//! Ways of breaking a policy, a template or a record, each applied wherever it applies.

use serde_json::{Value, json};

/// A file of the example with one thing changed.
pub(super) struct Mutant {
    /// What was done, and where.
    pub(super) name: String,
    pub(super) file: &'static str,
    pub(super) text: String,
}

/// The documents of a file, as JSON pointers: policies, and trust policies.
const DOCUMENTS: [(&str, &str, Kind); 7] = [
    ("policies/shop.json", "", Kind::Identity),
    ("policies/roles/pool.json", "/Policies/0/PolicyDocument", Kind::Identity),
    ("policies/roles/tags.json", "/Policies/0/PolicyDocument", Kind::Identity),
    ("policies/roles/tenant.json", "/Policies/0/PolicyDocument", Kind::Identity),
    ("policies/roles/pool.json", "/AssumeRolePolicyDocument", Kind::Trust),
    ("policies/roles/tags.json", "/AssumeRolePolicyDocument", Kind::Trust),
    ("policies/roles/tenant.json", "/AssumeRolePolicyDocument", Kind::Trust),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Identity,
    Trust,
}

/// A change of one statement; nothing, where it does not apply.
type Operator = fn(&mut Value) -> Option<()>;

const LEADING_KEYS: &str = "dynamodb:LeadingKeys";
const LIKE: &str = "ForAllValues:StringLike";

const IDENTITY: [(&str, Operator); 33] = [
    ("drop the guard", |it| it["Condition"].as_object_mut()?.remove("Null").map(drop)),
    ("turn the guard round", |it| {
        set(it.pointer_mut("/Condition/Null/dynamodb:LeadingKeys")?, json!("true"))
    }),
    ("guard another key", |it| {
        set(it.pointer_mut("/Condition/Null")?, json!({ "dynamodb:Attributes": "false" }))
    }),
    ("drop the delimiter", |it| patterns(it, |text| text.replace("#*", "*"))),
    ("one character for the delimiter", |it| patterns(it, |text| text.replace("#*", "?*"))),
    ("a wildcard for the tenant", |it| patterns(it, |text| tenant(text, "*"))),
    ("a wildcard before the tenant", |it| patterns(it, |text| text.replace("TENANT#", "*"))),
    ("another tenant's pattern", |it| patterns(it, |text| tenant(text, "acme2"))),
    ("another tenant's pattern beside", |it| patterns_beside(it, "TENANT#acme2#*")),
    ("everything beside", |it| patterns_beside(it, "*")),
    ("a user's name for the tenant", |it| patterns(it, |text| tenant(text, "${aws:username}"))),
    ("another prefix", |it| patterns(it, |text| text.replace("TENANT#", "T#"))),
    ("drop what is said of keys", |it| it["Condition"].as_object_mut()?.remove(LIKE).map(drop)),
    ("drop the condition", |it| it.as_object_mut()?.remove("Condition").map(drop)),
    ("misspell the key with a blank", |it| rename_key(it, "dynamodb: LeadingKeys")),
    ("misspell the key", |it| rename_key(it, "dynamodb:LeadingKey")),
    ("the key in lower case", |it| rename_key(it, "dynamodb:leadingkeys")),
    ("any of the keys", |it| rename_operator(it, "ForAnyValue:StringLike")),
    ("any of the keys, in batches", |it| {
        add_action(it, "dynamodb:BatchGetItem")?;
        rename_operator(it, "ForAnyValue:StringLike")
    }),
    ("one key", |it| rename_operator(it, "StringLike")),
    ("if the key exists", |it| rename_operator(it, "ForAllValues:StringLikeIfExists")),
    ("equals for like", |it| rename_operator(it, "ForAllValues:StringEquals")),
    ("not like for like", |it| rename_operator(it, "ForAllValues:StringNotLike")),
    ("without case", |it| rename_operator(it, "ForAllValues:StringEqualsIgnoreCase")),
    ("add Scan", |it| add_action(it, "dynamodb:Scan")),
    ("add Scan, drop the guard", |it| {
        add_action(it, "dynamodb:Scan")?;
        it["Condition"].as_object_mut()?.remove("Null").map(drop)
    }),
    ("add PartiQL, drop the guard", |it| {
        add_action(it, "dynamodb:PartiQLSelect")?;
        it["Condition"].as_object_mut()?.remove("Null").map(drop)
    }),
    ("all actions", |it| set(&mut it["Action"], json!("dynamodb:*"))),
    ("all actions, drop the guard", |it| {
        it["Action"] = json!("dynamodb:*");
        it["Condition"].as_object_mut()?.remove("Null").map(drop)
    }),
    ("all resources", |it| set(&mut it["Resource"], json!("*"))),
    ("all tables that begin alike", |it| {
        set(
            &mut it["Resource"],
            json!("arn:{{partition}}:dynamodb:{{region}}:{{account}}:table/{{table.main}}*"),
        )
    }),
    ("deny for allow", |it| set(&mut it["Effect"], json!("Deny"))),
    ("only over a proxy's address", |it| {
        set(&mut it["Condition"]["IpAddress"], json!({ "aws:SourceIp": "192.0.2.0/24" }))
    }),
];

const TRUST: [(&str, Operator); 12] = [
    ("drop the tag's condition", |it| {
        ["StringEquals", "StringLike"].into_iter().find_map(|operator| {
            it.pointer_mut(&format!("/Condition/{operator}"))?
                .as_object_mut()?
                .remove("aws:RequestTag/tenant")
        })?;
        Some(())
    }),
    ("any tag", |it| {
        set(it.pointer_mut("/Condition/StringEquals")?, json!({ "sts:ExternalId": "{{external-id}}" }))
    }),
    ("a tag that begins alike", |it| {
        let condition = it["Condition"].as_object_mut()?;
        condition.get_mut("StringEquals")?.as_object_mut()?.remove("aws:RequestTag/tenant")?;
        condition.insert("StringLike".to_owned(), json!({ "aws:RequestTag/tenant": "{{tenant}}*" }));
        Some(())
    }),
    ("another tenant's tag", |it| {
        set(it.pointer_mut("/Condition/StringEquals/aws:RequestTag~1tenant")?, json!("globex2"))
    }),
    ("drop the external id", |it| {
        it.pointer_mut("/Condition/StringEquals")?.as_object_mut()?.remove("sts:ExternalId").map(drop)
    }),
    ("the external id, if it exists", |it| {
        let condition = it["Condition"].as_object_mut()?;
        let id = condition.get_mut("StringEquals")?.as_object_mut()?.remove("sts:ExternalId")?;
        condition.insert("StringEqualsIfExists".to_owned(), json!({ "sts:ExternalId": id }));
        Some(())
    }),
    ("drop the condition", |it| it.as_object_mut()?.remove("Condition").map(drop)),
    ("drop what tags there may be", |it| {
        it["Condition"].as_object_mut()?.remove("ForAllValues:StringEquals").map(drop)
    }),
    ("drop TagSession", |it| set(&mut it["Action"], json!("sts:AssumeRole"))),
    ("trust everybody", |it| set(&mut it["Principal"], json!("*"))),
    ("trust the account", |it| set(&mut it["Principal"], json!({ "AWS": "arn:aws:iam::111122223333:root" }))),
    ("deny for allow", |it| set(&mut it["Effect"], json!("Deny"))),
];

#[expect(clippy::unnecessary_wraps, reason = "it ends an operator, which may not apply")]
fn set(place: &mut Value, value: Value) -> Option<()> {
    *place = value;
    Some(())
}

/// A list, also where one string stands for it.
fn listed(value: &mut Value) -> &mut Vec<Value> {
    if !value.is_array() {
        *value = Value::Array(vec![value.take()]);
    }
    value.as_array_mut().unwrap()
}

/// Changes each pattern of the keys.
fn patterns(statement: &mut Value, change: impl Fn(&str) -> String) -> Option<()> {
    let patterns = statement.pointer_mut(&format!("/Condition/{LIKE}/{LEADING_KEYS}"))?;
    for pattern in listed(patterns) {
        *pattern = json!(change(pattern.as_str()?));
    }
    Some(())
}

fn patterns_beside(statement: &mut Value, pattern: &str) -> Option<()> {
    listed(statement.pointer_mut(&format!("/Condition/{LIKE}/{LEADING_KEYS}"))?).push(json!(pattern));
    Some(())
}

fn tenant(text: &str, other: &str) -> String {
    text.replace("{{tenant}}", other).replace("${aws:PrincipalTag/tenant}", other)
}

fn rename_key(statement: &mut Value, key: &str) -> Option<()> {
    let keys = statement.pointer_mut(&format!("/Condition/{LIKE}"))?.as_object_mut()?;
    let values = keys.remove(LEADING_KEYS)?;
    keys.insert(key.to_owned(), values);
    Some(())
}

fn rename_operator(statement: &mut Value, operator: &str) -> Option<()> {
    let conditions = statement["Condition"].as_object_mut()?;
    let keys = conditions.remove(LIKE)?;
    conditions.insert(operator.to_owned(), keys);
    Some(())
}

#[expect(clippy::unnecessary_wraps, reason = "it ends an operator, which may not apply")]
fn add_action(statement: &mut Value, action: &str) -> Option<()> {
    listed(&mut statement["Action"]).push(json!(action));
    Some(())
}

/// Every mutant of the policies and the declared roles.
pub(super) fn of_policies(read: impl Fn(&str) -> String) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (file, pointer, kind) in DOCUMENTS {
        let value: Value = serde_json::from_str(&read(file)).unwrap();
        let what = if kind == Kind::Trust { "trust" } else { "policy" };
        let mut add = |name: String, value: &Value| {
            let text = serde_json::to_string_pretty(value).unwrap();
            mutants.push(Mutant { name: format!("{file} {what}: {name}"), file, text });
        };
        let statements = value.pointer(&format!("{pointer}/Statement")).unwrap().as_array().unwrap().len();
        for at in 0..statements {
            let statement = format!("{pointer}/Statement/{at}");
            let sid = value.pointer(&format!("{statement}/Sid")).unwrap().as_str().unwrap();
            let operators = if kind == Kind::Trust { TRUST.as_slice() } else { IDENTITY.as_slice() };
            for (name, operator) in operators {
                let mut mutated = value.clone();
                if operator(mutated.pointer_mut(&statement).unwrap()).is_some() && mutated != value {
                    add(format!("{sid} {name}"), &mutated);
                }
            }
            if kind == Kind::Trust {
                continue;
            }
            for list in ["Action", "Resource"] {
                let place = format!("{statement}/{list}");
                let count = listed(value.clone().pointer_mut(&place).unwrap()).len();
                for dropped in (0..count).filter(|_| count > 1) {
                    let mut mutated = value.clone();
                    let item = listed(mutated.pointer_mut(&place).unwrap()).remove(dropped);
                    add(format!("{sid} drop {}", item.as_str().unwrap()), &mutated);
                }
            }
            let mut mutated = value.clone();
            mutated.pointer_mut(&format!("{pointer}/Statement")).unwrap().as_array_mut().unwrap().remove(at);
            add(format!("{sid} drop the statement"), &mutated);
        }
        let mut old = value.clone();
        old.pointer_mut(pointer).unwrap()["Version"] = json!("2008-10-17");
        add("an old version".to_owned(), &old);
    }
    mutants
}

/// Changes of a text, by replacing: what is done, the file, what is replaced, and by what.
pub(super) const OF_TEXTS: [(&str, &str, &str, &str); 14] = [
    ("a template without tenant", "schema.graphql", "TENANT#${tenant}#PRODUCT#", "PRODUCT#"),
    (
        "a template without delimiter",
        "schema.graphql",
        "TENANT#${tenant}#PRODUCT#",
        "TENANT#${tenant}PRODUCT#",
    ),
    ("a template with another prefix", "schema.graphql", "TENANT#${tenant}#PRODUCT#", "T#${tenant}#PRODUCT#"),
    (
        "a template that a tenant can spell",
        "schema.graphql",
        "TENANT#${tenant}#PRODUCT#",
        "TENANT#X#${tenant}#PRODUCT#",
    ),
    ("an index's template without tenant", "schema.graphql", "TENANT#${tenant}#CATEGORY#", "CATEGORY#"),
    (
        "an index's template without delimiter",
        "schema.graphql",
        "TENANT#${tenant}#CATEGORY#",
        "TENANT#${tenant}CATEGORY#",
    ),
    (
        "an index's template with another prefix",
        "schema.graphql",
        "TENANT#${tenant}#CATEGORY#",
        "CATEGORY#${tenant}#",
    ),
    (
        "two tenants with one role",
        "tenants.toml",
        "innkeeper-globex2\"\nexternal",
        "innkeeper-globex\"\nexternal",
    ),
    (
        "two tenants with one external id",
        "tenants.toml",
        "b8f3a1d0-5f0b-4d0b-8d51-6f3c0a9f7e22",
        "3f0c7c1e-6f0e-4c52-9f5d-2a4f0e7f6a11",
    ),
    ("two tenants with one table", "tenants.toml", "innkeeper-shops-globex2", "innkeeper-shops-globex"),
    ("a tenant's own table that is shared", "tenants.toml", "innkeeper-shops-globex2", "innkeeper-shops"),
    (
        "a tenant's own role that is shared",
        "tenants.toml",
        "innkeeper-globex2\"\nexternal",
        "innkeeper-pool\"\nexternal",
    ),
    (
        "tags with the role for session policies",
        "tenants.toml",
        "[tenants.acme-2]\nmode = \"session-tags\"\nrole = \"arn:aws:iam::111122223333:role/innkeeper/innkeeper-tags\"",
        "[tenants.acme-2]\nmode = \"session-tags\"\nrole = \"arn:aws:iam::111122223333:role/innkeeper/innkeeper-pool\"",
    ),
    (
        "a role that is not declared",
        "tenants.toml",
        "[tenants.acme-2]\nmode = \"session-tags\"\nrole = \"arn:aws:iam::111122223333:role/innkeeper/innkeeper-tags\"",
        "[tenants.acme-2]\nmode = \"session-tags\"\nrole = \"arn:aws:iam::111122223333:role/innkeeper/innkeeper-other\"",
    ),
];
