//! The image half of CRI.

use crate::Answer;
use crate::v1::*;

/// What a kubelet asks of an image store.
pub trait Images: Send + Sync {
    fn list_images(&self, request: ListImagesRequest) -> Answer<'_, ListImagesResponse>;
    /// An unknown image is not an error: the answer then holds no image.
    fn image_status(&self, request: ImageStatusRequest) -> Answer<'_, ImageStatusResponse>;
    fn pull_image(&self, request: PullImageRequest) -> Answer<'_, PullImageResponse>;
    /// Removing an unknown image succeeds.
    fn remove_image(&self, request: RemoveImageRequest) -> Answer<'_, RemoveImageResponse>;
    fn image_fs_info(&self, request: ImageFsInfoRequest) -> Answer<'_, ImageFsInfoResponse>;
}
