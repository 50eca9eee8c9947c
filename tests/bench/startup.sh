#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# startup.sh PROGRAM [WHY_NOT] - what gons does in a program that links it and uses none of it:
# at most 5,000 instructions of its own.
set -eu

most=5000

skip() {
	echo "gons: skipped: startup: $1" >&2
	exit 77
}

[ -z "${2-}" ] || skip "$2"
case ${LD_PRELOAD-} in
*vgpreload*) skip "this runs under valgrind already" ;;
esac
command -v valgrind >/dev/null || skip "valgrind is not installed"

dir=$(mktemp -d "${TMPDIR:-/tmp}/gons-startup-XXXXXX")
trap 'rm -rf "$dir"' EXIT
profile=$dir/profile
# Valgrind 3.19 ends where it meets the debugging information of clang 14.
strip -g -o "$dir/program" "$1"
ldd "$1" | awk '$1 ~ /^libgons/ { print $1, $3 }' | while read -r name path; do
	strip -g -o "$dir/$name" "$path"
done
[ -x "$dir/program" ] || skip "programs cannot be executed in ${dir%/*}: it is mounted noexec"
LD_LIBRARY_PATH=$dir valgrind -q --tool=callgrind --callgrind-out-file="$profile" --compress-strings=no \
	--compress-pos=no "$dir/program"

# A line of costs is "POSITION INSTRUCTIONS"; the one after "calls=" is the callee's cost.
awk -v most="$most" '
	/^ob=/ { object = substr($0, 4); next }
	/^calls=/ { callee = 1; next }
	/^(summary|totals):/ { expected = $2; next }
	/^[0-9]/ {
		if (!callee)
			cost[object] += $2
		callee = 0
	}
	END {
		for (object in cost) {
			print "instructions in " object ": " cost[object]
			total += cost[object]
			if (object ~ /\/libgons\.so[.0-9]*$/)
				own += cost[object]
		}
		print "instructions in all: " total
		if (total != expected) {
			print "callgrind says " expected ": its profile was not understood"
			exit 1
		}
		if (own == 0) {
			print "libgons did not run at all: is it linked?"
			exit 1
		}
		print "instructions of gons itself: " own ", at most " most
		exit own > most
	}' "$profile"
