//! The dashboard and the alert rules speak of metrics and labels that there are, and every alert tells what to do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use innkeeper::telemetry::{Assumed, Metrics, Shed, Token};
use regex::Regex;
use serde_json::{Value, json};
use yaml_rust2::{Yaml, YamlLoader};

use crate::harness::{Numbers, World, root};

type Families = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// Labels that Prometheus adds, and metrics of its own.
const OF_PROMETHEUS: [&str; 2] = ["instance", "job"];

/// What `/metrics` has after all sorts of traffic, with everything that a test cannot make happen in a moment.
async fn families() -> Families {
    let world = World::builder()
        .configure(|config| (config.telemetry.prices.read, config.telemetry.prices.write) = (1.0, 1.0))
        .start()
        .await;
    let customer = "01M2FNQYS97KB6CQ643DZVMXXQ";
    let nested =
        format!("{{ customer(id: \"{customer}\") {{ orders {{ nodes {{ customer {{ name }} }} }} }} }}");
    world.tenant("acme").query(&nested).await.ok();
    world.tenant("acme").query(&format!("{}__typename{}", "{ a ".repeat(60), "}".repeat(60))).await;
    world.post(Some("nonsense"), &json!({ "query": "{ a }" })).await;
    let metrics: &Metrics = &world.gateway.metrics;
    metrics.shed(Shed::Busy);
    metrics.throttled(&"acme".parse().unwrap());
    metrics.token(Token::Unjudged);
    metrics.reloaded(false);
    metrics.retried("GetItem");
    for assumed in [Assumed::Refused, Assumed::Unavailable] {
        metrics.assumed(assumed, Duration::ZERO);
    }
    for outcome in ["denied", "credentials", "throttled", "unavailable"] {
        metrics.called("GetItem", outcome, Duration::ZERO);
    }
    for code in [innkeeper::error::Code::Internal, innkeeper::error::Code::Unavailable] {
        metrics.answered(Some(code), Duration::ZERO);
    }
    Numbers::of(&world).await.labels()
}

