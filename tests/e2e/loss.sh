#!/bin/sh
# 3 % of frames lost in each direction, unseen by both ends, and every octet still right, on IPv4 and IPv6.
. "$(dirname "$0")/lib.sh"
begin curl socat nft sha256sum
BYTES=${BYTES:-20000000}
daemon_start_bridged
lose 3

download() {
	inside 100 curl -sS -o - "http://$1/bytes/$BYTES" | sha256sum | cut -d' ' -f1 >"$DIR/got"
	python3 -B "$E2E/peer.py" digest "$BYTES" >"$DIR/expected"
	cmp "$DIR/got" "$DIR/expected"
}

there_and_back() {
	inside 100 socat -T 60 -t 60 -b 65536 - "TCP:$1:7" <"$DIR/random" | sha256sum | cut -d' ' -f1 >"$DIR/got"
	sha256sum <"$DIR/random" | cut -d' ' -f1 >"$DIR/expected"
	cmp "$DIR/got" "$DIR/expected"
}

# The loss was there: of the frames of one direction at least one in 50 of what the transfers need at the least.
was_lost() {
	to_us=$(lost to_us)
	from_us=$(lost from_us)
	echo "lost: $to_us frames to the endpoint, $from_us from it"
	[ "$to_us" -gt $((2 * BYTES / 1500 / 50)) ]
	[ "$from_us" -gt $((4 * BYTES / 1500 / 50)) ]
}

head -c "$BYTES" /dev/urandom >"$DIR/random"
both_web "curl fetches $BYTES octets through 3 % loss each way" download
both_web "echo of $BYTES octets through 3 % loss each way" there_and_back
check "the frames really were lost" was_lost

daemon_stop "stopped: exit 0, every frame has one fate, every mbuf is back"
finish
