//! Nobody asks the server's own signer for a certificate of the group that may do everything.

use super::signers::{GROUP, REQUESTS};
use super::{Admitting, Operation, Plugin};
use crate::identity::MASTERS;
use futures::future::BoxFuture;
use meta::{Status, Value};
use x509::Request;

const SIGNER: &str = "kubernetes.io/kube-apiserver-client";

pub(super) struct CertificateSubjectRestriction;

impl Plugin for CertificateSubjectRestriction {
    fn name(&self) -> &'static str {
        "CertificateSubjectRestriction"
    }

    fn handles(&self, on: &Admitting<'_>) -> bool {
        on.operation == Operation::Create && on.is(GROUP, REQUESTS)
    }

    fn validate<'a>(&'a self, on: &'a Admitting<'a>, object: Option<&'a Value>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(async move { object.map_or(Ok(()), judge).map_err(|why| on.forbidden(object, why)) })
    }
}

fn judge(asked: &Value) -> Result<(), String> {
    if asked.str("spec.signerName") != SIGNER {
        return Ok(());
    }
    let request = Request::read_encoded(asked.str("spec.request"));
    let request = request.map_err(|why| format!("failed to parse CSR: {why}"))?;
    match request.subject.organizations().iter().any(|group| group == MASTERS) {
        true => Err(format!("use of {SIGNER} signer with {MASTERS} group is not allowed")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use meta::value;
    use rcgen::{CertificateParams, DnType, KeyPair};

    fn asked(signer: &str, group: &str) -> Value {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::OrganizationName, group);
        let request = params.serialize_request(&KeyPair::generate().unwrap()).unwrap().pem().unwrap();
        value!({"spec": {"signerName": signer, "request": (STANDARD.encode(request))}})
    }

    #[test]
    fn one_group_is_kept_from_one_signer() {
        let why = "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed";
        for (signer, group, expect) in [
            (SIGNER, "system:masters", Err(why.to_string())),
            (SIGNER, "devs", Ok(())),
            ("example.com/a", "system:masters", Ok(())),
        ] {
            assert_eq!(judge(&asked(signer, group)), expect, "{signer} {group}");
        }
        let garbage = value!({"spec": {"signerName": SIGNER, "request": "QQ=="}});
        assert_eq!(judge(&garbage), Err("failed to parse CSR: PEM block type must be CERTIFICATE REQUEST".into()));
    }
}
