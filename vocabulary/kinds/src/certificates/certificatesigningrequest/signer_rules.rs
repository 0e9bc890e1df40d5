//! How signers are called: `example.com/signer-name`.

use crate::check;
use meta::{Cursor, ErrorList, FieldError, names};

const DOMAIN_MOST: usize = 253;
/// Domain, slash, and a path of a namespace's name and an object's.
const MOST: usize = 571;

pub fn check(signer: &Cursor<'_>, out: &mut ErrorList) {
    let segments: Vec<&str> = signer.str().split('/').collect();
    let [domain, path] = segments.as_slice() else {
        let why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
        return check::invalid(signer, why, out);
    };
    if domain.len() > DOMAIN_MOST {
        out.push(FieldError::too_long(&signer.path, DOMAIN_MOST));
    }
    labels(signer, domain, names::dns_label, out);
    if !domain.contains('.') {
        let why = "should be a domain with at least two segments separated by dots";
        out.push(FieldError::invalid(&signer.path, *domain, why));
    }
    labels(signer, path, names::dns_subdomain, out);
    if signer.str().len() > MOST {
        out.push(FieldError::too_long(&signer.path, MOST));
    }
}

/// The first label that is wrong is told.
fn labels(signer: &Cursor<'_>, segment: &str, rule: fn(&str) -> Vec<String>, out: &mut ErrorList) {
    let wrong = segment.split('.').map(|label| (label, rule(label))).find(|(_, complaints)| !complaints.is_empty());
    for (label, complaint) in wrong.iter().flat_map(|(label, complaints)| complaints.iter().map(move |c| (label, c))) {
        let why = format!("validating label {label:?}: {complaint}");
        out.push(FieldError::invalid(&signer.path, segment, why));
    }
}
