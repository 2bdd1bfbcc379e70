#!/bin/sh
# O02 of the list of hostile inputs.  SIGTERM: idle connections end with FIN and not with a reset, a download in progress finishes, exit 0; a second signal
# stops now; a drain that passes its deadline exits 3.
. "$(dirname "$0")/lib.sh"
begin curl sha256sum
daemon_start 'drain = { deadline_s = 20; };'

for host in "$US4" "$US6"; do
	for n in 1 2 3; do
		peer 60 until_end 7 "$DIR/open.$host.$n" "$host" >"$DIR/idle.$host.$n" 2>&1 &
	done
done
for file in "$US4.1" "$US4.2" "$US4.3" "$US6.1" "$US6.2" "$US6.3"; do
	until_true 60 test -e "$DIR/open.$file"
done
kill -TERM "$DAEMON"
if daemon_wait 120 0; then well=true; else well=false; fi
check "SIGTERM with six idle connections: exit 0, the sums are right (O02)" daemon_stopped_well "$well"
idle_ended() {
	cat "$DIR"/idle.*.[123]
	[ "$(cat "$DIR"/idle.*.[123] | grep -c '^end of file')" = 6 ]
}
check "each of them saw the end of file and no reset" until_true 60 idle_ended
ip -n "$NS" link show "$TAP" >/dev/null 2>&1 && gone=1 || gone=0
check "the tap is gone" test "$gone" = 0

daemon_start 'drain = { deadline_s = 300; };'
BYTES=60000000
inside 300 curl -sS --limit-rate 8M -o "$DIR/body" "http://$US4/bytes/$BYTES" 2>"$DIR/curl.log" &
curl=$!
until_true 60 test -s "$DIR/body"
kill -TERM "$DAEMON"
draining() {
	ctl status | grep -q ' draining, '
}
until_true 60 draining
check "while it drains, new connections are refused (O02)" peer 60 refused 7 "$US4"
if daemon_wait 120 0; then well=true; else well=false; fi
if wait "$curl"; then fetched=true; else fetched=false; fi
whole() {
	cat "$DIR/curl.log"
	[ "$fetched" = true ]
	python3 -B "$E2E/peer.py" digest "$BYTES" >"$DIR/expected"
	sha256sum <"$DIR/body" | cut -d' ' -f1 | cmp - "$DIR/expected"
}
check "SIGTERM during a download: the download finishes" whole
check "and then: exit 0, the sums are right" daemon_stopped_well "$well"

daemon_start 'drain = { deadline_s = 300; };'
peer 60 half_asks "$DIR/asks" "$DIR/go" "$US4" >"$DIR/half.log" 2>&1 &
half=$!
until_true 60 test -e "$DIR/asks"
would_stay() {
	ctl drain --dry-run | grep '^asked  *1  *1 '
}
check "drain --dry-run: a request that is half there would stay" until_true 60 would_stay
kill -TERM "$DAEMON"
sleep 6 # longer than it takes to be idle
touch "$DIR/go"
if wait "$half"; then answered=true; else answered=false; fi
half_answered() {
	cat "$DIR/half.log"
	[ "$answered" = true ]
}
check "SIGTERM: a request that stalls when it is half there is answered" half_answered
if daemon_wait 120 0; then well=true; else well=false; fi
check "and then: exit 0, the sums are right" daemon_stopped_well "$well"

daemon_start 'drain = { deadline_s = 2; };'
inside 300 curl -sS --limit-rate 100k -o "$DIR/slow" "http://$US4/bytes/$BYTES" 2>"$DIR/curl.log" &
curl=$!
until_true 60 test -s "$DIR/slow"
kill -TERM "$DAEMON"
if daemon_wait 120 3; then well=true; else well=false; fi
check "a drain past its deadline: what is left is aborted, exit 3 (O02)" daemon_stopped_well "$well"
wait "$curl" || true

rm "$DIR/slow"
daemon_start 'drain = { deadline_s = 3600; };'
inside 300 curl -sS --limit-rate 100k -o "$DIR/slow" "http://$US4/bytes/$BYTES" 2>"$DIR/curl.log" &
curl=$!
until_true 60 test -s "$DIR/slow"
kill -TERM "$DAEMON"
until_true 60 draining
kill -TERM "$DAEMON"
if daemon_wait 120 3; then well=true; else well=false; fi
check "a second SIGTERM stops now, exit 3 (O02)" daemon_stopped_well "$well"
wait "$curl" || true

# Two orders at once: the ledger counts from the first, the deadline is the nearer one.
two_orders() {
	cat "$DIR/orders"
	[ "$told" = 0 ]
}
# orders CASE WHAT: a drain that cannot end, and CASE of orders.py
orders() {
	rm "$DIR/slow"
	daemon_start 'drain = { deadline_s = 4; };'
	inside 300 curl -sS --limit-rate 100k -o "$DIR/slow" "http://$US4/bytes/$BYTES" 2>"$DIR/curl.log" &
	curl=$!
	until_true 60 test -s "$DIR/slow"
	timeout 100 python3 -B "$E2E/orders.py" "$1" "$DIR/control.sock" "$DAEMON" >"$DIR/orders" 2>&1 && told=0 || told=1
	check "$2" two_orders
	if daemon_wait 120 3; then well=true; else well=false; fi
	check "and then: exit 3, the sums are right" daemon_stopped_well "$well"
	wait "$curl" || true
}
orders signal_first "SIGTERM, and drain --wait at once: one connection, seconds"
orders signal_second "drain --deadline 3600 --wait, then SIGTERM: the nearer deadline is told"
finish
