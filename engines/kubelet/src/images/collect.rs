//! Room on the image disk: above a threshold, what no container uses goes, the longest unused first.

use crate::context::Context;
use cri::v1::{Image, ImageFsInfoRequest, ImageSpec, ListContainersRequest, ListImagesRequest, RemoveImageRequest};
use jiff::{SignedDuration, Timestamp};
use plan::EventType;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What was only just put there is about to be used.
const YOUNGEST: SignedDuration = SignedDuration::from_mins(2);

/// When each image was first seen and last used.
#[derive(Default)]
pub struct Collector {
    known: BTreeMap<String, Record>,
}

#[derive(Clone, Copy)]
struct Record {
    found: Timestamp,
    used: Timestamp,
}

struct Disk {
    capacity: u64,
    available: u64,
}

impl Collector {
    pub async fn collect(&mut self, context: &Context) -> Result<(), cri::Error> {
        let limits = context.config.image_collection;
        let images = self.look(context).await?;
        let Some(disk) = disk(context).await? else { return Ok(()) };
        let used = 100 - disk.available * 100 / disk.capacity.max(1);
        if used < limits.high {
            return Ok(());
        }
        let wanted = (disk.capacity * (100 - limits.low) / 100).saturating_sub(disk.available);
        let freed = self.free(context, images, wanted).await?;
        if freed < wanted {
            let message = format!(
                "Failed to garbage collect required amount of images. Attempted to free {wanted} bytes, \
                 but only found {freed} bytes eligible to free."
            );
            context.events.node(&context.node(), EventType::Warning, "FreeDiskSpaceFailed", message);
        }
        Ok(())
    }

    async fn look(&mut self, context: &Context) -> Result<Vec<Image>, cri::Error> {
        let images = context.images.list_images(ListImagesRequest::default()).await?.images;
        let containers = context.runtime.list_containers(ListContainersRequest::default()).await?.containers;
        let in_use: BTreeSet<&str> =
            containers.iter().flat_map(|c| [c.image_ref.as_str(), c.image_id.as_str()]).collect();
        let now = context.clock.now();
        self.known.retain(|id, _| images.iter().any(|image| image.id == *id));
        for image in &images {
            let record =
                self.known.entry(image.id.clone()).or_insert(Record { found: now, used: Timestamp::UNIX_EPOCH });
            if is_used(image, &in_use) {
                record.used = now;
            }
        }
        Ok(images.into_iter().filter(|image| !image.pinned && !is_used(image, &in_use)).collect())
    }

    async fn free(&mut self, context: &Context, mut unused: Vec<Image>, wanted: u64) -> Result<u64, cri::Error> {
        let now = context.clock.now();
        unused.retain(|image| self.known.get(&image.id).is_some_and(|r| now.duration_since(r.found) >= YOUNGEST));
        unused.sort_by_key(|image| self.known.get(&image.id).map(|r| (r.used, r.found)));
        let mut freed = 0;
        for image in unused {
            if freed >= wanted {
                break;
            }
            let spec = ImageSpec { image: image.id.clone(), ..ImageSpec::default() };
            context.images.remove_image(RemoveImageRequest { image: Some(spec) }).await?;
            tracing::info!(image = image.id, bytes = image.size, "an unused image made room");
            self.known.remove(&image.id);
            freed += image.size;
        }
        Ok(freed)
    }
}

fn is_used(image: &Image, in_use: &BTreeSet<&str>) -> bool {
    let names = image.repo_tags.iter().chain(&image.repo_digests);
    in_use.contains(image.id.as_str()) || names.into_iter().any(|name| in_use.contains(name.as_str()))
}

async fn disk(context: &Context) -> Result<Option<Disk>, cri::Error> {
    let info = context.images.image_fs_info(ImageFsInfoRequest {}).await?;
    let place = info.image_filesystems.into_iter().next().and_then(|fs| fs.fs_id).map(|id| id.mountpoint);
    let Some(place) = place.filter(|p| !p.is_empty()) else { return Ok(None) };
    let stat = rustix::fs::statvfs(Path::new(&place)).map_err(|error| cri::Error::Internal(error.to_string()))?;
    Ok(Some(Disk { capacity: stat.f_blocks * stat.f_frsize, available: stat.f_bavail * stat.f_frsize }))
}
