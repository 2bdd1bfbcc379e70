#!/bin/sh
# kill -9 under load and a new start, again and again (O01): ready again, peers get resets, nothing is left over.
# CRASH_ROUNDS=50 sh crash.sh for fifty.
. "$(dirname "$0")/lib.sh"
METRICS=127.0.0.1:9464
begin wrk curl
ROUNDS=${CRASH_ROUNDS:-5}

ready() {
	inside 60 curl -s -f -o /dev/null "http://$METRICS/readyz" && inside 60 curl -s -f -o /dev/null "http://$US4/"
}
left_over() {
	find "$DIR" -type s | wc -l
	find /dev/hugepages /run/dpdk /var/run/dpdk -newer "$DIR/begun" 2>/dev/null | grep -c . || true
}
touch "$DIR/begun"
daemon_start
for n in $(seq "$ROUNDS"); do
	inside 60 wrk -t1 -c200 -d20 "http://$US4/bytes/20000" >"$DIR/wrk.$n" 2>&1 &
	wrk=$!
	peer 60 must_reset "$DIR/waits.$n" "$US4" >"$DIR/reset.$n" 2>&1 &
	waiter=$!
	until_true 60 test -e "$DIR/waits.$n"
	sleep 0.3
	kill -9 "$DAEMON"
	wait "$DAEMON" 2>/dev/null || true
	DAEMON=
	begun=$(date +%s%N)
	daemon_launch
	kernel_side "$NS" "$TAP"
	until_true 60 ready || daemon_died "not ready after kill -9"
	took=$((($(date +%s%N) - begun) / 1000000))
	check "round $n: ready $took ms after kill -9" ready
	if wait "$waiter"; then well=true; else well=false; fi
	check "round $n: a peer of the old one got a reset" sh -c "cat $DIR/reset.$n; $well"
	kill "$wrk" 2>/dev/null || true
	wait "$wrk" 2>/dev/null || true
	check "round $n: closes add up, the socket is the new one's" ctl closes
done
check "nothing is left but one socket: $(left_over | tr '\n' ' ')" [ "$(left_over | tr '\n' ' ')" = "1 0 " ]
daemon_stop "exit 0, the sums are right"
finish
