#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/scope.svg is what tools/draw makes.
# usage: drawing.sh ROOT
set -eu

drawn=$(mktemp)
trap 'rm -f "$drawn"' EXIT
python3 -B "$1/tools/draw" "$drawn"
cmp "$drawn" "$1/docs/scope.svg" || {
	echo "docs/scope.svg: edit tools/draw instead, and run it"
	exit 1
}
