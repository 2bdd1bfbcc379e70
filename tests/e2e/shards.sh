#!/bin/sh
# Several workers: over a tap with one queue and with one for each, over a veth by af_packet; every connection is in the
# shard that the hash names, and both work.  A worker with nothing to do sleeps.
. "$(dirname "$0")/lib.sh"
begin wrk ethtool

WORKERS='workers = { cores = [0, 1]; };'
[ "$(nproc)" -gt 1 ] || WORKERS='workers = { cores = [0, 0]; };'

# What the last words say of the shards: each opened at least half of its share.
spread() {
	opened=$(sed -n 's/^finessed: opened by shard: \(.*\); wrong_shard 0$/\1/p' "$DIR/daemon.log")
	echo "opened by shard: $opened"
	echo "$opened" | awk -F ', ' -v shards="$1" '
		{ for (i = 1; i <= NF; i++) { sum += $i; if (least == "" || $i < least) least = $i } }
		END { exit !(NF == shards && least * shards * 2 >= sum) }'
}

# While nobody talks to it, it sleeps: by its own counts, since how much of a core it takes depends on what else the machine
# does.  A frame (the kernel has some of its own to send) makes for 64 turns without sleep and a few short ones.
slept() {
	ctl --json status >"$DIR/after"
	python3 - "$DIR/before" "$DIR/after" "$@" <<-'PY'
		import json, sys
		before, after = (json.load(open(name))['workers'] for name in sys.argv[1:3])
		for old, new in zip(before, after):
		    turns, sleeps, slept, frames = (sum(new[k] - old[k] for k in keys.split())
		                                    for keys in ('turns', 'sleeps', 'slept_us', 'frames_in frames_out'))
		    print(f'shard {new["shard"]}: {turns} turns, {sleeps} sleeps, {slept} us of sleep; {frames} frames')
		    if sleeps < 300:
		        sys.exit('not yet')
		    if len(sys.argv) > 3:
		        assert turns <= sleeps + 100 * (frames + 2), 'turns that no sleep followed'
		        assert slept >= 250 * (sleeps - 10 * (frames + 5)), 'sleeps that are short'
	PY
}
quiet() {
	ctl --json status >"$DIR/before"
	until_true 60 slept
	slept judge
}

# What finessectl shows of it: the start-up test reached every shard from every worker.
shown() {
	ctl status
	ctl --json status | python3 -c '
import json, sys
s = json.load(sys.stdin)["steering"]
shards = list(range(int(sys.argv[1])))
assert s["proven"] and [w["reaches"] for w in s["workers"]] == [shards for _ in shards], s' "$1"
}

# said WHAT: one of the daemon's lines.
said() {
	grep -F -- "$1" "$DIR/daemon.log"
}

# round NAME SHARDS: what each of the set-ups must do, and its end.
round() {
	both_web "$1: 10,000 short http connections without one error" wrk_connections 10000
	both "$1: 60 echo connections at once, each with 20,000 octets of its own" peer 60 many 60 20000
	both "$1: ping" inside 60 ping -c 3 -i 0.2 -W 2
	check "$1: finessectl status shows that each worker reached each shard" shown "$2"
	check "$1: quiet, it sleeps after each turn, and not for short" quiet
	daemon_stop "$1: stopped: exit 0, every frame has one fate, none is lost between workers"
	check "$1: both shards work" spread "$2"
}

daemon_start "$WORKERS"
check "2 workers, a tap: it has a queue for each" said "2 queues, steered by the workers"
round "2 workers, 2 queues" 2

QUEUES=1
daemon_start "$WORKERS"
check "2 workers, a tap with 1 queue: the workers share it" said "1 queue, steered by the workers"
round "2 workers, 1 queue" 2

daemon_start "workers = { cores = [0, 0, 0, 0]; };"
both "4 workers on one core, 1 queue: 60 echo connections at once" peer 60 many 60 20000
last_resets() {
	inside 60 python3 - <<-PY
		import socket, struct
		for port in [7] * 300 + [4444] * 300: # open and reset; refused
		    s = socket.socket()
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
		    s.connect_ex(('$US4', port))
		    s.close()
	PY
	ctl --json resets | python3 -c '
import json, sys
a = json.load(sys.stdin)
for name in ("last", "strays"):
    ago = [row["ago_us"] for row in a[name]]
    assert len(ago) == 64 and ago == sorted(ago, reverse=True), (name, ago)'
}
check "4 workers on one core: the last 64 resets of all of them, in order" last_resets
daemon_stop "4 workers on one core: stopped: exit 0, everything adds up"
check "4 workers on one core: all shards work" spread 4

QUEUES=0
daemon_start_veth 2 "$WORKERS"
check "2 workers, af_packet: it has 2 queues" said "2 queues, steered by the workers"
round "2 workers, af_packet" 2
finish
