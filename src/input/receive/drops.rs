//! What the system itself dropped of a UDP socket because nobody read in time: Linux tells in `/proc/net/udp`.

/// Datagrams dropped so far, by the table of `/proc/net/udp` or `/proc/net/udp6` and the number of the socket.
pub fn drops(table: &str, inode: u64) -> Option<u64> {
    let row = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        // sl local remote st queues timer retransmits uid timeout inode ref pointer drops
        (words.nth(9)?.parse() == Ok(inode)).then(|| words.nth(2)?.parse().ok())?
    };
    table.lines().skip(1).find_map(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_of_the_socket_tells() {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
            \x20 5129: 00000000:BB13 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1278031 2 00000000f23e9e22 0\n\
            \x20 10557: 0100007F:D047 00000000:0000 07 00000000:00000900 00:00000000 00000000     0        0 1278030 2 00000000c646ee0a 99\n";
        assert_eq!((drops(table, 1278030), drops(table, 1278031), drops(table, 1)), (Some(99), Some(0), None));
        assert_eq!((drops("", 1), drops("a\nb c\n", 0)), (None, None));
    }
}
