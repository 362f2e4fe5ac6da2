//! Names that the whole house uses, parsed once at the edge.
//!
//! A [`TenantId`] that exists is well formed: the inside never checks again. Nothing here knows whether a tenant
//! is known or a role exists; that is the registry's and IAM's affair.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} must be {rule}")]
pub struct InvalidName {
    what: &'static str,
    rule: &'static str,
}

/// A string that was checked when it came in. `$check` takes the text and says whether it is well formed.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidName { what: $what, rule: $rule })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name! {
    /// A tenant: `[A-Za-z0-9_-]{1,64}`. The alphabet holds no delimiter of key templates and no wildcard of IAM,
    /// so that one tenant's patterns never meet another's (`docs/ARCHITECTURE.md`, "Templates").
    TenantId, "a tenant id", "1 to 64 characters of A-Z, a-z, 0-9, _ and -",
    |text| matches!(text.len(), 1..=64) && text.chars().all(TenantId::allows)
}

impl TenantId {
    /// The most characters that a tenant id has.
    pub const MAX_LEN: usize = 64;

    /// Whether a character may stand in a tenant id.
    pub const fn allows(c: char) -> bool {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
    }
}

name! {
    /// An AWS account: twelve digits.
    AccountId, "an account id", "twelve digits",
    |text| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

name! {
    /// An AWS Region, such as `eu-central-1`.
    Region, "a Region", "lower-case words joined by hyphens and ended by a number, such as eu-central-1",
    |text| {
        text.len() <= 32
            && text.split('-').count() >= 3
            && text.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
            && text.ends_with(|c: char| c.is_ascii_digit())
    }
}

impl Region {
    /// The partition that the Region lies in, by the prefix of its name (*AWS General Reference: ARNs*).
    pub fn partition(&self) -> &'static str {
        match self.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }
}

name! {
    /// A DynamoDB table or index name: 3 to 255 of `[A-Za-z0-9_.-]` (*Naming rules*, DynamoDB).
    TableName, "a table name", "3 to 255 characters of A-Z, a-z, 0-9, _, . and -",
    |text| matches!(text.len(), 3..=255) && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

name! {
    /// An `sts:ExternalId`: 2 to 1,224 of `[\w+=,.@:/-]` (*AssumeRole*).
    ExternalId, "an external id", "2 to 1224 characters of A-Z, a-z, 0-9 and _+=,.@:/-",
    |text| matches!(text.len(), 2..=1224) && text.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c))
}

name! {
    /// One request to the gateway. Taken from `x-request-id` where a proxy sent a plain one, made otherwise.
    RequestId, "a request id", "1 to 64 characters of A-Z, a-z, 0-9, _ and -",
    |text| matches!(text.len(), 1..=64) && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// The ARN of an IAM role, in its parts: `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleArn {
    arn: std::sync::Arc<str>,
    account: AccountId,
}

impl RoleArn {
    /// The most characters of a role's name (*IAM and AWS STS quotas*).
    pub const MAX_NAME: usize = 64;
    /// The most characters of a role's path (*IAM and AWS STS quotas*).
    const MAX_PATH: usize = 512;

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.arn
    }

    /// The account that the role, and so its sessions' calls, belong to.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The role's path, from slash to slash; `/` where it has none of its own.
    pub fn path(&self) -> &str {
        let resource = self.arn.split_once(":role").map_or("", |(_, resource)| resource);
        resource.strip_suffix(self.name()).unwrap_or(resource)
    }

    /// The role's name, without its path.
    pub fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }
}

impl FromStr for RoleArn {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        const INVALID: InvalidName =
            InvalidName { what: "a role", rule: "an ARN such as arn:aws:iam::111122223333:role/NAME" };
        const LONG: InvalidName = InvalidName {
            what: "a role",
            rule: "an ARN with a name of at most 64 characters and a path of at most 512, which is all that IAM allows",
        };
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().unwrap_or_default();
        let (arn, partition, service, region, account, resource) =
            (next(), next(), next(), next(), next(), next());
        let named = resource.strip_prefix("role/").is_some_and(|path| {
            !path.is_empty() && !path.ends_with('/') && path.chars().all(is_role_character)
        });
        if arn != "arn" || !partition.starts_with("aws") || service != "iam" || !region.is_empty() || !named {
            return Err(INVALID);
        }
        // The path has a slash at both its ends: `/` before a name without one, `/tenants/` before `tenants/NAME`.
        let name = resource.rsplit('/').next().unwrap_or_default();
        let path = resource.len() - "role".len() - name.len();
        if name.len() > Self::MAX_NAME || path > Self::MAX_PATH {
            return Err(LONG);
        }
        let account = account.parse().map_err(|_not_digits: InvalidName| INVALID)?;
        Ok(Self { arn: text.into(), account })
    }
}

/// Characters of a role's path and name (*IAM and AWS STS quotas: name requirements*).
fn is_role_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c)
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

impl fmt::Debug for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.arn, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_id_holds_no_delimiter_and_no_wildcard() {
        for good in ["acme", "acme-2", "ACME_2", "a", &"x".repeat(64)] {
            assert!(good.parse::<TenantId>().is_ok(), "{good}");
        }
        for bad in ["", "a#b", "a*", "a?", "${a}", "a b", "ä", "a\n", "a.b", &"x".repeat(65)] {
            assert!(bad.parse::<TenantId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_role_arn_knows_its_account_and_name() {
        let role: RoleArn = "arn:aws:iam::111122223333:role/tenants/acme".parse().unwrap();
        assert_eq!((role.account().as_str(), role.name()), ("111122223333", "acme"));
        assert_eq!(role.path(), "/tenants/");
        let at_root: RoleArn = "arn:aws:iam::111122223333:role/acme".parse().unwrap();
        assert_eq!(at_root.path(), "/");
        for bad in [
            "",
            "arn:aws:iam::1:role/x",
            "arn:aws:iam::111122223333:user/x",
            "arn:aws:iam::111122223333:role/",
        ] {
            assert!(bad.parse::<RoleArn>().is_err(), "{bad}");
        }
    }

    /// *IAM and AWS STS quotas*: a role's name has at most 64 characters, its path at most 512.
    #[test]
    fn a_role_that_iam_would_not_make_has_no_arn() {
        let role = |path: &str, name: usize| {
            format!("arn:aws:iam::111122223333:role{path}{}", "n".repeat(name)).parse::<RoleArn>()
        };
        assert!(role("/", 64).is_ok());
        assert!(role("/", 65).is_err());
        assert!(role("/innkeeper/", 64).is_ok());
        let path = |length: usize| format!("/{}/", "p".repeat(length - 2));
        assert!(role(&path(512), 64).is_ok());
        assert!(role(&path(513), 64).is_err());
    }

    #[test]
    fn a_region_names_its_partition() {
        let partition = |text: &str| text.parse::<Region>().map(|region| region.partition());
        assert_eq!(partition("eu-central-1"), Ok("aws"));
        assert_eq!(partition("cn-north-1"), Ok("aws-cn"));
        assert_eq!(partition("us-gov-west-1"), Ok("aws-us-gov"));
        assert!(partition("frankfurt").is_err());
    }
}
