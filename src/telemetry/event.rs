//! Everything that the gateway says on purpose, as one type.
//!
//! An [`Event`] has typed fields and becomes a log line under the target `innkeeper::audit`. Nothing secret has a
//! place in it: no token, no credential, no item. ARNs and role names may stand here, since the log is the
//! operator's; no answer to a client is made from an event.

use std::fmt;

use crate::id::{RequestId, RoleArn, TenantId};

/// Whose credentials a line is about, by the names under which STS knows them, and what AWS logs of it.
#[derive(Clone, Copy)]
pub struct Principal<'a> {
    /// The tenant.
    pub tenant: &'a TenantId,
    /// The role.
    pub role: &'a RoleArn,
    /// `RoleSessionName`.
    pub session: &'a str,
}

/// Something that an operator or an auditor wants to know.
#[derive(Clone, Copy)]
pub enum Event<'a> {
    /// A token was refused (401).
    TokenRefused {
        /// The request.
        request: &'a RequestId,
        /// Why.
        reason: &'a dyn fmt::Display,
    },
    /// A caller was not admitted to a tenant (403).
    TenantRefused {
        /// The request.
        request: &'a RequestId,
        /// The tenant that the token names.
        tenant: &'a TenantId,
        /// `sub` of the token.
        subject: &'a str,
        /// Why.
        reason: &'a dyn fmt::Display,
    },
    /// A request got no session: there are no credentials for its tenant (403 or 503).
    SessionRefused {
        /// The request.
        request: &'a RequestId,
        /// Whose credentials there are none of.
        principal: Principal<'a>,
        /// Why.
        reason: &'a dyn fmt::Display,
    },
    /// The gateway cannot make a tenant's session policy. A start checks for it, so this is the gateway's fault.
    PolicyRefused {
        /// The request.
        request: &'a RequestId,
        /// The tenant.
        tenant: &'a TenantId,
        /// Why.
        reason: &'a dyn fmt::Display,
    },
    /// STS has issued credentials for a tenant that had none.
    LeaseGranted {
        /// The request that needed them first.
        request: &'a RequestId,
        /// Whose they are.
        principal: Principal<'a>,
    },
    /// STS has issued credentials in the place of those that near their end.
    LeaseRenewed {
        /// The request that found them due.
        request: &'a RequestId,
        /// Whose they are.
        principal: Principal<'a>,
    },
    /// STS has issued none. What is there already goes on until it ends.
    LeaseRefused {
        /// The request that needed them.
        request: &'a RequestId,
        /// Whose they would be.
        principal: Principal<'a>,
        /// What STS said.
        reason: &'a dyn fmt::Display,
    },
    /// DynamoDB does not take the credentials any more.
    LeaseGivenUp {
        /// The request that noticed.
        request: &'a RequestId,
        /// Whose they are.
        principal: Principal<'a>,
        /// What DynamoDB said.
        reason: &'a dyn fmt::Display,
    },
    /// A lease is forgotten: by an operator's word, or because there are as many as may be.
    LeaseEvicted {
        /// Whose it is.
        principal: Principal<'a>,
        /// Why.
        reason: &'static str,
    },
    /// A session was asked for another tenant than its lease is for. This cannot happen; if it does, it is refused.
    TenantMismatch {
        /// The request.
        request: &'a RequestId,
        /// The tenant of the request.
        tenant: &'a TenantId,
        /// Whose lease it is.
        lease: Principal<'a>,
    },
    /// A document is more than may be asked.
    DocumentRefused {
        /// The request.
        request: &'a RequestId,
        /// The tenant.
        tenant: &'a TenantId,
        /// The limit, as the refusal names it.
        limit: &'static str,
    },
    /// IAM has denied a call: the tenant's policy does not allow what the schema asks for.
    AccessDenied {
        /// The request.
        request: &'a RequestId,
        /// Whose credentials were sent.
        principal: Principal<'a>,
        /// The field, such as `Query.order`.
        operation: &'a str,
        /// The DynamoDB operation.
        call: &'static str,
        /// What AWS said.
        reason: &'a dyn fmt::Display,
    },
    /// The schema's scopes keep a caller from a field.
    FieldRefused {
        /// The request.
        request: &'a RequestId,
        /// Whose credentials were not sent.
        principal: Principal<'a>,
        /// `sub` of the token.
        subject: &'a str,
        /// The field, such as `Order.margin`.
        field: &'a str,
    },
    /// The collector does not take traces. Nothing waits for it; what is not taken is lost.
    TracesLost {
        /// Why.
        reason: &'a dyn fmt::Display,
    },
    /// The collector takes traces again.
    TracesTaken,
    /// What was read again is in force: tenants, policies and schema.
    Reloaded {
        /// Why it was read: `change`, `signal` or `admin`.
        cause: &'static str,
        /// How many tenants there are.
        tenants: usize,
    },
    /// Something is served of which it is not proved that it keeps tenants apart, because the operator allows it.
    Unproved {
        /// What stands in the way.
        reason: &'a dyn fmt::Display,
    },
    /// Something is served under roles that no file declares: what these allow by themselves, and whom they trust, was not
    /// looked at.
    NotLookedAt {
        /// How many roles.
        roles: usize,
        /// Their names, of the first few.
        named: &'a dyn fmt::Display,
    },
    /// There are more tenants that are served than leases that are kept: some have to ask STS again and again.
    TooFewLeases {
        /// How many active tenants there are.
        tenants: usize,
        /// `max-leases`.
        most: u64,
    },
    /// What was read again cannot be used, or is not proved; what was served goes on, without those whom the registry puts
    /// out.
    ReloadRejected {
        /// Why it was read: `change`, `signal` or `admin`.
        cause: &'static str,
        /// What is wrong with it.
        reason: &'a dyn fmt::Display,
        /// How many tenants the registry suspends.
        suspended: usize,
        /// How many tenants it removes.
        removed: usize,
    },
    /// Clients are shown another certificate.
    CertificateReplaced {
        /// Why it was read: `change`, `signal` or `admin`.
        cause: &'static str,
    },
    /// A certificate that was read again cannot be used; the former one is shown.
    CertificateRejected {
        /// Why it was read: `change`, `signal` or `admin`.
        cause: &'static str,
        /// What is wrong with it.
        reason: &'a dyn fmt::Display,
    },
    /// Somebody has asked over the admin socket which leases there are.
    AdminLeases {
        /// The number of the user.
        user: u32,
        /// How many there are.
        count: usize,
    },
    /// Somebody has had a tenant's leases and verified tokens forgotten.
    AdminEvicted {
        /// The number of the user.
        user: u32,
        /// The tenant.
        tenant: &'a TenantId,
        /// How many leases.
        leases: usize,
        /// How many tokens.
        tokens: usize,
    },
    /// Somebody has asked for the files to be read again.
    AdminReload {
        /// The number of the user.
        user: u32,
    },
    /// Somebody may not use the admin socket, and was sent away.
    AdminRefused {
        /// The number of the user.
        user: u32,
    },
    /// A tenant is out, by the word of a registry that is rejected for the rest.
    TenantWithdrawn {
        /// The tenant.
        tenant: &'a TenantId,
        /// `suspended` or `removed`.
        how: &'static str,
    },
}

