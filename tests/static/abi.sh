#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The ABI is compatible: abidiff compares the library with the record in libgons.abi. Additions are
# accepted;
#
#     ninja -C build record-abi
#
# records additions, and intended changes.
#
# usage: abi.sh [--record] ROOT LIBRARY
set -eu

skip() {
	echo "gons: skipped: abi: $1" >&2
	exit 77
}

record=no
if [ "$1" = --record ]; then
	record=yes
	shift
fi
abi=$1/tests/static/libgons.abi
headers=$1/include/gons
library=$2

command -v abidiff >/dev/null || skip "abidiff (abigail-tools) is not installed"
case $(uname -m) in
x86_64) ;;
*) skip "the record is of x86_64, not of $(uname -m)" ;;
esac
# describe: the library as the compiler's debug information has it, without the paths of this machine
describe() {
	abidw --headers-dir "$headers" --drop-private-types --drop-undefined-syms \
		--exported-interfaces-only --no-comp-dir-path --no-corpus-path --no-elf-needed \
		--no-show-locs --out-file "$1" "$library"
	sed -i "s|path='[^']*/\\(src/[^']*\\)'|path='\\1'|" "$1"
}

if [ $record = yes ]; then
	describe "$abi"
	exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
describe "$dir/now.abi"

# Programs only have pointers to these. abidw takes what src/gons/sets/set.h defines for public,
# because a public header has the name set.h, too.
cat >"$dir/private" <<'END'
[suppress_type]
  name_regexp = ^gons_(leaks|net|pool|process|set)$
END

compare() {
	abidiff --no-added-syms --suppressions "$dir/private" "$1" "$dir/now.abi"
}

# sees WHAT SED-COMMAND: with a record made different like this, something is found
sees() {
	sed "$2" "$dir/now.abi" >"$dir/other.abi"
	if compare "$dir/other.abi" >"$dir/out"; then
		cat "$dir/out" >&2
		echo "abidiff does not see that $1" >&2
		exit 1
	fi
}

sees 'a call was removed' 's/gons_scope_begin/gons_scope_began/'
sees 'an argument was added' "/mangled-name='gons_scope_end'/,/<\/function-decl>/{
	/<parameter /d
}"
sees 'a public struct got larger' "/<class-decl name='gons_link' /s/size-in-bits='/&9/"
# abidiff also reports no changes if it cannot read the record.
compare "$abi" 2>"$dir/errors" && [ ! -s "$dir/errors" ] || {
	cat "$dir/errors" >&2
	exit 1
}
