//! `innkeeper policy`: the least-privilege documents that follow from the schema, and tests of one's own policies.

mod layout;
mod names;
mod print;
mod test;

use clap::{Args, Subcommand};

use super::{Common, Failure};
use crate::id::{RoleArn, TenantId};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The session policy of mode `session-policy`: what policies/NAME.json may hold at least, and at most.
    ///
    /// STS takes 2,048 characters. If the document is longer for a tenant id of 64 characters, that is said on standard
    /// error, and the exit code is 1.
    SessionPolicy(SessionPolicy),
    /// A tenant's own role, for mode `role`: trust policy and permissions.
    Role(Role),
    /// The shared role of mode `session-policy`.
    ///
    /// It allows what the session's tag `tenant` names: a session without its policy still reaches one tenant's items,
    /// and one without the tag reaches nothing.
    Pool(Role),
    /// The shared role of mode `session-tags`, whose policy names `${aws:PrincipalTag/tenant}`.
    Tags(Role),
    /// The gateway's own role: it may assume the tenants' roles, and nothing else.
    ///
    /// Where all roles of an account lie under a path of their own, such as /innkeeper/, the path stands for them, and a
    /// new tenant needs no change here. Otherwise each role is named.
    Gateway(Gateway),
    /// Judge cases of your own: a request, the policies that bear on it, and whether it should pass.
    ///
    /// FILE holds a list of objects with `name`, `identity_policies` (a list of documents), `session_policy` and
    /// `boundary` (a document, null or absent), `action`, `resource`, `context` (condition keys, each with a string or
    /// a list of strings) and `allowed`. The evaluator is the one that `innkeeper dev` enforces with. Exit code 1: a
    /// case is judged otherwise than it says.
    Test(test::Arguments),
}

#[derive(Debug, Args)]
struct SessionPolicy {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    rendered: Rendered,
}

#[derive(Debug, Args)]
struct Role {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    rendered: Rendered,
    #[command(flatten)]
    part: Part,
    /// The role that the gateway runs under, which this role trusts. [default: `gateway-role` under `[aws]`, or
    /// innkeeper-gateway in the tenant's account]
    #[arg(long, value_name = "ARN")]
    gateway: Option<RoleArn>,
}

#[derive(Debug, Args)]
struct Gateway {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    part: Part,
    /// Name every role, instead of the path that they share.
    #[arg(long)]
    every_role: bool,
    /// The service that the gateway runs on, which its role trusts.
    #[arg(long, value_name = "NAME", default_value = "ecs-tasks.amazonaws.com")]
    service: String,
}

#[derive(Debug, Args)]
struct Rendered {
    /// Fill in the variables for this tenant of the registry, so that the JSON can be pasted into Terraform or the CDK.
    /// Without it the document keeps its `{{…}}`, as policies/ holds it.
    #[arg(long, value_name = "TENANT")]
    tenant: Option<TenantId>,
}

/// Which part of a role is printed.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct Part {
    /// Print the trust policy alone: Terraform's `assume_role_policy`.
    #[arg(long)]
    trust: bool,
    /// Print the permissions alone: Terraform's `aws_iam_role_policy`.
    #[arg(long)]
    document: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::SessionPolicy(arguments) => print::session_policy(arguments),
        Command::Role(arguments) => print::role(arguments),
        Command::Pool(arguments) => print::shared(arguments, names::Sharing::SessionPolicy),
        Command::Tags(arguments) => print::shared(arguments, names::Sharing::SessionTags),
        Command::Gateway(arguments) => print::gateway(arguments),
        Command::Test(arguments) => test::run(arguments),
    }
}
