//! Paths beside the kinds: what is served, by which version, whose tokens.

use super::operation::{Answer, Operation};
use super::words::{self, ANSWERS, JSON};
use super::{Map, Paths};
use meta::GroupVersion;

/// A document of one page: its name, its tag, the operation's id and description, what it answers.
pub struct Page {
    pub path: &'static str,
    tag: &'static str,
    id: &'static str,
    description: &'static str,
    answer: Option<&'static str>,
    produces: &'static [&'static str],
}

const VERSIONS: &str = "get available API versions";
const KEYS: &[&str] = &["application/jwk-set+json"];

pub const PAGES: [Page; 5] = [
    Page {
        path: ".well-known/openid-configuration",
        tag: "WellKnown",
        id: "getServiceAccountIssuerOpenIDConfiguration",
        description: "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
        answer: None,
        produces: &[JSON],
    },
    Page {
        path: "api",
        tag: "core",
        id: "getCoreAPIVersions",
        description: VERSIONS,
        answer: Some("io.k8s.apimachinery.pkg.apis.meta.v1.APIVersions"),
        produces: ANSWERS,
    },
    Page {
        path: "apis",
        tag: "apis",
        id: "getAPIVersions",
        description: VERSIONS,
        answer: Some("io.k8s.apimachinery.pkg.apis.meta.v1.APIGroupList"),
        produces: ANSWERS,
    },
    Page {
        path: "openid/v1/jwks",
        tag: "openid",
        id: "getServiceAccountIssuerOpenIDKeyset",
        description: "get service account issuer OpenID JSON Web Key Set (contains public token verification keys)",
        answer: None,
        produces: KEYS,
    },
    Page {
        path: "version",
        tag: "version",
        id: "getCodeVersion",
        description: "get the version information for this server",
        answer: Some("io.k8s.apimachinery.pkg.version.Info"),
        produces: &[JSON],
    },
];

impl Paths {
    pub fn add_page(&mut self, page: &Page) {
        let answer = page.answer.map_or(Answer::Text, |name| Answer::Object(name.into()));
        let told = (page.tag.to_string(), page.id.to_string(), page.description.to_string());
        self.put_page(page.path, told, answer, page.produces);
    }

    pub fn add_group(&mut self, group: &str) {
        let id = format!("get{}APIGroup", words::group_word(group));
        let answer = Answer::Object("io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup".into());
        let told = (words::tag(group), id, "get information of a group".to_string());
        self.put_page(&format!("apis/{group}"), told, answer, ANSWERS);
    }

    pub fn add_version(&mut self, path: &str, name: &GroupVersion) {
        let (tag, word) = (words::tag(&name.group), words::group_word(&name.group));
        let id = format!("get{word}{}APIResources", words::capital(&name.version));
        let answer = Answer::Object("io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList".into());
        let told = (format!("{tag}_{}", name.version), id, "get available resources".to_string());
        self.put_page(path, told, answer, ANSWERS);
    }

    fn put_page(
        &mut self,
        path: &str,
        (tag, id, description): (String, String, String),
        answer: Answer,
        produces: &'static [&'static str],
    ) {
        let operation = Operation {
            http: "get",
            action: "",
            tag,
            id,
            description,
            parameters: Vec::new(),
            body: None,
            answer,
            codes: &[200],
            produces,
            gvk: None,
        };
        self.refers.extend(operation.refers());
        let item: Map = [("get", operation.worded(self.dialect))].into_iter().collect();
        self.paths.insert(format!("/{path}/"), item);
    }
}
