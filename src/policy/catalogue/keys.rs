//! The condition keys that there are.
//!
//! Sources: *Condition keys for Amazon DynamoDB* and *Condition keys for AWS Security Token Service* (Service
//! Authorization Reference), *AWS global condition context keys* and *IAM and AWS STS condition context keys* (IAM User
//! Guide). What has an array type or the value type "Multivalued" there is [`Values::Many`] here.

/// How many values a key can have in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// At most one.
    One,
    /// A list. It needs `ForAllValues:` or `ForAnyValue:`.
    Many,
}

/// A condition key. A name that ends in `/` is that of a family: what follows is a tag's key, or the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name as AWS writes it.
    pub name: &'static str,
    /// How many values it can have.
    pub values: Values,
}

/// The keys that hold the partition keys of a request, attribute by attribute. The first two are the same.
const LEADING: [&str; 5] = [
    "dynamodb:LeadingKeys",
    "dynamodb:FirstPartitionKeyValues",
    "dynamodb:SecondPartitionKeyValues",
    "dynamodb:ThirdPartitionKeyValues",
    "dynamodb:FourthPartitionKeyValues",
];

const MANY: [&str; 12] = [
    "dynamodb:Attributes",
    "dynamodb:FisTargetArns",
    "aws:CalledVia",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceNamesList",
    "aws:ResourceOrgPaths",
    "aws:SourceOrgPaths",
    "aws:TagKeys",
    "aws:VpceOrgPaths",
    "sts:IdentityTokenAudience",
    "sts:RequestContextProviders",
    "sts:TransitiveTagKeys",
];

const FAMILIES: [&str; 5] =
    ["aws:PrincipalTag/", "aws:RequestTag/", "aws:ResourceTag/", "iam:ResourceTag/", "sts:RequestContext/"];

const ONE: [&str; 65] = [
    "dynamodb:EnclosingOperation",
    "dynamodb:FisActionId",
    "dynamodb:FullTableScan",
    "dynamodb:ReturnConsumedCapacity",
    "dynamodb:ReturnValues",
    "dynamodb:Select",
    "aws:AssumedRoot",
    "aws:CalledViaAWSMCP",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:ChatbotSourceArn",
    "aws:CurrentTime",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:IsMcpServiceAction",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalServiceName",
    "aws:PrincipalType",
    "aws:referer",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:SecureTransport",
    "aws:SignInSessionArn",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:userid",
    "aws:username",
    "aws:ViaAWSMCPService",
    "aws:ViaAWSService",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpcSourceIp",
    "sts:AWSServiceName",
    "sts:DurationSeconds",
    "sts:ExternalId",
    "sts:RoleAuthorizedByIdp",
    "sts:RoleSessionName",
    "sts:SigningAlgorithm",
    "sts:SourceIdentity",
    "sts:TaskPolicyArn",
    // Keys of other services that are in the requests of sessions whose credentials those services gave out.
    "codebuild:BuildArn",
    "codebuild:ProjectArn",
    "ec2:RoleDelivery",
    "ec2:SourceInstanceArn",
    "glue:CredentialIssuingService",
    "glue:RoleAssumedBy",
    "identitystore:UserId",
    "lambda:SourceFunctionArn",
    "ssm:SourceInstanceArn",
];

/// Every key that a request to DynamoDB or STS can carry, but for those of identity providers.
pub fn keys() -> impl Iterator<Item = Key> {
    let of = |names: &'static [&'static str], values| names.iter().map(move |name| Key { name, values });
    of(&LEADING, Values::Many)
        .chain(of(&MANY, Values::Many))
        .chain(of(&FAMILIES, Values::One))
        .chain(of(&ONE, Values::One))
}

/// The key of a name, or the family that it belongs to.
pub fn key(name: &str) -> Option<Key> {
    keys().find(|key| {
        if !key.name.ends_with('/') {
            return key.name.eq_ignore_ascii_case(name);
        }
        name.split_at_checked(key.name.len())
            .is_some_and(|(family, of)| family.eq_ignore_ascii_case(key.name) && !of.is_empty())
    })
}

/// Whether a key holds the partition keys of a request.
pub fn is_leading_keys(name: &str) -> bool {
    LEADING.iter().any(|key| key.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_without_case_and_families_with_what_follows() {
        let found = |name| key(name).map(|key| (key.name, key.values));
        assert_eq!(found("DYNAMODB:leadingkeys"), Some(("dynamodb:LeadingKeys", Values::Many)));
        assert_eq!(found("AWS:principaltag/tenant"), Some(("aws:PrincipalTag/", Values::One)));
        for none in
            ["dynamodb: LeadingKeys", "dynamodb:LeadingKey", "aws:PrincipalTag", "aws:PrincipalTag/", "ä"]
        {
            assert_eq!(found(none), None, "{none}");
        }
        assert!(
            is_leading_keys("dynamodb:firstpartitionkeyvalues") && !is_leading_keys("dynamodb:Attributes")
        );
    }
}
