//! Signature Version 4 for the one kind of request that this path sends: a POST with a fixed set of headers.
//!
//! Source: *Create a signed AWS API request*. A general signer sorts headers and query parameters, encodes them and makes
//! strings of it all; here their order is known, and what is hashed is never put together. The key of a day is made once
//! ([`day_key`]) and kept by the lease. The tests hold every signature to `aws-sigv4`'s, and the embedded AWS verifies each
//! with a third implementation.

use aws_lc_rs::digest::{Context, SHA256, digest};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use time::OffsetDateTime;

use super::CONTENT_TYPE;

/// The service in the credential scope.
const SERVICE: &str = "dynamodb";
/// The headers that are signed, in the order of their names.
const SIGNED: &str = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target";
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// A key for one day, Region and service.
pub(super) type DayKey = [u8; 32];

/// A moment as signatures name it: `20260131T120000Z`.
pub(super) struct Stamp(String);

impl Stamp {
    /// Of a moment.
    pub(super) fn of(moment: std::time::SystemTime) -> Self {
        let at = OffsetDateTime::from(moment);
        let ((year, month, day), (hour, minute, second)) = (at.to_calendar_date(), at.to_hms());
        let month = u8::from(month);
        Self(format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z"))
    }

    /// The whole of it.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Its day: `20260131`.
    pub(super) fn day(&self) -> &str {
        self.0.split_once('T').map_or("", |(day, _)| day)
    }
}

/// What is signed, beside what is the same in every request.
pub(super) struct Signed<'a> {
    /// The path, as it is signed.
    pub(super) path: &'a str,
    pub(super) host: &'a str,
    pub(super) token: &'a str,
    pub(super) target: &'a str,
    pub(super) body: &'a [u8],
}

/// The key of a day, out of the secret.
pub(super) fn day_key(secret: &str, day: &str, region: &str) -> DayKey {
    let secret = [b"AWS4", secret.as_bytes()].concat();
    let mut key = hmac(&secret, day.as_bytes());
    for part in [region, SERVICE, "aws4_request"] {
        key = hmac(&key, part.as_bytes());
    }
    key
}

/// The value of `Authorization`.
pub(super) fn authorization(
    signed: &Signed<'_>,
    (access_key, key): (&str, &DayKey),
    stamp: &Stamp,
    region: &str,
) -> String {
    let (day, moment) = (stamp.day(), stamp.as_str());
    let scope = format!("{day}/{region}/{SERVICE}/aws4_request");
    let request = hex(&canonical(signed, moment));
    let text = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{request}");
    let signature = hex(&hmac(key, text.as_bytes()));
    format!("AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={SIGNED}, Signature={signature}")
}

/// The hash of the canonical request.
fn canonical(signed: &Signed<'_>, moment: &str) -> [u8; 32] {
    let body = hex(&bytes(digest(&SHA256, signed.body).as_ref()));
    let mut hash = Context::new(&SHA256);
    let parts = [
        "POST\n",
        signed.path,
        "\n\ncontent-type:",
        CONTENT_TYPE,
        "\nhost:",
        signed.host,
        "\nx-amz-date:",
        moment,
        "\nx-amz-security-token:",
        signed.token,
        "\nx-amz-target:",
        signed.target,
        "\n\n",
        SIGNED,
        "\n",
        &body,
    ];
    for part in parts {
        hash.update(part.as_bytes());
    }
    bytes(hash.finish().as_ref())
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    bytes(sign(&Key::new(HMAC_SHA256, key), text).as_ref())
}

/// SHA-256 gives 32 bytes, always.
fn bytes(digest: &[u8]) -> [u8; 32] {
    digest.try_into().unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().map_or('0', char::from);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use aws_credential_types::Credentials;
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    use aws_sigv4::sign::v4::SigningParams;
    use proptest::prelude::*;

    use super::*;

    /// The header that `aws-sigv4` makes of the same request.
    fn theirs(uri: &str, (token, target, body): (&str, &str, &[u8]), at: u64, region: &str) -> String {
        let identity =
            Credentials::new("AKIDEXAMPLE", "secret/+key", Some(token.to_owned()), None, "test").into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(SERVICE)
            .time(UNIX_EPOCH + Duration::from_secs(at))
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let headers = [("content-type", CONTENT_TYPE), ("x-amz-target", target)];
        let request =
            SignableRequest::new("POST", uri, headers.into_iter(), SignableBody::Bytes(body)).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let (headers, _) = instructions.into_parts();
        headers.into_iter().find(|it| it.name() == "authorization").unwrap().value().to_owned()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_signature_is_the_one_that_aws_sigv4_makes(
            host in "[a-z]{1,12}(\\.[a-z]{2,8}){0,3}(:[1-9][0-9]{2,3})?",
            path in "(/[a-zA-Z0-9_~.%-]{1,8}){0,2}/",
            token in "[A-Za-z0-9+/=]{1,400}",
            target in "DynamoDB_20120810\\.[A-Za-z]{1,20}",
            body in prop::collection::vec(any::<u8>(), 0..300),
            at in 0_u64..4_102_444_800,
            region in "[a-z]{2}-[a-z]{4,9}-[1-9]",
        ) {
            // Dots alone are another directory, and a percent sign alone is none: no endpoint has them.
            prop_assume!(!path.contains("/.") && !path.contains('%'));
            let stamp = Stamp::of(UNIX_EPOCH + Duration::from_secs(at));
            let key = day_key("secret/+key", stamp.day(), &region);
            let signed = Signed { path: &path, host: &host, token: &token, target: &target, body: &body };
            let ours = authorization(&signed, ("AKIDEXAMPLE", &key), &stamp, &region);
            let uri = format!("https://{host}{path}");
            prop_assert_eq!(ours, theirs(&uri, (&token, &target, &body), at, &region));
        }
    }
}
