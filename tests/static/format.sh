#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The C sources are as clang-format 14 makes them by .clang-format; other versions differ.
# usage: format.sh ROOT
set -eu

skip() {
	echo "gons: skipped: format: $1" >&2
	exit 77
}

tool=$(command -v clang-format-14 || command -v clang-format) ||
	skip "clang-format 14 is not installed"
version=$("$tool" --version)
case $version in
*"version 14."*) ;;
*) skip "clang-format 14 is not installed, but \"$version\"" ;;
esac
cd "$1"
find src include tests tools docs/examples '(' -name '*.[ch]' -o -name '*.cpp' ')' \
	-exec "$tool" --dry-run -Werror {} +
