#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs this build below a directory of its own, then compiles and runs programs against it, with
# gons.pc.
# usage: CC=... CXX=... MESON=... install.sh BUILD_DIR MAN_DIR SOURCE_DIR
# CXX and MESON may be empty; so may be MAN_DIR, when no man pages are installed.
here=$(dirname "$0")
# shellcheck source=tests/consumer/common.sh
. "$here/common.sh"

build=$1
man_dir=$2
headers=$3/include/gons
dest=$dir/dest
log=$build/meson-logs/install-log.txt

clean() {
	# "ninja uninstall" goes by this file.
	if [ -f "$dir/install-log.txt" ]; then
		cp "$dir/install-log.txt" "$log"
	elif [ -d "$dest" ]; then
		rm -f "$log"
	fi
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

# compile OUTPUT COMPILER ARGUMENT...
compile() {
	output=$dir/$1
	shift
	quietly "$@" -Wall -Wextra -Werror -o "$output"
}

if [ -z "$MESON" ]; then
	skip_part "meson is not in PATH"
	verdict
elif [ ! -w "$build/meson-logs" ]; then
	skip_part "$build belongs to another user, and meson writes into it"
	verdict
fi
[ ! -f "$log" ] || cp "$log" "$dir/install-log.txt"
quietly "$MESON" install -C "$build" --no-rebuild --destdir "$dest"

# ---- what is there ----

pc=$(find "$dest" -name gons.pc)
[ -f "$pc" ] || fail "gons.pc was not installed"
# Its paths are those without the destdir.
sed -E "s|^(prefix\|libdir\|includedir)=/|\\1=$dest/|" "$pc" >"$dir/gons.pc"
PKG_CONFIG_PATH=$dir${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
config=${PKG_CONFIG:-pkg-config}
libdir=$($config --variable=libdir gons)
includedir=$($config --variable=includedir gons)
cflags=$($config --cflags gons)
libs=$($config --libs gons)
path=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
static_libs=$($config --static --libs gons)
echo "gons.pc: $cflags $libs; static: $static_libs" | sed "s|$dest||g"
case " $libs " in *"-lmnl"* | *"-lcap"*) fail "gons.pc: asks shared users for -lmnl or -lcap" ;; esac
for file in libgons.so libgons.so.0 libgons.a; do
	[ -f "$libdir/$file" ] || fail "$file was not installed"
done
(cd "$headers" && ls ./*.h) | sed "/\/${WITHOUT:-none}\$/d" >"$dir/expected"
(cd "$includedir/gons" && ls ./*) >"$dir/installed"
diff "$dir/expected" "$dir/installed" >&2 || fail "other headers than the public ones"

# ---- programs ----

# shellcheck disable=SC2086
compile plain $CC -std=c99 -Wpedantic $cflags "$here/plain.c" $libs
LD_LIBRARY_PATH=$path ldd "$dir/plain" >"$dir/ldd"
grep -q "libgons.so.0 => $libdir/" "$dir/ldd" ||
	fail "a program does not find the libgons.so.0 it was linked with: $(cat "$dir/ldd")"
run "a C program" env LD_LIBRARY_PATH="$path" "$dir/plain"

# shellcheck disable=SC2046,SC2086
compile plain-a $CC -std=c99 $cflags "$here/plain.c" \
	$(echo "$static_libs" | sed 's/-lgons/-l:libgons.a/')
ldd "$dir/plain-a" >"$dir/ldd"
! grep -q libgons "$dir/ldd" || fail "a program linked with libgons.a needs libgons.so"
run "a C program with libgons.a" "$dir/plain-a"

echo 'int main(void) { return 0; }' >"$dir/empty.c"
# shellcheck disable=SC2086
if $CC -static "$dir/empty.c" -lcap -lmnl -o "$dir/empty" 2>/dev/null; then
	compile plain-static $CC -std=c99 $cflags "$here/plain.c" -static $static_libs
	run "a static C program" "$dir/plain-static"
else
	echo "a static C program: left out, for want of a static libc, libcap or libmnl"
fi

if [ -n "$CXX" ]; then
	# shellcheck disable=SC2046,SC2086
	compile wrapped $CXX -std=c++11 $cflags $($config --cflags cmocka) "$here/wrapped.cpp" \
		$libs $($config --libs cmocka)
	run "a C++ program" env LD_LIBRARY_PATH="$path" "$dir/wrapped"
else
	skip_part "there is no C++ compiler that goes with $CC"
fi

# ---- the program ----

program=$(find "$dest" -path '*/bin/gons-check' -type f)
[ -x "$program" ] || fail "gons-check was not installed"
run "gons-check --help" env LD_LIBRARY_PATH="$path" "$program" --help
LD_LIBRARY_PATH=$path ldd "$program" >"$dir/ldd"
grep -q "libgons.so.0 => $libdir/" "$dir/ldd" ||
	fail "gons-check does not find the libgons.so.0 beside it: $(cat "$dir/ldd")"

# ---- in other environments ----

# The same, and a program of tests, in some of the environments of tests/env.
source=${headers%/include/gons}
# shellcheck disable=SC2046,SC2086
compile probe $CC -std=gnu17 -D_GNU_SOURCE $cflags $($config --cflags cmocka) -I"$source/tests" \
	"$source/tests/env/probe.c" "$source/tests/check.c" $libs $($config --libs cmocka) -pthread
for case in user unshare-ur-user chroot-in-unshare-ur no-proc-user check-no-net-limit-0; do
	run "the environment $case" env LD_LIBRARY_PATH="$path" "$source/tests/env/run" "$case" \
		"$dir/probe" "$build/tests/env/refuse" "$program" "${program%check}run"
done

# ---- man pages ----

page=gons_netns_enter_transient
if [ -z "$man_dir" ]; then
	echo "man pages: left out, the option \"man\" is off"
elif command -v man >/dev/null; then
	found=$(man -M "$dest$man_dir" -w $page 2>&1) || fail "man $page: $found"
	program=$(man -M "$dest$man_dir" -w 1 gons-check 2>&1) || fail "man gons-check: $program"
	echo "man pages: OK, ${found#"$dest"}"
else
	[ -n "$(find "$dest$man_dir/man3" -name "$page.3*")" ] || fail "no page $page"
	echo "man pages: OK; man is not installed"
fi
verdict
