#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# coverage.sh WHY_NOT COMPILER INCLUDE_DIR LIBGONS.A - the lines of actions count, whichever namespaces
# they ran in: a program built for gcov runs, and gcov says how often.
set -eu

why_not=$1
compiler=$2
include=$3
lib=$(cd "$(dirname "$4")" && pwd)
here=$(cd "$(dirname "$0")" && pwd)

skip() {
	echo "gons: skipped: coverage: $1" >&2
	exit 77
}

[ -z "$why_not" ] || skip "$why_not"
# The program has one at 100.
# shellcheck disable=SC3045 # all shells of Debian have ulimit -n
[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge 1024 ] || ulimit -n 1024 2>/dev/null ||
	skip "the limit on open descriptors is below 1024 (ulimit -n 1024)"
case $($compiler --version) in
*clang*) gcov="llvm-cov-14 gcov" ;;
*) gcov=gcov ;;
esac
command -v "${gcov%% *}" >/dev/null || skip "${gcov%% *} is not installed"

dir=$(mktemp -d "${TMPDIR:-/tmp}/gons-coverage-XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
cp "$here/program.c" "$dir"
cd "$dir"

# check NAME LINK... - builds a program that is linked so, runs it, and compares the counts.
check() {
	name=$1
	shift
	mkdir "$dir/$name"
	cd "$dir/$name"
	cp ../program.c .
	# shellcheck disable=SC2086 # the compiler may be two words
	$compiler -D_GNU_SOURCE -O0 --coverage -I"$include" -c "$PWD/program.c" -o program.o &&
		$compiler --coverage program.o -o program "$@" ||
		skip "$compiler does not build for gcov"
	[ -x program ] || skip "programs cannot be executed in ${dir%/*}: it is mounted noexec"
	./program "$PWD"
	# shellcheck disable=SC2086
	$gcov ./*.gcda >/dev/null
	awk -F: -v name="$name" '
		match($0, /counts: [0-9]+/) {
			wanted = substr($0, RSTART + 8, RLENGTH - 8)
			count = $1
			gsub(/[ *]/, "", count)
			checked++
			if (count != wanted) {
				print name ": line" $2 " was run " count " times, and not " wanted
				wrong = 1
			}
		}
		END { exit wrong || checked < 7 }' program.c.gcov
}

# stale - data of an older build are no failure of an action.
stale() {
	echo 'int gons_newer(void) { return 1; }' >>program.c
	# shellcheck disable=SC2086
	$compiler -D_GNU_SOURCE -O0 --coverage -I"$include" -c "$PWD/program.c" -o program.o
	$compiler --coverage program.o -o program "$@"
	./program 2>/dev/null
}

check shared -L"$lib" -lgons -Wl,-rpath,"$lib"
check static "$lib/libgons.a" -lcap -lmnl -pthread
stale "$lib/libgons.a" -lcap -lmnl -pthread
