#!/bin/sh
# Drains under load, again and again: with time enough nothing is lost, with too little the ledger is what the peers miss.
# DRAIN_ROUNDS=50 sh drain.sh: a hundred drains of 2,000 connections.
. "$(dirname "$0")/lib.sh"
begin
ROUNDS=${DRAIN_ROUNDS:-2}

round() {
	begun=$(date +%s%N)
	inside 300 python3 -B "$E2E/drain_load.py" "$1" "$CONNECTIONS" "$FINESSECTL" "$DIR/control.sock"
	echo "$((($(date +%s%N) - begun) / 1000000)) ms"
}
CONNECTIONS=${DRAIN_CONNECTIONS:-2000}
for n in $(seq "$ROUNDS"); do
	for mode in sufficient short; do
		write_conf
		sed -i 's/limits = { /&send_buffer_bytes = 65536; receive_window_bytes = 65536; /' "$DIR/finesse.conf"
		daemon_launch
		kernel_side "$NS" "$TAP"
		ip -n "$NS" link set "$TAP" txqueuelen 20000 # what a full queue loses is another test
		until_true 120 daemon_answers || daemon_died "finessed does not answer"
		check "round $n, $mode: $CONNECTIONS connections of all kinds" round "$mode"
		if [ "$mode" = short ]; then exit=3; else exit=0; fi
		if daemon_wait 120 "$exit"; then well=true; else well=false; fi
		check "round $n, $mode: exit $exit, the sums are right" daemon_stopped_well "$well"
	done
done
finish
