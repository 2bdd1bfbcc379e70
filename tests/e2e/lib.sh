# Sourced by every end-to-end script: a network namespace of its own, a finessed on a tap in it, and cases that are
# counted and printed as TAP (https://testanything.org), which meson and tests/run.sh read.
#
#   . "$(dirname "$0")/lib.sh"
#   begin                        the namespace, the work folder and the traps; skips the script where it can't run
#   daemon_start [SETTINGS]      writes a configuration (SETTINGS: more libconfig lines), starts finessed, waits for it
#   check NAME COMMAND...        one case: the command, or a function of the script, run with `set -e`
#   daemon_stop NAME             one case: SIGTERM, exit 0, every frame has one fate, every mbuf is back
#   finish                       the plan; the exit status
#
# Nothing is touched outside of the namespace, nothing is stopped that was not started here, and every wait is bounded.
set -eu

US4=198.51.100.1
US6=2001:db8:1::1
PEER4=198.51.100.2
PEER6=2001:db8:1::2
: "${E2E:=$(cd "$(dirname "$0")" && pwd)}" # this folder, also for a script that lies elsewhere
ROOT=$(cd "$E2E/../.." && pwd)
FINESSED=${FINESSED:-$ROOT/build/app/finessed}
FINESSECTL=${FINESSECTL:-$ROOT/build/app/finessectl}
METRICS= # scripts that ask for it set 127.0.0.1:9464, in the namespace
NS=fns-e2e-$$
PEER_NS=$NS # where the clients run
TAP=fe$$
DEVICE=net_tap0
DEVICE_ARGS=iface=$TAP
QUEUES=0
DAEMON=      # its pid while it runs
CASES=0
FAILED=0

skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

begin() {
	[ "$(id -u)" = 0 ] || skip_all "needs root: it makes a network namespace"
	[ -c /dev/net/tun ] || skip_all "needs /dev/net/tun"
	for tool in ip timeout python3 "$@"; do
		command -v "$tool" >/dev/null || skip_all "needs $tool"
	done
	[ -x "$FINESSED" ] || skip_all "needs $FINESSED"
	DIR=$(mktemp -d "${TMPDIR:-/tmp}/finesse-e2e.XXXXXX")
	trap clean_up EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	ip netns add "$NS"
	ip -n "$NS" link set lo up
}

# Processes of the namespaces that this script made, and nothing else.
clean_up() {
	trap - EXIT
	for ns in "$PEER_NS" "$NS"; do
		for pid in $(ip netns pids "$ns" 2>/dev/null); do
			kill -9 "$pid" 2>/dev/null || true
		done
	done
	if [ -n "$DAEMON" ]; then
		kill -9 "$DAEMON" 2>/dev/null || true
		wait "$DAEMON" 2>/dev/null || true
	fi
	for ns in "$PEER_NS" "$NS"; do
		if [ -e "/run/netns/$ns" ]; then ip netns del "$ns"; fi
	done
	rm -rf "$DIR"
}

# ctl ARGUMENT...: finessectl, at this daemon.
ctl() {
	timeout -k 1 120 "$FINESSECTL" -s "$DIR/control.sock" "$@"
}

# inside SECONDS COMMAND...: runs it where the clients live; 124 if it takes longer.
inside() {
	limit=$1
	shift
	timeout -k 1 "$limit" ip netns exec "$PEER_NS" "$@"
}

# peer SECONDS ACTION...: one of the clients of peer.py.
peer() {
	limit=$1
	shift
	inside "$limit" python3 -B "$E2E/peer.py" "$@"
}

