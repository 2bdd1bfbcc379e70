#!/bin/sh
# Broken frames of every kind through the real port: each is dropped for its own reason, the daemon goes on serving.
. "$(dirname "$0")/lib.sh"
begin curl
daemon_start

throw() {
	inside 60 ping -q -c 1 -W 2 "$US4"
	ours=$(ip -n "$NS" neigh show "$US4" | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p')
	inside 60 python3 -B "$E2E/frames.py" send "$TAP" "$ours" >"$DIR/wanted"
	cat "$DIR/wanted"
}
check "every kind of broken frame is sent" throw
quiet_about_it() {
	before=$(wc -l <"$DIR/daemon.log")
	for _ in $(seq 20); do
		inside 60 python3 -B "$E2E/frames.py" send "$TAP" "$ours" >/dev/null
	done
	ctl drops | grep '^tcp_cksum'
	[ "$(wc -l <"$DIR/daemon.log")" = "$before" ]
}
ours=$(ip -n "$NS" neigh show "$US4" | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p')
check "twenty times each: counted, and not a line of it in the log (O10)" quiet_about_it
check "ping is answered afterwards" inside 60 ping -q -c 3 -i 0.2 -W 2 "$US4"
check "ping -6 is answered afterwards" inside 60 ping -6 -q -c 3 -i 0.2 -W 2 "$US6"
check "curl is served afterwards" inside 60 curl -sS -o /dev/null "http://$US4/bytes/1000000"

daemon_stop "stopped: exit 0, every frame has one fate, every mbuf is back"

# The daemon tells its fates at the end: at least as many as were asked for (the kernel sends odd frames of its own).
was_given() { # FATE COUNT
	given=$(sed -n "s/.*fate $1 \([0-9]*\).*/\1/p" "$DIR/daemon.log")
	echo "$1: ${given:-0} times, expected $2 or more"
	[ "${given:-0}" -ge "$2" ]
}
while read -r fate count; do
	check "dropped as $fate: $count" was_given "$fate" "$count"
done <"$DIR/wanted"
finish
