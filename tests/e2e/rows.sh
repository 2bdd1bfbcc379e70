# Sourced by close.sh and close_calls.sh: the rows of the specification as cases that run side by side, four at a time.
#
#   rows() {                    the script's: row CASE HOST NAME...
#   	row t06_x both "T-06 ..."    HOST both: IPv4 and IPv6
#   }
#   PROGRAM=close.py run_rows   runs `PROGRAM CASE INTERFACE HOST` for each; then counts them, in the order of the rows

SIDE_BY_SIDE=4

row() {
	if [ "$2" = both ]; then
		"${VERB}_row" "$1" "$US4" "$3, IPv4"
		"${VERB}_row" "$1" "$US6" "$3, IPv6"
	else
		"${VERB}_row" "$1" "$2" "$3"
	fi
}

begin_row() {
	log=$DIR/$1-$(echo "$2" | tr : _)
	(
		inside 60 python3 -B "$E2E/$PROGRAM" "$1" "$TAP" "$2" >"$log.log" 2>&1 </dev/null && status=0 || status=$?
		echo "$status" >"$log.status"
	) &
	begun="$begun $!"
	launched=$((launched + 1))
	[ $((launched % SIDE_BY_SIDE)) != 0 ] || join_rows
}

join_rows() {
	for pid in $begun; do
		wait "$pid" || true
	done
	begun=
}

count_row() {
	check "$3" row_ended_well "$DIR/$1-$(echo "$2" | tr : _)"
}

row_ended_well() {
	cat "$1.log"
	[ "$(cat "$1.status")" = 0 ]
}

run_rows() {
	launched=0
	begun=
	VERB=begin rows
	join_rows
	VERB=count rows
}