/// The target of the lines that events become.
pub const AUDIT: &str = "innkeeper::audit";

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Event(…)")
    }
}

impl fmt::Debug for Principal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Principal(…)")
    }
}

/// A line of the audit. Those that are about a principal name its tenant, role and session.
macro_rules! line {
    ($level:ident, $event:literal, $principal:ident, $($fields:tt)*) => {
        {
            tracing::$level!(
                target: AUDIT, event = $event, tenant.id = %$principal.tenant, role = %$principal.role,
                session.name = $principal.session, $($fields)*
            );
        }
    };
    ($level:ident, $event:literal; $($fields:tt)*) => {
        {
            tracing::$level!(target: AUDIT, event = $event, $($fields)*);
        }
    };
}

impl Event<'_> {
    /// Says it. The names of the lines and of their fields are stable: `docs/operations.md`, "Audit lines".
    #[expect(clippy::too_many_lines, reason = "a line for each event, and nothing else")]
    pub fn emit(self) {
        match self {
            Self::TokenRefused { request, reason } => {
                line!(info, "token.refused"; request.id = %request, %reason);
            }
            Self::TenantRefused { request, tenant, subject, reason } => {
                line!(info, "tenant.refused"; request.id = %request, tenant.id = %tenant, subject, %reason);
            }
            Self::SessionRefused { request, principal, reason } => {
                line!(warn, "session.refused", principal, request.id = %request, %reason);
            }
            Self::PolicyRefused { request, tenant, reason } => {
                line!(error, "policy.refused"; request.id = %request, tenant.id = %tenant, %reason);
            }
            Self::LeaseGranted { request, principal } => {
                line!(info, "lease.granted", principal, request.id = %request);
            }
            Self::LeaseRenewed { request, principal } => {
                line!(info, "lease.renewed", principal, request.id = %request);
            }
            Self::LeaseRefused { request, principal, reason } => {
                line!(warn, "lease.refused", principal, request.id = %request, %reason);
            }
            Self::LeaseGivenUp { request, principal, reason } => {
                line!(warn, "lease.given-up", principal, request.id = %request, %reason);
            }
            Self::LeaseEvicted { principal, reason } => line!(info, "lease.evicted", principal, reason),
            Self::TenantMismatch { request, tenant, lease } => {
                line!(error, "tenant.mismatch", lease, request.id = %request, asked.tenant = %tenant);
            }
            Self::DocumentRefused { request, tenant, limit } => {
                line!(info, "document.refused"; request.id = %request, tenant.id = %tenant, limit);
            }
            Self::AccessDenied { request, principal, operation, call, reason } => {
                line!(warn, "access.denied", principal, request.id = %request, operation.name = operation, call, %reason);
            }
            Self::FieldRefused { request, principal, subject, field } => {
                line!(info, "field.refused", principal, request.id = %request, subject, field);
            }
            Self::TracesLost { reason } => line!(warn, "traces.lost"; %reason),
            Self::TracesTaken => line!(info, "traces.taken";),
            Self::Reloaded { cause, tenants } => line!(info, "reload.done"; cause, tenants),
            Self::Unproved { reason } => line!(error, "isolation.unproved"; %reason),
            Self::NotLookedAt { roles, named } => line!(warn, "isolation.not-looked-at"; roles, %named),
            Self::TooFewLeases { tenants, most } => line!(warn, "leases.too-few"; tenants, most),
            Self::ReloadRejected { cause, reason, suspended, removed } => {
                line!(error, "reload.rejected"; cause, suspended, removed, %reason);
            }
            Self::CertificateReplaced { cause } => line!(info, "certificate.replaced"; cause),
            Self::CertificateRejected { cause, reason } => {
                line!(error, "certificate.rejected"; cause, %reason);
            }
            Self::AdminLeases { user, count } => line!(info, "admin.leases"; user.id = user, count),
            Self::AdminEvicted { user, tenant, leases, tokens } => {
                line!(warn, "admin.evicted"; user.id = user, tenant.id = %tenant, leases, tokens);
            }
            Self::AdminReload { user } => line!(info, "admin.reload"; user.id = user),
            Self::AdminRefused { user } => line!(warn, "admin.refused"; user.id = user),
            Self::TenantWithdrawn { tenant, how } => {
                line!(warn, "tenant.withdrawn"; tenant.id = %tenant, how);
            }
        }
    }
}
