#!/bin/sh
# The control socket: who may use it, who is cut off, what a killed daemon leaves, a worker that stands still, SIGHUP.
# Rows N01, N03, N06, O01, O03 to O06, O09 of the list of hostile inputs.
. "$(dirname "$0")/lib.sh"
METRICS=127.0.0.1:9464
begin setpriv curl
chmod 755 "$DIR"
daemon_start

private() {
	sed "s#control.sock#run/control.sock#; s/$METRICS//" "$DIR/finesse.conf" >"$DIR/other.conf"
	sed -i "s/iface=$TAP/iface=${TAP}b/" "$DIR/other.conf"
	ip netns exec "$NS" "$FINESSED" -c "$DIR/other.conf" 2>"$DIR/other.log" &
	other=$!
	until_true 60 test -S "$DIR/run/control.sock" || { cat "$DIR/other.log"; kill "$other"; return 1; }
	modes=$(stat -c '%a %a' "$DIR/run" "$DIR/run/control.sock" | tr '\n' ' ')
	kill "$other"
	wait "$other" || true
	echo "$modes"
	[ "$modes" = "750 750 660 660 " ] && [ ! -e "$DIR/run/control.sock" ]
}
check "the folder is made 0750, the socket 0660, and gone at the end (O06)" private

stranger() {
	setpriv --reuid 65534 --regid "$1" --clear-groups "$FINESSECTL" -s "$DIR/control.sock" status 2>&1
}
refused_by_mode() {
	! stranger 65534 >"$DIR/said"
	cat "$DIR/said"
	grep -q 'Permission denied: only root and control.group may' "$DIR/said"
}
check "another user: refused by the file's mode (O06)" refused_by_mode
refused_by_credentials() {
	chmod 666 "$DIR/control.sock"
	! stranger 65534 >"$DIR/said"
	chmod 660 "$DIR/control.sock"
	cat "$DIR/said"
	[ "$(cat "$DIR/said")" = "finessectl: not allowed: root, the daemon's user and control.group are" ]
}
check "and were the mode wrong, by its credentials (O06)" refused_by_credentials

check "nonsense, long, slow, partial, deaf, many, descriptors, races (O04, O05, N06)" \
	timeout 300 python3 -B "$E2E/hostile.py" "$DIR/control.sock" "$DAEMON"

stalled() {
	set +e
	python3 -B "$E2E/stall.py" "$DAEMON" "$FINESSECTL" -s "$DIR/control.sock" --json "$1" >"$DIR/out" 2>"$DIR/said"
	stalled_status=$?
	set -e
	cat "$DIR/said"
	grep -q 'degraded: no answer from shard 0 within a second' "$DIR/said"
}
standstill() {
	stalled status
	grep -q '"degraded": true' "$DIR/out"
	stalled states
	stalled conns
	stalled closes
	grep -q '"opened"' "$DIR/out"
	python3 -B "$E2E/stall.py" "$DAEMON" ip netns exec "$NS" curl -sS -f -o "$DIR/scrape" "http://$METRICS/metrics"
	grep -q '^finesse_conns{shard="0"} ' "$DIR/scrape"
	ctl --json status | grep -q '"degraded": false'
}
check "a worker that stands still: degraded within a second, and whole again when it goes on (N03, O09)" standstill
mailbox_full() {
	# 16 clients that ask while nobody answers, again and again: more requests than a mailbox holds
	cat >"$DIR/ask.sh" <<-SH
		for round in 1 2 3 4 5 6; do
			for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
				"$FINESSECTL" -s "$DIR/control.sock" states >/dev/null 2>&1 &
			done
			wait
		done
	SH
	python3 -B "$E2E/stall.py" "$DAEMON" sh "$DIR/ask.sh"
	ctl --json status | grep -q '"degraded": false'
	ctl --json closes >/dev/null
}
check "more requests than the mailbox holds: nobody waits, and then all is well (N01)" mailbox_full

