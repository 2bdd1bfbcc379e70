#!/bin/sh
# Everything that threads do to each other, in a few seconds and on one tap queue: frames handed to their owners, frames
# lent to be sent, sleep and waking, clients and services of all shards, the end.  Made for a build with ThreadSanitizer
# (-Db_sanitize=thread), whose findings are in the daemon's words and in its exit status; any other build may run it.
. "$(dirname "$0")/lib.sh"
begin wrk

[ "$(nproc)" -gt 1 ] && CORES='[0, 1, 1]' || CORES='[0, 0, 0]'
QUEUES=1
daemon_start "workers = { cores = $CORES; };
timeouts = { rto_min_ms = 200; };"

load() {
	asks >"$DIR/asked" 2>&1 &
	asking=$!
	inside 60 wrk -t 1 -c 20 -d 3s --timeout 5s -H 'Connection: close' "http://$1:80/"
	wait "$asking" || {
		tail -n 3 "$DIR/asked"
		return 1
	}
}
# Meanwhile the control thread is asked for everything that it has from the shards, and settings change under them (N02).
asks() {
	for times in 1 2 3 4; do
		sed -i "s/rto_min_ms = .*/rto_min_ms = 20$times; };/" "$DIR/finesse.conf"
		kill -HUP "$DAEMON"
		for words in status states stats drops closes resets "conns --limit 100"; do
			# shellcheck disable=SC2086 # words
			ctl $words || return 1
		done
	done
}
both_web "3 workers on one queue under short connections" load
both "60 echo connections at once" peer 60 many 60 20000
both "ping" inside 60 ping -c 3 -i 0.2 -W 2
changed() {
	ctl status | tee "$DIR/status"
	grep -q '(version [1-9]' "$DIR/status"
	grep -q 'SIGHUP: changed: timeouts.rto_min_ms' "$DIR/daemon.log"
}
check "settings changed meanwhile, and each was taken over (N02)" changed
daemon_stop "stopped: exit 0, everything adds up"

no_race() {
	! grep -A 40 'ThreadSanitizer' "$DIR/daemon.log"
}
check "no data race was seen" no_race
finish
