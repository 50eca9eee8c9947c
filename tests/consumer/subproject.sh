#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A project with gons as its subproject builds and runs, and installs nothing of gons.
# usage: CC=... MESON=... subproject.sh SOURCE_DIR
here=$(dirname "$0")
# shellcheck source=tests/consumer/common.sh
. "$here/common.sh"
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

user=$dir/user
gons=$user/subprojects/gons

# Size and time of every file of the copy of gons.
list() {
	find "$gons" -printf '%P %s %T@\n' | sort
}

if [ -z "$MESON" ]; then
	skip_part "meson is not in PATH"
	verdict
fi
cp -R "$here/subproject-user" "$user"
mkdir -p "$gons"
for entry in "$1"/* "$1"/.[!.]*; do
	if [ "${entry##*/}" != .git ] && [ ! -d "$entry/meson-private" ]; then
		cp -R "$entry" "$gons/"
	fi
done
list >"$dir/before"

# Not one that is installed on this machine.
quietly "$MESON" setup --force-fallback-for=gons "$dir/build" "$user"
quietly "$MESON" compile -C "$dir/build"
run "the user's program" "$dir/build/user"

quietly "$MESON" install -C "$dir/build" --no-rebuild --destdir "$dir/dest"
installed=$(cd "$dir/dest" && find . ! -type d ! -path '*/bin/user')
[ -z "$installed" ] || fail "installed with the user's project: $(echo "$installed" | tr '\n' ' ')"
[ -n "$(find "$dir/dest" -path '*/bin/user')" ] || fail "the user's program was not installed"

list >"$dir/after"
diff "$dir/before" "$dir/after" >&2 || fail "the source tree was written to"
verdict
