//! Policies that do not fit, for a tenant that there is or for the longest id that there can be.

use innkeeper::policy::lint::Against;

use super::{Case, each_has_one_mistake, each_is_fine, of_role, of_session, role, session, tenant};

/// The session policy with so many further patterns, each 15 characters and one tenant id long with its comma.
fn patterns(count: usize) -> String {
    let more: String = (0..count).map(|n| format!(", \"T#{{{{tenant}}}}#NOTE{n:02}#*\"")).collect();
    session("\"T#{{tenant}}#*\"", &format!("\"T#{{{{tenant}}}}#*\"{more}"))
}

fn trust(count: usize) -> String {
    let more: String =
        (0..count).map(|n| format!(", \"arn:aws:iam::{{{{account}}}}:role/gateway-{n:03}\"")).collect();
    let one = "\"arn:aws:iam::{{account}}:role/gateway\"";
    role(one, &format!("[{one}{more}]"))
}

fn policies(count: usize) -> String {
    let more: String =
        (0..count).map(|n| format!(", \"T#${{aws:PrincipalTag/tenant}}#NOTE{n:04}#*\"")).collect();
    let one = "\"T#${aws:PrincipalTag/tenant}#*\"";
    role(one, &format!("[{one}{more}]"))
}

#[test]
fn policies_that_do_not_fit() {
    let tenants = [tenant("acme", "orders"), tenant("globex-corporation", "orders")];
    let against = Against { plan: None, tenants: &tenants };
    let cases: Vec<Case> = vec![
        ("size_too_long_for_a_tenant", patterns(60)),
        ("size_too_long_for_the_longest_id", patterns(22)),
        ("size_tight_for_the_longest_id", patterns(17)),
    ];
    each_has_one_mistake(&cases, |text| of_session(text, against));
    let alone = |text: &str| of_session(text, Against::default());
    each_has_one_mistake(&[("size_too_long_without_tenants", patterns(22))], alone);
    let cases: Vec<Case> = vec![
        ("size_of_a_trust_policy", trust(40)),
        ("size_of_a_trust_policy_tight", trust(31)),
        ("size_of_a_roles_policies", policies(240)),
    ];
    each_has_one_mistake(&cases, |text| of_role(text, against));
}

#[test]
fn policies_that_fit() {
    let tenants = [tenant(&"x".repeat(64), "orders")];
    let against = Against { plan: None, tenants: &tenants };
    each_is_fine(&[("room for some", patterns(8))], |text| of_session(text, against));
    // Of a role IAM counts no white space.
    let spaced = trust(20).replace("\"Action\"", &format!("{}\"Action\"", " ".repeat(3000)));
    each_is_fine(&[("white space in a role", spaced)], |text| of_role(text, against));
}
