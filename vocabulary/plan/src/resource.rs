//! A typed object of a known resource: what `view.get::<Pod>` is generic over.

use k8s_openapi::Metadata;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use meta::Gvr;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub trait Resource: k8s_openapi::Resource + DeserializeOwned + Serialize + Send + Sync + 'static {
    fn gvr() -> Gvr;
}

impl<T> Resource for T
where
    T: k8s_openapi::Resource + DeserializeOwned + Serialize + Send + Sync + 'static,
{
    fn gvr() -> Gvr {
        Gvr::new(T::GROUP, T::VERSION, T::URL_PATH_SEGMENT)
    }
}

/// What events can be about.
pub trait Told: Resource + Metadata<Ty = ObjectMeta> {}

impl<T: Resource + Metadata<Ty = ObjectMeta>> Told for T {}
