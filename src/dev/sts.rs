//! STS: `AssumeRole` and `GetCallerIdentity`, with everything that AWS checks before it hands out a session.
//!
//! Sources: *AssumeRole* (parameters and errors), *Passing session tags in AWS STS*, *Methods to assume a role*
//! (role chaining is capped at one hour), *IAM and AWS STS quotas*.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::StatusCode;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::iam::{Iam, RoleEntry};
use super::reply::{NAMESPACE, QueryError, escape};
use super::session::{IssuedCredentials, Session};
use crate::id::{ExternalId, RoleArn};
use crate::policy::{Context, Document, Kind, MAX_SESSION_POLICY_CHARS, Policies, Request, trust};

/// The longest session that a session may make.
const CHAINED_LIMIT: Duration = Duration::from_hours(1);
/// The most session tags of a call.
const MAX_TAGS: usize = 50;

/// The parameters of `AssumeRole` that are served, beside the tags.
const PARAMETERS: [&str; 8] = [
    "Action",
    "Version",
    "RoleArn",
    "RoleSessionName",
    "DurationSeconds",
    "ExternalId",
    "SourceIdentity",
    "Policy",
];

/// A form's fields, as the query protocol sends them.
pub(super) type Form = BTreeMap<String, String>;

/// An `AssumeRole` call, taken apart.
#[derive(Debug)]
pub(super) struct AssumeRole {
    role: String,
    name: String,
    duration: Duration,
    external_id: Option<String>,
    source_identity: Option<String>,
    policy: Option<Document>,
    policy_chars: usize,
    tags: BTreeMap<String, String>,
}

/// What a successful `AssumeRole` leads to: the session to issue credentials for.
#[derive(Debug)]
pub(super) struct Assumed {
    pub(super) session: Session,
    pub(super) expires_at: SystemTime,
    pub(super) packed_size_percent: usize,
}

impl AssumeRole {
    /// Reads the call's parameters and refuses what STS would refuse before asking any policy. A parameter that is not
    /// served is refused too: one that narrows a session must not be passed over.
    pub(super) fn parse(form: &Form) -> Result<Self, QueryError> {
        let field = |name: &str| form.get(name).filter(|value| !value.is_empty());
        let role = field("RoleArn").ok_or_else(|| missing("roleArn"))?;
        let name = field("RoleSessionName").ok_or_else(|| missing("roleSessionName"))?;
        if !(2..=64).contains(&name.len()) || !name.chars().all(is_session_name_character) {
            let rule =
                "Member must satisfy regular expression pattern: [\\w+=,.@-]*, with length from 2 to 64";
            return Err(constraint(name, "roleSessionName", rule));
        }
        let seconds = field("DurationSeconds").map_or("3600", String::as_str);
        let duration = match seconds.parse() {
            Ok(seconds @ 900..=43_200) => Duration::from_secs(seconds),
            _ => {
                return Err(constraint(
                    seconds,
                    "durationSeconds",
                    "Member must have value between 900 and 43200",
                ));
            }
        };
        let external_id = field("ExternalId").cloned();
        if let Some(id) = external_id.as_ref().filter(|id| id.parse::<ExternalId>().is_err()) {
            return Err(constraint(
                id,
                "externalId",
                "Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]*",
            ));
        }
        let policy_text = field("Policy");
        let policy_chars = policy_text.map_or(0, |text| text.chars().count());
        if policy_chars > MAX_SESSION_POLICY_CHARS {
            let rule = format!("Member must have length less than or equal to {MAX_SESSION_POLICY_CHARS}");
            return Err(constraint("…", "policy", &rule));
        }
        let malformed = |error: crate::policy::Malformed| {
            QueryError::new(StatusCode::BAD_REQUEST, "MalformedPolicyDocument", error.to_string())
        };
        let policy =
            policy_text.map(|text| Document::parse(Kind::Identity, text)).transpose().map_err(malformed)?;
        let tags = tags(form)?;
        let served = |name: &str| PARAMETERS.contains(&name) || is_tag_of(name, tags.len());
        if let Some(name) = form.keys().find(|name| !served(name)) {
            let message = format!("the embedded AWS does not serve the parameter {name} of AssumeRole");
            return Err(QueryError::new(StatusCode::BAD_REQUEST, "ValidationError", message));
        }
        Ok(Self {
            role: role.clone(),
            name: name.clone(),
            duration,
            external_id,
            source_identity: field("SourceIdentity").cloned(),
            policy,
            policy_chars,
            tags,
        })
    }

