//! Pure: services, slices and pods to desired rules, links and names.
