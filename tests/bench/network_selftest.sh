#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The network of the benchmark as the kernel's own tests make one (tools/testing/selftests/net): a
# command for each step, and ping at the end. $1 is part of all names.
set -eu
c=c$1 r=r$1 s=s$1

setup_ns()
{
	for ns in "$@"; do
		ip netns add "$ns"
		ip -n "$ns" link set lo up
	done
}

cleanup_ns()
{
	for ns in "$@"; do
		ip netns delete "$ns"
	done
}

trap 'cleanup_ns "$c" "$r" "$s"' EXIT
setup_ns "$c" "$r" "$s"
ip -n "$c" link add eth0 type veth peer name eth0 netns "$r"
ip -n "$s" link add eth0 type veth peer name eth1 netns "$r"
ip -n "$c" link set eth0 up
ip -n "$r" link set eth0 up
ip -n "$r" link set eth1 up
ip -n "$s" link set eth0 up
ip -n "$c" address add 10.0.1.1/24 dev eth0
ip -n "$c" address add fd00:1::1/64 dev eth0 nodad
ip -n "$r" address add 10.0.1.2/24 dev eth0
ip -n "$r" address add fd00:1::2/64 dev eth0 nodad
ip -n "$r" address add 10.0.2.1/24 dev eth1
ip -n "$r" address add fd00:2::1/64 dev eth1 nodad
ip -n "$s" address add 10.0.2.2/24 dev eth0
ip -n "$s" address add fd00:2::2/64 dev eth0 nodad
ip -n "$c" route add default via 10.0.1.2
ip -n "$c" route add default via fd00:1::2
ip -n "$s" route add default via 10.0.2.1
ip -n "$s" route add default via fd00:2::1
ip netns exec "$r" sysctl -q -w net.ipv4.ip_forward=1
ip netns exec "$r" sysctl -q -w net.ipv6.conf.all.forwarding=1
ip netns exec "$c" ping -q -c 1 -W 5 10.0.2.2 >/dev/null
