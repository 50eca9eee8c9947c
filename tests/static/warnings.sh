#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every warning flag that meson.build asks for is known to a compiler: meson silently drops unknown
# ones, and so misspelt ones.
# usage: warnings.sh ROOT COMPILER...
set -eu

file=$1/meson.build
shift
failed=0

# known FLAG COMPILER...
known() {
	flag=$1
	shift
	for compiler; do
		# shellcheck disable=SC2086
		if $compiler -Werror "$flag" -fsyntax-only -x c /dev/null 2>/dev/null; then
			return 0
		fi
	done
	return 1
}

if known -Wgons-made-this-up "$@"; then
	echo "$file: a compiler takes any flag, so that nothing can be said" >&2
	exit 1
fi
flags=$(grep -no "'-W[^',]*'" "$file" | grep -v "'-Wl,") || {
	echo "$file: no warning flags found" >&2
	exit 1
}
for item in $flags; do
	line=${item%%:*}
	flag=${item#*:}
	flag=$(echo "$flag" | sed "s/'//g; s/^-Wno-/-W/") # GCC takes any -Wno-
	if ! known "$flag" "$@"; then
		echo "$file:$line: no compiler knows $flag ($*)" >&2
		failed=1
	fi
done
exit $failed
