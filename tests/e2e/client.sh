#!/bin/sh
# Two daemons load each other, without the kernel's TCP: the clients of one and the services of the other, joined by memif
# and by a veth (af_packet on both ends); two workers each.
. "$(dirname "$0")/lib.sh"
begin

[ "$(nproc)" -gt 1 ] && CORES='[0, 1]' || CORES='[0, 0]'
LIMITS='limits = { connections = 4096; time_wait = 50000; };'
TIMEOUTS='timeouts = { time_wait_s = 1; };'
LOADER= # the pid of the daemon whose services are clients

# conf FILE DEVICE VDEV ADDRESS4 ADDRESS6 SERVICES
conf() {
	cat >"$DIR/$1.conf" <<-CONF
		dpdk = { args = "--no-pci --no-huge --no-shconf --no-telemetry -m 200 --vdev=$3"; };
		workers = { cores = $CORES; };
		ports = ( { device = "$2"; ipv4 = ["$4/24"]; ipv6 = ["$5/64"]; } );
		$LIMITS
		$TIMEOUTS
		services = ( $6 );
		control = { socket = "$DIR/$1.sock"; metrics = ""; };
	CONF
}

SERVICES='{ type = "echo"; port = 7; }, { type = "discard"; port = 9; }, { type = "chargen"; port = 19; },
	{ type = "http"; port = 80; }'
