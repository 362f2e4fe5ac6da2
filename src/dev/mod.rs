//! The embedded AWS: STS, DynamoDB and some of IAM on loopback, for the unmodified SDK.
//!
//! In front stands what AWS enforces and emulators mostly leave out: signatures are verified, session credentials
//! are issued and expire, trust policies, identity policies and session policies are evaluated with DynamoDB's
//! condition keys on every call. Behind it stands an engine that others keep. So a hole in a policy shows on a
//! laptop. It is no part of the gateway: nothing but `cli` and the tests import it, and a release image has none.

mod access;
mod conjunction;
mod engine;
mod expression;
mod front;
mod iam;
mod issuer;
mod judge;
mod observe;
mod partiql;
mod query;
mod reply;
mod resource_policy;
mod schemas;
mod session;
mod signature;
mod sts;
mod tables;

pub use engine::Storage;
pub use front::{Aws, Options, StartError};
pub use iam::{HeldRole, ManagedPolicy};
pub use issuer::{AUDIENCE, Claims, ISSUER, Issuer, IssuerError, private_file};
pub use observe::{Observed, Observer, Outcome, Service};
pub use reply::Reply;
pub use session::IssuedCredentials;
pub use tables::{create_table, time_to_live};

use crate::policy::Context;
use session::Session;

/// The condition keys that a session brings with it, whatever it calls.
fn principal_keys(session: &Session, context: &mut Context) {
    for (key, value) in &session.tags {
        context.set(&format!("aws:PrincipalTag/{key}"), value);
    }
    context.set("aws:PrincipalArn", session.role.arn.as_str());
    context.set("aws:PrincipalAccount", session.role.arn.account().as_str());
    context.set("aws:PrincipalType", "AssumedRole");
    context.set("aws:userid", session.user_id());
    // This address stands for AWS's own, which speak TLS.
    context.set("aws:SecureTransport", "true");
}
