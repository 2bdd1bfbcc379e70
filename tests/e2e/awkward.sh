#!/bin/sh
# Clients that half-close, read 1 kB a second, leave with a reset, or are killed in mid-transfer, on IPv4 and IPv6.
. "$(dirname "$0")/lib.sh"
begin curl
daemon_start

# While one client reads 1 kB a second, others are served as ever.
slow_and_others() {
	peer 60 slow 5 "$1" >"$DIR/slow.log" 2>&1 &
	slow=$!
	sleep 1
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		inside 60 curl -sS -o /dev/null "http://$2/bytes/100000"
	done
	wait "$slow" || {
		cat "$DIR/slow.log"
		return 1
	}
	cat "$DIR/slow.log"
}

killed() {
	rm -f "$DIR/begun"
	ip netns exec "$PEER_NS" python3 -B "$E2E/peer.py" hog "$DIR/begun" "$1" &
	hog=$!
	until_true 60 test -e "$DIR/begun"
	kill -9 "$hog"
	wait "$hog" || true
	inside 60 curl -sS -o /dev/null "http://$2/bytes/100000"
}

for host in "$US4" "$US6"; do
	case $host in
	*:*) web="[$host]" ;;
	*) web=$host ;;
	esac
	check "half-closes, then reads a megabyte, $host" peer 60 half_close "$host"
	check "reads 1 kB a second, others are served, $host" slow_and_others "$host" "$web"
	check "killed with -9 in mid-transfer, $host" killed "$host" "$web"
	check "100 that leave with a reset, $host" peer 60 aborts 100 "$host"
	check "and after all that curl is served, $host" inside 60 curl -sS -o /dev/null "http://$web/bytes/1000000"
done

none_left() {
	ctl status | grep '^0 connections (0 orphans)'
}
check "no connection of theirs is left" until_true 60 none_left
daemon_stop "stopped: exit 0, every frame has one fate, every mbuf is back"
finish
