#!/bin/sh
# finessectl's commands against a live daemon: what they say is what the kernel's side of the same connections knows.
. "$(dirname "$0")/lib.sh"
METRICS=127.0.0.1:9464
begin curl ss ldd
daemon_start 'policy = { record_sample = 1; };'

# json FILTER ARGUMENT...: a Python expression of `a`, what finessectl --json printed, must be true.
json() {
	expression=$1
	shift
	ctl --json "$@" >"$DIR/answer.json"
	cat "$DIR/answer.json"
	python3 -c "import json, sys; a = json.load(open(sys.argv[1])); sys.exit(not ($expression))" "$DIR/answer.json"
}

check "finessectl does not link DPDK" sh -c "! ldd $FINESSECTL | grep -q rte_"
check "status: phase, workers, connections" \
	json 'a["phase"] == "serving" and len(a["workers"]) == 1 and a["connections"] == 0 and not a["degraded"]' status

for n in 1 2 3 4 5; do
	peer 60 until_end 7 "$DIR/open.$n" "$US4" >"$DIR/idle.$n" 2>&1 &
done
for n in 1 2 3 4 5; do until_true 60 test -e "$DIR/open.$n"; done

check "states: all eleven, five of them established" \
	json 'len(a) == 11 and a["ESTABLISHED"] == 5 and a["LISTEN"] == 5 and sum(a.values()) >= 10' states
ages() {
	sleep 1.2
	json '[r for r in a["rows"] if r["state"] == "ESTABLISHED"][0]["max_us"] > 1200000' states --ages
	json '[r for r in a["rows"] if r["state"] == "ESTABLISHED"][0]["p50_us"] < 60000000' states --ages
	ctl states | grep -q "^ESTABLISHED  *5 .* s .*$US4:7 - $PEER4:"
}
check "states: ages, and the oldest" ages

as_ss_sees_it() {
	inside 60 ss -Htn state established "dst $US4" | awk '{ print $4 " " $3 }' | sort >"$DIR/ss"
	ctl --json conns --state ESTABLISHED --local :7 | python3 -c '
import json, sys
for c in json.load(sys.stdin)["conns"]:
    print(c["local"], c["remote"])' | sort >"$DIR/conns"
	cat "$DIR/ss" "$DIR/conns"
	[ "$(wc -l <"$DIR/conns")" = 5 ]
	cmp "$DIR/ss" "$DIR/conns"
}
check "conns: those that the kernel's ss shows" as_ss_sees_it
filters() {
	json 'a["count"] == 2 and a["cut"]' conns --limit 2
	json 'a["count"] == 0 and not a["cut"]' conns --state FIN-WAIT-2
	json 'a["count"] == 5' conns --remote "$PEER4"
	json 'a["count"] == 0' conns --remote "[$PEER6]"
	json 'a["count"] == 0' conns --older-than 3600
	remote=$(ctl --json conns --limit 1 | sed -n 's/.*"remote":"\([^"]*\)".*/\1/p')
	json 'a["count"] == 1' conns --remote "$remote"
	! ctl conns --state DREAMING 2>"$DIR/said"
	[ "$(wc -l <"$DIR/said")" = 1 ]
	! ctl conns --local nonsense 2>"$DIR/said"
	[ "$(wc -l <"$DIR/said")" = 1 ]
}
check "conns: state, ends, age, limit" filters

closed_and_counted() {
	before=$(ctl --json closes | sed -n 's/.*"passive_3": \([0-9]*\).*/\1/p')
	inside 60 curl -s "http://$US4/" >/dev/null
	inside 60 curl -s "http://$US4/" >/dev/null
	json "a['classes']['passive_3'] + a['classes']['passive_4'] >= $before + 2" closes
	json 'a["opened"] == a["live"] + sum(a["classes"].values())' closes
	ctl closes
}
check "closes: they add up" closed_and_counted
under_load() {
	inside 60 wrk -t1 -c50 -d3 -H "Connection: close" "http://$US4/" >"$DIR/wrk" &
	wrk=$!
	for n in $(seq 40); do ctl closes >/dev/null; done
	json 'a["opened"] > 100' closes
	wait "$wrk"
}
if command -v wrk >/dev/null; then check "closes: they add up forty times while connections come and go" under_load; fi

drops_and_stats() {
	json 'sum(a.values()) > 20 and a["taken"] > 10' drops
	json 'a["frames_in"] > 20 and a["conns"] == 5' stats
	ctl stats | grep -q '^segments_sent .* TCP segments sent'
	ctl drops | grep -q '^in all '
}
check "stats and drops: with their help; every frame is in one" drops_and_stats

reset_is_told() {
	inside 60 python3 -c "
import socket, struct
s = socket.create_connection(('$US4', 7))
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
s.close()"
	until_true 60 sh -c "timeout 60 $FINESSECTL -s $DIR/control.sock resets | grep -q peer_reset_established"
	! inside 60 curl -s "http://$US4:81/"
	json '[r for r in a["last"] if r["why"] == "peer_reset_established" and r["way"] == "received"]' resets
	json '[r for r in a["strays"] if r["why"] == "closed_no_conn" and r["way"] == "sent"]' resets
	json 'a["reasons"]["peer_reset_established"] >= 1 and a["received"] >= 1' resets
}
check "resets: by reason, and the last ones" reset_is_told

