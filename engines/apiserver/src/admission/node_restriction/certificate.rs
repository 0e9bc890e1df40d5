//! A kubelet asks for certificates of its own node; what else they say is for the signer to judge.

use super::super::Operation;
use meta::Value;
use x509::Request;

const SIGNERS: [&str; 2] = ["kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client-kubelet"];

pub(super) fn check(operation: Operation, object: Option<&Value>, node: &str) -> Result<(), String> {
    let Some(asked) = object.filter(|_| operation == Operation::Create) else { return Ok(()) };
    if !SIGNERS.contains(&asked.str("spec.signerName")) {
        return Ok(());
    }
    let request = Request::read_encoded(asked.str("spec.request"));
    let request = request.map_err(|why| format!("unable to parse csr: {why}"))?;
    match request.subject.common_name().strip_prefix("system:node:") == Some(node) {
        true => Ok(()),
        false => Err(format!("can only create a node CSR with CN=system:node:{node}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use meta::value;
    use rcgen::{CertificateParams, DnType, KeyPair};

    #[test]
    fn a_node_asks_for_itself() {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "system:node:one");
        let request = params.serialize_request(&KeyPair::generate().unwrap()).unwrap().pem().unwrap();
        let asked = |signer: &str| value!({"spec": {"signerName": signer, "request": (STANDARD.encode(&request))}});
        for (operation, signer, node, expect) in [
            (Operation::Create, SIGNERS[0], "one", true),
            (Operation::Create, SIGNERS[1], "two", false),
            (Operation::Create, "example.com/a", "two", true),
            (Operation::Update, SIGNERS[1], "two", true),
        ] {
            assert_eq!(check(operation, Some(&asked(signer)), node).is_ok(), expect, "{operation:?} {signer} {node}");
        }
        let garbage = value!({"spec": {"signerName": (SIGNERS[0]), "request": "QQ=="}});
        let why = "unable to parse csr: PEM block type must be CERTIFICATE REQUEST";
        assert_eq!(check(Operation::Create, Some(&garbage), "one"), Err(why.into()));
    }
}
