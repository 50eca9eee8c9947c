#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# codespell finds nothing in the tree.
# usage: spelling.sh ROOT
set -eu

command -v codespell >/dev/null || {
	echo "gons: skipped: spelling: codespell is not installed" >&2
	exit 77
}
cd "$1"
set --
for entry in * .[!.]*; do
	case $entry in
	.git | build*) ;; # such as the logs of tools/test
	*) [ -d "$entry/meson-private" ] || set -- "$@" "$entry" ;;
	esac
done
# "statics" are C functions, .TE ends a table in a man page, "nonsens" is no kind of link, TestIn is a
# class, creat(2) a call, and "ba" is in a test.
codespell --ignore-words-list=nonsens,statics,te,bu,testin,creat,ba "$@"