    /// The session tag `tenant`, for the record.
    pub(super) fn tenant(&self) -> Option<&String> {
        self.tags.get("tenant")
    }

    /// Judges the call for a caller that is a session itself, and makes the session.
    pub(super) fn assume(
        self,
        iam: &Iam,
        caller: &Arc<Session>,
        peer: IpAddr,
        now: SystemTime,
    ) -> Result<Assumed, QueryError> {
        let role = self.role.parse::<RoleArn>().ok().and_then(|arn| iam.find(&arn));
        // A role that does not exist and one that does not trust the caller look the same.
        let role = role.ok_or_else(|| self.denied(caller, "sts:AssumeRole"))?;
        let mut context = self.context(caller);
        context.set("aws:SourceIp", peer.to_string());
        let mut actions = vec!["sts:AssumeRole"];
        actions.extend((!self.tags.is_empty()).then_some("sts:TagSession"));
        actions.extend(self.source_identity.is_some().then_some("sts:SetSourceIdentity"));
        for action in actions {
            if !may(caller, &role, action, &context) {
                return Err(self.denied(caller, action));
            }
        }
        self.check_duration(&role)?;
        let expires_at = now + self.duration;
        let plain =
            self.policy_chars + self.tags.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        let session = Session {
            role,
            name: self.name,
            tags: self.tags,
            policy: self.policy,
            expires_at: Some(expires_at),
        };
        // AWS does not publish how it packs; the plain length stands in for it, so that the figure is there at all.
        Ok(Assumed { session, expires_at, packed_size_percent: plain * 100 / MAX_SESSION_POLICY_CHARS })
    }

    fn check_duration(&self, role: &RoleEntry) -> Result<(), QueryError> {
        let invalid = |message| Err(QueryError::new(StatusCode::BAD_REQUEST, "ValidationError", message));
        if self.duration > role.role.max_session {
            return invalid(
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            );
        }
        // Whoever calls here is a session of a role: there are no users in this account.
        if self.duration > CHAINED_LIMIT {
            return invalid(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            );
        }
        Ok(())
    }

    fn context(&self, caller: &Session) -> Context {
        let mut context = Context::default();
        for (key, value) in &self.tags {
            context.set(&format!("aws:RequestTag/{key}"), value);
        }
        if !self.tags.is_empty() {
            context.set_all("aws:TagKeys", self.tags.keys().cloned().collect());
        }
        if let Some(id) = &self.external_id {
            context.set("sts:ExternalId", id);
        }
        if let Some(identity) = &self.source_identity {
            context.set("sts:SourceIdentity", identity);
        }
        context.set("sts:RoleSessionName", &self.name);
        super::principal_keys(caller, &mut context);
        context
    }

    fn denied(&self, caller: &Session, action: &str) -> QueryError {
        let message = format!(
            "User: {} is not authorized to perform: {action} on resource: {}",
            caller.arn(),
            self.role
        );
        QueryError::new(StatusCode::FORBIDDEN, "AccessDenied", message)
    }
}

/// Whether the role's trust policy and the caller's own policies let it do an STS action on the role.
fn may(caller: &Session, role: &RoleEntry, action: &str, context: &Context) -> bool {
    let own = &caller.role;
    let policies = Policies {
        identity: &own.role.identity,
        boundary: own.role.boundary.as_ref(),
        session: caller.policy.as_ref(),
    };
    let arn = caller.arn();
    let account = own.arn.account().as_str();
    let principal = trust::Principal { account, identity: own.arn.as_str(), session: &arn };
    let request = Request { action, resource: role.arn.as_str(), context };
    trust::allows(&role.role.trust, role.arn.account().as_str(), principal, &policies, &request)
}

