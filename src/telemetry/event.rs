//! Everything that the gateway says on purpose, as one type.
//!
//! An [`Event`] has typed fields and becomes a log line under the target `innkeeper::audit`. Nothing secret has a
//! place in it: no token, no credential, no item. ARNs and role names may stand here, since the log is the
//! operator's; no answer to a client is made from an event.

use std::fmt;

use crate::id::{RequestId, RoleArn, TenantId};

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
    /// STS has issued credentials for a tenant.
    LeaseGranted {
        /// The tenant.
        tenant: &'a TenantId,
        /// The role.
        role: &'a RoleArn,
        /// `RoleSessionName`.
        session: &'a str,
    },
    /// STS has not.
    LeaseRefused {
        /// The tenant.
        tenant: &'a TenantId,
        /// The role.
        role: &'a RoleArn,
        /// What STS said.
        reason: &'a dyn fmt::Display,
    },
    /// A session was asked for another tenant than its lease is for. This cannot happen; if it does, it is refused.
    TenantMismatch {
        /// The request.
        request: &'a RequestId,
        /// The tenant of the request.
        tenant: &'a TenantId,
        /// The tenant of the lease.
        lease: &'a TenantId,
    },
    /// IAM has denied a call: the tenant's policy does not allow what the schema asks for.
    AccessDenied {
        /// The request.
        request: &'a RequestId,
        /// The tenant.
        tenant: &'a TenantId,
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
        /// The tenant.
        tenant: &'a TenantId,
        /// `sub` of the token.
        subject: &'a str,
        /// The field, such as `Order.margin`.
        field: &'a str,
    },
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

impl Event<'_> {
    /// Says it.
    pub fn emit(self) {
        match self {
            Self::TokenRefused { request, reason } => {
                tracing::info!(target: AUDIT, event = "token.refused", request.id = %request, %reason);
            }
            Self::TenantRefused { request, tenant, subject, reason } => {
                tracing::info!(
                    target: AUDIT, event = "tenant.refused", request.id = %request, tenant.id = %tenant, subject, %reason
                );
            }
            Self::LeaseGranted { tenant, role, session } => {
                tracing::info!(target: AUDIT, event = "lease.granted", tenant.id = %tenant, %role, session);
            }
            Self::LeaseRefused { tenant, role, reason } => {
                tracing::warn!(target: AUDIT, event = "lease.refused", tenant.id = %tenant, %role, %reason);
            }
            Self::TenantMismatch { request, tenant, lease } => {
                tracing::error!(
                    target: AUDIT, event = "tenant.mismatch", request.id = %request, tenant.id = %tenant,
                    lease.tenant = %lease
                );
            }
            Self::AccessDenied { request, tenant, operation, call, reason } => {
                tracing::warn!(
                    target: AUDIT, event = "access.denied", request.id = %request, tenant.id = %tenant,
                    operation.name = operation, call, %reason
                );
            }
            Self::FieldRefused { request, tenant, subject, field } => {
                tracing::info!(
                    target: AUDIT, event = "field.refused", request.id = %request, tenant.id = %tenant, subject, field
                );
            }
            Self::Reloaded { cause, tenants } => {
                tracing::info!(target: AUDIT, event = "reload.done", cause, tenants);
            }
            Self::Unproved { reason } => {
                tracing::error!(target: AUDIT, event = "isolation.unproved", %reason);
            }
            Self::ReloadRejected { cause, reason, suspended, removed } => {
                tracing::error!(target: AUDIT, event = "reload.rejected", cause, suspended, removed, %reason);
            }
            Self::CertificateReplaced { cause } => {
                tracing::info!(target: AUDIT, event = "certificate.replaced", cause);
            }
            Self::CertificateRejected { cause, reason } => {
                tracing::error!(target: AUDIT, event = "certificate.rejected", cause, %reason);
            }
            Self::TenantWithdrawn { tenant, how } => {
                tracing::warn!(target: AUDIT, event = "tenant.withdrawn", tenant.id = %tenant, how);
            }
        }
    }
}
