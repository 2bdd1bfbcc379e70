# Sourced by quickstart.sh and tests/run.sh: Debian packages, installed only where they are missing.

# What a build of finesse needs.
# shellcheck disable=SC2034 # for those who source this
BUILD_PACKAGES="gcc libc6-dev meson ninja-build pkg-config python3 libdpdk-dev libconfig-dev libcmocka-dev libjansson-dev libevent-dev"

missing() { # PACKAGE...
	for package in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
	done
}

# install_missing LOG PACKAGE...: says what it installs; 1 if that was not possible.
install_missing() {
	log=$1
	shift
	# shellcheck disable=SC2046 # words
	set -- $(missing "$@")
	[ $# -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ]; then
		echo "missing, and only root can install them: apt-get install $*"
		return 1
	fi
	echo "installing $*"
	export DEBIAN_FRONTEND=noninteractive
	apt-get install -y -qq --no-install-recommends "$@" >"$log" 2>&1 && return 0
	# perhaps the lists are old or were never fetched
	apt-get update -qq >>"$log" 2>&1 && apt-get install -y -qq --no-install-recommends "$@" >>"$log" 2>&1 && return 0
	tail -n 20 "$log"
	echo "apt-get could not install them; all it said is above"
	return 1
}
