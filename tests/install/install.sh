#!/bin/sh
# meson install puts everything in its place, and README's example programs, built against that copy alone, works.
# Called with the build directory; FINESSED is not used: the installed one is.
E2E=$(cd "$(dirname "$0")/../e2e" && pwd)
BUILD=$1
# shellcheck disable=SC2034 # lib.sh reads it
FINESSED=$BUILD/app/finessed
. "$E2E/lib.sh"
begin meson pkg-config nc socat cmp

# The prefix the build was set up with, below a folder that is gone at the end.
installed() {
	meson install -C "$BUILD" --no-rebuild --quiet --destdir "$DIR/copy"
	find "$DIR/copy" -type f -o -type l | sort
}
check "meson install" installed

in_place() {
	for path in sbin/finessed bin/finessectl etc/finesse/finesse.conf include/finesse/finesse.h include/finesse/shard.h \
		include/finesse/config.h include/finesse/request.h include/finesse/sock.h share/man/man8/finessed.8 share/man/man1/finessectl.1 share/man/man5/finesse.conf.5 \
		libfinesse.a libfinesse.so libfinesse.so.0 finesse.pc; do
		echo "$path"
		[ -n "$(find "$DIR/copy" -path "*/$path")" ]
	done
}
check "the daemon, both libraries, headers, pkg-config file, sample and manual pages are in place" in_place

nothing_else() {
	test -z "$(find "$DIR/copy" -name '*fns_*')"
	test "$(find "$DIR/copy" -name '*.h' | wc -l)" = 5
}
check "no inner library and no inner header is installed" nothing_else

# How a user would see the copy, were it in its place.
PKG_CONFIG_SYSROOT_DIR=$DIR/copy
PKG_CONFIG_PATH=$(dirname "$(find "$DIR/copy" -name finesse.pc)")
LD_LIBRARY_PATH=$(dirname "$(find "$DIR/copy" -name libfinesse.so)")
export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH LD_LIBRARY_PATH

daemon_runs_from_there() {
	"$(find "$DIR/copy" -name finessed -type f)" --version
	"$(find "$DIR/copy" -name finessed -type f)" -c "$(find "$DIR/copy" -name finesse.conf)" --check
}
check "the installed daemon runs and accepts the installed sample" daemon_runs_from_there

built() {
	cd "$DIR"
	python3 -B "$ROOT/tests/install/example.py" "$ROOT/README.md" 1 >echo.c
	# shellcheck disable=SC2046 # words
	cc -Wall -Wextra -Werror echo.c -o echo $(pkg-config --cflags --libs finesse)
	# shellcheck disable=SC2046
	cc -Wall -Wextra -Werror echo.c -o echo-static -Wl,-Bstatic $(pkg-config --cflags --libs finesse) -Wl,-Bdynamic
	python3 -B "$ROOT/tests/install/example.py" "$ROOT/README.md" 2 >sockets.c
	# shellcheck disable=SC2046
	cc -Wall -Wextra -Werror sockets.c -o sockets $(pkg-config --cflags --libs finesse)
	ldd echo | grep -q 'libfinesse.so.0 => '"$DIR"
	if ldd echo echo-static | grep -q rte_; then return 1; fi
}
check "README's examples build by pkg-config, shared and static, and need no DPDK" built

sockets_talk() {
	answer=$(timeout 20 "$DIR/sockets")
	echo "$answer"
	[ "$answer" = "hello, closed" ]
}
check "README's example with sockets talks to itself" sockets_talk

# Not started by daemon_start, but stopped and cleaned up as the daemon is.
example_start() {
	TAP=echo0
	ip netns exec "$NS" "$DIR/$1" >"$DIR/daemon.log" 2>&1 &
	DAEMON=$!
	until_true 10 tap_is_there || daemon_died "$1 made no tap"
	kernel_side "$NS" "$TAP"
}

example_stop() {
	kill "$DAEMON"
	wait "$DAEMON" || true
	DAEMON=
}

line_comes_back() {
	answer=$(echo "hello, $1" | inside 10 nc -N "$1" 7)
	echo "$answer"
	[ "$answer" = "hello, $1" ]
}

megabytes_come_back() {
	head -c 10000000 /dev/urandom >"$DIR/random"
	inside 60 socat -T 20 -t 20 -b 65536 - "TCP:$1:7" <"$DIR/random" | cmp - "$DIR/random"
}

for program in echo echo-static; do
	[ -x "$DIR/$program" ] || continue
	example_start "$program"
	both "$program: nc gets its line back" line_comes_back
	both_web "$program: socat gets 10 MB back" megabytes_come_back
	example_stop
done
finish
