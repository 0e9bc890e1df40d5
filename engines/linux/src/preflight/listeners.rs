//! Which program listens on a port: the kernel's table of sockets names an inode, and some process holds it.

use std::fs;
use std::path::Path;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub pid: u32,
    pub name: String,
}

const LISTENING: &str = "0A";

/// None where nobody listens, or where it is not for this user to know.
pub fn listener_on(port: u16) -> Option<Program> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().filter_map(|path| fs::read_to_string(path).ok());
    let inodes: Vec<u64> = tables.flat_map(|table| listening(&table, port)).collect();
    inodes.into_iter().find_map(holder)
}

/// The inodes of the sockets that listen on a port, from the text of the kernel's table.
fn listening(table: &str, port: u16) -> Vec<u64> {
    let on_port = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        let found = u16::from_str_radix(local.rsplit(':').next()?, 16).ok()?;
        (found == port && *state == LISTENING).then(|| inode.parse().ok())?
    };
    table.lines().skip(1).filter_map(on_port).collect()
}

fn holder(inode: u64) -> Option<Program> {
    let socket = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find_map(|pid| program(pid, &socket))
}

fn program(pid: u32, socket: &str) -> Option<Program> {
    let process = Path::new("/proc").join(pid.to_string());
    let mut descriptors = fs::read_dir(process.join("fd")).ok()?.flatten();
    descriptors.find(|entry| fs::read_link(entry.path()).is_ok_and(|target| target.as_os_str() == socket))?;
    let name = fs::read_to_string(process.join("comm")).ok()?.trim().to_owned();
    Some(Program { pid, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(port: u16, expect: &[u64]) {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 00000000:192B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0\n   \
            1: 0100007F:192B 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4\n   \
            2: 0100007F:280A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0\n";
        assert_eq!(listening(table, port), expect, "{port}");
    }

    #[test]
    fn listeners_are_found_in_the_table() {
        check(6443, &[4711]);
        check(10_250, &[4713]);
        check(443, &[]);
    }

    #[test]
    fn this_very_program_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        assert_eq!(listener_on(port).map(|program| program.pid), Some(std::process::id()));
    }
}
