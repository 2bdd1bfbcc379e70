#!/bin/sh
# The endpoint is there: ARP and neighbour discovery, echo of every size, closed ports refuse, on IPv4 and IPv6.
. "$(dirname "$0")/lib.sh"
begin ping
daemon_start

check "ping answers" inside 60 ping -q -c 5 -i 0.2 -W 2 "$US4"
check "ping -6 answers" inside 60 ping -6 -q -c 5 -i 0.2 -W 2 "$US6"

echo_sizes() {
	for size in 0 1 2 17 100 1000 1471 1472; do
		inside 60 ping -q -c 2 -i 0.05 -W 2 -s "$size" "$US4"
	done
	for size in 0 1 2 17 100 1000 1451 1452; do
		inside 60 ping -6 -q -c 2 -i 0.05 -W 2 -s "$size" "$US6"
	done
}
check "echo of every size up to the MTU comes back" echo_sizes

link_local() {
	address=$(ip -n "$NS" -6 neigh show "$US6" | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p')
	python3 -c 'import sys
m = [int(x, 16) for x in sys.argv[1].split(":")]
print("fe80::%x:%x:%x:%x" % ((m[0] ^ 2) << 8 | m[1], m[2] << 8 | 0xff, 0xfe00 | m[3], m[4] << 8 | m[5]))' "$address" \
		>"$DIR/link-local"
	inside 60 ping -6 -q -c 3 -i 0.2 -W 2 "$(cat "$DIR/link-local")%$TAP"
}
check "the link-local address made from the MAC answers" link_local

mac_differs() {
	ours=$(ip -n "$NS" neigh show "$US4" | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p')
	kernel=$(ip -n "$NS" link show "$TAP" | sed -n 's/.*link.ether \([0-9a-f:]*\).*/\1/p')
	echo "endpoint $ours, kernel $kernel"
	[ -n "$ours" ]
	[ "$ours" != "$kernel" ]
}
check "the endpoint's MAC is not the kernel's" mac_differs

forget_neighbours() {
	ip -n "$NS" neigh flush dev "$TAP"
	inside 60 ping -q -c 2 -i 0.2 -W 2 "$US4"
	inside 60 ping -6 -q -c 2 -i 0.2 -W 2 "$US6"
}
check "asked again, it answers ARP and neighbour solicitations again" forget_neighbours

both "a closed port refuses at once" peer 60 refused 81

daemon_stop "stopped: exit 0, every frame has one fate, every mbuf is back"
finish
