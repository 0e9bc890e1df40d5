//! Flags that many commands have.

use super::{Flag, Kind, array, duration, list, number, switch, text};

/// Every command's.
pub const GLOBAL: &[Flag] = &[
    text("kubeconfig"),
    text("context"),
    text("cluster"),
    text("user"),
    text("namespace").short('n'),
    text("server").short('s'),
    text("token"),
    text("username"),
    text("password"),
    text("as"),
    array("as-group"),
    text("as-uid"),
    array("as-user-extra"),
    text("certificate-authority"),
    text("client-certificate"),
    text("client-key"),
    switch("insecure-skip-tls-verify"),
    text("tls-server-name"),
    Flag::of(Kind::Text, "request-timeout", "0"),
    text("cache-dir"),
    switch("disable-compression"),
    switch("match-server-version"),
    switch("warnings-as-errors"),
    text("profile"),
    text("profile-output"),
    text("kuberc"),
    number("v", "0").short('v'),
    text("vmodule"),
    text("log-flush-frequency"),
    switch("help").short('h'),
];

pub const FILES: &[Flag] = &[list("filename").short('f'), text("kustomize").short('k'), switch("recursive").short('R')];

/// `-o` and what goes with it.
pub const PRINT: &[Flag] = &[
    text("output").short('o'),
    Flag::of(Kind::Bool, "allow-missing-template-keys", "true"),
    text("template"),
    switch("show-managed-fields"),
];

pub const DRY_RUN: &[Flag] = &[Flag::of(Kind::Text, "dry-run", "none").bare("unchanged")];

pub const VALIDATE: &[Flag] = &[Flag::of(Kind::Text, "validate", "strict").bare("strict")];

pub const SELECTOR: &[Flag] = &[text("selector").short('l')];

pub const FIELD_SELECTOR: &[Flag] = &[text("field-selector")];

pub const ALL: &[Flag] = &[switch("all")];

pub const ALL_NAMESPACES: &[Flag] = &[switch("all-namespaces").short('A')];

pub const CHUNKS: &[Flag] = &[Flag::of(Kind::Int64, "chunk-size", "500")];

pub const SUBRESOURCE: &[Flag] = &[text("subresource")];

pub const SAVE_CONFIG: &[Flag] = &[switch("save-config")];

pub const LOCAL: &[Flag] = &[switch("local")];

pub const RECORD: &[Flag] = &[switch("record")];

pub const POD_RUNNING_TIMEOUT: &[Flag] = &[duration("pod-running-timeout", "1m0s")];
