#!/bin/sh
# A hundred thousand live connections, of our own client with our own echo: states is answered, and conns shows each of them
# while others come and go.
. "$(dirname "$0")/lib.sh"
begin curl wrk
write_conf
sed -i 's/connections = 4096/connections = 210000/; s/{ type = "http"/{ type = "client"; target = "'$US4'"; port = 7; connections = 50000; close = "never"; }, &/' \
	"$DIR/finesse.conf"
echo 'policy = { local_ports = [1024, 60999]; };' >>"$DIR/finesse.conf"
daemon_launch
kernel_side "$NS" "$TAP"
until_true 120 daemon_answers || daemon_died "finessed does not answer"
established() {
	[ "$(ctl --json states | sed -n 's/.*"ESTABLISHED": \([0-9]*\).*/\1/p')" = "$1" ]
}
check "100,000 connections are established" until_true 60 established 100000

# Milliseconds of the program's whole run, for people: how fast it is depends on what else the machine does.
measure() {
	for n in $(seq 21); do
		begun=$(date +%s%N)
		ctl states >/dev/null
		echo $((($(date +%s%N) - begun) / 100000))
	done | sort -n | awk '{ t[NR] = $1 / 10 } END { print "# states: best", t[1], "median", t[11], "worst", t[NR], "ms" }'
}
measure
ctl states
# every one of the client's ports, both ends, once
all_of_them() {
	ctl --json conns --state ESTABLISHED --local ":7" >"$DIR/conns"
	python3 - "$DIR/conns" <<-'PY'
		import collections, json, sys
		conns = json.load(open(sys.argv[1]))['conns']
		seen = collections.Counter(c['remote'] for c in conns if c['remote'].startswith('198.51.100.1:'))
		print(len(conns), 'rows,', len(seen), 'of the client')
		sys.exit(not (len(seen) == 50000 and set(seen.values()) == {1}))
	PY
}
check "conns: each of 50,000 is there once" all_of_them
churn() {
	inside 60 wrk -t1 -c100 -d30 -H "Connection: close" "http://$US4/" >"$DIR/wrk" &
	wrk=$!
	sleep 0.3
	all_of_them
	kill -0 "$wrk"
	ctl closes
	kill "$wrk"
	wait "$wrk" || true
}
check "conns: and while thousands of others come and go" churn
check "drain --dry-run over all of them" ctl drain --dry-run
drained() {
	set +e
	ctl drain --wait --deadline 20 >"$DIR/drained"
	status=$?
	set -e
	cat "$DIR/drained"
	[ "$status" = 0 ]
	grep -q "0 had to be aborted" "$DIR/drained"
	[ "$(grep -c ' open, ' "$DIR/drained")" -ge 3 ] # they were spread over time
}
check "drain --wait: all idle, closed a few at a time, none aborted" drained
if daemon_wait 120 0; then well=true; else well=false; fi
check "exit 0, the sums are right" daemon_stopped_well "$well"
finish
