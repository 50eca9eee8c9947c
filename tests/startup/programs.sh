#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# programs.sh STATUS STATUS_STATIC PLAIN PLAIN_STATIC LATE LIBGONS.SO - start-up switching in
# programs that are linked in different ways, or have elevated privileges.
set -eu

status=$1
status_static=$2
plain=$3
plain_static=$4
late=$5
library=$6
skipped=no
# LeakSanitizer cannot check a program that may not be traced.
export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0"

skip_part() {
	echo "gons: skipped: startup-programs: $1" >&2
	skipped=yes
}

# Root of a user namespace cannot become another user.
is_root() {
	[ "$(id -u)" = 0 ] && grep -q '^ *0 *0 *4294967295$' /proc/self/uid_map
}

if [ "${GONS_PROGRAMS_INSIDE-}" = "" ]; then
	# All of it runs in namespaces of its own, so nothing is left.
	dir=$(mktemp -d "${TMPDIR:-/tmp}/gons-programs-XXXXXX")
	trap 'rm -rf --one-file-system "$dir"' EXIT
	trap 'exit 1' HUP INT TERM
	map=-r
	! is_root || map=
	# shellcheck disable=SC2086 # nothing, or one option
	if ! reason=$(unshare $map -m true 2>&1); then
		echo "gons: skipped: startup-programs: $reason" >&2
		exit 77
	fi
	result=0
	# shellcheck disable=SC2086
	GONS_PROGRAMS_INSIDE=$dir unshare $map -m sh "$0" "$@" || result=$?
	exit $result
fi

# ---- inside ----

dir=$GONS_PROGRAMS_INSIDE
mount -t tmpfs none "$dir"
chmod 755 "$dir"
mkdir "$dir/bin"
: >"$dir/net"
unshare -n mount --bind /proc/self/ns/net "$dir/net"
here=$(stat -Lc %i /proc/self/ns/net)
there=$(stat -Lc %i "$dir/net")
[ "$here" != "$there" ]

fail() {
	echo "$1" >&2
	exit 1
}

# expect STATUS OUT ERR COMMAND...
expect() {
	wanted_status=$1 wanted_out=$2 wanted_err=$3
	shift 3
	got_status=0
	"$@" >"$dir/out" 2>"$dir/err" || got_status=$?
	out=$(cat "$dir/out")
	err=$(cat "$dir/err")
	[ "$got_status" = "$wanted_status" ] ||
		fail "$*: exit status $got_status, not $wanted_status: $out $err"
	[ "$out" = "$wanted_out" ] || fail "$*: said \"$out\", not \"$wanted_out\""
	[ "$err" = "$wanted_err" ] || fail "$*: complained \"$err\", not \"$wanted_err\""
}

nowhere='gons_net: cannot open the namespace /nowhere: No such file or directory'

# ---- gons_status_or_exit() ----

for program in "$status" "$status_static"; do
	expect 0 "net $here secure 0 euid 0" "" "$program"
	expect 0 "net $there secure 0 euid 0" "" env gons_net="$dir/net" "$program"
	expect 1 "" "$nowhere" env gons_net=/nowhere "$program"
	expect 1 "" "" env gons_net=/nowhere sh -c 'exec "$0" 2>&-' "$program"
done

# ---- programs that do not ask ----

# They have nothing of start-up switching in them, when the library is a static one.
expect 0 "net $here" "" "$plain"
expect 0 "net $there" "" env gons_net="$dir/net" "$plain"
expect 0 "net $here" "" env gons_net=/nowhere "$plain"
expect 0 "net $here" "" env gons_net="$dir/net" "$plain_static"

# ---- what such a program executes ----

# It does not switch again: the path may not exist for it any more.
# shellcheck disable=SC2016 # for the inner shell
expect 0 "$there none none" "" env gons_order=net gons_net="$dir/net" "$status" \
	sh -c 'echo "$(stat -Lc %i /proc/self/ns/net) ${gons_net-none} ${gons_order-none}"'

# ---- a library that comes late ----

expect 0 "NULL" "" "$late" "$library" "gons_net=$dir/net" alone
expect 0 "gons_net: cannot switch a process that has other threads: Invalid argument" "" \
	"$late" "$library" "gons_net=$dir/net" thread
# The kernel still counts joined threads for a moment.
for _ in 1 2 3 4 5 6 7 8 9 10; do
	expect 0 "NULL" "" "$late" "$library" "gons_net=$dir/net" joined
done

# ---- programs with more powers than who runs them ----

nobody='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all'

# ignores NAME WANTED COMMAND...: the program at $dir/bin/NAME
ignores() {
	name=$1 wanted=$2
	shift 2
	expect 0 "net $here $wanted" "" "$@" env gons_net="$dir/net" "$dir/bin/$name"
	expect 0 "net $here $wanted" "" "$@" env gons_net=/nowhere "$dir/bin/$name"
	expect 0 "net $here $wanted" "" "$@" env gons_order=foo "$dir/bin/$name"
}

if [ -e /proc/sentry-meminfo ]; then
	skip_part "in gVisor, the set-user-ID bit may have no effect"
elif is_root; then
	cp "$status_static" "$dir/bin/set-user-id"
	chmod 4755 "$dir/bin/set-user-id"
	# This gives root no more privileges, so it may switch.
	expect 0 "net $there secure 0 euid 0" "" env gons_net="$dir/net" "$dir/bin/set-user-id"
	# shellcheck disable=SC2086 # words
	ignores set-user-id "secure 1 euid 0" $nobody
	# shellcheck disable=SC2086
	expect 1 "" "$nowhere" $nobody env gons_net=/nowhere "$status_static"
	cp "$status_static" "$dir/bin/capable"
	if command -v setcap >/dev/null && setcap cap_sys_admin+ep "$dir/bin/capable" 2>/dev/null; then
		# shellcheck disable=SC2086
		ignores capable "secure 1 euid 65534" $nobody
	else
		skip_part "setcap is not installed, or has no effect"
	fi
else
	skip_part "a set-user-ID program takes root"
fi
[ $skipped = no ] || exit 77
