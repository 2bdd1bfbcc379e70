#!/bin/sh
# How connections close (T-nn of the specification), each segment checked, between the services of finessed and sockets
# of the host kernel; who closes is finesse in some and the kernel in others.
. "$(dirname "$0")/lib.sh"
begin
daemon_start 'timeouts = { fin_wait_2_s = 1; };'
HOLE4=198.51.100.77 # finesse drops what is sent there
us_mac=$(ip -n "$NS" neigh show "$US4" | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p')
ip -n "$NS" neigh replace "$HOLE4" lladdr "$us_mac" dev "$TAP" nud permanent

. "$E2E/rows.sh"

rows() {
	row t01_finesse_first_4 both "T-01 finesse closes first, four segments"
	row t10_finesse_first_3 "$US4" "T-10 finesse closes first, the kernel at once: FIN, FIN, ACK"
	row t06_kernel_first both "T-05 T-06 the kernel closes first, echo: three segments"
	row t06_http "$US4" "T-05 T-06 the kernel closes first, http"
	row t08_answer_then_fin "$US4" "T-08 text and FIN at once, both ways; one ACK for both"
	row t13_kernel_unread both "T-13 the kernel closes with octets unread: RST"
	row t14_kernel_all_read "$US4" "T-14 the kernel closes with all octets read: FIN"
	row t16_kernel_linger_0 "$US4" "T-16 the kernel closes with linger 0: RST"
	row t16_kernel_close_wait "$US4" "T-16 T-28 linger 0 in CLOSE-WAIT: RST, it ends our FIN-WAIT-2"
	row t17_kernel_linger_0_unread "$US4" "T-17 linger 0 and octets unread: one RST"
	row t20_kernel_syn_sent "$HOLE4" "T-20 the kernel closes in SYN-SENT: nothing more"
	row t21_sigkill "$US4" "T-21 a process of the kernel is killed: FIN"
	row t21_sigkill_unread "$US4" "T-21 a process is killed with octets unread: RST"
	row t24_data_after_close both "T-24 T-61 data after our close: RST; EPIPE, then the end"
	row t25_data_and_fin_after_close "$US4" "T-25 data and FIN after our close: RST, no TIME-WAIT"
	row t27_fin_wait_2_old "$US4" "T-27 an old segment in FIN-WAIT-2: an ACK, nothing changes"
	row t29_syn_in_fin_wait_2 "$US4" "T-29 a SYN in FIN-WAIT-2 of an orphan: RST"
	row t30_fin_wait_2_in_time "$US4" "T-30 FIN-WAIT-2 of 1 s, FIN after 0.4 s: TIME-WAIT"
	row t30_fin_wait_2_reaped both "T-30 T-31 FIN-WAIT-2 of 1 s, FIN after 1.3 s: RST"
	row t34_kernel_half_close "$US4" "T-34 the kernel half-closes with its request"
	row t35_kernel_shutdown_rd "$US4" "T-35 shutdown(RD) at the kernel: acknowledged and read"
	row t36_kernel_shutdown_rdwr "$US4" "T-36 shutdown(RDWR) at the kernel, then data of ours: RST; ECONNRESET once"
	row t50_time_wait_fin_again "$US4" "T-50 T-51 TIME-WAIT: FIN again, and RST"
	row t52_reopened both "T-52 the same port opened again out of our TIME-WAIT"
	row t53_time_wait_old_syn "$US4" "T-53 an old SYN in TIME-WAIT"
	row t56_refused both "T-56 a closed port: RST, ECONNREFUSED"
	row t59_rst_in_window "$US4" "T-59 a forged RST in the window: challenge ACK, it lives"
	row t59_rst_outside "$US4" "T-59 a forged RST outside the window: nothing, it lives"
	row t60_syn "$US4" "T-60 forged SYNs: challenge ACKs, it lives"
}

PROGRAM=close.py run_rows

export READY="$DIR/ready"
inside 60 python3 -B "$E2E/close.py" drained "$TAP" "$US4" >"$DIR/drained.log" 2>&1 &
drained=$!
until_true 60 test -e "$READY"
two_left() {
	ctl status | grep '^2 connections (0 orphans)'
}
check "no connection but the two that are idle is left" until_true 60 two_left
kill -TERM "$DAEMON"
if daemon_wait 120 0; then stopped=true; else stopped=false; fi
if wait "$drained"; then ended=true; else ended=false; fi
well_drained() {
	cat "$DIR/drained.log"
	[ "$ended" = true ]
}
check "T-01 a drain closes idle connections: four segments, three if the kernel closes at once" well_drained
check "stopped: exit 0, every frame has one fate, every mbuf is back" daemon_stopped_well "$stopped"
finish
