#!/bin/sh
# What a daemon may meet around it: nobody to tell, no more descriptors, no rights, a file of an earlier version, a full disk.
# Rows O11, O14 and O15 of the list of hostile inputs.
. "$(dirname "$0")/lib.sh"
begin curl setpriv prlimit

served() {
	inside 60 curl -sS -f -o /dev/null "http://$US4/bytes/1000000"
	ctl status | grep -q ' serving, '
}
# Each of the three is something, or a file that it opens for itself would be where it talks to.
standard() {
	for fd in 0 1 2; do
		readlink "/proc/$DAEMON/fd/$fd"
		case $(readlink "/proc/$DAEMON/fd/$fd") in
		/dev/* | pipe:* | "$DIR"/*) ;;
		*) return 1 ;;
		esac
	done
}
stops() {
	kill -TERM "$DAEMON"
	daemon_wait 120 0
}
# launch REDIRECTION: a daemon whose words go there.
launch() {
	write_conf
	ip netns exec "$NS" sh -c "exec \"\$@\" $1" sh "$FINESSED" -c "$DIR/finesse.conf" &
	DAEMON=$!
	until_true 120 tap_is_there || daemon_died "finessed made no tap"
	kernel_side "$NS" "$TAP"
	until_true 120 daemon_answers || daemon_died "finessed does not answer"
}
for redirection in '>&- 2>&- <&-' '>/dev/full 2>/dev/full' '2>&1 | true'; do
	case $redirection in
	*'| true') said="its words end in a pipe that nobody reads" ;;
	*full) said="its words go to a disk that is full" ;;
	*) said="standard input, output and error are closed" ;;
	esac
	if [ "$redirection" = '2>&1 | true' ]; then
		mkfifo "$DIR/pipe"
		true <"$DIR/pipe" &
		launch ">\"$DIR/pipe\" 2>&1"
	else
		launch "$redirection"
	fi
	check "$said: it serves (O11)" served
	check "$said: descriptors 0 to 2 are no file of its own (O11)" standard
	if stops; then well=true; else well=false; fi
	check "$said: stopped, exit 0 (O11)" "$well"
done

daemon_start 'policy = { record_sample = 1; };'
descriptors() {
	ls "/proc/$DAEMON/fd" | wc -l
}
starved() {
	before=$(descriptors)
	prlimit --pid "$DAEMON" --nofile="$before:1024"
	! timeout 2 "$FINESSECTL" -s "$DIR/control.sock" status
	inside 60 curl -sS -f -o /dev/null "http://$US4/bytes/1000000"
	prlimit --pid "$DAEMON" --nofile=1024:1024
	ctl status | grep -q ' serving, '
	until_true 60 sh -c "[ \$(ls /proc/$DAEMON/fd | wc -l) = $before ]"
}
check "no descriptor left for its control socket: it serves, and is asked again later (O11)" starved
full() {
	! ctl ladder --conn :80 --svg /dev/full 2>"$DIR/said"
	cat "$DIR/said"
	grep -q '^finessectl: /dev/full: ' "$DIR/said"
	[ "$(wc -l <"$DIR/said")" = 1 ]
}
inside 60 curl -sS -f -o /dev/null "http://$US4/bytes/1000"
check "finessectl, and the disk is full: one line, not success (O11)" full
daemon_stop "stopped: exit 0, every frame has one fate, every mbuf is back"

# Without the right to make a tap: EAL and the daemon say so, in order, before anything is served.
powerless() {
	write_conf
	set +e
	inside 60 setpriv --bounding-set=-all --inh-caps=-all "$FINESSED" -c "$DIR/finesse.conf" >"$DIR/said" 2>&1
	status=$?
	set -e
	cat "$DIR/said"
	[ "$status" = 1 ]
	grep -q '^finessed: .*net_tap0' "$DIR/said"
	[ ! -e "$DIR/control.sock" ]
}
check "no capability: exit 1, it says what it could not have (O14)" powerless

earlier() {
	for file in "$E2E"/earlier/*.conf; do
		inside 60 "$FINESSED" -c "$file" --check
	done
}
check "files of earlier versions are good (O15)" earlier
finish
