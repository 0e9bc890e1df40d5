//! What others need to verify service-account tokens by themselves: OpenID discovery and the public keys.

use crate::authn::ISSUER;
use crate::engine::Api;
use crate::http::{Response, respond};
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use meta::value;

pub(super) fn configuration(api: &Api) -> Response {
    let page = value!({
        "issuer": ISSUER,
        "jwks_uri": (&api.tokens.keys_url),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    cached(respond::bytes(200, "application/json", page.to_json()))
}

pub(super) fn keys(api: &Api) -> Response {
    cached(respond::bytes(200, "application/jwk-set+json", api.tokens.keys.shown().to_json()))
}

fn cached(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}