# until_true SECONDS COMMAND...: tries ten times a second at the most.
until_true() {
	last=$(($(date +%s) + $1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -le "$last" ] || return 1
		sleep 0.1
	done
}

check() {
	CASES=$((CASES + 1))
	case_name=$1
	shift
	case_begun=$(date +%s%N)
	set +e
	(set -e; "$@") >"$DIR/case.log" 2>&1 </dev/null
	case_status=$?
	set -e
	case_ms=$((($(date +%s%N) - case_begun) / 1000000))
	if [ "$case_status" = 0 ]; then
		echo "ok $CASES - $case_name ($case_ms ms)"
	else
		FAILED=$((FAILED + 1))
		echo "not ok $CASES - $case_name ($case_ms ms)"
		echo "# exit status $case_status; the last lines of its output:"
		tail -n 30 "$DIR/case.log" | sed 's/^/#   /'
	fi
}

# both NAME COMMAND...: a case with each of the endpoint's addresses as the last argument.
both() {
	both_name=$1
	shift
	check "$both_name, IPv4" "$@" "$US4"
	check "$both_name, IPv6" "$@" "$US6"
}

# both_web NAME COMMAND...: the same with the addresses as a URL has them.
both_web() {
	both_name=$1
	shift
	check "$both_name, IPv4" "$@" "$US4"
	check "$both_name, IPv6" "$@" "[$US6]"
}

# skip NAME WHY: a case that this machine cannot run.
skip() {
	CASES=$((CASES + 1))
	echo "ok $CASES - $1 # SKIP $2"
}

finish() {
	echo "1..$CASES"
	[ "$FAILED" = 0 ]
}

# The settings that every test shares.  SETTINGS of the caller come last.
write_conf() {
	cat >"$DIR/finesse.conf" <<-CONF
		dpdk = { args = "--no-pci --no-huge --no-shconf --no-telemetry -m 256 --vdev=$DEVICE,$DEVICE_ARGS"; };
		ports = ( { device = "$DEVICE"; queues = $QUEUES; ipv4 = ["$US4/24"]; ipv6 = ["$US6/64"]; gateway4 = ""; mtu = 1500; } );
		limits = { connections = 4096; time_wait = 50000; };
		services = ( { type = "echo"; port = 7; }, { type = "discard"; port = 9; },
			{ type = "daytime"; port = 13; }, { type = "chargen"; port = 19; },
			{ type = "http"; port = 80; body_bytes = 64; } );
		control = { socket = "$DIR/control.sock"; metrics = "$METRICS"; };
		$*
	CONF
}

tap_is_there() {
	ip -n "$NS" link show "$TAP"
}

daemon_answers() {
	inside 60 python3 -B "$E2E/peer.py" connect 7 "$US4"
}

daemon_died() {
	echo "Bail out! $1"
	sed 's/^/# /' "$DIR/daemon.log"
	FAILED=$((FAILED + 1))
	exit 1
}

daemon_launch() {
	ip netns exec "$NS" "$FINESSED" -c "$DIR/finesse.conf" >"$DIR/daemon.log" 2>&1 &
	DAEMON=$!
	until_true 120 tap_is_there || daemon_died "finessed made no tap"
}

daemon_start() {
	write_conf "$@"
	daemon_launch
	kernel_side "$NS" "$TAP"
	until_true 120 daemon_answers || daemon_died "finessed does not answer"
}

# The peer's addresses on an interface of the kernel.
kernel_side() {
	ip -n "$1" addr add "$PEER4/24" dev "$2"
	ip -n "$1" -6 addr add "$PEER6/64" dev "$2" nodad
	ip -n "$1" link set "$2" up
}

# As daemon_start, but between the tap and the clients lies a bridge that can lose frames without either end noticing.
# (Dropped on its own way out, a frame is no loss to the sender's TCP: it is told.)
daemon_start_bridged() {
	write_conf "$@"
	daemon_launch
	PEER_NS=$NS-peer
	ip netns add "$PEER_NS"
	ip -n "$NS" link add br0 type bridge mcast_snooping 0
	ip -n "$NS" link add near type veth peer name far netns "$PEER_NS"
	ip -n "$PEER_NS" link set far gso_max_segs 1 # one packet, one frame: a drop takes 1,500 octets, not 64 KiB
	for port in "$TAP" near; do
		ip -n "$NS" link set "$port" master br0 up
	done
	ip -n "$NS" link set br0 up
	kernel_side "$PEER_NS" far
	until_true 120 daemon_answers || daemon_died "finessed does not answer over the bridge"
}

# lose PERCENT: of the frames in each direction, from now on.
lose() {
	ip netns exec "$NS" nft -f - <<-NFT
		table netdev loss {
			counter to_us { }
			counter from_us { }
			chain to_us {
				type filter hook ingress device near priority 0;
				numgen random mod 1000 < $(($1 * 10)) counter name to_us drop
			}
			chain from_us {
				type filter hook ingress device $TAP priority 0;
				numgen random mod 1000 < $(($1 * 10)) counter name from_us drop
			}
		}
	NFT
}

# Frames lost so far in a direction: to_us, from_us.
lost() {
	ip netns exec "$NS" nft list counter netdev loss "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

# As daemon_start, but on a veth by af_packet with so many queues (a fanout group of the kernel's chooses among them); its
# other end is the clients'.  What the kernel leaves to a network card must be done here: there is none behind a veth.
daemon_start_veth() {
	veth_queues=$1
	shift
	PEER_NS=$NS-peer
	ip netns add "$PEER_NS"
	ip -n "$NS" link add "$TAP" numrxqueues 2 numtxqueues 2 type veth \
		peer name far netns "$PEER_NS" numrxqueues 2 numtxqueues 2
	ip netns exec "$PEER_NS" ethtool -K far tx off rx off tso off gso off gro off >/dev/null
	ip -n "$NS" link set "$TAP" up
	kernel_side "$PEER_NS" far
	DEVICE=net_af_packet0
	DEVICE_ARGS=iface=$TAP,qpairs=$veth_queues,qdisc_bypass=1,framecnt=2048
	write_conf "$@"
	daemon_launch
	until_true 120 daemon_answers || daemon_died "finessed does not answer over the veth"
}

# wrk_connections NUMBER ADDRESS: so many short http connections without one error.  wrk wants the port where /etc/services
# is missing, and counts time, not connections: rounds of it until there were enough,
# however long that takes.
wrk_connections() {
	total=0
	for round in $(seq 60); do
		inside 60 wrk -t 1 -c 8 -d 3s --timeout 5s -H 'Connection: close' "http://$2:80/" >"$DIR/wrk.log"
		cat "$DIR/wrk.log"
		if grep -E 'Socket errors|Non-2xx' "$DIR/wrk.log"; then return 1; fi
		total=$((total + $(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$DIR/wrk.log")))
		echo "round $round: $total connections so far"
		[ "$total" -lt "$1" ] || return 0
	done
	return 1
}

# A process that has ended but was not waited for still has an entry: it is a zombie.
daemon_gone() {
	case $(sed 's/.*) //' "/proc/$DAEMON/stat" 2>/dev/null) in
	'' | Z*) ;;
	*) return 1 ;;
	esac
}

daemon_runs() {
	! daemon_gone
}

# daemon_wait SECONDS EXIT: waits for its end, which must be in time and with that exit status.
daemon_wait() {
	until_true "$1" daemon_gone || {
		echo "finessed still runs after $1 s"
		return 1
	}
	set +e
	wait "$DAEMON"
	DAEMON_STATUS=$?
	set -e
	DAEMON=
	[ "$DAEMON_STATUS" = "$2" ]
}

# The sums in the daemon's last words: every frame has one fate, every mbuf is back.
last_words_add_up() {
	tail -n 5 "$DIR/daemon.log"
	python3 -B "$E2E/last_words.py" "$DIR/daemon.log"
}

daemon_stop() {
	kill -TERM "$DAEMON"
	if daemon_wait 120 0; then stopped=true; else stopped=false; fi
	check "$1" daemon_stopped_well "$stopped"
}

daemon_stopped_well() {
	echo "exit status ${DAEMON_STATUS:-none}"
	cat "$DIR/daemon.log"
	[ "$1" = true ]
	last_words_add_up
}
