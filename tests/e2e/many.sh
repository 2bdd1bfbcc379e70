#!/bin/sh
# 10,000 short http connections without one error; 200 connections at once.
. "$(dirname "$0")/lib.sh"
begin wrk
daemon_start

# wrk wants the port where /etc/services is missing, and counts time, not connections: rounds of it until there were enough.
short_connections() {
	total=0
	for round in 1 2 3 4 5 6; do
		inside 30 wrk -t 1 -c 8 -d 3s --timeout 5s -H 'Connection: close' "http://$1:80/" >"$DIR/wrk.log"
		cat "$DIR/wrk.log"
		if grep -E 'Socket errors|Non-2xx' "$DIR/wrk.log"; then return 1; fi
		total=$((total + $(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$DIR/wrk.log")))
		echo "round $round: $total connections so far"
		[ "$total" -lt 10000 ] || return 0
	done
	return 1
}

at_once() {
	inside 30 wrk -t 1 -c 200 -d 3s --timeout 5s "http://$1:80/" >"$DIR/wrk.log"
	cat "$DIR/wrk.log"
	if grep -E 'Socket errors|Non-2xx' "$DIR/wrk.log"; then return 1; fi
	[ "$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$DIR/wrk.log")" -ge 200 ]
}

both_web "10,000 short http connections without one error" short_connections
both_web "200 http connections at once" at_once
both "200 echo connections at once, each with 20,000 octets of its own" peer 40 many 200 20000

daemon_stop "stopped: exit 0, every frame has one fate, every mbuf is back"
finish
