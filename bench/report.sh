#!/bin/sh
# report.sh [BUILD [FOLDER]]: measures everything that bench/README.md shows and writes report.md, report.json and the plots
# to FOLDER (bench/report): some ten minutes on an idle machine with 16 GiB; on a busy one it says less than it seems to.
# As root it also measures the host kernel, in a network namespace of its own, and installs gnuplot and testpmd if they are
# missing.  RUNS=N: of how many runs each figure is the median (3).
set -eu
cd "$(dirname "$0")/.."
BUILD=${1:-build}
FOLDER=${2:-bench/report}
. app/packages.sh
mkdir -p "$FOLDER"
LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT
# shellcheck disable=SC2086 # a list of words
install_missing "$LOG" $BUILD_PACKAGES gnuplot-nox dpdk || echo "going on with what there is"
[ -e "$BUILD/build.ninja" ] || meson setup "$BUILD" >"$LOG" 2>&1 || { cat "$LOG"; exit 1; }
ninja -C "$BUILD" bench/finesse-bench >"$LOG" 2>&1 || { tail -n 30 "$LOG"; exit 1; }
exec python3 -B bench/report.py "$BUILD/bench/finesse-bench" all "$FOLDER"
