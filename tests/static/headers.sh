#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A public header compiles alone, twice, as C and as C++, without _GNU_SOURCE, and finds only the
# public headers (and cmocka's).
# usage: headers.sh HEADER C_COMPILER... -- C++_COMPILER...
set -eu

header=$1
name=$(basename "$header")
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$dir/include"
cp -R "$(dirname "$header")" "$dir/include/gons"
failed=0
compiled=0
suffix='c'
flags=
strict='c99'
if [ "${name#cmocka}" != "$name" ]; then
	flags=$(pkg-config --cflags cmocka 2>/dev/null || true)
	strict=gnu11 # statement expressions
fi

[ "$name" != reexec_json.h ] || flags=$(pkg-config --cflags jansson 2>/dev/null || true)
printf '#include <gons/%s>\n#include <gons/%s>\nint main(void) { return 0; }\n' \
	"$name" "$name" >"$dir/alone.c"
cp "$dir/alone.c" "$dir/alone.cpp"

# compile COMPILER FLAG...: both may be of several words
compile() {
	# shellcheck disable=SC2048,SC2086
	if ! $* $flags -Wall -Wextra -Werror -U_GNU_SOURCE -I"$dir/include" -fsyntax-only \
		"$dir/alone.$suffix" >"$dir/log" 2>&1; then
		sed "s|$dir/||g" "$dir/log" >&2
		echo "$header:1: does not compile alone by $*" >&2
		failed=1
	fi
	compiled=$((compiled + 1))
}

for compiler; do
	if [ "$compiler" = -- ]; then
		suffix=cpp
	elif [ "$suffix" = c ]; then
		compile "$compiler" -std="$strict" -Wpedantic
		compile "$compiler" -std=gnu17
	else
		compile "$compiler" -std=c++11 -Wpedantic
		compile "$compiler" -std=c++17 -Wpedantic
	fi
done
echo "$name was compiled $compiled times"
[ "$compiled" -gt 0 ] || failed=1
exit $failed
