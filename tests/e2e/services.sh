#!/bin/sh
# Each service as its RFC says, to ordinary clients, on IPv4 and IPv6.
. "$(dirname "$0")/lib.sh"
begin curl nc
daemon_start

curl_says_200() {
	answer=$(inside 60 curl -sS -w '%{http_code} %{size_download}' -o /dev/null "http://$1/")
	echo "$answer"
	[ "$answer" = "200 64" ]
}

curl_reuses() {
	inside 60 curl -sS -v "http://$1/" "http://$1/bytes/100" "http://$1/" -o /dev/null -o /dev/null -o /dev/null \
		2>"$DIR/curl.log"
	grep -c 'Re-using existing connection' "$DIR/curl.log"
	[ "$(grep -c 'Re-using existing connection' "$DIR/curl.log")" = 2 ]
}

nc_echo() {
	answer=$(echo "Guten Tag" | inside 60 nc -N "$1" 7)
	echo "$answer"
	[ "$answer" = "Guten Tag" ]
}

both_web "curl gets 200 and 64 octets" curl_says_200
both_web "curl asks three times on one connection" curl_reuses
both "http: keep-alive, split and pipelined requests, 404 and 400" peer 60 http
both "nc gets its line back from echo" nc_echo
both "daytime says a line and ends" peer 60 daytime
both "discard takes 10 MB and answers nothing" peer 60 discard 10000000
both "chargen's lines are RFC 864's" peer 60 chargen 1000000

daemon_stop "stopped: exit 0, every frame has one fate, every mbuf is back"
finish
