#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clang-tidy 14 finds nothing in the library, nor in the inline code of its headers; .clang-tidy
# lists the checks, and the reasons for those left out. Other versions have other checks.
# VERSION is what src/check/meson.build defines.
# usage: clang-tidy.sh ROOT
set -eu

skip() {
	echo "gons: skipped: clang-tidy: $1" >&2
	exit 77
}

tool=$(command -v clang-tidy-14 || command -v clang-tidy) || skip "clang-tidy 14 is not installed"
version=$("$tool" --version | sed -n 's/.*LLVM version //p')
case $version in
14.*) ;;
*) skip "clang-tidy 14 is not installed, but $version" ;;
esac
cd "$1"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

# tidy FILE...: errors on standard output, and not how many warnings are not shown
tidy() {
	"$tool" --quiet "$@" -- -std=gnu17 -D_GNU_SOURCE -Iinclude -Isrc -DVERSION='"0.0.0"' \
		2>"$dir/log.$$"
}

# clang-tidy finds a planted mistake.
printf 'int f(const int *p);\nint f(const int *p)\n{\n\treturn p ? 0 : *p;\n}\n' >"$dir/bad.c"
cp .clang-tidy "$dir/"
if tidy "$dir/bad.c" >"$dir/out" || ! grep -q core.NullDereference "$dir/out"; then
	cat "$dir/out" "$dir/log.$$" >&2
	echo "clang-tidy does not see that a null pointer is followed" >&2
	exit 1
fi
# Some files on each processor. One example is for the headers that cmocka tests include.
export tool
# shellcheck disable=SC2016 # the inner shell expands it
find src docs/examples/fixture.c -name '*.c' -print0 | xargs -0 -n 4 -P "$(nproc)" sh -c '
	"$tool" --quiet "$@" -- -std=gnu17 -D_GNU_SOURCE -Iinclude -Isrc \
		-DVERSION=\"0.0.0\" 2>/dev/null' sh
