use crate::world::{World, admin, refusal};
use apiserver::identity::Identity;
use http::{HeaderMap, HeaderValue};
use std::sync::Arc;

#[tokio::test(start_paused = true)]
async fn acting_as_another_is_a_right() {
    let world = World::start().await;
    let mut headers = HeaderMap::new();
    headers.insert("impersonate-user", HeaderValue::from_static("jane"));
    let identify = async |who: Identity| {
        let (frontend, api) = (&world.server.frontend, &world.server.api);
        frontend.authentication.identify(api, Some(Arc::new(who)), "/api", &headers).await
    };
    assert_eq!(identify(admin()).await.expect("an administrator may").name, "jane");
    let expect = "users \"jane\" is forbidden: User \"joe\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope";
    assert_eq!(refusal(identify(Identity::new("joe", &[])).await), expect);
}
