//! The image half of CRI over the store.

use std::sync::Arc;

use cri::v1::*;
use cri::{Answer, Images};
use futures::FutureExt;

use super::error::ImageError;
use super::store::ImageRecord;
use crate::error::{Error, blocking};
use crate::{Containers, reference_name};

fn to_cri(record: &ImageRecord) -> Image {
    let user = record.config.user.split(':').next().unwrap_or("");
    let uid = user.parse().ok();
    Image {
        id: record.id.clone(),
        repo_tags: record.tags.iter().cloned().collect(),
        repo_digests: record.digests.iter().cloned().collect(),
        size: record.size,
        uid: uid.map(|value| Int64Value { value }),
        username: if uid.is_some() { String::new() } else { user.to_owned() },
        spec: None,
        pinned: record.pinned,
    }
}

impl Images for Containers {
    fn list_images(&self, request: ListImagesRequest) -> Answer<'_, ListImagesResponse> {
        async move {
            let wanted = request.filter.and_then(|filter| filter.image).map(|spec| spec.image).unwrap_or_default();
            let images = match wanted.is_empty() {
                true => self.images.list(),
                false => self.images.find(&wanted).into_iter().collect(),
            };
            Ok(ListImagesResponse { images: images.iter().map(|record| to_cri(record)).collect() })
        }
        .boxed()
    }

    fn image_status(&self, request: ImageStatusRequest) -> Answer<'_, ImageStatusResponse> {
        async move {
            let name = reference_name(request.image)?;
            let image = self.images.find(&name).map(|record| to_cri(&record));
            Ok(ImageStatusResponse { image, ..ImageStatusResponse::default() })
        }
        .boxed()
    }

    fn pull_image(&self, request: PullImageRequest) -> Answer<'_, PullImageResponse> {
        async move {
            let name = reference_name(request.image)?;
            // What came with the program is as new as the program: no registry knows it better.
            if let Some(builtin) = self.images.find(&name).filter(|record| record.pinned) {
                return Ok(PullImageResponse { image_ref: builtin.id.clone() });
            }
            let pull = self.images.pull(&name, request.auth.as_ref(), &self.config.registries);
            let record = Box::pin(pull).await.map_err(Error::Image)?;
            Ok(PullImageResponse { image_ref: record.id.clone() })
        }
        .boxed()
    }

    fn remove_image(&self, request: RemoveImageRequest) -> Answer<'_, RemoveImageResponse> {
        async move {
            let name = reference_name(request.image)?;
            let (images, needed) = (self.images.clone(), self.layers_in_use());
            match blocking(move || Ok(images.remove(&name, &needed)?)).await {
                Err(Error::Image(ImageError::NotFound(_))) | Ok(()) => Ok(RemoveImageResponse {}),
                Err(error) => Err(error.into()),
            }
        }
        .boxed()
    }

    fn image_fs_info(&self, _: ImageFsInfoRequest) -> Answer<'_, ImageFsInfoResponse> {
        async move {
            let images: u64 = self.images.list().iter().map(|record| record.size).sum();
            let upper = self.container_dirs();
            let (bytes, inodes) = blocking(move || {
                Ok(upper.iter().map(|dir| crate::stats::tree_usage(dir)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)))
            })
            .await?;
            let usage = |bytes, inodes| FilesystemUsage {
                timestamp: self.now(),
                fs_id: Some(FilesystemIdentifier { mountpoint: self.config.data_dir.display().to_string() }),
                used_bytes: Some(UInt64Value { value: bytes }),
                inodes_used: Some(UInt64Value { value: inodes }),
            };
            Ok(ImageFsInfoResponse {
                image_filesystems: vec![usage(images, 0)],
                container_filesystems: vec![usage(bytes, inodes)],
            })
        }
        .boxed()
    }
}

impl Containers {
    /// The images themselves: import of archives, images that come with the program.
    pub fn image_store(&self) -> &Arc<super::ImageStore> {
        &self.images
    }
}
