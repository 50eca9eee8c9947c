#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every shell script of the tree passes shellcheck.
# usage: shellcheck.sh ROOT
set -eu

command -v shellcheck >/dev/null || {
	echo "gons: skipped: shellcheck: shellcheck is not installed" >&2
	exit 77
}
cd "$1"
set --
# shellcheck disable=SC2044 # no name here has a space
for file in $(find tests tools .ci -type f 2>/dev/null); do
	case $(head -n 1 "$file" | tr -d '\0') in
	'#!'*sh | '#!'*sh\ *) set -- "$@" "$file" ;;
	esac
done
echo "$# scripts"
shellcheck --format=gcc --severity=warning --external-sources "$@"
