//! The functions: their signatures and their code, by what they are about.

pub(crate) mod authorization;
mod convert;
mod lists;
pub(crate) mod network;
mod operators;
mod optionals;
mod quantities;
pub(crate) mod regexes;
pub(crate) mod semver;
mod text;
pub(crate) mod text_format;
pub(crate) mod text_formats;
pub(crate) mod times;
pub(crate) mod urls;

use crate::signatures::Row;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub(crate) static ALL: &[&[Row]] = &[
    operators::ROWS,
    convert::ROWS,
    text::ROWS,
    regexes::ROWS,
    lists::ROWS,
    optionals::ROWS,
    times::ROWS,
    network::ROWS,
    quantities::ROWS,
    semver::ROWS,
    urls::ROWS,
    text_formats::ROWS,
    authorization::ROWS,
];

/// Of constants, these are evaluated when an expression is compiled.
pub(crate) fn is_conversion(function: &str) -> bool {
    matches!(
        function,
        "bool" | "bytes" | "double" | "duration" | "dyn" | "int" | "string" | "timestamp" | "type" | "uint"
    )
}

pub(crate) fn bytes_of_text(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
pub(crate) fn text_of(value: &crate::value::Val<'_>) -> String {
    convert::string_of(value).unwrap_or_else(|| value.type_name().into())
}
