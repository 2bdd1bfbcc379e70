#!/bin/sh
# The configuration file: --check and --explain, and every mistake is exit 2 with FILE:LINE before a port is touched.
. "$(dirname "$0")/lib.sh"
begin

good() {
	write_conf
	inside 60 "$FINESSED" -c "$DIR/finesse.conf" --check
	inside 60 "$FINESSED" -c "$ROOT/conf/finesse.conf" --check
	! ip -n "$NS" link show "$TAP"
}
check "--check accepts the tests' file and conf/finesse.conf" good

explain() {
	write_conf
	inside 60 "$FINESSED" -c "$DIR/finesse.conf" --explain >"$DIR/explained"
	cat "$DIR/explained"
	[ "$(wc -l <"$DIR/explained")" -ge 5 ]
}
check "--explain prints limits and memory" explain

# wrong LINE TEXT WHAT: the file's line LINE is TEXT; the error names FILE:LINE and WHAT.
wrong() {
	write_conf "$2"
	line=$(wc -l <"$DIR/finesse.conf")
	[ "$1" = last ] || line=$1
	set +e
	inside 60 "$FINESSED" -c "$DIR/finesse.conf" >"$DIR/said" 2>&1
	status=$?
	set -e
	cat "$DIR/said"
	echo "exit status $status, expected 2; expected $DIR/finesse.conf:$line: ... $3"
	[ "$status" = 2 ]
	grep -F "$DIR/finesse.conf:$line: " "$DIR/said" | grep -q -- "$3"
	! ip -n "$NS" link show "$TAP"
}
check "an unknown group" wrong last 'coffee = { cups = 2; };' coffee
check "an unknown setting" wrong last 'timeouts = { tea_s = 2; };' tea_s
check "a number out of range" wrong last 'timeouts = { fin_wait_2_s = -5; };' fin_wait_2_s
check "a string where a number belongs" wrong last 'timeouts = { fin_wait_2_s = "soon"; };' fin_wait_2_s
check "a policy that does not exist" wrong last 'policy = { profile = "windows"; };' profile
check "a syntax error" wrong last 'timeouts = { fin_wait_2_s = ; };' 'syntax'

missing() {
	set +e
	inside 60 "$FINESSED" -c "$DIR/nothing.conf" >"$DIR/said" 2>&1
	status=$?
	inside 60 "$FINESSED" >"$DIR/usage" 2>&1
	usage=$?
	set -e
	cat "$DIR/said" "$DIR/usage"
	echo "exit status $status and $usage"
	[ "$status" = 2 ]
	[ "$usage" = 2 ]
	grep -q nothing.conf "$DIR/said"
}
check "a file that is not there, and no file at all" missing

no_port() {
	write_conf
	sed 's/--vdev=[^"]*//' "$DIR/finesse.conf" >"$DIR/noport.conf"
	set +e
	inside 60 "$FINESSED" -c "$DIR/noport.conf" >"$DIR/said" 2>&1
	status=$?
	set -e
	cat "$DIR/said"
	[ "$status" = 1 ]
	grep -q net_tap0 "$DIR/said"
}
check "a port that DPDK does not have: exit 1 and its name" no_port
finish
