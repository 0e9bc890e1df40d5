//! Making sure that an image is there before its container.

use super::keyring::credentials;
use crate::pods::start::Launch;
use cri::v1::{AuthConfig, Image, ImageSpec, ImageStatusRequest, PullImageRequest};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Container, Secret};
use plan::EventType;
use podplan::StartFailure;
use podplan::backoff::Backoff;
use podplan::environment::Sources;
use podplan::image::{default_policy, with_default_tag};
use podplan::spec::spec;
use std::collections::BTreeMap;

/// What one pod knows of its pulls.
#[derive(Default)]
pub struct Puller {
    /// By image name.
    failures: BTreeMap<String, Failure>,
}

struct Failure {
    backoff: Backoff,
    message: String,
}

fn failure(reason: &str, message: impl Into<String>) -> StartFailure {
    StartFailure { reason: reason.into(), message: message.into() }
}

impl Puller {
    /// When the next pull may be tried, if any waits.
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        self.failures.values().filter_map(|f| f.backoff.holds_until(f.backoff.updated, now)).min()
    }

    pub async fn ensure(&mut self, launch: &Launch<'_>, container: &Container) -> Result<Image, StartFailure> {
        let asked = container.image.clone().unwrap_or_default();
        let name = with_default_tag(&asked).map_err(|error| {
            let message = format!("Failed to apply default image tag \"{asked}\": {error}");
            tell(launch, container, EventType::Warning, "InspectFailed", &message);
            failure("InvalidImageName", message)
        })?;
        let policy = container.image_pull_policy.as_deref().unwrap_or_else(|| default_policy(&asked));
        if policy != "Always" {
            match present(launch, container, &name).await? {
                Some(image) => {
                    let message = format!(
                        "Container image \"{asked}\" already present on machine and can be accessed by the pod"
                    );
                    tell(launch, container, EventType::Normal, "Pulled", &message);
                    return Ok(image);
                }
                None if policy == "Never" => {
                    let message = format!("Container image \"{asked}\" is not present with pull policy of Never");
                    tell(launch, container, EventType::Warning, "ErrImageNeverPull", &message);
                    return Err(failure("ErrImageNeverPull", message));
                }
                None => {}
            }
        }
        self.pull(launch, container, &asked, &name).await?;
        present(launch, container, &name)
            .await?
            .ok_or_else(|| failure("ErrImagePull", format!("image \"{asked}\" was pulled and is not there")))
    }

    async fn pull(
        &mut self,
        launch: &Launch<'_>,
        container: &Container,
        asked: &str,
        name: &str,
    ) -> Result<(), StartFailure> {
        let now = launch.context.clock.now();
        if let Some(failed) = self.failures.get(name)
            && failed.backoff.holds_until(failed.backoff.updated, now).is_some()
        {
            let message = format!("Back-off pulling image \"{asked}\"");
            tell(launch, container, EventType::Normal, "BackOff", &message);
            return Err(failure("ImagePullBackOff", format!("{message}: {}", failed.message)));
        }
        tell(launch, container, EventType::Normal, "Pulling", &format!("Pulling image \"{asked}\""));
        let pulled = tokio::select! {
            biased;
            pulled = attempt(launch, name) => pulled,
            () = launch.post.deleted() => return Err(failure("ErrImagePull", "the pod is being deleted")),
        };
        let Err(error) = pulled else {
            self.failures.remove(name);
            self.tell_pulled(launch, container, asked, name, now).await;
            return Ok(());
        };
        let told = format!("Failed to pull image \"{asked}\": {error}");
        tell(launch, container, EventType::Warning, "Failed", &told);
        let (failed, before) = (launch.context.clock.now(), self.failures.get(name).map(|f| f.backoff));
        let backoff = Backoff::after(before, failed, failed);
        let message = format!("ErrImagePull: {error}");
        self.failures.insert(name.to_owned(), Failure { backoff, message });
        Err(failure("ErrImagePull", error.message()))
    }

    async fn tell_pulled(&self, launch: &Launch<'_>, container: &Container, asked: &str, name: &str, began: Timestamp) {
        let took = milliseconds(launch.context.clock.now().duration_since(began));
        let image = present(launch, container, name).await.ok().flatten();
        let size = image.map_or(0, |image| image.size);
        let message = format!(
            "Successfully pulled image \"{asked}\" in {took} ({took} including waiting). Image size: {size} bytes."
        );
        tell(launch, container, EventType::Normal, "Pulled", &message);
    }
}

/// `1.234s`, `56ms`: Go's notation.
fn milliseconds(duration: SignedDuration) -> String {
    let whole = duration.as_millis();
    if whole < 1000 { format!("{whole}ms") } else { format!("{}s", whole as f64 / 1000.0) }
}

fn tell(launch: &Launch<'_>, container: &Container, kind: EventType, reason: &str, message: &str) {
    launch.context.events.pod(launch.pod, Some(&container.name), kind, reason, message);
}

fn image_spec(name: &str) -> ImageSpec {
    ImageSpec { image: name.into(), ..ImageSpec::default() }
}

async fn present(launch: &Launch<'_>, container: &Container, name: &str) -> Result<Option<Image>, StartFailure> {
    let request = ImageStatusRequest { image: Some(image_spec(name)), verbose: false };
    match launch.context.images.image_status(request).await {
        Ok(answer) => Ok(answer.image),
        Err(error) => {
            let message = format!("Failed to inspect image \"{name}\": {error}");
            tell(launch, container, EventType::Warning, "InspectFailed", &message);
            Err(failure("ImageInspectError", message))
        }
    }
}

/// With each credential that matches, and without any where none does.
async fn attempt(launch: &Launch<'_>, name: &str) -> Result<(), cri::Error> {
    let named = spec(launch.pod).image_pull_secrets.iter().flatten();
    let secrets: Vec<&Secret> = named.filter_map(|s| launch.contents.secret(&s.name)).collect();
    let known = credentials(name, secrets);
    let mut auths: Vec<Option<AuthConfig>> = known.into_iter().map(Some).collect();
    if auths.is_empty() {
        auths.push(None);
    }
    let mut outcome = Ok(());
    for auth in auths {
        let sandbox_config = Some(launch.sandbox.clone());
        let request = PullImageRequest { image: Some(image_spec(name)), auth, sandbox_config };
        outcome = launch.context.images.pull_image(request).await.map(drop);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}
