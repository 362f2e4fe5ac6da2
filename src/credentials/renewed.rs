//! A renewal that panics, which no test from outside can bring about.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;

use super::assumption::Assumption;
use super::cold::Cold;
use super::config::Config;
use super::slot::{LeaseSlot, Shared};
use super::sts::Sts;
use super::wire::Exchange;
use crate::aws::{Aws, Identity};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::id::{Region, RequestId};
use crate::telemetry::Metrics;

const BEGIN: Duration = Duration::from_hours(20_000 * 24);
const LIFE: Duration = Duration::from_hours(1);
const NEARLY: Duration = Duration::from_mins(59);
/// Longer than a renewal rests that failed.
const REST: Duration = Duration::from_secs(20);

/// STS, which the second caller does not survive.
#[derive(Debug, Clone)]
struct Falls {
    clock: Clock,
    asked: Arc<AtomicUsize>,
}

impl HttpConnector for Falls {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        assert_ne!(self.asked.fetch_add(1, Ordering::SeqCst), 1, "the second call");
        let ends = aws_smithy_types::DateTime::from(self.clock.now() + LIFE);
        let body = format!(
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>\
             <SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>{ends}</Expiration>\
             </Credentials></AssumeRoleResult></AssumeRoleResponse>"
        );
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body))))
    }
}

#[tokio::test]
async fn a_lease_whose_renewal_panicked_is_renewed_by_the_next() {
    let (clock, hand) = Clock::manual(SystemTime::UNIX_EPOCH + BEGIN);
    let sts = Falls { clock: clock.clone(), asked: Arc::default() };
    let asked = Arc::clone(&sts.asked);
    let connector = SharedHttpConnector::new(sts);
    let identity = Identity {
        access_key_id: "AKID".into(),
        secret_access_key: "secret".into(),
        session_token: "token".into(),
    };
    let region: Region = "eu-central-1".parse().unwrap();
    let aws = Aws {
        http: http_client_fn(move |_, _| connector.clone()),
        ..Aws::with_identity(crate::aws::Config::default(), identity, region.clone(), clock)
    };
    let (config, entropy) = (Config::default(), Entropy::system());
    let shared = Shared {
        sts: Sts::new(&aws, &config),
        cold: Cold::new(1),
        exchange: Exchange::new(&aws, &config, entropy.clone()),
        aws,
        config,
        entropy,
        metrics: Metrics::default(),
    };
    let assumption = Assumption::of_acme(region);
    let slot = Arc::new(LeaseSlot::new(assumption, Arc::new(shared)));
    let request: RequestId = "r-1".parse().unwrap();
    let first = slot.lease(&request).await.unwrap();
    hand.advance(NEARLY);
    // One renewal that panics, and after a rest another. The lease goes on serving meanwhile.
    for calls in [2, 3] {
        assert!(Arc::ptr_eq(&slot.lease(&request).await.unwrap(), &first));
        let done = async {
            while asked.load(Ordering::SeqCst) < calls || slot.status().state == "renewing" {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), done).await.expect("the renewal ends");
        hand.advance(REST);
    }
    assert!(!Arc::ptr_eq(&slot.lease(&request).await.unwrap(), &first));
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}
