//! Signs what was approved, where its signer is one of the cluster's own, or says why that cannot be.

use crate::certificate_requests::{
    IDENTITY, KUBELET_CLIENT, certificate, check_kubelet_client, check_node, check_nodes, check_usages, conditions,
    has, read, with_condition,
};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::ByteString;
use k8s_openapi::api::certificates::v1::{CertificateSigningRequest, CertificateSigningRequestCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use meta::Key;
use plan::{Controller, Grant, Input, Moment, Plan, View};
use std::fmt;
use std::sync::Arc;
use x509::{Request, Usages};

/// The cluster's authority, whose key stays where it is.
pub trait Signer: fmt::Debug + Send + Sync {
    /// Until when its own certificate is valid: nothing that it signs lives longer.
    fn ends(&self) -> Timestamp;

    /// The certificate in PEM.
    fn sign(&self, issue: &Issue<'_>) -> Result<String, String>;
}

/// A certificate that is to be signed.
pub struct Issue<'a> {
    pub request: &'a Request,
    pub usages: &'a Usages,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

type Check = fn(&Request, &[String]) -> Result<(), String>;

/// The signers that this one is, and what each of them signs.
const SIGNERS: &[(&str, Check)] = &[
    ("kubernetes.io/kube-apiserver-client", |_, usages| check_client_usages(usages)),
    (KUBELET_CLIENT, check_kubelet_client),
    ("kubernetes.io/kubelet-serving", check_kubelet_serving),
    ("kubernetes.io/legacy-unknown", |_, _| Ok(())),
];
const SERVING_USAGES: [&[&str]; 2] =
    [&["digital signature", "key encipherment", "server auth"], &["digital signature", "server auth"]];

const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);
const LEAST: SignedDuration = SignedDuration::from_mins(10);
/// Clocks differ: a certificate is valid from a little before it was made.
const BACKDATE: SignedDuration = SignedDuration::from_mins(5);
/// What lives shorter ends as late as was asked for; else it lives as long, and ends that much earlier.
const SHORT: SignedDuration = SignedDuration::from_hours(8);
/// An authority that cannot sign now may be replaced.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

pub struct CsrSigning {
    /// Where there is none, requests wait for somebody else.
    pub signer: Option<Arc<dyn Signer>>,
}

impl Controller for CsrSigning {
    fn name(&self) -> &'static str {
        "certificatesigningrequest-signing-controller"
    }

    fn identity(&self) -> &'static str {
        IDENTITY
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<CertificateSigningRequest>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![Grant::on_subresource::<CertificateSigningRequest>("status", &["update"])]
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let asked = seen.get::<CertificateSigningRequest>("", &key.name).filter(|asked| is_approved(asked));
        let (Some(asked), Some(signer)) = (asked, &self.signer) else { return plan };
        let Some((_, check)) = SIGNERS.iter().find(|(name, _)| *name == asked.spec.signer_name) else { return plan };
        let request = match read(&asked) {
            Ok(request) => request,
            Err(why) => {
                plan.say(format!("{} is no request: {why}", key.name));
                return plan;
            }
        };
        let usages = asked.spec.usages.as_deref().unwrap_or(&[]);
        match check(&request, usages) {
            Err(why) => plan.update_status(key.clone(), &with_condition(&asked, failed(why, moment.now))),
            Ok(()) => match issue(&**signer, &asked, &request, moment.now) {
                Ok(signed) => plan.update_status(key.clone(), &issued(&asked, signed)),
                Err(why) => {
                    plan.say(format!("{} cannot be signed: {why}", key.name));
                    plan.again_after(PAUSE);
                }
            },
        }
        plan
    }
}

fn is_approved(asked: &CertificateSigningRequest) -> bool {
    let failed = |condition: &CertificateSigningRequestCondition| {
        condition.type_ == "Failed" && matches!(condition.status.as_str(), "" | "True")
    };
    certificate(asked).is_none()
        && has(asked, "Approved")
        && !has(asked, "Denied")
        && !conditions(asked).iter().any(failed)
}

