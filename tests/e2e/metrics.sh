#!/bin/sh
# /metrics, /healthz, /readyz, and the same figures through DPDK's telemetry socket; O07 to O09, O16: who scrapes badly is cut
# off, no packet makes a series, a drain is not ready from its first moment.
. "$(dirname "$0")/lib.sh"
METRICS=127.0.0.1:9464
begin curl wrk
daemon_start

scrape() {
	inside 60 curl -sS -f -o "$1" "http://$METRICS/metrics"
	python3 -B "$E2E/prometheus.py" "$@"
}
check "/metrics: read strictly" scrape "$DIR/first"
traffic() {
	inside 60 wrk -t1 -c50 -d2 -H "Connection: close" "http://$US4/" >"$DIR/wrk"
	inside 60 python3 -B - <<-PY
		import socket
		for port in list(range(1000, 1200)):
		    try:
		        socket.create_connection(('$US4', port), timeout=60)
		    except OSError:
		        pass
	PY
	scrape "$DIR/second" "$DIR/first"
	a=$(sed -n 's/^finesse_opens_passive_total{shard="0"} //p' "$DIR/second")
	[ "$a" -gt 200 ]
	! grep -q '198\.51\|2001:db8' "$DIR/second"
}
check "after thousands of connections and 200 refused ports: the same series, no counter lower, no address (O08)" traffic
as_finessectl() {
	ctl --json closes >"$DIR/closes"
	inside 60 curl -sS -f -o "$DIR/third" "http://$METRICS/metrics"
	python3 - "$DIR/closes" "$DIR/third" <<-'PY'
		import json, re, sys
		closes = json.load(open(sys.argv[1]))['classes']
		metrics = dict(re.findall(r'finesse_closes_total\{shard="0",class="(\w+)"\} (\d+)', open(sys.argv[2]).read()))
		assert closes == {k: int(v) for k, v in metrics.items()}, (closes, metrics)
	PY
}
check "closes are those that finessectl says" as_finessectl
answers() {
	[ "$(inside 60 curl -s -o /dev/null -w '%{http_code}' "$@")" = "$CODE" ]
}
others() {
	CODE=200 answers "http://$METRICS/healthz"
	CODE=200 answers "http://$METRICS/readyz"
	CODE=404 answers "http://$METRICS/"
	CODE=404 answers --path-as-is "http://$METRICS/../../etc/passwd"
	CODE=405 answers -X POST -d x "http://$METRICS/metrics"
	CODE=405 answers -X DELETE "http://$METRICS/metrics"
}
check "/healthz, /readyz; other paths and methods are refused" others
loopback_only() {
	inside 60 ss -Htln | tee "$DIR/listening"
	grep -q '127.0.0.1:9464' "$DIR/listening"
	[ "$(grep -c 9464 "$DIR/listening")" = 1 ]
}
check "it listens on loopback alone" loopback_only
check "O07: slow, long, pipelined, garbage and many scrapers" inside 120 python3 -B "$E2E/scrapers.py" "$METRICS" "$DAEMON"

draining() {
	[ "$(ctl --json status | sed -n 's/.*"phase": "\(.*\)".*/\1/p')" = draining ]
}
drain_is_told() {
	peer 60 hold 7 "$DIR/held" "$US4" >/dev/null 2>&1 &
	until_true 60 test -e "$DIR/held"
	kill -TERM "$DAEMON"
	until_true 60 draining
	CODE=503 answers "http://$METRICS/readyz"
	CODE=200 answers "http://$METRICS/healthz"
	inside 60 curl -sS -f "http://$METRICS/metrics" | grep -qx 'finesse_draining 1'
}
check "not ready at once when a drain begins, but alive (O16)" drain_is_told
kill -TERM "$DAEMON"
daemon_wait 120 3 || FAILED=$((FAILED + 1))

# DPDK's own socket; only here is it on.
write_conf
sed -i 's/ --no-telemetry/ --file-prefix='"$TAP"'/' "$DIR/finesse.conf"
daemon_launch
kernel_side "$NS" "$TAP"
until_true 120 daemon_answers || daemon_died "finessed does not answer"
check "/finesse/... through DPDK's telemetry socket" python3 -B "$E2E/telemetry.py" "$TAP" "$FINESSECTL" "$DIR/control.sock"
daemon_stop "and then: exit 0, the sums are right"
rm -rf "/var/run/dpdk/$TAP"
finish
