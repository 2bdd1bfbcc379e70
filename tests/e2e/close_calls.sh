#!/bin/sh
# How connections close (T-nn of the specification), each segment checked, between an application on finesse that does
# each call when it is told to (puppet.c) and sockets of the host kernel.
. "$(dirname "$0")/lib.sh"
PUPPET=${PUPPET:-$ROOT/build/tests/e2e/puppet}
begin "$PUPPET"
. "$E2E/rows.sh"
export ORDERS="$DIR/orders"

ip netns exec "$NS" "$PUPPET" "$ORDERS" --no-pci --no-huge --no-shconf --no-telemetry -m 64 --log-level=lib.eal:4 \
	--vdev="net_tap0,iface=$TAP" >"$DIR/daemon.log" 2>&1 &
DAEMON=$!
until_true 120 tap_is_there || daemon_died "puppet made no tap"
kernel_side "$NS" "$TAP"
until_true 120 test -S "$ORDERS" || daemon_died "puppet takes no orders"
inside 60 ping -q -c 1 -W 5 "$US4" >/dev/null || daemon_died "puppet does not answer"
inside 60 ping -q -c 1 -W 5 "$US6" >/dev/null || daemon_died "puppet does not answer over IPv6"

rows() {
	row t05_idle_then_close both "T-05 T-07 the kernel closes, our application later: four segments"
	row t06_close_at_once "$US4" "T-06 T-15 the kernel closes, our application at once: FIN, three or four segments"
	row t08_answer_after_fin "$US4" "T-08 the kernel closes, we send and close: FIN on the text"
	row t01_close both "T-01 close with both queues empty: four segments"
	row t02_text_and_close "$US4" "T-02 text and close: one segment"
	row t13_unread both "T-13 T-58 close with octets unread: RST; the kernel reads ECONNRESET once, then the end"
	row t14_all_read "$US4" "T-14 all read, then close: FIN"
	row t16_linger_0 "$US4" "T-16 linger 0 in ESTABLISHED: RST"
	row t16_linger_0_close_wait "$US4" "T-16 linger 0 in CLOSE-WAIT: RST"
	row t16_linger_0_fin_wait_2 "$US4" "T-16 linger 0 in FIN-WAIT-2: RST"
	row t17_linger_0_unread "$US4" "T-17 linger 0 and octets unread: one RST"
	row t18_linger "$US4" "T-18 T-19 linger with a time: FIN, and told when it is acknowledged"
	row t16_kernel_fin_wait_2 "$US4" "T-16 linger 0 of the kernel in its FIN-WAIT-2: RST"
	row t24_kernel_closed both "T-24 data for a connection that the kernel has closed: its RST"
	row t25_kernel_closed_fin "$US4" "T-25 data and FIN for it: its RST, no TIME-WAIT"
	row t31_kernel_linger2 "$US4" "T-31 TCP_LINGER2 1 s at the kernel, our FIN later: its RST"
	row t31_kernel_linger2_negative "$US4" "T-31 TCP_LINGER2 -1 at the kernel: its RST at close"
	row t31_ours_negative "$US4" "T-31 fin_wait_2_ms -1: RST when our FIN is acknowledged"
	row t32_half_close both "T-32 T-34 T-38 our half-close: the kernel sends later, we read, EPIPE for us"
	row t32_kernel_half_close "$US4" "T-32 T-34 the kernel's half-close: we send later, it reads"
	row t33_half_close_then_close "$US4" "T-33 T-30 half-close, then close: the clock starts there, late FIN gets RST"
	row t35_shutdown_rd "$US4" "T-35 our shutdown(RD): nothing is sent, what comes is read"
	row t36_shutdown_both "$US4" "T-36 shutdown both ways, then data of the kernel: RST"
	row t56_open_refused both "T-56 our open to a closed port: RST, ECONNREFUSED"
	row t58_kernel_resets "$US4" "T-58 the kernel resets: our octets first, then ECONNRESET once"
	row t58_we_abort "$US4" "T-58 we abort: the kernel's program has ECONNRESET once, then the end; EPIPE"
	row t21_listener_killed "$US4" "T-21 a listener is killed: RST for the child that nobody accepted"
	row t52_open_again "$US4" "T-52 the kernel's TIME-WAIT, opened again by us from the same port"
}
PROGRAM=close_calls.py run_rows

# These keep the puppet deaf for a while, so that segments cross: one at a time.
rows() {
	row x09_simultaneous both "T-09 both close, the FINs cross: CLOSING, TIME-WAIT"
	row x20_close_in_syn_sent "$US4" "T-20 close in SYN-SENT: nothing; the SYN-ACK gets RST"
	row x20_kernel_closes_in_syn_sent "$US4" "T-20 the kernel closes in SYN-SENT: nothing; our SYN-ACK gets its RST"
	row x26_data_in_fin_wait_1 "$US4" "T-26 T-62 octets under way when we close: RST; EPIPE for the kernel's program"
	row x47_simultaneous_open both "T-47 T-48 both open, the SYNs cross: no listener, one connection"
}
SIDE_BY_SIDE=1
PROGRAM=close_calls.py run_rows

inside 60 python3 -B "$E2E/close_calls.py" stop "$TAP" "$US4" >"$DIR/stop.log" 2>&1 || cat "$DIR/stop.log"
if daemon_wait 120 0; then stopped=true; else stopped=false; fi
adds_up() {
	cat "$DIR/daemon.log"
	[ "$stopped" = true ]
}
check "stopped: the shard adds up, every mbuf is back" adds_up
finish
