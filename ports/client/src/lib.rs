//! A port: the one door to the API.
