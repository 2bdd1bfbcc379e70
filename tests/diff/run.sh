#!/bin/sh
# The differential run, from a build that meson made: sh tests/diff/run.sh BUILDDIR [--slow] [--show] [SCRIPT...]
# Ends with "N passed, N failed"; exits 1 if something failed, 77 if it cannot run here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${1:?"usage: run.sh BUILDDIR [--slow] [--show] [SCRIPT...]"}
shift
ninja -C "$build" tests/diff/diff >/dev/null
exec "$build/tests/diff/diff" "$here/scripts.txt" "$here/ledger.txt" "$@"
