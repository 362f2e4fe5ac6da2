//! Bad input: everything that is wrong at once, on standard error, exit code 2, and nothing served.

use std::path::Path;

use super::{application, edit, free_address};
use crate::harness::process::{Ended, innkeeper, run};

fn dev(folder: &Path, arguments: &[&str]) -> Ended {
    let (listen, admin) = (free_address(), free_address());
    let mut all = vec!["dev", "--listen", &listen, "--admin", &admin];
    all.extend(arguments);
    run(&mut innkeeper(folder, &all))
}

#[test]
fn help_teaches() {
    let folder = application();
    for arguments in [
        &["--help"][..],
        &["dev", "--help"],
        &["serve", "--help"],
        &["check", "--help"],
        &["token", "--help"],
        &["admin", "--help"],
        &["admin", "evict", "--help"],
        &["explain", "--help"],
        &["schema", "--help"],
        &["policy", "--help"],
        &["policy", "session-policy", "--help"],
        &["policy", "role", "--help"],
        &["policy", "pool", "--help"],
        &["policy", "tags", "--help"],
        &["policy", "gateway", "--help"],
        &["policy", "test", "--help"],
    ] {
        let ended = run(innkeeper(folder.path(), arguments).env("COLUMNS", "100"));
        assert_eq!(ended.code, Some(0));
        insta::assert_snapshot!(arguments.join(" "), ended.stdout);
    }
}

#[test]
fn a_token_for_nobody_says_whom_there_is_to_speak_for() {
    let ended = run(&mut innkeeper(application().path(), &["token"]));
    assert!(
        ended.stderr.contains("with one of acme, acme-2, acme2, acme_2, globex, globex2"),
        "{}",
        ended.stderr
    );
}

#[test]
fn completions_are_printed_for_a_shell() {
    let folder = application();
    let ended = run(&mut innkeeper(folder.path(), &["completions", "bash"]));
    assert!(ended.code == Some(0) && ended.stdout.contains("_innkeeper()"));
}

#[test]
fn a_wrong_flag_or_value_is_refused() {
    let folder = application();
    let wrong: [&[&str]; 7] = [
        &["dev", "--lissten", "x"],
        &["dev", "--listen", "nowhere"],
        &["token"],
        &["token", "--tenant", "a b"],
        &["token", "--tenant", "acme", "--expires-in", "soon"],
        &["token", "--tenant", "acme", "--claim", "sub=ada"],
        &["dev", "--data", "x", "--dynamodb", "http://127.0.0.1:1"],
    ];
    for arguments in wrong {
        let ended = run(&mut innkeeper(folder.path(), arguments));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
    }
}