# in the order of the checks below
CLIENTS="{ type = \"client\"; target = \"$US4\"; port = 7; connections = 50; total = 2000; send_bytes = 20000;
		receive_bytes = 20000; check = true; },
	{ type = \"client\"; target = \"$US6\"; port = 9; connections = 20; total = 1000; send_bytes = 100000;
		close = \"rst\"; },
	{ type = \"client\"; target = \"$US6\"; port = 80; connections = 10; total = 10; send_bytes = 2; close = \"half\"; },
	{ type = \"client\"; target = \"$US4\"; port = 19; connections = 4; total = 40; receive_bytes = 1000000; },
	{ type = \"client\"; target = \"$US4\"; port = 81; total = 10; },
	{ type = \"client\"; target = \"$US6\"; port = 7; seconds = 3; rate = 200; connections = 100; send_bytes = 1;
		receive_bytes = 1; check = true; }"

# Both run in the background; their words are in server.log and loader.log.
start_both() {
	ip netns exec "$NS" "$FINESSED" -c "$DIR/server.conf" >"$DIR/server.log" 2>&1 &
	DAEMON=$!
	until_true 120 grep -q serving "$DIR/server.log" || daemon_died "the server does not start: $(cat "$DIR/server.log")"
	ip netns exec "$PEER_NS" "$FINESSED" -c "$DIR/loader.conf" >"$DIR/loader.log" 2>&1 &
	LOADER=$!
	until_true 120 grep -q serving "$DIR/loader.log" || daemon_died "the loader does not start: $(cat "$DIR/loader.log")"
}

# client PORT: what is said of it, once it has done everything.
client() {
	until_true 60 grep -q "^finessed: client of port $1: opened" "$DIR/loader.log"
	grep "^finessed: client of port $1:" "$DIR/loader.log"
}
# field TEXT: the number behind it.
field() {
	sed -n "s/.*$1 \([0-9]*\).*/\1/p" "$DIR/said" | head -n 1
}

echoed() {
	grep 'port 7: opened 2000, established 2000, still live 0; octets sent 40000000, received 40000000;' "$DIR/loader.log"
	! grep 'were not echoed' "$DIR/loader.log"
}
reset() {
	client 9 >"$DIR/said"
	cat "$DIR/said"
	[ "$(field opened)" = 1000 ] && [ "$(field established)" = 1000 ] && [ "$(field 'octets sent')" = 100000000 ]
	[ "$(field 'closed reset_abort')" = 1000 ]
}
halves() {
	client 80 >"$DIR/said"
	cat "$DIR/said"
	[ "$(field opened)" = 10 ] && [ "$(field established)" = 10 ] && [ "$(field 'still live')" = 0 ]
}
read_on() {
	client 19 >"$DIR/said"
	cat "$DIR/said"
	[ "$(field established)" = 40 ] && [ "$(field received)" -ge 40000000 ]
}
refused() {
	client 81 >"$DIR/said"
	cat "$DIR/said"
	[ "$(field opened)" = 10 ] && [ "$(field established)" = 0 ] && [ "$(field 'failed ECONNREFUSED')" = 10 ]
}
# 200 a second for 3 seconds: 600, of which those that are more than 10 ms late, since the machine has other things to do, are
# left out and counted.
paced() {
	until_true 60 sh -c "[ \$(grep -c 'client of port 7: opened' '$DIR/loader.log') = 2 ]"
	grep 'client of port 7: opened' "$DIR/loader.log" | grep -v 'opened 2000' >"$DIR/said"
	grep 'client of port 7: left out' "$DIR/loader.log" >>"$DIR/said" || true
	cat "$DIR/said"
	left_out=$(field 'left out')
	[ $(($(field opened) + ${left_out:-0})) = 600 ] && [ "$(field established)" = "$(field opened)" ]
}

# Both at once: a PMD of memif may not survive that the other end goes away while it is polled.
stopped() {
	kill -TERM "$DAEMON" "$LOADER"
	for pid in "$DAEMON" "$LOADER"; do
		until_true 120 ended "$pid"
	done
	for who in server loader; do
		cat "$DIR/$who.log"
		grep -q '^finessed: stopped: everything ended' "$DIR/$who.log"
		python3 -B "$E2E/last_words.py" "$DIR/$who.log"
	done
}
ended() {
	case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
	'' | Z*) ;;
	*) return 1 ;;
	esac
}
# Every connection that one end opened, the other has seen, unless it was refused.
agree() {
	opened=$(sed -n 's/.*; opened \([0-9]*\), ended.*/\1/p' "$DIR/loader.log")
	taken=$(sed -n 's/.*; opened \([0-9]*\), ended.*/\1/p' "$DIR/server.log")
	echo "opened $opened, of these 10 to a port without a listener; taken $taken"
	[ "$opened" = $((taken + 10)) ]
}

round() {
	start_both
	check "$1: the rate is kept: 200 opens a second for 3 seconds" paced
	check "$1: 2,000 echo connections, each 20,000 octets, all of them as they were sent" echoed
	check "$1: 1,000 connections that reset after 100,000 octets" reset
	check "$1: 10 connections that half-close" halves
	check "$1: 40 connections that read 1,000,000 octets each" read_on
	check "$1: 10 connections to a port without a listener are refused" refused
	check "$1: both stop, everything adds up on both" stopped
	check "$1: both counted the same connections" agree
	wait "$DAEMON" "$LOADER" || true
	DAEMON=
}

PEER_NS=$NS-peer
ip netns add "$PEER_NS"
ip -n "$NS" link add "$TAP" numrxqueues 2 numtxqueues 2 type veth peer name far netns "$PEER_NS" numrxqueues 2 numtxqueues 2
ip -n "$NS" link set "$TAP" up
ip -n "$PEER_NS" link set far up
conf server net_af_packet0 "net_af_packet0,iface=$TAP,qpairs=2,qdisc_bypass=1,framecnt=2048" "$US4" "$US6" "$SERVICES"
conf loader net_af_packet0 "net_af_packet0,iface=far,qpairs=2,qdisc_bypass=1,framecnt=2048" "$PEER4" "$PEER6" "$CLIENTS"
round "veth"

MEMIF="socket=$DIR/memif.sock,socket-abstract=no"
conf server net_memif0 "net_memif0,role=server,$MEMIF" "$US4" "$US6" "$SERVICES"
conf loader net_memif0 "net_memif0,role=client,$MEMIF" "$PEER4" "$PEER6" "$CLIENTS"
round "memif"
finish
