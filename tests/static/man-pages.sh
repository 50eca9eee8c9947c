#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The man pages are well-formed, and those of section 3 are in the overview.
# usage: man-pages.sh ROOT
set -eu

skip() {
	echo "gons: skipped: man-pages: $1" >&2
	exit 77
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$dir/docs/man"
cd "$1"
set --
for page in docs/man/*.[1-9] docs/man/*.[1-9].in; do
	[ -f "$page" ] || continue
	sed 's/@DATE@/2000-01-01/; s/@VERSION@/0.0.0/' "$page" >"$dir/$page"
	set -- "$@" "$page"
done
for page in docs/man/*.3.in; do
	name=${page##*/}
	name=${name%.3.in}
	[ -f "$page" ] || continue
	sed -n '/^\.SS The calls/,/^\.SS /p' docs/man/gons.7.in | grep -q "^\.BR $name (3)\$" || {
		echo "$name is not in gons(7)" >&2
		exit 1
	}
done
cd "$dir"
[ $# -gt 0 ] || skip "there are no man pages in docs/man"
echo "$# pages"
if command -v mandoc >/dev/null; then
	mandoc -Tlint -Wwarning "$@"
elif command -v groff >/dev/null; then
	# groff's exit status says nothing of warnings.
	messages=$(groff -ww -z -man "$@" 2>&1)
	[ -z "$messages" ] || {
		echo "$messages" >&2
		exit 1
	}
else
	skip "neither mandoc nor groff is installed"
fi