last_said() {
	tail -n 4 "$DIR/daemon.log"
	tail -n 4 "$DIR/daemon.log" | grep -q "$1"
}
hangup() {
	kill -HUP "$DAEMON"
	until_true 60 last_said "$1" || { tail -n 4 "$DIR/daemon.log"; return 1; }
}
reread() {
	cp "$DIR/finesse.conf" "$DIR/good.conf"
	hangup 'SIGHUP: nothing else has changed'
	echo 'drain = { deadline_s = -3; };' >>"$DIR/finesse.conf"
	hangup 'SIGHUP: everything stays as it is'
	last_said 'SIGHUP: .*finesse.conf:[0-9]*: drain.deadline_s: -3 is out of range, 0 to 86400'
	sed 's/-3/7/' "$DIR/finesse.conf" >"$DIR/new.conf"
	echo 'timeouts = { rto_min_ms = 300; time_wait_s = 5; };' >>"$DIR/new.conf"
	cp "$DIR/new.conf" "$DIR/finesse.conf"
	hangup 'SIGHUP: changed: timeouts.rto_min_ms drain.deadline_s'
	last_said 'SIGHUP: not without a restart: timeouts.time_wait_s'
	until_true 60 sh -c "timeout 60 $FINESSECTL -s $DIR/control.sock --json status | grep -q '\"configuration_version\": 1'"
	peer 60 hold 7 "$DIR/held" "$US4" >/dev/null 2>&1 &
	until_true 60 test -e "$DIR/held"
	until_true 60 sh -c "timeout 60 $FINESSECTL -s $DIR/control.sock --json conns --state ESTABLISHED | grep -q rto_us.:30"
	cp "$DIR/good.conf" "$DIR/finesse.conf"
}
check "SIGHUP: a bad file keeps the old, a good one is taken over, what needs a restart is named (O03)" reread

second_daemon() {
	sed "s/iface=$TAP/iface=${TAP}c/" "$DIR/finesse.conf" >"$DIR/other.conf"
	set +e
	ip netns exec "$NS" timeout 60 "$FINESSED" -c "$DIR/other.conf" 2>"$DIR/other.log"
	status=$?
	set -e
	cat "$DIR/other.log"
	[ "$status" = 1 ]
	grep -q "other.conf:[0-9]*: control.socket: $DIR/control.sock: another daemon answers there" "$DIR/other.log"
	ctl status >/dev/null
}
check "a second daemon does not take the socket away" second_daemon
no_socket() {
	sed "s#control.sock#file#" "$DIR/finesse.conf" >"$DIR/other.conf"
	echo precious >"$DIR/file"
	set +e
	ip netns exec "$NS" timeout 60 "$FINESSED" -c "$DIR/other.conf" 2>"$DIR/other.log"
	status=$?
	set -e
	[ "$status" = 1 ] && [ "$(cat "$DIR/file")" = precious ]
	grep -q "file is there, and is no socket" "$DIR/other.log"
}
check "what is no socket stays" no_socket

kill -9 "$DAEMON"
wait "$DAEMON" 2>/dev/null || true
DAEMON=
check "kill -9 leaves the socket's file" test -S "$DIR/control.sock"
daemon_launch
kernel_side "$NS" "$TAP"
until_true 120 daemon_answers || daemon_died "finessed does not answer"
check "a new daemon takes it over" ctl status
by_group() {
	stranger 65534
	set +e
	stranger 65533 >"$DIR/said"
	set -e
	grep -q 'not allowed\|Permission' "$DIR/said"
}
daemon_stop "stopped: exit 0, the sums are right"
daemon_start
sed -i 's#metrics = #group = "nogroup"; metrics = #' "$DIR/finesse.conf"
daemon_stop "stopped again"
daemon_launch
kernel_side "$NS" "$TAP"
until_true 120 daemon_answers || daemon_died "finessed does not answer"
check "control.group: its members may, others may not" by_group
daemon_stop "and at the end"
finish
