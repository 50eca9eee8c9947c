#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The network of the benchmark by pyroute2, with a datagram across.

Makes it again for each line on standard input, and answers by a line: the start of Python and the
import are not measured. The first line is written when it is ready.
"""

import os
import socket
import sys

from pyroute2 import NetNS, netns

PORT = 4711


def main():
    names = [f"{host}{os.getpid()}" for host in "crs"]
    print("ready", flush=True)
    for _ in sys.stdin:
        make(names)
        print("done", flush=True)


def add_address(ns, index, address, length):
    flags = {} if ":" not in address else {"flags": 0x02}  # IFA_F_NODAD
    ns.addr("add", index=index, address=address, prefixlen=length, **flags)


def socket_in(name):
    netns.pushns(name)
    try:
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    finally:
        netns.popns()


def make(names):
    hosts = [NetNS(name) for name in names]
    client, router, server = hosts
    client.link("add", ifname="eth0", kind="veth", peer={"ifname": "eth0", "net_ns_fd": names[1]})
    server.link("add", ifname="eth0", kind="veth", peer={"ifname": "eth1", "net_ns_fd": names[1]})
    for host in hosts:
        host.link("set", index=1, state="up")
    index = {}
    for host, link in (client, "eth0"), (router, "eth0"), (router, "eth1"), (server, "eth0"):
        index[host, link] = host.link_lookup(ifname=link)[0]
        host.link("set", index=index[host, link], state="up")
    for host, link, number in (
        (client, "eth0", "1::1"),
        (router, "eth0", "1::2"),
        (router, "eth1", "2::1"),
        (server, "eth0", "2::2"),
    ):
        add_address(host, index[host, link], "10.0." + number.replace("::", "."), 24)
        add_address(host, index[host, link], "fd00:" + number, 64)
    for host, number in (client, "1::2"), (server, "2::1"):
        host.route("add", dst="default", gateway="10.0." + number.replace("::", "."))
        host.route("add", dst="default", gateway="fd00:" + number, family=socket.AF_INET6)
    netns.pushns(names[1])
    for path in "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding":
        with open(path, "w", encoding="ascii") as sysctl:
            sysctl.write("1")
    netns.popns()
    with socket_in(names[0]) as sender, socket_in(names[2]) as receiver:
        receiver.bind(("", PORT))
        receiver.settimeout(5)
        sender.sendto(b"hello", ("10.0.2.2", PORT))
        receiver.recv(10)
    for host, name in zip(hosts, names):
        host.close()
        netns.remove(name)


main()