#[test]
fn mistakes_in_all_files_are_said_at_once() {
    let folder = application();
    let path = folder.path();
    edit(path, "schema.graphql", |text| {
        text.replace("@get(bind: {id: \"parent.customerId\"})", "@get(bind: {id: \"parent.custId\"})")
    });
    edit(path, "policies/shop.json", |text| text.replace("{{tenant}}", "{{tennant}}"));
    edit(path, "policies/roles/pool.json", |text| text.replace("\"RoleName\"", "\"Name\""));
    let ended = dev(path, &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    insta::assert_snapshot!(ended.stderr);
}

#[test]
fn mistakes_in_the_configuration_are_said_at_once() {
    let folder = application();
    edit(folder.path(), "innkeeper.toml", |text| {
        text.replace("tenants = \"all\"", "")
            .replace("RS256", "HS256")
            .replace("listen = \"127.0.0.1:4000\"", "lissten = \"127.0.0.1:4000\"\ndeadline = \"soon\"")
    });
    let ended = dev(folder.path(), &[]);
    assert_eq!(ended.code, Some(2));
    insta::assert_snapshot!(ended.stderr);
}

#[test]
fn mistakes_in_the_tenants_are_said_at_once() {
    let folder = application();
    edit(folder.path(), "tenants.toml", |text| {
        text.replace("[tenants.acme2]", "[\"tenants\".\"a#b\"]")
            .replace("b8f3a1d0-5f0b-4d0b-8d51-6f3c0a9f7e22", "3f0c7c1e-6f0e-4c52-9f5d-2a4f0e7f6a11")
            .replace("innkeeper/innkeeper-globex2", "innkeeper/innkeeper-globex")
            .replace("innkeeper-shops-globex2", "innkeeper-shops-globex")
    });
    let ended = dev(folder.path(), &[]);
    assert_eq!(ended.code, Some(2));
    insta::assert_snapshot!(ended.stderr);
}

#[test]
fn a_policy_that_no_session_can_have_is_refused_before_serving() {
    let folder = application();
    let long = format!("\"Sid\": \"{}\"", "x".repeat(2_000));
    edit(folder.path(), "policies/shop.json", |text| text.replace("\"Sid\": \"OwnItems\"", &long));
    let ended = dev(folder.path(), &[]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("characters, and STS takes 2048"), "{}", ended.stderr);
}

#[test]
fn an_engine_that_is_not_running_is_said_once() {
    let folder = application();
    let nobody = free_address();
    let ended = dev(folder.path(), &["--dynamodb", &format!("http://{nobody}")]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{}", ended.stderr);
    insta::assert_snapshot!(ended.stderr.replace(&nobody, "127.0.0.1:8000"));
}

/// What stands under policies/ is made by commands, and each thing that is missing says by which.
#[test]
fn a_missing_policy_or_role_is_said_with_the_command_that_makes_it() {
    let folder = application();
    let path = folder.path();
    std::fs::remove_dir_all(path.join("policies")).unwrap();
    let mut said = vec![dev(path, &[]).stderr];
    std::fs::create_dir_all(path.join("policies/roles")).unwrap();
    said.push(dev(path, &[]).stderr);
    let make = |what: &str, file: &str| {
        let made = run(&mut innkeeper(path, &["policy", what]));
        assert_eq!((made.code, made.stderr.as_str()), (Some(0), ""), "{what}");
        std::fs::write(path.join("policies").join(file), made.stdout).unwrap();
    };
    make("session-policy", "shop.json");
    said.push(dev(path, &[]).stderr);
    insta::assert_snapshot!(said.join("\n"));
    for (what, file) in [("pool", "pool"), ("tags", "tags"), ("role", "tenant"), ("gateway", "gateway")] {
        make(what, &format!("roles/{file}.json"));
    }
    let ended = run(&mut innkeeper(path, &["check"]));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
}

#[test]
fn a_seed_that_does_not_fit_is_refused() {
    let folder = application();
    edit(folder.path(), "seed.json", |text| {
        text.replacen("\"stock\": 41", "\"stock\": \"many\"", 1)
            .replacen("\"price\": \"11.90\"", "\"price\": true", 1)
            .replacen("\"birthday\"", "\"birthdy\"", 1)
            .replacen("\"customerId\"", "\"customer\"", 1)
    });
    let ended = dev(folder.path(), &[]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    insta::assert_snapshot!(ended.stderr);
    edit(folder.path(), "seed.json", |_| "[1]".to_owned());
    let ended = dev(folder.path(), &[]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("is no object"), "{}", ended.stderr);
}

#[test]
fn a_missing_configuration_is_said_plainly() {
    let folder = tempfile::TempDir::new().unwrap();
    let ended = dev(folder.path(), &[]);
    assert_eq!(ended.code, Some(2));
    insta::assert_snapshot!(ended.stderr, @"
    error: cannot be read: No such file or directory (os error 2)
    --> innkeeper.toml
     = hint: run it in the application's folder, or name its file: --config FILE
    ");
}

#[test]
fn an_address_in_use_is_said_plainly() {
    let folder = application();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flag in ["--listen", "--admin", "--aws"] {
        let mut arguments = vec!["dev", flag, &address];
        let (listen, admin) = (free_address(), free_address());
        for (other, free) in [("--listen", &listen), ("--admin", &admin)] {
            if other != flag {
                arguments.extend([other, free]);
            }
        }
        let ended = run(&mut innkeeper(folder.path(), &arguments));
        assert_eq!(ended.code, Some(1));
        assert!(
            ended.stderr.contains(&address) && ended.stderr.contains("in use"),
            "{flag}: {}",
            ended.stderr
        );
    }
}

#[test]
fn a_data_file_that_cannot_be_kept_is_said_plainly() {
    let folder = application();
    let directory = folder.path().to_str().unwrap().to_owned();
    for (data, reason) in
        [(directory.as_str(), "cannot keep the items"), ("/dev/full", "cannot keep the items")]
    {
        let ended = dev(folder.path(), &["--data", data]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(reason) && ended.stderr.contains(data), "{}", ended.stderr);
    }
}

#[test]
fn serve_asks_for_what_it_cannot_do_without() {
    let folder = application();
    edit(folder.path(), "innkeeper.toml", |text| {
        let start = text.find("# Whom `serve` trusts.").unwrap();
        let end = text.find("[aws]").unwrap();
        format!("{}{}", &text[..start], &text[end..])
    });
    let ended = run(&mut innkeeper(folder.path(), &["serve"]));
    assert_eq!(ended.code, Some(2));
    insta::assert_snapshot!(ended.stderr);
}

#[test]
fn a_variable_that_is_none_of_ours_is_refused() {
    let folder = application();
    let ended = run(innkeeper(folder.path(), &["dev"]).env("INNKEEPER_SERVER_LISTN", "127.0.0.1:1"));
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("did you mean `INNKEEPER_SERVER_LISTEN`?"), "{}", ended.stderr);
}

#[test]
fn a_schema_that_is_no_text_is_refused() {
    let folder = application();
    let path = folder.path().join("schema.graphql");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend(b"\n# Caf\xe9\n");
    let line = bytes.split(|byte| *byte == b'\n').count() - 1;
    std::fs::write(&path, bytes).unwrap();
    let ended = dev(folder.path(), &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    let place = format!("--> ./schema.graphql:{line}\n");
    assert!(ended.stderr.starts_with("error: this line is not in UTF-8\n"), "{}", ended.stderr);
    assert!(ended.stderr.contains(&place), "{}", ended.stderr);
}

#[test]
fn a_schema_is_printed_without_policies_or_tenants_and_its_directives_without_a_schema() {
    let folder = application();
    for part in ["tenants.toml", "policies"] {
        let path = folder.path().join(part);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }
    let printed = run(&mut innkeeper(folder.path(), &["schema"]));
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
    assert!(printed.stdout.contains("\ntype OrderConnection {"));
    let ours = printed.stdout.replace("@specifiedBy", "").contains('@');
    assert!(!ours && !printed.stdout.contains("Innkeeper"), "{}", printed.stdout);
    let whole = run(&mut innkeeper(folder.path(), &["schema", "--directives"]));
    assert_eq!((whole.code, whole.stderr.as_str()), (Some(0), ""));
    assert!(whole.stdout.contains("\ntype OrderConnection {"));
    std::fs::write(folder.path().join("schema.graphql"), "type Query {").unwrap();
    assert_eq!(run(&mut innkeeper(folder.path(), &["schema"])).code, Some(2));
    let rest = run(&mut innkeeper(folder.path(), &["schema", "--directives"]));
    assert_eq!(rest.code, Some(0));
    assert!(rest.stderr.starts_with("note: "), "{}", rest.stderr);
    assert!(rest.stdout.contains("directive @get(") && !rest.stdout.contains("OrderConnection"));
}
