#!/bin/sh
# tap.sh [BUILD]: bulk throughput of one connection over net_tap, beside what that tap allows at all: plain frames of the
# same size through the same port.  Run it on an otherwise idle machine; compare only within one run.
#
# The floor: bench/tapfloor sends frames of 1,514 octets for SECONDS; the kernel's interface counts what arrived.
# TCP: curl reads /bytes/N of finessed into /dev/null for SECONDS (from the endpoint), socat writes to discard (to it).
# A full segment has 1,448 octets in its 1,514, IPv4 with timestamps; 1,428 over IPv6.
set -eu
cd "$(dirname "$0")/.."
BUILD=${1:-build}
# shellcheck disable=SC2034 # lib.sh reads both
FINESSED=$BUILD/app/finessed
SECONDS_EACH=${SECONDS_EACH:-4}
RUNS=${RUNS:-3}
# shellcheck disable=SC2034
E2E=$PWD/tests/e2e
. tests/e2e/lib.sh
begin curl socat

median() {
	sort -n | sed -n "$(((RUNS + 1) / 2))p"
}

rx_packets() {
	inside 5 cat "/sys/class/net/$TAP/statistics/rx_packets"
}

# Frames a second that the kernel saw of what tapfloor sent.
floor_once() {
	mkfifo "$DIR/go"
	ip netns exec "$NS" "$BUILD/bench/tapfloor" --no-pci --no-huge --no-shconf --no-telemetry -m 64 --log-level=4 \
		"--vdev=net_tap0,iface=$TAP" -- net_tap0 $((SECONDS_EACH + 2)) 1514 <"$DIR/go" >"$DIR/floor.log" 2>&1 &
	floor=$!
	exec 4>"$DIR/go"
	until_true 10 grep -q ready "$DIR/floor.log"
	ip -n "$NS" link set "$TAP" up
	echo go >&4
	sleep 0.5
	before=$(rx_packets)
	sleep "$SECONDS_EACH"
	after=$(rx_packets)
	exec 4>&-
	wait "$floor"
	rm "$DIR/go"
	echo $(((after - before) / SECONDS_EACH))
}

# Octets a second that curl received on one connection.
download_once() {
	inside $((SECONDS_EACH + 5)) curl -s -o /dev/null -m "$SECONDS_EACH" -w '%{size_download}\n' \
		"http://$1/bytes/10000000000" >"$DIR/size" || [ $? = 28 ]
	echo $(($(cat "$DIR/size") / SECONDS_EACH))
}

tx_bytes() {
	inside 5 cat "/sys/class/net/$TAP/statistics/tx_bytes"
}

# Octets of payload a second that the kernel sent, in full segments, while a client wrote to discard on one connection.
upload_once() {
	before=$(tx_bytes)
	inside $((SECONDS_EACH + 5)) timeout "$SECONDS_EACH" socat -u -b 65536 /dev/zero "TCP:$1:9" || true
	echo $((($(tx_bytes) - before) * 1448 / 1514 / SECONDS_EACH))
}

# repeat COMMAND...: the median of RUNS.
repeat() {
	for _ in $(seq "$RUNS"); do "$@"; done >"$DIR/runs"
	median <"$DIR/runs"
}

gbit() { # octets a second [, of what]
	awk -v o="$1" -v all="${2:-0}" 'BEGIN {
		printf "%.2f Gbit/s", o * 8 / 1e9
		if (all) printf ", %.0f %%", 100 * o / all
	}'
}

frames=$(repeat floor_once)
payload4=$((frames * 1448))
payload6=$((frames * 1428))
write_conf
daemon_start
down4=$(repeat download_once "$US4")
down6=$(repeat download_once "[$US6]")
up4=$(repeat upload_once "$US4")
daemon_stop "stopped" >"$DIR/stopped" || cat "$DIR/stopped"

cat <<TABLE
Medians of $RUNS runs of $SECONDS_EACH s each, $(nproc) CPUs, Linux $(uname -r).

| | payload |
|---|---|
| net_tap alone: $frames frames of 1,514 octets a second, had they been full segments of IPv4 | $(gbit "$payload4") |
| finesse to curl, one connection, IPv4 | $(gbit "$down4" "$payload4") of that |
| finesse to curl, one connection, IPv6 | $(gbit "$down6" "$payload6") of that |
| the kernel to finesse (socat to discard), one connection, IPv4 | $(gbit "$up4") |
TABLE
