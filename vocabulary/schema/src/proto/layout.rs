//! A struct's fields in the order of their numbers, with the messages that embedded structs are.

use crate::StructType;

/// Made once a struct, when it is first written or read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// By number.
    pub(super) members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub tag: u32,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// By index into the struct's fields.
    Field(usize),
    Inline(Layout),
}

impl Layout {
    pub(super) fn of(fields: &StructType) -> &Layout {
        fields.layout.get_or_init(|| Layout::within(fields, None))
    }

    fn within(fields: &StructType, inline: Option<u8>) -> Layout {
        let own = fields.fields.iter().enumerate().filter(|(_, field)| field.inline == inline && field.tag > 0);
        let inner = fields.inlines.iter().enumerate().filter(|(_, inner)| inner.within == inline && inner.tag > 0);
        let mut members: Vec<Member> = own
            .map(|(index, field)| Member { tag: field.tag, what: What::Field(index) })
            .chain(inner.map(|(index, inner)| {
                let layout = Layout::within(fields, Some(index as u8));
                Member { tag: inner.tag, what: What::Inline(layout) }
            }))
            .collect();
        members.sort_by_key(|member| member.tag);
        Layout { members }
    }

    pub(super) fn find(&self, tag: u32) -> Option<&What> {
        self.members.binary_search_by_key(&tag, |member| member.tag).ok().map(|index| &self.members[index].what)
    }
}
