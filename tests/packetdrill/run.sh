#!/bin/sh
# Runs packetdrill scripts against finesse: every .pkt below the folders, or the files, that are named; without any, our own.
#
#   PACKETDRILL=/path/to/packetdrill sh tests/packetdrill/run.sh [OPTION...] [DIR|FILE...]
#
#   --profile linux|bsd|rfc9293   whose choices; by default bsd for scripts that set net.inet. sysctls, else linux
#   --variants ipv4,ipv6,mapped   which of them; a script that says its ip_version is run so
#   --define NAME                 which parts of scripts with #ifdef are meant (FreeBSD)
#   --set KEY=VALUE               a setting, as --so_flags has it
#   --listed FILE                 scripts that are not for us, and why (expected.txt beside this file)
#   --build DIR                   where the adapter is (build)
#   --table FILE                  writes the results there too, as a table
#   --verbose                     everything that packetdrill says of what failed
#
# Exit status 1 if a script fails that is not listed, 77 if there is no packetdrill.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ ! -x "${PACKETDRILL:-}" ]; then
	echo "skipped: PACKETDRILL does not name a packetdrill to run; tests/packetdrill/README.md says what it needs"
	exit 77
fi
exec python3 "$here/run.py" "$@"