/// What is wrong with an expression.
fn wrong(expression: &str, families: &Families) -> Vec<String> {
    let metric = Regex::new(r"\b([a-z_]+)(?:\{([^}]*)\})?(?:\[|\)| |,|$)").unwrap();
    let matcher = Regex::new(r#"(\w+)\s*(=~|!=|!~|=)\s*"([^"]*)""#).unwrap();
    let by = Regex::new(r"\bby \(([^)]*)\)").unwrap();
    let (mut wrong, mut labels) = (Vec::new(), BTreeSet::from(OF_PROMETHEUS.map(str::to_owned)));
    let mut named = 0;
    for found in metric.captures_iter(expression).filter(|found| found[1].starts_with("innkeeper_")) {
        named += 1;
        let Some(family) = families.get(&found[1]) else {
            wrong.push(format!("there is no {}", &found[1]));
            continue;
        };
        labels.extend(family.keys().cloned());
        let matchers = found.get(2).map_or("", |it| it.as_str());
        for found in matcher.captures_iter(matchers) {
            let (label, value) = (&found[1], &found[3]);
            if OF_PROMETHEUS.contains(&label) || value.starts_with('$') && family.contains_key(label) {
                continue;
            }
            let values = family.get(label).cloned().unwrap_or_default();
            for value in value.split('|').filter(|value| !values.contains(*value)) {
                wrong.push(format!("{label}=\"{value}\" never occurs: {values:?}"));
            }
        }
    }
    if named == 0 && !expression.starts_with("up{") {
        wrong.push("it names no metric of the gateway's".to_owned());
    }
    for found in by.captures_iter(expression) {
        let unknown = found[1].split(',').map(str::trim).filter(|label| !labels.contains(*label));
        wrong.extend(unknown.map(|label| format!("nothing has the label {label}")));
    }
    wrong
}

/// The labels that a text such as `{{call}}: {{outcome}}` or `{{ $labels.call }}` shows must be in the answer.
fn shown(text: &str, expression: &str) -> Vec<String> {
    let label = Regex::new(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}").unwrap();
    let kept = |label: &str| {
        let by = Regex::new(r"\bby \(([^)]*)\)").unwrap();
        let is_grouped = by.captures_iter(expression).any(|it| it[1].split(',').any(|it| it.trim() == label));
        is_grouped || !expression.contains("sum") && label == "instance"
    };
    let missing = label.captures_iter(text).map(|it| it[1].to_owned()).filter(|it| !kept(it));
    missing.map(|label| format!("{text}: the answer has no {label}")).collect()
}

#[tokio::test]
async fn the_dashboard_names_metrics_that_there_are() {
    let text = std::fs::read_to_string(root().join("deploy/grafana/innkeeper.json")).unwrap();
    let board: Value = serde_json::from_str(&text).unwrap();
    let families = families().await;
    let mut problems = Vec::new();
    let mut ids = BTreeSet::new();
    let mut expressions = String::new();
    for panel in board["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "two panels have one id");
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        assert!(panel["type"] == "row" || !targets.is_empty(), "{panel}");
        for target in targets {
            let expression = target["expr"].as_str().unwrap();
            expressions.push_str(expression);
            problems.extend(wrong(expression, &families));
            problems.extend(shown(target["legendFormat"].as_str().unwrap(), expression));
        }
    }
    for variable in board["templating"]["list"].as_array().unwrap() {
        let query = variable["query"]["query"].as_str().unwrap_or_default();
        if let Some((family, label)) = query.strip_prefix("label_values(").and_then(|it| it.split_once(", "))
        {
            let label = label.trim_end_matches(')');
            let is_there = families.get(family).is_some_and(|labels| labels.contains_key(label));
            assert!(is_there || families.contains_key(family) && OF_PROMETHEUS.contains(&label), "{query}");
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    // Nothing is counted that no panel shows.
    let hidden: Vec<_> =
        families.keys().filter(|name| !name.ends_with("_sum") && !name.ends_with("_count")).collect();
    let hidden: Vec<_> = hidden.into_iter().filter(|name| !expressions.contains(name.as_str())).collect();
    assert!(hidden.is_empty(), "no panel shows {hidden:?}");
}

/// The alerts, as name, expression and summary.
fn alerts() -> Vec<(String, String, String)> {
    let text = std::fs::read_to_string(root().join("deploy/prometheus/alerts.yml")).unwrap();
    let documents = YamlLoader::load_from_str(&text).unwrap();
    let groups = documents[0]["groups"].as_vec().unwrap();
    let rules = groups.iter().flat_map(|group| group["rules"].as_vec().unwrap());
    let text = |yaml: &Yaml| yaml.as_str().unwrap().trim().to_owned();
    let alert = |rule: &Yaml| {
        let severity = text(&rule["labels"]["severity"]);
        assert!(["page", "ticket"].contains(&severity.as_str()), "{severity}");
        (text(&rule["alert"]), text(&rule["expr"]), text(&rule["annotations"]["summary"]))
    };
    rules.map(alert).collect()
}

#[tokio::test]
async fn the_alert_rules_name_metrics_and_labels_that_there_are() {
    let families = families().await;
    let mut problems = Vec::new();
    let alerts = alerts();
    assert!(alerts.len() >= 16, "{alerts:?}");
    for (name, expression, summary) in alerts {
        let found = [wrong(&expression, &families), shown(&summary, &expression)].concat();
        problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}")));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_alert_tells_what_it_means_and_what_to_do() {
    let docs = std::fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let section = docs.split("\n## Alerts\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let paragraphs: Vec<_> = section.split("\n### ").skip(1).map(|it| it.split_once('\n').unwrap()).collect();
    let names: Vec<_> = alerts().into_iter().map(|(name, ..)| name).collect();
    let documented: Vec<_> = paragraphs.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(documented, names);
    for (name, text) in paragraphs {
        assert!(text.contains("\nMeans: ") && text.contains("\nDo: "), "{name}");
    }
}

#[test]
fn a_rule_that_is_wrong_is_found() {
    let labels = BTreeMap::from([("outcome".to_owned(), BTreeSet::from(["ok".to_owned()]))]);
    let families = BTreeMap::from([("innkeeper_calls_total".to_owned(), labels)]);
    let wrong = |expression: &str| wrong(expression, &families).len();
    assert_eq!(wrong(r#"sum by (outcome) (rate(innkeeper_calls_total{outcome="ok"}[5m])) > 0"#), 0);
    assert_eq!(wrong("rate(innkeeper_call_total[5m])"), 1);
    assert_eq!(wrong(r#"rate(innkeeper_calls_total{outcome="okay"}[5m])"#), 1);
    assert_eq!(wrong(r#"rate(innkeeper_calls_total{code="ok"}[5m])"#), 1);
    assert_eq!(wrong("sum by (code) (rate(innkeeper_calls_total[5m]))"), 1);
    assert_eq!(wrong("rate(other_total[5m])"), 1);
    assert_eq!(shown("{{ $labels.code }}", "sum by (outcome) (x)").len(), 1);
}
