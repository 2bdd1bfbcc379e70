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

# odd MAKE...: what is no good file, and how soon that is known: exit 2 and one line about it, or good.
odd() {
	write_conf
	"$@"
	for file in "$DIR"/odd/*; do
		set +e
		inside 60 "$FINESSED" -c "$file" --check >"$DIR/said" 2>&1
		status=$?
		set -e
		echo "$file: exit $status: $(head -n 1 "$DIR/said")"
		case $file in
		*.good) [ "$status" = 0 ] ;;
		*) [ "$status" = 2 ] && grep -qF "$file:" "$DIR/said" ;;
		esac
	done
	rm -rf "$DIR/odd"
}
files() {
	mkdir "$DIR/odd"
	mkfifo "$DIR/odd/fifo"
	mkdir "$DIR/odd/folder"
	ln -s loop "$DIR/odd/loop"
	ln -s ../finesse.conf "$DIR/odd/link.good"
	ln -s /dev/zero "$DIR/odd/device"
	truncate -s 1G "$DIR/odd/gigabyte"
	: >"$DIR/odd/empty"
}
check "a FIFO, a folder, links, a device, a gigabyte, nothing at all (O12)" odd files
texts() {
	mkdir "$DIR/odd"
	{ cat "$DIR/finesse.conf"; printf 'drain = { deadline_s = 3\0; };\n'; } >"$DIR/odd/nul"
	{ printf '\357\273\277'; cat "$DIR/finesse.conf"; } >"$DIR/odd/bom"
	sed 's/$/\r/' "$DIR/finesse.conf" >"$DIR/odd/crlf.good"
	{ cat "$DIR/finesse.conf"; echo 'drain = { deadline_s = 3; deadline_s = 4; };'; } >"$DIR/odd/twice"
	{ cat "$DIR/finesse.conf"; echo 'limits = { connections = 5; };'; } >"$DIR/odd/group_twice"
	{ cat "$DIR/finesse.conf"; echo 'drain = { deadline_s = 4294967299; };'; } >"$DIR/odd/overflow32"
	{ cat "$DIR/finesse.conf"; echo 'drain = { deadline_s = 18446744073709551619; };'; } >"$DIR/odd/overflow64"
	{ cat "$DIR/finesse.conf"; printf 'x = '; printf '(%.0s' $(seq 10000); } >"$DIR/odd/deep"
	{ cat "$DIR/finesse.conf"; printf 'drain = { new_connections = "'; printf 'a%.0s' $(seq 100000); echo '"; };'; } >"$DIR/odd/long"
}
check "NUL, BOM, CRLF, a setting twice, numbers that overflow, depth, length (O12)" odd texts
# Cut anywhere: what is left may be a whole file by chance, else it is a fault; never a crash or a hang.
half_written() {
	for octets in $(seq 0 23 "$(wc -c <"$DIR/finesse.conf")"); do
		head -c "$octets" "$DIR/finesse.conf" >"$DIR/half.conf"
		set +e
		inside 60 "$FINESSED" -c "$DIR/half.conf" --check >"$DIR/said" 2>&1
		status=$?
		set -e
		echo "$octets octets: exit $status"
		[ "$status" = 0 ] || [ "$status" = 2 ]
	done
}
check "half-written, cut at each 23rd octet (O12)" half_written

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
