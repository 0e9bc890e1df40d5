//! The image store of the fake.

use futures::FutureExt;

use super::FakeRuntime;
use crate::v1::*;
use crate::{Answer, Error, Images};

fn name_of(spec: Option<ImageSpec>) -> Result<String, Error> {
    let name = spec.map(|spec| spec.image).unwrap_or_default();
    if name.is_empty() { Err(Error::InvalidArgument("image name is empty".into())) } else { Ok(name) }
}

impl Images for FakeRuntime {
    fn list_images(&self, request: ListImagesRequest) -> Answer<'_, ListImagesResponse> {
        async move {
            self.enter("list_images").await?;
            let wanted = request.filter.and_then(|filter| filter.image).map(|spec| spec.image).unwrap_or_default();
            let model = self.lock();
            let named = |(name, image): &(&String, &Image)| wanted.is_empty() || **name == wanted || image.id == wanted;
            let images = model.images.iter().filter(named).map(|(_, image)| image.clone()).collect();
            Ok(ListImagesResponse { images })
        }
        .boxed()
    }

    fn image_status(&self, request: ImageStatusRequest) -> Answer<'_, ImageStatusResponse> {
        async move {
            self.enter("image_status").await?;
            let name = name_of(request.image)?;
            Ok(ImageStatusResponse { image: self.lock().image(&name).cloned(), ..ImageStatusResponse::default() })
        }
        .boxed()
    }

    fn pull_image(&self, request: PullImageRequest) -> Answer<'_, PullImageResponse> {
        async move {
            self.enter("pull_image").await?;
            let name = name_of(request.image)?;
            let script = self.lock().scripts.get(&name).cloned().unwrap_or_default();
            tokio::time::sleep(script.pull_takes).await;
            match script.pull_error {
                Some(text) => Err(Error::Internal(text)),
                None => Ok(PullImageResponse { image_ref: self.lock().add_image(&name) }),
            }
        }
        .boxed()
    }

    fn remove_image(&self, request: RemoveImageRequest) -> Answer<'_, RemoveImageResponse> {
        async move {
            self.enter("remove_image").await?;
            let name = name_of(request.image)?;
            self.lock().images.retain(|tag, image| *tag != name && image.id != name);
            Ok(RemoveImageResponse {})
        }
        .boxed()
    }

    fn image_fs_info(&self, _: ImageFsInfoRequest) -> Answer<'_, ImageFsInfoResponse> {
        async move {
            self.enter("image_fs_info").await?;
            let used = self.lock().images.values().map(|image| image.size).sum();
            let usage = FilesystemUsage {
                timestamp: self.nanos(),
                fs_id: Some(FilesystemIdentifier { mountpoint: "/".into() }),
                used_bytes: Some(UInt64Value { value: used }),
                inodes_used: Some(UInt64Value { value: 0 }),
            };
            Ok(ImageFsInfoResponse { image_filesystems: vec![usage.clone()], container_filesystems: vec![usage] })
        }
        .boxed()
    }
}
