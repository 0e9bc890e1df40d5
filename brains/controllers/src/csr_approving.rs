//! Approves what kubelets ask for, of those who may ask for it without a person's look.

use crate::certificate_requests::{
    IDENTITY, KUBELET_CLIENT, certificate, check_kubelet_client, has, read, with_condition,
};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use k8s_openapi::api::certificates::v1::{CertificateSigningRequest, CertificateSigningRequestCondition};
use meta::Key;
use plan::{Controller, Fact, Grant, Input, Moment, Plan, Refusal, Resource, View};
use x509::Request;

/// A kind of request, and the subresource that who asks must be allowed to create.
struct Recognizer {
    is: fn(&CertificateSigningRequest, &Request) -> bool,
    subresource: &'static str,
    message: &'static str,
}

const RECOGNIZERS: [Recognizer; 2] = [
    Recognizer {
        is: |asked, request| asked.spec.username.as_deref().unwrap_or("") == request.subject.common_name(),
        subresource: "selfnodeclient",
        message: "Auto approving self kubelet client certificate after SubjectAccessReview.",
    },
    Recognizer {
        is: |_, _| true,
        subresource: "nodeclient",
        message: "Auto approving kubelet client certificate after SubjectAccessReview.",
    },
];

pub struct CsrApproving;

impl Controller for CsrApproving {
    fn name(&self) -> &'static str {
        "certificatesigningrequest-approving-controller"
    }

    fn identity(&self) -> &'static str {
        IDENTITY
    }

    fn reads(&self) -> Vec<Input> {
        vec![Input::of::<CertificateSigningRequest>()]
    }

    fn writes(&self) -> Vec<Grant> {
        vec![
            Grant::on_subresource::<CertificateSigningRequest>("approval", &["update"]),
            Grant::on::<SubjectAccessReview>(&["create"]),
        ]
    }

    fn reconcile(&self, key: &Key, seen: &View, moment: &Moment) -> Plan {
        let mut plan = Plan::nothing();
        let Some(asked) = seen.get::<CertificateSigningRequest>("", &key.name).filter(|asked| is_open(asked)) else {
            return plan;
        };
        match read(&asked) {
            Ok(request) => approve(&asked, &request, moment.refused.as_ref(), &mut plan),
            Err(why) => plan.say(format!("{} is no request: {why}", key.name)),
        }
        plan
    }
}

fn is_open(asked: &CertificateSigningRequest) -> bool {
    certificate(asked).is_none() && !has(asked, "Approved") && !has(asked, "Denied")
}

fn approve(asked: &CertificateSigningRequest, request: &Request, refused: Option<&Refusal>, plan: &mut Plan) {
    let usages = asked.spec.usages.as_deref().unwrap_or(&[]);
    if asked.spec.signer_name != KUBELET_CLIENT || check_kubelet_client(request, usages).is_err() {
        return;
    }
    let Some(recognizer) = next(asked, request, refused) else { return };
    plan.confirm(Fact::allowed(review(asked, recognizer.subresource)));
    let approval = CertificateSigningRequestCondition {
        type_: "Approved".into(),
        status: "True".into(),
        reason: Some("AutoApproved".into()),
        message: Some(recognizer.message.into()),
        ..CertificateSigningRequestCondition::default()
    };
    let name = asked.metadata.name.clone().unwrap_or_default();
    plan.update_part(Key::cluster(name), "approval", &with_condition(asked, approval));
}

/// The first that fits, or the one after that which was just refused; behind the last it begins anew.
fn next(
    asked: &CertificateSigningRequest,
    request: &Request,
    refused: Option<&Refusal>,
) -> Option<&'static Recognizer> {
    let fits: Vec<&Recognizer> = RECOGNIZERS.iter().filter(|recognizer| (recognizer.is)(asked, request)).collect();
    let refused = refused.filter(|refusal| refusal.resource == SubjectAccessReview::gvr());
    let tried = |recognizer: &&Recognizer| {
        refused.is_some_and(|refusal| refusal.message.ends_with(&format!("/{}", recognizer.subresource)))
    };
    let start = fits.iter().position(tried).map_or(0, |tried| tried + 1);
    fits.get(start % fits.len().max(1)).copied()
}

fn review(asked: &CertificateSigningRequest, subresource: &str) -> SubjectAccessReviewSpec {
    let attributes = ResourceAttributes {
        group: Some(CertificateSigningRequest::gvr().group.to_string()),
        resource: Some(CertificateSigningRequest::gvr().resource.to_string()),
        verb: Some("create".into()),
        subresource: Some(subresource.into()),
        version: Some("*".into()),
        ..ResourceAttributes::default()
    };
    SubjectAccessReviewSpec {
        user: asked.spec.username.clone(),
        uid: asked.spec.uid.clone(),
        groups: asked.spec.groups.clone(),
        extra: asked.spec.extra.clone(),
        resource_attributes: Some(attributes),
        ..SubjectAccessReviewSpec::default()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn csr_approving() {
        crate::testing::check(&super::CsrApproving, "csr_approving");
    }
}
