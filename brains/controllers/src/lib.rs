//! Pure: one folder a controller.
