//! What the controllers of CertificateSigningRequests share: reading a request and its conditions.

use k8s_openapi::api::certificates::v1::{
    CertificateSigningRequest, CertificateSigningRequestCondition, CertificateSigningRequestStatus,
};
use x509::{Malformed, Request};

/// The account that all of them write as.
pub(crate) const IDENTITY: &str = "certificate-controller";
pub(crate) const KUBELET_CLIENT: &str = "kubernetes.io/kube-apiserver-client-kubelet";
const NODES: &str = "system:nodes";
const NODE: &str = "system:node:";
/// Keys that are no RSA need no encipherment.
const USAGES: [&[&str]; 2] =
    [&["client auth", "digital signature", "key encipherment"], &["client auth", "digital signature"]];

pub(crate) fn read(request: &CertificateSigningRequest) -> Result<Request, Malformed> {
    Request::read_pem(&request.spec.request.0)
}

pub(crate) fn conditions(request: &CertificateSigningRequest) -> &[CertificateSigningRequestCondition] {
    let conditions = request.status.as_ref().and_then(|status| status.conditions.as_deref());
    conditions.unwrap_or(&[])
}

pub(crate) fn has(request: &CertificateSigningRequest, kind: &str) -> bool {
    conditions(request).iter().any(|condition| condition.type_ == kind)
}

/// What was issued.
pub(crate) fn certificate(request: &CertificateSigningRequest) -> Option<&[u8]> {
    let certificate = request.status.as_ref()?.certificate.as_ref()?;
    (!certificate.0.is_empty()).then_some(&certificate.0)
}

pub(crate) fn with_condition(
    request: &CertificateSigningRequest,
    condition: CertificateSigningRequestCondition,
) -> CertificateSigningRequest {
    let mut changed = request.clone();
    let status = changed.status.get_or_insert_with(CertificateSigningRequestStatus::default);
    status.conditions.get_or_insert_default().push(condition);
    changed
}

/// What a kubelet shows to the server: a subject and nothing else. Else why not.
pub(crate) fn check_kubelet_client(request: &Request, usages: &[String]) -> Result<(), String> {
    check_nodes(request)?;
    let names = &request.alternatives;
    let none = [
        (names.dns.is_empty(), "DNS"),
        (names.emails.is_empty(), "Email"),
        (names.addresses.is_empty(), "IP"),
        (names.uris.is_empty(), "URI"),
    ];
    if let Some((_, kind)) = none.iter().find(|(none, _)| !none) {
        return Err(format!("{kind} subjectAltNames are not allowed"));
    }
    check_node(request)?;
    check_usages(usages, USAGES)
}

pub(crate) fn check_nodes(request: &Request) -> Result<(), String> {
    match request.subject.organizations() {
        [one] if one == NODES => Ok(()),
        _ => Err("subject organization is not system:nodes".into()),
    }
}

pub(crate) fn check_node(request: &Request) -> Result<(), String> {
    match request.subject.common_name().starts_with(NODE) {
        true => Ok(()),
        false => Err("subject common name does not begin with system:node:".into()),
    }
}

/// As sets: one of those that may be.
pub(crate) fn check_usages(usages: &[String], may_be: [&[&str]; 2]) -> Result<(), String> {
    let same = |words: &[&str]| {
        words.iter().all(|word| usages.iter().any(|usage| usage == word))
            && usages.iter().all(|usage| words.contains(&usage.as_str()))
    };
    match may_be.iter().any(|words| same(words)) {
        true => Ok(()),
        false => Err(format!("usages did not match [{}]", may_be[0].join(" "))),
    }
}
