//! A certificate signing request, and what is asked for in it.

use super::Asker;
use super::page::{Page, moment, or, pairs};
use crate::failure::Failure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use meta::Value;
use std::net::IpAddr;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

pub fn describe(asker: &Asker<'_, '_>, request: &Value, page: &mut Page) -> Result<(), Failure> {
    let spec = request.get("spec");
    let broken = |why: String| Failure::text(format!("Error parsing CSR: {why}"));
    let text = STANDARD.decode(spec.str("request")).map_err(|why| broken(why.to_string()))?;
    let (_, pem) = x509_parser::pem::parse_x509_pem(&text).map_err(|why| broken(why.to_string()))?;
    let (_, asked) = X509CertificationRequest::from_der(&pem.contents).map_err(|why| broken(why.to_string()))?;
    page.field(0, "Name", request.str("metadata.name"));
    page.field(0, "Labels", or(&pairs(request.at("metadata.labels")).join(","), "<none>"));
    page.field(0, "Annotations", or(&pairs(request.at("metadata.annotations")).join(","), "<none>"));
    page.field(0, "CreationTimestamp", moment(request.str("metadata.creationTimestamp")));
    page.field(0, "Requesting User", spec.str("username"));
    page.field_unless_empty(0, "Signer", spec.str("signerName"));
    if let Some(end) = spec.get("expirationSeconds").as_int().and_then(|most| Timestamp::from_second(most).ok()) {
        let begin = Value::from(Timestamp::UNIX_EPOCH.to_string());
        page.field(0, "Requested Duration", kinds::age(&begin, end));
    }
    page.field(0, "Status", status(request));
    subject(page, &asked.certification_request_info.subject);
    alternatives(page, &asked);
    asker.events(page);
    Ok(())
}

fn status(request: &Value) -> String {
    let has = |kind: &str| request.items("status.conditions").iter().any(|one| one.str("type") == kind);
    let verdict = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        (false, false) => "Pending",
    };
    let failed = if has("Failed") { ",Failed" } else { "" };
    let issued = if request.str("status.certificate").is_empty() { "" } else { ",Issued" };
    format!("{verdict}{failed}{issued}")
}

fn subject(page: &mut Page, subject: &X509Name<'_>) {
    let texts = |part: &mut dyn Iterator<Item = &x509_parser::x509::AttributeTypeAndValue<'_>>| -> Vec<String> {
        part.filter_map(|one| one.as_str().ok().map(str::to_string)).collect()
    };
    let of = |oid: x509_parser::der_parser::oid::Oid<'_>| texts(&mut subject.iter_by_oid(&oid));
    use x509_parser::oid_registry as oids;
    page.line(0, "Subject:");
    page.line(0, format!("\tCommon Name:\t{}", of(oids::OID_X509_COMMON_NAME).join("")));
    page.line(0, format!("\tSerial Number:\t{}", of(oids::OID_X509_SERIALNUMBER).join("")));
    several(page, "Organization", &of(oids::OID_X509_ORGANIZATION_NAME));
    several(page, "Organizational Unit", &of(oids::OID_X509_ORGANIZATIONAL_UNIT));
    several(page, "Country", &of(oids::OID_X509_COUNTRY_NAME));
    several(page, "Locality", &of(oids::OID_X509_LOCALITY_NAME));
    several(page, "Province", &of(oids::OID_X509_STATE_OR_PROVINCE_NAME));
    several(page, "StreetAddress", &of(oids::OID_X509_STREET_ADDRESS));
    several(page, "PostalCode", &of(oids::OID_X509_POSTAL_CODE));
}

fn several(page: &mut Page, title: &str, values: &[String]) {
    for (number, value) in values.iter().enumerate() {
        page.line(0, format!("\t{}\t{value}", if number == 0 { format!("{title}:") } else { String::new() }));
    }
}

fn alternatives(page: &mut Page, asked: &X509CertificationRequest<'_>) {
    let extensions = asked.requested_extensions().into_iter().flatten();
    let names: Vec<&GeneralName<'_>> = extensions
        .filter_map(|extension| match extension {
            ParsedExtension::SubjectAlternativeName(names) => Some(names.general_names.iter()),
            _ => None,
        })
        .flatten()
        .collect();
    let of = |pick: &dyn Fn(&GeneralName<'_>) -> Option<String>| -> Vec<String> {
        names.iter().filter_map(|name| pick(name)).collect()
    };
    let dns = of(&|name| if let GeneralName::DNSName(text) = name { Some(text.to_string()) } else { None });
    let mail = of(&|name| if let GeneralName::RFC822Name(text) = name { Some(text.to_string()) } else { None });
    let uris = of(&|name| if let GeneralName::URI(text) = name { Some(text.to_string()) } else { None });
    let addresses = of(&|name| if let GeneralName::IPAddress(bytes) = name { address(bytes) } else { None });
    if dns.len() + mail.len() + uris.len() + addresses.len() > 0 {
        page.line(0, "Subject Alternative Names:");
    }
    several(page, "DNS Names", &dns);
    several(page, "Email Addresses", &mail);
    several(page, "URIs", &uris);
    several(page, "IP Addresses", &addresses);
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let found = four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from));
    found.ok().map(|address| address.to_string())
}
