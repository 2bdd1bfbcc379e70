#!/bin/sh
# Runs every test of finesse.  Debian 12; as root it installs what is missing and runs the tests that need namespaces.
#
#   sh tests/run.sh              gcc; gcc with ThreadSanitizer; clang with the address and undefined-behaviour sanitizers
#   sh tests/run.sh --thorough   also clang without, and gcc with those sanitizers
#   sh tests/run.sh --quick      gcc without sanitizers
#   sh tests/run.sh NAME...      these tests alone, gcc without sanitizers ("bulk", "planted"; --list shows them)
#
# Ends with the line "N passed, N failed"; exits 1 if something failed.  Builds below build-tests/; what else it makes
# (namespaces, taps, files) is gone at the end.  Hugepages are neither needed nor touched.
set -eu
cd "$(dirname "$0")/.."
. app/packages.sh
OUT=$PWD/build-tests
QUICK=false
THOROUGH=false
BEGUN=$(date +%s)
PATIENCE=1 # times each test's time limit
TARGETS=   # what is built; nothing: all
AHEAD=     # the process that builds in the background
SANITIZE="-Db_sanitize=address,undefined -Db_lundef=false -Dc_args=-fno-sanitize-recover=all"

LINT_PACKAGES="clang-format-14"
CLANG_PACKAGES="clang libclang-rt-14-dev"
E2E_PACKAGES="iproute2 iputils-ping curl socat netcat-openbsd wrk nftables ethtool tcpdump"

say() {
	printf '\n== %s (%s s)\n' "$*" $(($(date +%s) - BEGUN))
}

# build NAME COMPILER [MESON OPTION...]: into $OUT/NAME, all or $TARGETS.  A build that fails is one failed test.
build() {
	name=$1
	dir=$OUT/$1
	compiler=$2
	log=$OUT/$1.log
	shift 2
	say "building with $compiler $*"
	command -v "$compiler" >/dev/null || {
		echo "skipped: there is no $compiler"
		echo "skip" >>"$OUT/builds"
		return 1
	}
	[ ! -e "$dir/build.ninja" ] || set -- --reconfigure "$@"
	cat "$OUT/$name-ahead.log" >"$log" 2>/dev/null || true # its warnings count
	if CC=$compiler meson setup "$@" "$dir" >>"$log" 2>&1 && ninja -C "$dir" $TARGETS >>"$log" 2>&1; then
		if ! grep -q 'warning: ' "$log"; then return 0; fi
		echo "warnings are failures:"
		grep -A 3 'warning: ' "$log" | head -n 20
	else
		tail -n 30 "$log"
	fi
	echo "fail" >>"$OUT/builds"
	return 1
}

# ahead NAME COMPILER [MESON OPTION...]: the same in the background, with what the tests that run meanwhile leave of the
# processor; `build` then finds it done.
ahead() {
	dir=$OUT/$1
	compiler=$2
	log=$OUT/$1-ahead.log
	shift 2
	rm -f "$log"
	command -v "$compiler" >/dev/null && [ ! -e "$dir/build.ninja" ] || return 0
	{ CC=$compiler nice -n 19 meson setup "$@" "$dir" && exec nice -n 19 ninja -j 1 -C "$dir"; } >"$log" 2>&1 9>&- &
	AHEAD=$!
	trap 'kill "$AHEAD" 2>/dev/null || true' EXIT
}

# run BUILD SETUP MESON-TEST-ARGUMENT...: count.py reads the results.  Setup "core" is what needs no root, "all" all there is.
run() {
	dir=$OUT/$1
	setup=$2
	results=$dir/meson-logs/testlog-$setup.json
	shift 2
	rm -f "$results"
	meson test -C "$dir" --no-rebuild --print-errorlogs --setup "$setup" -t "$PATIENCE" "$@" 2>&1 |
		grep -Ev '^$|^Full log written|^(Ok|Expected Fail|Fail|Unexpected Pass|Skipped|Timeout): ' || true
	if [ -e "$results" ]; then
		echo "$results" >>"$OUT/results"
	else
		echo "fail" >>"$OUT/builds"
	fi
}

everything() {
	build gcc gcc && {
		say "gcc: what needs no root"
		run gcc core
		# shellcheck disable=SC2086 # a list of words
		[ "$QUICK" = true ] || ahead clang-sanitized clang $SANITIZE
		say "gcc: end to end against the host kernel, an installed copy, the same scripts to both"
		run gcc all --suite e2e --suite install --suite diff
	}
	[ "$QUICK" = false ] || return 0
	TARGETS="app/finessed app/finessectl"
	build threads gcc -Db_sanitize=thread -Db_lundef=false && {
		say "gcc with ThreadSanitizer: three workers under load"
		run threads all races
	}
	TARGETS=
	[ "$THOROUGH" = false ] || others clang clang reach services many
	[ -z "$AHEAD" ] || wait "$AHEAD" || true # what is wrong with it, the next build says
	PATIENCE=4
	sanitized clang
	[ "$THOROUGH" = false ] || sanitized gcc
}

sanitized() {
	# shellcheck disable=SC2086 # a list of words
	others "$1-sanitized" "$1" services awkward broken -- $SANITIZE
}

# others NAME COMPILER E2E-TEST... [-- MESON OPTION...]: the core's suites, and a few end to end.
others() {
	name=$1
	compiler=$2
	shift 2
	themes=
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		themes="$themes $1"
		shift
	done
	[ $# = 0 ] || shift
	build "$name" "$compiler" "$@" || return 0
	say "$name: what needs no root"
	run "$name" core --no-suite lint
	say "$name: end to end"
	# shellcheck disable=SC2086
	run "$name" all $themes
}

mkdir -p "$OUT"
exec 9>"$OUT/lock"
flock 9 # another run in this clone: wait for it
rm -f "$OUT/results" "$OUT/builds"
touch "$OUT/results" "$OUT/builds"
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99
export LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0"
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
say "packages"
# shellcheck disable=SC2086 # lists of words
install_missing "$OUT/apt.log" $BUILD_PACKAGES $LINT_PACKAGES $CLANG_PACKAGES $E2E_PACKAGES ||
	echo "going on with what there is"
[ "$(id -u)" = 0 ] || echo "not root: the end-to-end tests will be skipped, they make network namespaces"

case ${1:-} in
--list)
	build gcc gcc && meson test -C "$OUT/gcc" --list 2>/dev/null
	exit
	;;
--quick)
	QUICK=true
	everything
	;;
--thorough)
	THOROUGH=true
	everything
	;;
-*)
	sed -n '2,10s/^# \{0,1\}//p' "$0"
	exit 2
	;;
'')
	everything
	;;
*)
	build gcc gcc && run gcc all "$@"
	;;
esac

say "done"
exec python3 -B tests/count.py "$OUT/builds" "$OUT/results"
