use super::*;
use proptest::prelude::*;
use rcgen::{CertificateParams, DnType, KeyPair, SanType};

fn request(key: &KeyPair) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "system:nodes");
    params.distinguished_name.push(DnType::CommonName, "system:node:one");
    params.subject_alt_names =
        vec![SanType::DnsName("one".try_into().unwrap()), SanType::IpAddress([10, 0, 0, 1].into())];
    params.serialize_request(key).unwrap().der().to_vec()
}

fn key(algorithm: &'static rcgen::SignatureAlgorithm) -> KeyPair {
    KeyPair::generate_for(algorithm).unwrap()
}

#[test]
fn requests_of_all_keys_are_read_and_were_signed() {
    let algorithms = [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ECDSA_P521_SHA512,
        &rcgen::PKCS_ED25519,
        &rcgen::PKCS_RSA_SHA256,
    ];
    for algorithm in algorithms {
        let request = Request::read(&request(&key(algorithm))).unwrap();
        assert_eq!(
            (request.subject.common_name(), request.subject.organizations()),
            ("system:node:one", &["system:nodes".to_owned()][..])
        );
        assert_eq!(
            (&*request.alternatives.dns, &*request.alternatives.addresses),
            (&["one".to_owned()][..], &[[10, 0, 0, 1].into()][..])
        );
        assert_eq!(request.check_signature(), Ok(()), "{algorithm:?}");
    }
}

#[test]
fn a_signature_of_another_key_is_found() {
    let mut read = Request::read(&request(&key(&rcgen::PKCS_ECDSA_P256_SHA256))).unwrap();
    read.key = Request::read(&request(&key(&rcgen::PKCS_ECDSA_P256_SHA256))).unwrap().key;
    assert_eq!(read.check_signature(), Err(SignatureError::Ecdsa));
    read.key = Request::read(&request(&key(&rcgen::PKCS_RSA_SHA256))).unwrap().key;
    assert_eq!(read.check_signature(), Err(SignatureError::Unknown));
}

#[test]
fn pem_of_other_things_is_refused() {
    let bytes = request(&key(&rcgen::PKCS_ECDSA_P256_SHA256));
    assert!(Request::read_pem(pem::write(LABEL, &bytes).as_bytes()).is_ok());
    for (text, expect) in [
        (pem::write("NEW CERTIFICATE REQUEST", &bytes), "PEM block type must be CERTIFICATE REQUEST"),
        (String::new(), "PEM block type must be CERTIFICATE REQUEST"),
        (pem::write(LABEL, &[&bytes[..], &[0]].concat()), "asn1: syntax error: trailing data"),
        (pem::write(LABEL, &bytes[..40]), "asn1: syntax error: data truncated"),
    ] {
        assert_eq!(Request::read_pem(text.as_bytes()).unwrap_err().to_string(), expect);
    }
}

proptest! {
    #[test]
    fn garbage_is_no_request(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Request::read(&bytes).is_err());
        prop_assert!(Request::read_pem(&bytes).is_err());
    }

    /// What is changed anywhere is refused, or was not signed, and never panics.
    #[test]
    fn no_changed_byte_goes_unseen(place in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut bytes = request(&key(&rcgen::PKCS_ED25519));
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        prop_assert!(Request::read(&bytes).is_err() || Request::read(&bytes).unwrap().check_signature().is_err());
    }

    #[test]
    fn no_cut_is_a_request(cut in any::<prop::sample::Index>()) {
        let bytes = request(&key(&rcgen::PKCS_ED25519));
        prop_assert!(Request::read(&bytes[..cut.index(bytes.len())]).is_err());
    }
}
