//! What makes a schema structural: every field has a type, and nothing is said of what upstream keeps for itself.

use meta::{Cursor, ErrorList};
use schema::Schema;
use schema::structural;
use std::sync::LazyLock;

static OBJECT_META: LazyLock<Schema> =
    LazyLock::new(|| crate::schema_of("meta.v1.ObjectMeta").expect("the tables have the type of metadata"));

pub fn judge(schema: &Cursor<'_>, out: &mut ErrorList) {
    // Whether there is a status subresource is not known here: what it forbids at the root is not told.
    out.extend(structural::check(schema.value, &schema.path, false, &OBJECT_META));
}
