#!/bin/sh
# From a clone on a fresh Debian 12 to a TCP that answers, in one command, as root:
#
#   sh app/quickstart.sh           installs, builds, starts the endpoint, lets clients talk to it, stops everything
#   sh app/quickstart.sh --keep    leaves the endpoint running, and says how to reach it and how to stop it
#
# Everything happens in a network namespace of its own; nothing of it can be reached from outside.
set -eu
cd "$(dirname "$0")/.."
. app/packages.sh

NS=finesse-$$
US4=198.51.100.1
US6=2001:db8:1::1
KEEP=false
DAEMON=
FAILED=0
BOLD=
PLAIN=
if [ -t 1 ]; then
	BOLD=$(printf '\033[1m')
	PLAIN=$(printf '\033[0m')
fi

step() {
	printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"
}

give_up() {
	printf '\nquickstart: %s\n' "$*" >&2
	exit 1
}

# show COMMAND: what a person would type in the namespace, and what comes back.
show() {
	printf '\n  %s$ %s%s\n' "$BOLD" "$1" "$PLAIN"
	if timeout 30 ip netns exec "$NS" sh -c "$1" >"$DIR/said" 2>&1 </dev/null; then
		sed 's/^/    /' "$DIR/said"
	else
		sed 's/^/    /' "$DIR/said"
		echo "    (it failed)"
		FAILED=$((FAILED + 1))
	fi
}

clean_up() {
	trap - EXIT
	if [ -n "$DAEMON" ]; then
		kill "$DAEMON" 2>/dev/null || true
		wait "$DAEMON" 2>/dev/null || true
	fi
	if [ -e "/run/netns/$NS" ]; then ip netns del "$NS"; fi
	rm -rf "$DIR"
}

build() {
	[ -e build/build.ninja ] || meson setup build >"$DIR/build.log" 2>&1 || return 1
	ninja -C build app/finessed app/finesse-ladders bench/finesse-bench >>"$DIR/build.log" 2>&1
}

write_conf() {
	cat >"$DIR/finesse.conf" <<-CONF
		dpdk = { args = "--no-pci --no-huge --no-shconf --no-telemetry -m 256 --vdev=net_tap0,iface=fns0"; };
		ports = ( { device = "net_tap0"; ipv4 = ["$US4/24"]; ipv6 = ["$US6/64"]; } );
		limits = { connections = 10000; time_wait = 10000; };
		services = (
			{ type = "echo"; port = 7; }, { type = "discard"; port = 9; }, { type = "daytime"; port = 13; },
			{ type = "chargen"; port = 19; }, { type = "http"; port = 80; }
		);
		drain = { deadline_s = 10; };
		control = { socket = "$DIR/control.sock"; metrics = "127.0.0.1:9464"; };
	CONF
}

# The daemon in a session of its own, so that Ctrl-C reaches this script alone, which then stops it in good order.
start() {
	ip netns add "$NS"
	ip -n "$NS" link set lo up
	: >"$DIR/finessed.log"
	setsid ip netns exec "$NS" build/app/finessed -c "$DIR/finesse.conf" >"$DIR/finessed.log" 2>&1 </dev/null &
	DAEMON=$!
	for _ in $(seq 100); do
		if grep -q 'serving' "$DIR/finessed.log"; then break; fi
		sleep 0.1
	done
	grep -q 'serving' "$DIR/finessed.log" || {
		cat "$DIR/finessed.log"
		give_up "finessed does not start"
	}
	ip -n "$NS" addr add 198.51.100.2/24 dev fns0
	ip -n "$NS" -6 addr add 2001:db8:1::2/64 dev fns0 nodad
	ip -n "$NS" link set fns0 up
	sed 's/^/    /' "$DIR/finessed.log"
}

clients() {
	show "ping -c 3 -i 0.2 -q $US4 | tail -n 2"
	show "ping -6 -c 3 -i 0.2 -q $US6 | tail -n 2"
	show "curl -sS -i http://$US4/"
	show "curl -sS 'http://[$US6]/bytes/128'"
	show "curl -sS -o /dev/null -w '%{size_download} octets in %{time_total} s, status %{http_code}\n' http://$US4/bytes/100000000"
	show "echo 'Is there anybody?' | nc -N $US4 7"
	show "echo 'Is there anybody?' | nc -N $US6 7"
	show "nc -d $US4 13"
}

stop() {
	kill "$DAEMON"
	if wait "$DAEMON"; then status=0; else status=$?; fi
	DAEMON=
	grep -v 'serving\|port net_tap' "$DIR/finessed.log" | sed 's/^/    /'
	[ "$status" = 0 ] || give_up "finessed ended with status $status"
}

ladders() {
	case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
	*[Uu][Tt][Ff]*8*) build/app/finesse-ladders ;;
	*) build/app/finesse-ladders --ascii ;;
	esac >"$DIR/ladders" || return 1
	sed 's/^/  /' "$DIR/ladders"
}

case ${1:-} in
'') ;;
--keep) KEEP=true ;;
*)
	sed -n '2,7s/^# \{0,1\}//p' "$0"
	exit 2
	;;
esac
[ "$(id -u)" = 0 ] || give_up "needs root: it makes a network namespace and a tap in it"
[ -c /dev/net/tun ] || give_up "needs /dev/net/tun (modprobe tun)"
DIR=$(mktemp -d "${TMPDIR:-/tmp}/finesse-quickstart.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

step "1. Packages"
# shellcheck disable=SC2086 # a list of words
install_missing "$DIR/apt.log" $BUILD_PACKAGES iproute2 iputils-ping curl netcat-openbsd ||
	give_up "some packages are missing"
echo "    all that is needed is there"

step "2. Build: build/app/finessed"
begun=$(date +%s)
build || {
	tail -n 30 "$DIR/build.log"
	give_up "the build failed"
}
echo "    $(build/app/finessed --version), built in $(($(date +%s) - begun)) s"

step "3. The endpoint on a tap, in the network namespace $NS"
write_conf
start
echo "    It is $US4 and $US6; the kernel beside it, where the clients run, is 198.51.100.2 and 2001:db8:1::2."

step "4. Clients of the host kernel talk to it"
clients

step "5. How connections open and end: real exchanges between two endpoints, drawn by their flight recorders"
ladders || give_up "finesse-ladders failed"

step "6. A million connections, ended in each of six ways (sh bench/report.sh measures the rest)"
python3 -B bench/report.py build/bench/finesse-bench million || give_up "finesse-bench failed"

if [ "$KEEP" = true ]; then
	step "7. It keeps running, process $DAEMON, configured by $DIR/finesse.conf"
	echo "    reach it:  ip netns exec $NS curl http://$US4/"
	echo "               ip netns exec $NS curl 'http://[$US6]/'"
	echo "               ip netns exec $NS nc $US4 7"
	echo "    its log:   $DIR/finessed.log"
	echo "    stop it:   kill $DAEMON; sleep 1; ip netns del $NS; rm -r $DIR"
	trap - EXIT
	exit "$((FAILED > 0))"
fi
step "7. SIGTERM: it drains, accounts for every frame, and ends"
stop
[ "$FAILED" = 0 ] || give_up "$FAILED of the clients failed"
step "Done.  Nothing was left behind but the folder build/.  Next: sh tests/run.sh, and README.md"
