//! IAM's Query API, as far as `check --deployed` calls it: what it asks of the caller, what it answers.
//!
//! Sources: `GetAccountAuthorizationDetails`, `ListRoles`, `GetRole` (parameters, answers and errors). Documents are
//! URL-encoded as RFC 3986 has it, lists come in pages. `GetAccountAuthorizationDetails` does not tell a role's
//! `MaxSessionDuration`; the other two do.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::reply::{IAM_NAMESPACE, QueryError, escape};
use super::super::session::Session;
use super::super::sts::Form;
use super::{Iam, ManagedPolicy, RoleEntry};

/// What RFC 3986 leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a list has on a page, where the call does not say, and at most.
const PAGE: usize = 100;
const MAX_PAGE: usize = 1_000;

/// Answers a call. `denied` says why the caller may not do an action on a resource, if it may not.
pub(in crate::dev) fn answer(
    iam: &Iam,
    caller: &Session,
    form: &Form,
    denied: impl Fn(&str, &str) -> Option<String>,
    request_id: &str,
) -> Result<String, QueryError> {
    let account = caller.role.arn.account();
    let may = |action: &str, resource: &str| match denied(action, resource) {
        None => Ok(()),
        Some(message) => Err(QueryError::new(StatusCode::FORBIDDEN, "AccessDenied", message)),
    };
    let action = form.get("Action").map(String::as_str).unwrap_or_default();
    let result = match action {
        "GetAccountAuthorizationDetails" => {
            may("iam:GetAccountAuthorizationDetails", "*")?;
            details(&iam.of(account), form)?
        }
        "ListRoles" => {
            let prefix = form.get("PathPrefix").map_or("/", String::as_str);
            may("iam:ListRoles", &format!("arn:aws:iam::{account}:role{prefix}"))?;
            let roles: Vec<_> =
                iam.of(account).into_iter().filter(|entry| path(entry).starts_with(prefix)).collect();
            let page = Page::of(&roles, form)?;
            let members: String = page.items.iter().map(|entry| member(&role(entry))).collect();
            format!("<Roles>{members}</Roles>{}", page.end)
        }
        "GetRole" => {
            let name = form.get("RoleName").map(String::as_str).unwrap_or_default();
            let found = iam.of(account).into_iter().find(|entry| entry.arn.name() == name);
            let resource = found.as_ref().map(|entry| entry.arn.to_string());
            may("iam:GetRole", &resource.unwrap_or_else(|| format!("arn:aws:iam::{account}:role/{name}")))?;
            let missing = || {
                let message = format!("The role with name {name} cannot be found.");
                QueryError::new(StatusCode::NOT_FOUND, "NoSuchEntity", message)
            };
            format!("<Role>{}</Role>", role(found.ok_or_else(missing)?.as_ref()))
        }
        other => {
            let message = format!("Could not find operation {other} for version 2010-05-08");
            return Err(QueryError::new(StatusCode::BAD_REQUEST, "InvalidAction", message));
        }
    };
    Ok(format!(
        "<{action}Response xmlns=\"{IAM_NAMESPACE}\"><{action}Result>{result}</{action}Result><ResponseMetadata>\
         <RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    ))
}

/// One page of a list.
struct Page<'a, T> {
    items: &'a [T],
    /// `IsTruncated`, and `Marker` where there is more.
    end: String,
}

impl<'a, T> Page<'a, T> {
    fn of(all: &'a [T], form: &Form) -> Result<Self, QueryError> {
        let invalid = |message| QueryError::new(StatusCode::BAD_REQUEST, "ValidationError", message);
        let most = form.get("MaxItems").map_or(Ok(PAGE), |text| text.parse());
        let most = most.ok().filter(|most| (1..=MAX_PAGE).contains(most));
        let most = most.ok_or_else(|| invalid("MaxItems must be between 1 and 1000"))?;
        let start = form.get("Marker").map_or(Some(0), |marker| {
            let bytes = URL_SAFE_NO_PAD.decode(marker).ok()?;
            String::from_utf8(bytes).ok()?.parse().ok()
        });
        let start = start.filter(|start| *start <= all.len()).ok_or_else(|| invalid("Invalid Marker"))?;
        let stop = all.len().min(start + most);
        let mut end = format!("<IsTruncated>{}</IsTruncated>", stop < all.len());
        if stop < all.len() {
            let marker = URL_SAFE_NO_PAD.encode(stop.to_string());
            write!(end, "<Marker>{marker}</Marker>").unwrap_or_default();
        }
        Ok(Self { items: all.get(start..stop).unwrap_or_default(), end })
    }
}

/// A role or a managed policy: `GetAccountAuthorizationDetails` counts both towards a page.
enum Entity {
    Role(Arc<RoleEntry>),
    Policy(ManagedPolicy, SystemTime),
}

fn details(roles: &[Arc<RoleEntry>], form: &Form) -> Result<String, QueryError> {
    const KINDS: [&str; 5] = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];
    let wanted: Vec<_> = (1..).map_while(|at| form.get(&format!("Filter.member.{at}"))).collect();
    if let Some(unknown) = wanted.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        let message = format!("`{unknown}` is no entity type");
        return Err(QueryError::new(StatusCode::BAD_REQUEST, "ValidationError", message));
    }
    let wants = |kind: &str| wanted.is_empty() || wanted.iter().any(|it| *it == kind);
    let mut entities = Vec::new();
    if wants("Role") {
        entities.extend(roles.iter().cloned().map(Entity::Role));
    }
    let mut policies: Vec<_> = roles
        .iter()
        .flat_map(|entry| {
            entry.held.attached.iter().chain(&entry.held.boundary).map(|it| (it, entry.created))
        })
        .filter(|(policy, _)| {
            wants(if is_aws_own(policy) { "AWSManagedPolicy" } else { "LocalManagedPolicy" })
        })
        .collect();
    policies.sort_by(|(one, _), (other, _)| one.arn.cmp(&other.arn));
    policies.dedup_by(|(one, _), (other, _)| one.arn == other.arn);
    entities.extend(policies.into_iter().map(|(policy, created)| Entity::Policy(policy.clone(), created)));
    let page = Page::of(&entities, form)?;
    let (mut roles, mut policies) = (String::new(), String::new());
    for entity in page.items {
        match entity {
            Entity::Role(entry) => roles.push_str(&member(&role_detail(entry))),
            Entity::Policy(policy, created) => policies.push_str(&member(&policy_detail(policy, *created))),
        }
    }
    Ok(format!(
        "<UserDetailList/><GroupDetailList/><RoleDetailList>{roles}</RoleDetailList><Policies>{policies}</Policies>{}",
        page.end
    ))
}

