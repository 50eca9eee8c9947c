#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The network of the benchmark by a script of "ip netns" and "ip -batch". $1 is part of all names.
set -eu
c=c$1 r=r$1 s=s$1
end()
{
	for ns in "$c" "$r" "$s"; do
		ip netns delete "$ns"
	done
}

trap end EXIT
ip -batch - <<END
netns add $c
netns add $r
netns add $s
link add eth0 netns $c type veth peer name eth0 netns $r
link add eth0 netns $s type veth peer name eth1 netns $r
END
ip -n "$c" -batch - <<END
link set lo up
link set eth0 up
address add 10.0.1.1/24 dev eth0
address add fd00:1::1/64 dev eth0 nodad
END
ip -n "$r" -batch - <<END
link set lo up
link set eth0 up
link set eth1 up
address add 10.0.1.2/24 dev eth0
address add fd00:1::2/64 dev eth0 nodad
address add 10.0.2.1/24 dev eth1
address add fd00:2::1/64 dev eth1 nodad
END
ip -n "$s" -batch - <<END
link set lo up
link set eth0 up
address add 10.0.2.2/24 dev eth0
address add fd00:2::2/64 dev eth0 nodad
route add default via 10.0.2.1
route add default via fd00:2::1
END
ip -n "$c" -batch - <<END
route add default via 10.0.1.2
route add default via fd00:1::2
END
ip netns exec "$r" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
ip netns exec "$c" ping -q -c 1 -W 5 10.0.2.2 >/dev/null
