#!/bin/sh
# 3 % of frames lost in each direction, unseen by both ends, and every octet still right, on IPv4 and IPv6.  The four
# transfers run side by side: under loss each spends most of its time waiting.
. "$(dirname "$0")/lib.sh"
begin curl socat nft sha256sum
BYTES=${BYTES:-20000000}
SECONDS_MAX=180
daemon_start_bridged
lose 3

head -c "$BYTES" /dev/urandom >"$DIR/random"
sha256sum <"$DIR/random" | cut -d' ' -f1 >"$DIR/sent"
python3 -B "$E2E/peer.py" digest "$BYTES" >"$DIR/served"

download() { # NAME HOST
	inside "$SECONDS_MAX" curl -sS -o - "http://$2/bytes/$BYTES" | sha256sum | cut -d' ' -f1 >"$DIR/$1"
}

there_and_back() {
	inside "$SECONDS_MAX" socat -T 60 -t 60 -b 65536 - "TCP:$2:7" <"$DIR/random" | sha256sum | cut -d' ' -f1 >"$DIR/$1"
}

# The loss was there: of the frames of each direction at least one in 50 of what the transfers need at the least.
was_lost() {
	to_us=$(lost to_us)
	from_us=$(lost from_us)
	echo "lost: $to_us frames to the endpoint, $from_us from it"
	[ "$to_us" -gt $((2 * BYTES / 1500 / 50)) ]
	[ "$from_us" -gt $((4 * BYTES / 1500 / 50)) ]
}

pids=
download http4 "$US4" 2>"$DIR/http4.log" &
pids="$pids $!"
download http6 "[$US6]" 2>"$DIR/http6.log" &
pids="$pids $!"
there_and_back echo4 "$US4" 2>"$DIR/echo4.log" &
pids="$pids $!"
there_and_back echo6 "[$US6]" 2>"$DIR/echo6.log" &
pids="$pids $!"
for pid in $pids; do
	wait "$pid" || true
done

same() { # NAME DIGEST
	cat "$DIR/$1.log"
	cmp "$DIR/$1" "$DIR/$2"
}
check "curl fetches $BYTES octets through 3 % loss each way, IPv4" same http4 served
check "curl fetches $BYTES octets through 3 % loss each way, IPv6" same http6 served
check "echo of $BYTES octets through 3 % loss each way, IPv4" same echo4 sent
check "echo of $BYTES octets through 3 % loss each way, IPv6" same echo6 sent
check "the frames really were lost" was_lost

daemon_stop "stopped: exit 0, every frame has one fate, every mbuf is back"
finish
