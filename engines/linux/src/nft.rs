//! nftables over netlink: one message a set, chain or rule, one batch a change.

mod element;
mod expr;
mod message;

use crate::netlink::socket::Socket;
use crate::netlink::wire::{ACK, DUMP, REQUEST, Wire};
use kernel::net::{Batch, Element, Holds, NetError, Set, TableImage};
use message::{BatchWriter, family_header};
use rustix::io::Errno;

pub(crate) const SUBSYSTEM: u16 = 10;
pub(crate) const GET_TABLE: u16 = SUBSYSTEM << 8 | 1;
pub(crate) const GET_CHAIN: u16 = SUBSYSTEM << 8 | 4;
pub(crate) const GET_ELEMENT: u16 = SUBSYSTEM << 8 | 13;

/// The attribute that names the table is number 1 in every message of the subsystem.
pub(crate) const TABLE: u16 = 1;
const TABLE_USERDATA: u16 = 6;
const CHAIN_NAME: u16 = 3;
const ELEMENTS_SET: u16 = 2;

pub(crate) fn commit(socket: &mut Socket, table: &'static str, batch: &Batch) -> Result<(), NetError> {
    if batch.is_empty() {
        return Ok(());
    }
    let mut writer = BatchWriter::new(socket, table);
    if let Some(fresh) = &batch.table {
        writer.replace_table(fresh);
    }
    writer.add_chains(&batch.add_chains);
    writer.remove_elements(&batch.remove);
    writer.add_elements(&batch.add);
    writer.remove_chains(&batch.remove_chains);
    writer.send()
}

pub(crate) fn remove_table(socket: &mut Socket, table: &'static str) -> Result<bool, NetError> {
    let mut writer = BatchWriter::new(socket, table);
    writer.delete_table();
    match writer.send() {
        Ok(()) => Ok(true),
        Err(error) if error.source.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

pub(crate) fn image(socket: &mut Socket, table: &'static str, sets: &[Set]) -> Result<Option<TableImage>, NetError> {
    let Some(userdata) = table_userdata(socket, table)? else { return Ok(None) };
    let fingerprint = userdata.try_into().ok().map(u64::from_be_bytes);
    let mut elements = Vec::new();
    for set in sets.iter().filter(|set| set.dynamic.is_none() && !matches!(set.holds, Holds::Verdicts)) {
        read_elements(socket, table, set.name, &mut elements)?;
    }
    Ok(Some(TableImage { fingerprint, elements, chains: chain_names(socket, table)? }))
}

fn table_userdata(socket: &mut Socket, table: &str) -> Result<Option<Vec<u8>>, NetError> {
    let mut wire = Wire::default();
    let sequence = socket.next();
    wire.message(GET_TABLE, REQUEST | ACK, sequence, &family_header(), |wire| wire.text(TABLE, table));
    let mut userdata = Vec::new();
    let found = socket.dump(wire.bytes(), sequence, |message| {
        userdata = message.attrs(4).find(TABLE_USERDATA).unwrap_or_default().to_vec();
    });
    match found {
        Ok(()) => Ok(Some(userdata)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(NetError::new(format!("read table {table}"), errno)),
    }
}

fn chain_names(socket: &mut Socket, table: &str) -> Result<Vec<String>, NetError> {
    let mut wire = Wire::default();
    let sequence = socket.next();
    wire.message(GET_CHAIN, REQUEST | DUMP, sequence, &family_header(), |wire| wire.text(TABLE, table));
    let mut names = Vec::new();
    let listed = socket.dump(wire.bytes(), sequence, |message| {
        let attrs = message.attrs(4);
        if attrs.text(TABLE) == Some(table) {
            names.extend(attrs.text(CHAIN_NAME).map(str::to_owned));
        }
    });
    listed.map_err(|errno| NetError::new(format!("list the chains of {table}"), errno)).map(|()| names)
}

/// A set that an older table lacks holds nothing.
fn read_elements(
    socket: &mut Socket,
    table: &str,
    set: &'static str,
    elements: &mut Vec<Element>,
) -> Result<(), NetError> {
    let mut wire = Wire::default();
    let sequence = socket.next();
    wire.message(GET_ELEMENT, REQUEST | DUMP, sequence, &family_header(), |wire| {
        wire.text(TABLE, table);
        wire.text(ELEMENTS_SET, set);
    });
    match socket.dump(wire.bytes(), sequence, |message| element::read(message, set, elements)) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(NetError::new(format!("read set {set}"), errno)),
    }
}
