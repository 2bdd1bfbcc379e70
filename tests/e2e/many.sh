#!/bin/sh
# 10,000 short http connections without one error; 200 connections at once.
. "$(dirname "$0")/lib.sh"
begin wrk
daemon_start

at_once() {
	inside 60 wrk -t 1 -c 200 -d 3s --timeout 5s "http://$1:80/" >"$DIR/wrk.log"
	cat "$DIR/wrk.log"
	if grep -E 'Socket errors|Non-2xx' "$DIR/wrk.log"; then return 1; fi
	[ "$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$DIR/wrk.log")" -ge 200 ]
}

both_web "10,000 short http connections without one error" wrk_connections 10000
both_web "200 http connections at once" at_once
both "200 echo connections at once, each with 20,000 octets of its own" peer 60 many 200 20000

daemon_stop "stopped: exit 0, every frame has one fate, every mbuf is back"
finish
