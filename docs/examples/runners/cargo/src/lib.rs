// SPDX-License-Identifier: Apache-2.0
#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    #[test]
    fn port_53_is_free_and_there_is_no_other_link() {
        let _listener = TcpListener::bind("127.0.0.1:53").expect("cannot listen on port 53");
        let links: Vec<_> = std::fs::read_dir("/sys/class/net")
            .expect("no /sys")
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "bonding_masters")
            .collect();
        assert_eq!(links, ["lo"]);
    }
}
