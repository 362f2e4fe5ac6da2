//! The actions of DynamoDB and STS, and what each reaches.
//!
//! Names: *Actions, resources, and condition keys for Amazon DynamoDB* and *… for AWS Security Token Service* (Service
//! Authorization Reference). Whether an action has `dynamodb:LeadingKeys` is in the same tables, under "Condition keys".

use std::fmt;

/// What an action reaches, as far as the isolation of tenants is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Items of one partition key, which `dynamodb:LeadingKeys` holds.
    Items,
    /// Items of several partition keys in one request, all of which `dynamodb:LeadingKeys` holds.
    ManyItems,
    /// Items by a PartiQL statement: `dynamodb:LeadingKeys` holds the keys that the statement names, if it names any.
    Statement,
    /// Items of whichever partition: no leading keys.
    WholeTable,
    /// The table, its copies or its policies: no items, and no leading keys.
    Administration,
    /// What there is and how it is set: no items.
    Information,
    /// Credentials, and what they carry.
    Credentials,
}

impl Access {
    /// Whether a request may name no partition key, so that no condition on `dynamodb:LeadingKeys` keeps it to a tenant.
    pub fn may_name_no_key(self) -> bool {
        match self {
            Self::Statement | Self::WholeTable | Self::Administration => true,
            Self::Items | Self::ManyItems | Self::Information | Self::Credentials => false,
        }
    }
}

/// An action, such as `dynamodb:GetItem`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// The prefix of its service.
    pub service: &'static str,
    /// Its name without the prefix.
    pub name: &'static str,
    /// What it reaches.
    pub access: Access,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.name)
    }
}

/// The condition key `dynamodb:LeadingKeys` is among the keys of each.
const ITEMS: [&str; 6] = ["ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"];

/// `dynamodb:LeadingKeys` is among their keys too.
const MANY_ITEMS: [&str; 2] = ["BatchGetItem", "BatchWriteItem"];

/// *IAM security policies with PartiQL for DynamoDB*: a SELECT without the partition key is a full table scan.
const STATEMENT: [&str; 4] = ["PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"];

/// `dynamodb:LeadingKeys` is not among their keys, and items are read, written, copied or lost by them.
///
/// Scan: "Scan returns all items regardless of the leading keys" (*Using IAM policy conditions for fine-grained access
/// control*). Streams: *Change data capture for DynamoDB Streams*, and *… with Amazon Kinesis Data Streams*. Copies:
/// *DynamoDB data export to Amazon S3*, *… import from Amazon S3*, *Backup and restore for DynamoDB*, *Restoring a
/// table to a point in time*. Time to live: *Using time to live (TTL) in DynamoDB*. Replication: *Multi-account global
/// tables security*. `DeleteTable` "deletes a table and all of its items". `SearchVectors` stands in the programmatic
/// service authorization reference alone, without a page that says more.
const WHOLE_TABLE: [&str; 16] = [
    "Scan",
    "CreateBackup",
    "DeleteTable",
    "EnableKinesisStreamingDestination",
    "ExportTableToPointInTime",
    "GetRecords",
    "GetShardIterator",
    "ImportTable",
    "ReadDataForReplication",
    "RestoreTableFromAwsBackup",
    "RestoreTableFromBackup",
    "RestoreTableToPointInTime",
    "SearchVectors",
    "StartAwsBackupJob",
    "UpdateTimeToLive",
    "WriteDataForReplication",
];

/// Access levels "Write", "Tagging" and "Permissions management", as far as they are not items.
const ADMINISTRATION: [&str; 25] = [
    "AssociateTableReplica",
    "CreateGlobalTable",
    "CreateGlobalTableWitness",
    "CreateTable",
    "CreateTableReplica",
    "DeleteBackup",
    "DeleteGlobalTableWitness",
    "DeleteResourcePolicy",
    "DeleteTableReplica",
    "DisableKinesisStreamingDestination",
    "InjectError",
    "PurchaseReservedCapacityOfferings",
    "PutResourcePolicy",
    "ReplicateSettings",
    "TagResource",
    "UntagResource",
    "UpdateAbacStatus",
    "UpdateContinuousBackups",
    "UpdateContributorInsights",
    "UpdateGlobalTable",
    "UpdateGlobalTableSettings",
    "UpdateGlobalTableVersion",
    "UpdateKinesisStreamingDestination",
    "UpdateTable",
    "UpdateTableReplicaAutoScaling",
];

/// Access levels "Read" and "List", as far as they are not items.
const INFORMATION: [&str; 26] = [
    "DescribeBackup",
    "DescribeContinuousBackups",
    "DescribeContributorInsights",
    "DescribeEndpoints",
    "DescribeExport",
    "DescribeGlobalTable",
    "DescribeGlobalTableSettings",
    "DescribeImport",
    "DescribeKinesisStreamingDestination",
    "DescribeLimits",
    "DescribeReservedCapacity",
    "DescribeReservedCapacityOfferings",
    "DescribeStream",
    "DescribeTable",
    "DescribeTableReplicaAutoScaling",
    "DescribeTimeToLive",
    "GetAbacStatus",
    "GetResourcePolicy",
    "ListBackups",
    "ListContributorInsights",
    "ListExports",
    "ListGlobalTables",
    "ListImports",
    "ListStreams",
    "ListTables",
    "ListTagsOfResource",
];

/// The actions of STS, those that are permissions alone (`TagSession`, `SetSourceIdentity`, `SetContext`) among them.
const CREDENTIALS: [&str; 16] = [
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "AssumeRoot",
    "DecodeAuthorizationMessage",
    "GetAccessKeyInfo",
    "GetCallerIdentity",
    "GetDelegatedAccessToken",
    "GetFederationToken",
    "GetServiceBearerToken",
    "GetSessionToken",
    "GetWebIdentityToken",
    "SetContext",
    "SetSourceIdentity",
    "TagGetWebIdentityToken",
    "TagSession",
];

/// Every action of DynamoDB and of STS.
pub fn actions() -> impl Iterator<Item = Action> {
    let of = |service, names: &'static [&'static str], access| {
        names.iter().map(move |name| Action { service, name, access })
    };
    let dynamodb = [
        (ITEMS.as_slice(), Access::Items),
        (&MANY_ITEMS, Access::ManyItems),
        (&WHOLE_TABLE, Access::WholeTable),
        (&STATEMENT, Access::Statement),
        (&ADMINISTRATION, Access::Administration),
        (&INFORMATION, Access::Information),
    ];
    dynamodb.into_iter().flat_map(move |(names, access)| of("dynamodb", names, access)).chain(of(
        "sts",
        &CREDENTIALS,
        Access::Credentials,
    ))
}

/// The action of a name, such as `dynamodb:getitem`.
pub fn action(text: &str) -> Option<Action> {
    let (service, name) = text.split_once(':')?;
    actions()
        .find(|action| action.service.eq_ignore_ascii_case(service) && action.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_action_stands_in_two_classes() {
        let mut names: Vec<_> = actions().map(|action| action.to_string().to_lowercase()).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn case_does_not_matter() {
        assert_eq!(action("DynamoDB:scan").map(|action| action.access), Some(Access::WholeTable));
        assert_eq!(
            action("sts:tagsession").map(|action| action.to_string()),
            Some("sts:TagSession".to_owned())
        );
        assert_eq!(action("dynamodb:TransactGetItems"), None);
        assert_eq!(action("Scan"), None);
    }
}
