# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For install.sh and subproject.sh: a directory that goes with the script, and its verdict.
set -eu

test_name=$(basename "$0" .sh)
dir=$(mktemp -d)
skipped=no
unset DESTDIR

fail() {
	echo "$test_name: $*" >&2
	exit 1
}

# A part of the test cannot run here.
skip_part() {
	echo "gons: skipped: $test_name: $*" >&2
	skipped=yes
}

# run WHAT COMMAND...: the command succeeds, or reports that it cannot create namespaces here
run() {
	what=$1
	shift
	status=0
	"$@" || status=$?
	case $status in
	0) echo "$what: OK" ;;
	77)
		[ "${GONS_REQUIRE-}" != 1 ] || fail "$what: was skipped, and GONS_REQUIRE is 1"
		skip_part "$what: cannot run here"
		;;
	*) fail "$what: exit status $status from: $*" ;;
	esac
}

# quietly COMMAND...: shows the output only if the command fails
quietly() {
	"$@" >"$dir/log" 2>&1 || {
		cat "$dir/log" >&2
		fail "failed: $*"
	}
}

# Ends the script: 77 when a part was skipped.
verdict() {
	[ $skipped = no ] || exit 77
	exit 0
}
