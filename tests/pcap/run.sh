#!/bin/sh
# finessed reads a capture of its peer's side (net_pcap, rx_pcap) and writes its own (tx_pcap), which is compared.  No
# root, no tap, no hugepages, no clock: time is the capture's (workers.clock = "virtual"), sequence numbers come from a
# fixed secret (policy.isn_secret).  Each script in this folder is played over IPv4 and over IPv6.
#
#   sh tests/pcap/run.sh [--tap] [NAME...]      ends with "N passed, N failed"; --tap: as meson wants it
#
# By hand, as any user, for the script active_4 over IPv4:
#
#   cd "$(mktemp -d)"; S=.../tests/pcap
#   python3 $S/script.py $S/active_4.txt 4 conf >finesse.conf
#   python3 $S/script.py $S/active_4.txt 4 input in.pcap
#   .../build/app/finessed -c finesse.conf 2>log           # ends by itself
#   python3 $S/script.py $S/active_4.txt 4 show out.pcap log
#   tcpdump -r in.pcap; tcpdump -r out.pcap
set -eu

HERE=$(cd "$(dirname "$0")" && pwd)
FINESSED=${FINESSED:-$HERE/../../build/app/finessed}
TAP=
PASSED=0
FAILED=0

if [ "${1:-}" = --tap ]; then
	TAP='# '
	shift
fi
[ -x "$FINESSED" ] || {
	echo "run.sh: there is no $FINESSED: ninja -C build app/finessed, or FINESSED=..." >&2
	exit 1
}
FINESSED=$(realpath "$FINESSED")
WORK=$(mktemp -d "${TMPDIR:-/tmp}/finesse-pcap.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
trap 'exit 130' INT TERM

script() {
	python3 -B "$HERE/script.py" "$HERE/$name.txt" "$family" "$@"
}

# In a folder of its own: the input, the daemon, the comparison.
play() {
	mkdir "$WORK/$name-$family"
	cd "$WORK/$name-$family"
	script conf >finesse.conf
	script input in.pcap
	timeout 30 "$FINESSED" -c finesse.conf >log 2>&1 </dev/null || {
		echo "exit status $?"
		cat log
		return 1
	}
	script compare out.pcap log || {
		cat log
		return 1
	}
}

[ $# -gt 0 ] || set -- $(cd "$HERE" && ls -- *.txt | sed 's/\.txt$//')
for name in "$@"; do
	for family in 4 6; do
		set +e
		(set -e; play) >"$WORK/said" 2>&1
		status=$?
		set -e
		if [ "$status" = 0 ]; then
			PASSED=$((PASSED + 1))
			echo "ok $((PASSED + FAILED)) - $name, IPv$family"
		else
			FAILED=$((FAILED + 1))
			echo "not ok $((PASSED + FAILED)) - $name, IPv$family"
			sed 's/^/#   /' "$WORK/said"
		fi
	done
done
[ -z "$TAP" ] || echo "1..$((PASSED + FAILED))"
echo "$TAP$PASSED passed, $FAILED failed"
[ "$FAILED" = 0 ]