fn check_client_usages(usages: &[String]) -> Result<(), String> {
    let foreign = |usage: &&String| !matches!(usage.as_str(), "client auth" | "digital signature" | "key encipherment");
    if let Some(usage) = usages.iter().find(foreign) {
        return Err(format!("invalid usage for client certificate: {usage}"));
    }
    match usages.iter().any(|usage| usage == "client auth") {
        true => Ok(()),
        false => Err("missing required usage for client certificate: client auth".into()),
    }
}

/// What a kubelet shows to those who ask it for logs: a node that has a name or an address.
fn check_kubelet_serving(request: &Request, usages: &[String]) -> Result<(), String> {
    check_nodes(request)?;
    let names = &request.alternatives;
    if names.dns.is_empty() && names.addresses.is_empty() {
        return Err("DNS or IP subjectAltName is required".into());
    }
    let none = [(names.emails.is_empty(), "Email"), (names.uris.is_empty(), "URI")];
    if let Some((_, kind)) = none.iter().find(|(none, _)| !none) {
        return Err(format!("{kind} subjectAltNames are not allowed"));
    }
    check_usages(usages, SERVING_USAGES)?;
    check_node(request)
}

fn failed(why: String, now: Timestamp) -> CertificateSigningRequestCondition {
    CertificateSigningRequestCondition {
        type_: "Failed".into(),
        status: "True".into(),
        reason: Some("SignerValidationFailure".into()),
        message: Some(why),
        last_update_time: Some(Time(now)),
        ..CertificateSigningRequestCondition::default()
    }
}

fn issue(
    signer: &dyn Signer,
    asked: &CertificateSigningRequest,
    request: &Request,
    now: Timestamp,
) -> Result<String, String> {
    let words = asked.spec.usages.as_deref().unwrap_or(&[]);
    let usages = Usages::of(words).map_err(|why| why.to_string())?;
    if now >= signer.ends() {
        return Err(format!("the authority's own certificate has ended at {}", signer.ends()));
    }
    request.check_signature().map_err(|why| why.to_string())?;
    let ttl = duration(asked.spec.expiration_seconds);
    let end = if ttl < SHORT { ttl } else { ttl - BACKDATE };
    let (not_before, not_after) = (now - BACKDATE, (now + end).min(signer.ends()));
    signer.sign(&Issue { request, usages: &usages, not_before, not_after })
}

fn duration(seconds: Option<i32>) -> SignedDuration {
    seconds.map_or(YEAR, |seconds| SignedDuration::from_secs(seconds.into()).clamp(LEAST, YEAR))
}

fn issued(asked: &CertificateSigningRequest, certificate: String) -> CertificateSigningRequest {
    let mut issued = asked.clone();
    issued.status.get_or_insert_default().certificate = Some(ByteString(certificate.into_bytes()));
    issued
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says what it would have signed.
    #[derive(Debug)]
    struct Spoken;

    impl Signer for Spoken {
        fn ends(&self) -> Timestamp {
            "2026-06-01T00:00:00Z".parse().expect("it is a moment")
        }

        fn sign(&self, issue: &Issue<'_>) -> Result<String, String> {
            let (subject, names) = (&issue.request.subject, &issue.request.alternatives);
            Ok(format!("{} {names:?} from {} until {}", subject.common_name(), issue.not_before, issue.not_after))
        }
    }

    #[test]
    fn csr_signing() {
        crate::testing::check(&CsrSigning { signer: Some(Arc::new(Spoken)) }, "csr_signing");
    }

    #[test]
    fn durations_have_bounds() {
        for (seconds, expect) in
            [(None, YEAR), (Some(1), LEAST), (Some(i32::MAX), YEAR), (Some(3600), SignedDuration::from_hours(1))]
        {
            assert_eq!(duration(seconds), expect, "{seconds:?}");
        }
    }
}