drawn() {
	inside 60 curl -s "http://$US4/" >/dev/null
	ctl ladder --conn ":80" --ascii >"$DIR/ladder"
	cat "$DIR/ladder"
	grep -q 'SYN-RECEIVED  <-* SYN 0 win ' "$DIR/ladder"
	grep -q 'ended as passive_' "$DIR/ladder"
	ctl ladder --conn ":80" --svg "$DIR/ladder.svg"
	python3 -c "import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])" "$DIR/ladder.svg"
	json 'len(a["records"]) == 3' ladder --last 3
	! ctl ladder --conn 192.0.2.1 2>"$DIR/said"
	[ "$(wc -l <"$DIR/said")" = 1 ]
}
check "ladder: the last one of a port, as text and as SVG" drawn

captured_class() {
	ctl capture --class passive_3 --out "$DIR/class.pcapng" &
	capture=$!
	until_true 60 test -e "$DIR/class.pcapng" # it has begun
	for _ in $(seq 100); do
		kill -0 "$capture" 2>/dev/null || break
		inside 60 curl -s "http://$US4/bytes/3000" >/dev/null
		sleep 0.2
	done
	wait "$capture"
	tcpdump -vnr "$DIR/class.pcapng" >"$DIR/dump" 2>/dev/null
	cat "$DIR/dump"
	[ "$(grep -c 'Flags \[S\]' "$DIR/dump")" = 1 ]
	[ "$(grep -c 'Flags \[F' "$DIR/dump")" -ge 2 ]
	! grep -q incorrect "$DIR/dump"
}
captured_conn() {
	flow="$US4:9-$PEER4:45678"
	inside 60 python3 - "$DIR/open.cap" <<-PY &
		import os, socket, sys, time
		s = socket.create_connection(('$US4', 9), source_address=('', 45678))
		open(sys.argv[1], 'w').close()
		while not os.path.exists(sys.argv[1] + '.begun'):
		    time.sleep(0.1)
		s.sendall(b'a' * 500)
		s.close()
	PY
	until_true 60 test -e "$DIR/open.cap"
	timeout 60 "$FINESSECTL" -s "$DIR/control.sock" capture --conn "$flow" --out "$DIR/conn.pcapng" &
	capture=$!
	until_true 60 test -e "$DIR/conn.pcapng" # it has begun
	! ctl capture --conn "$flow" --out "$DIR/second.pcapng" 2>"$DIR/said"
	grep -q 'another capture is under way' "$DIR/said"
	touch "$DIR/open.cap.begun"
	wait "$capture"
	tcpdump -nr "$DIR/conn.pcapng" >"$DIR/dump" 2>/dev/null
	cat "$DIR/dump"
	grep -q "$PEER4.45678 > $US4.9: Flags .*length 500" "$DIR/dump"
	[ "$(grep -c 'Flags \[F' "$DIR/dump")" -ge 2 ]
	! ctl capture --conn "$US4:7-192.0.2.1:1" --out "$DIR/none.pcapng" 2>"$DIR/said"
	grep -q 'there is no such connection' "$DIR/said"
}
interrupted() {
	timeout 60 "$FINESSECTL" -s "$DIR/control.sock" capture --class timeout_user --out "$DIR/cut.pcapng" &
	capture=$!
	until_true 60 test -e "$DIR/cut.pcapng" # it has begun
	kill -TERM "$capture" # timeout passes it on; a background job may ignore SIGINT
	wait "$capture" || true
	until_true 60 sh -c "'$FINESSECTL' -s '$DIR/control.sock' capture --conn '$US4:7-192.0.2.1:1' --out '$DIR/none.pcapng' 2>&1 | grep -q 'no such connection'"
}
check "capture: one that is interrupted is over" interrupted
if command -v tcpdump >/dev/null; then
	check "capture: the next that ends in a class, read by tcpdump" captured_class
	check "capture: one connection until it ends" captured_conn
else
	skip "capture: the next that ends in a class, read by tcpdump" "no tcpdump"
	skip "capture: one connection until it ends" "no tcpdump"
fi

wrong_use() {
	for words in "" "dance" "states --limit 3" "conns --limit many" "status now"; do
		set +e
		# shellcheck disable=SC2086
		ctl $words >"$DIR/out" 2>"$DIR/said"
		status=$?
		set -e
		cat "$DIR/said"
		[ "$status" = 2 ]
	done
	! timeout 60 "$FINESSECTL" -s "$DIR/none.sock" status 2>"$DIR/said"
	grep -q "^finessectl: $DIR/none.sock: No such file or directory: no finessed answers there" "$DIR/said"
}
check "wrong use: exit 2; no daemon: one line" wrong_use

for n in 1 2 3 4 5; do # those from the beginning may have lost their patience
	peer 60 until_end 7 "$DIR/late.$n" "$US4" >"$DIR/idle.$n" 2>&1 &
done
for n in 1 2 3 4 5; do until_true 60 test -e "$DIR/late.$n"; done
dry_run() {
	json 'a["connections"] >= 5 and a["would_stay"] == 0' drain --dry-run
	json 'a["phase"] == "serving"' status
}
check "drain --dry-run: five idle ones, none would stay; and nothing has begun" dry_run
drained() {
	ctl drain --deadline 20 --wait >"$DIR/drain.log"
	cat "$DIR/drain.log"
	grep -q ' connections ended by themselves, 0 had to be aborted' "$DIR/drain.log"
	[ "$(cat "$DIR"/idle.[1-5] | grep -c '^end of file')" = 5 ]
}
check "drain --wait: progress, ledger, exit 0; each client saw the end of file" drained
if daemon_wait 120 0; then well=true; else well=false; fi
check "the daemon ended, exit 0; its sums are right" daemon_stopped_well "$well"
check "its socket is gone" test ! -e "$DIR/control.sock"
finish