fn is_aws_own(policy: &ManagedPolicy) -> bool {
    policy.arn.starts_with("arn:aws:iam::aws:policy/")
}

fn member(inner: &str) -> String {
    format!("<member>{inner}</member>")
}

/// What both shapes of a role begin with.
fn head(entry: &RoleEntry) -> String {
    format!(
        "<Path>{}</Path><RoleName>{}</RoleName><RoleId>{}</RoleId><Arn>{}</Arn><CreateDate>{}</CreateDate>\
         <AssumeRolePolicyDocument>{}</AssumeRolePolicyDocument>",
        escape(path(entry)),
        escape(entry.arn.name()),
        entry.unique_id,
        escape(entry.arn.as_str()),
        date(entry.created),
        document(&entry.held.trust),
    )
}

/// The shape `Role`, of `ListRoles` and `GetRole`.
fn role(entry: &RoleEntry) -> String {
    let seconds = entry.held.max_session.as_secs();
    format!("{}<MaxSessionDuration>{seconds}</MaxSessionDuration>", head(entry))
}

/// The shape `RoleDetail`.
fn role_detail(entry: &RoleEntry) -> String {
    let inline: String = entry
        .held
        .inline
        .iter()
        .map(|(name, text)| {
            let name = escape(name);
            member(&format!(
                "<PolicyName>{name}</PolicyName><PolicyDocument>{}</PolicyDocument>",
                document(text)
            ))
        })
        .collect();
    let attached: String = entry
        .held
        .attached
        .iter()
        .map(|policy| {
            let (name, arn) = (escape(policy_name(policy)), escape(&policy.arn));
            member(&format!("<PolicyName>{name}</PolicyName><PolicyArn>{arn}</PolicyArn>"))
        })
        .collect();
    let boundary = entry.held.boundary.as_ref().map_or_else(String::new, |policy| {
        format!(
            "<PermissionsBoundary><PermissionsBoundaryType>PermissionsBoundaryPolicy</PermissionsBoundaryType>\
             <PermissionsBoundaryArn>{}</PermissionsBoundaryArn></PermissionsBoundary>",
            escape(&policy.arn)
        )
    });
    format!(
        "{}<InstanceProfileList/><RolePolicyList>{inline}</RolePolicyList><AttachedManagedPolicies>{attached}\
         </AttachedManagedPolicies>{boundary}<Tags/>",
        head(entry)
    )
}

/// The shape `ManagedPolicyDetail`.
fn policy_detail(policy: &ManagedPolicy, created: SystemTime) -> String {
    let created = date(created);
    format!(
        "<PolicyName>{}</PolicyName><Arn>{}</Arn><Path>/</Path><DefaultVersionId>v1</DefaultVersionId>\
         <IsAttachable>true</IsAttachable><CreateDate>{created}</CreateDate><UpdateDate>{created}</UpdateDate>\
         <PolicyVersionList><member><Document>{}</Document><VersionId>v1</VersionId>\
         <IsDefaultVersion>true</IsDefaultVersion><CreateDate>{created}</CreateDate></member></PolicyVersionList>",
        escape(policy_name(policy)),
        escape(&policy.arn),
        document(&policy.document),
    )
}

fn policy_name(policy: &ManagedPolicy) -> &str {
    policy.arn.rsplit('/').next().unwrap_or_default()
}

/// `/innkeeper/` of `arn:aws:iam::111122223333:role/innkeeper/innkeeper-pool`.
fn path(entry: &RoleEntry) -> &str {
    let resource = entry.arn.as_str().split_once(":role").map_or("/", |(_, resource)| resource);
    resource.strip_suffix(entry.arn.name()).unwrap_or("/")
}

fn document(value: &Value) -> String {
    utf8_percent_encode(&value.to_string(), UNRESERVED).to_string()
}

fn date(time: SystemTime) -> String {
    OffsetDateTime::from(time).format(&Rfc3339).unwrap_or_default()
}
