#!/bin/sh
# 100 MB out by http and 100 MB there and back by echo, digests compared, on IPv4 and IPv6.
. "$(dirname "$0")/lib.sh"
begin curl socat sha256sum
BYTES=${BYTES:-100000000}
daemon_start

download() {
	inside 90 curl -sS -o - "http://$1/bytes/$BYTES" | sha256sum | cut -d' ' -f1 >"$DIR/got"
	python3 -B "$E2E/peer.py" digest "$BYTES" >"$DIR/expected"
	cat "$DIR/got" "$DIR/expected"
	cmp "$DIR/got" "$DIR/expected"
}

there_and_back() {
	inside 90 socat -T 30 -t 60 -b 65536 - "TCP:$1:7" <"$DIR/random" | sha256sum | cut -d' ' -f1 >"$DIR/got"
	sha256sum <"$DIR/random" | cut -d' ' -f1 >"$DIR/expected"
	cat "$DIR/got" "$DIR/expected"
	cmp "$DIR/got" "$DIR/expected"
}

head -c "$BYTES" /dev/urandom >"$DIR/random"
both_web "curl fetches $BYTES octets" download
both_web "socat sends $BYTES octets through echo and gets them back" there_and_back

daemon_stop "stopped: exit 0, every frame has one fate, every mbuf is back"
finish