/// `Tags.member.N.Key` and `.Value`.
fn tags(form: &Form) -> Result<BTreeMap<String, String>, QueryError> {
    let mut tags = BTreeMap::new();
    for at in 1.. {
        let Some(key) = form.get(&format!("Tags.member.{at}.Key")) else {
            break;
        };
        let value = form.get(&format!("Tags.member.{at}.Value")).cloned().unwrap_or_default();
        let ok = |text: &str| text.chars().all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c));
        if key.is_empty()
            || key.chars().count() > 128
            || value.chars().count() > 256
            || !ok(key)
            || !ok(&value)
        {
            let rule = "Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+";
            return Err(constraint(key, "tags", rule));
        }
        // Tag keys are not case-sensitive.
        if tags.keys().any(|other: &String| other.eq_ignore_ascii_case(key)) {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(QueryError::new(StatusCode::BAD_REQUEST, "InvalidParameterValue", message));
        }
        tags.insert(key.clone(), value);
    }
    if tags.len() > MAX_TAGS {
        return Err(constraint("…", "tags", "Member must have length less than or equal to 50"));
    }
    Ok(tags)
}

/// Whether a parameter is of one of the first `count` tags.
fn is_tag_of(name: &str, count: usize) -> bool {
    let member = name.strip_prefix("Tags.member.").and_then(|rest| rest.split_once('.'));
    member.is_some_and(|(at, part)| {
        let number =
            at.parse().is_ok_and(|number: usize| (1..=count).contains(&number) && number.to_string() == at);
        number && matches!(part, "Key" | "Value")
    })
}

fn is_session_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

fn missing(name: &str) -> QueryError {
    let message = format!(
        "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
    );
    QueryError::new(StatusCode::BAD_REQUEST, "ValidationError", message)
}

fn constraint(value: &str, name: &str, rule: &str) -> QueryError {
    let message = format!(
        "1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {rule}"
    );
    QueryError::new(StatusCode::BAD_REQUEST, "ValidationError", message)
}

/// The answer to `AssumeRole`.
pub(super) fn assumed_xml(
    assumed: &AssumedView,
    credentials: &IssuedCredentials,
    request_id: &str,
) -> String {
    let expiration = OffsetDateTime::from(assumed.expires_at).format(&Rfc3339).unwrap_or_default();
    format!(
        "<AssumeRoleResponse xmlns=\"{NAMESPACE}\"><AssumeRoleResult><Credentials>\
         <AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken>\
         <Expiration>{expiration}</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>{}</AssumedRoleId>\
         <Arn>{}</Arn></AssumedRoleUser><PackedPolicySize>{}</PackedPolicySize></AssumeRoleResult>\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></AssumeRoleResponse>",
        escape(&credentials.access_key_id),
        escape(&credentials.secret_access_key),
        escape(&credentials.session_token),
        escape(&assumed.user_id),
        escape(&assumed.arn),
        assumed.packed_size_percent,
    )
}

/// What the answer to `AssumeRole` says of the session, beside its credentials.
#[derive(Debug)]
pub(super) struct AssumedView {
    pub(super) expires_at: SystemTime,
    pub(super) user_id: String,
    pub(super) arn: String,
    pub(super) packed_size_percent: usize,
}

/// The answer to `GetCallerIdentity`, which needs no permission.
pub(super) fn caller_identity_xml(caller: &Session, request_id: &str) -> String {
    format!(
        "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\"><GetCallerIdentityResult><Arn>{}</Arn><UserId>{}</UserId>\
         <Account>{}</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>{request_id}</RequestId>\
         </ResponseMetadata></GetCallerIdentityResponse>",
        escape(&caller.arn()),
        escape(&caller.user_id()),
        caller.role.arn.account(),
    )
}
