#!/bin/sh
# report.sh [BUILD [FOLDER]]: measures everything that bench/README.md shows and writes report.md, report.json and the plots
# to FOLDER (bench/report): some ten minutes on an idle machine with 16 GiB; on a busy one it says less than it seems to.
# As root it also measures the host kernel, in a network namespace of its own, and installs gnuplot and testpmd if they are
# missing.  RUNS=N: of how many runs each figure is the median (3).
#
# As root it reserves hugepages for as long as it runs, as many as there is memory for, and then as many as there were are
# there again.  HUGEPAGES=0: none.  DPERF=PROGRAM: a dperf is measured beside us, run by run over memif (README.md).
set -eu
cd "$(dirname "$0")/.."
BUILD=${1:-build}
FOLDER=${2:-bench/report}
. app/packages.sh
mkdir -p "$FOLDER"
LOG=$(mktemp)
PAGES=/proc/sys/vm/nr_hugepages
PAGES_BEFORE=$(cat "$PAGES")
report=

# Also when it is interrupted: whoever measures is stopped first, so that its pages are free.
restore() {
	if [ -n "$report" ]; then
		kill "$report" 2>/dev/null && wait "$report" || true
	fi
	if [ "$(cat "$PAGES")" != "$PAGES_BEFORE" ]; then
		echo "$PAGES_BEFORE" >"$PAGES"
	fi
	rm -f "$LOG"
}
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# shellcheck disable=SC2086 # a list of words
install_missing "$LOG" $BUILD_PACKAGES gnuplot-nox dpdk || echo "going on with what there is"
[ -e "$BUILD/build.ninja" ] || meson setup "$BUILD" >"$LOG" 2>&1 || { cat "$LOG"; exit 1; }
ninja -C "$BUILD" bench/finesse-bench >"$LOG" 2>&1 || { tail -n 30 "$LOG"; exit 1; }
# two ends of 256 MiB (memif.c), or of 1 GiB (dperf.py)
WANTED=${HUGEPAGES:-$([ -n "${DPERF:-}" ] && echo 1100 || echo 300)}
if [ "$(id -u)" = 0 ] && [ "$WANTED" -gt "$PAGES_BEFORE" ]; then
	echo "$WANTED" >"$PAGES" || echo "no hugepages; going on without"
fi
python3 -B bench/report.py "$BUILD/bench/finesse-bench" all "$FOLDER" &
report=$!
status=0
wait "$report" || status=$?
report=
exit "$status"
