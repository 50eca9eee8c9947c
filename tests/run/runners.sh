#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The projects of docs/examples/runners, each with its runner, two at once: both bind port 53.
#
# usage: runners.sh ROOT GONS-RUN RUNNER
set -eu

root=$1/docs/examples/runners
runner=$3
PATH=$(cd "$(dirname "$2")" && pwd):$PATH
export PATH CCACHE_DISABLE=1 # its directory may be another user's

skip() {
	echo "gons: skipped: $runner: $1" >&2
	exit 77
}

needs() {
	for command; do
		command -v "$command" >/dev/null 2>&1 || skip "$command is not installed"
	done
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

touch "$dir/program"
chmod 755 "$dir/program"
[ -x "$dir/program" ] || skip "programs cannot be executed in ${dir%/*}: it is mounted noexec"
gons-run true 2>"$dir/why" || skip "$(cat "$dir/why")"
for copy in a b; do
	mkdir "$dir/$copy"
	cp -R "$root/$runner/." "$dir/$copy"
done

meson_test() {
	meson setup build && meson test -C build --wrapper gons-run
}

cmake_test() {
	cmake -B build -DCMAKE_CROSSCOMPILING_EMULATOR="$(command -v gons-run)" \
		-DCMAKE_TEST_LAUNCHER="$(command -v gons-run)" . &&
		cmake --build build && cd build && ctest --output-on-failure
}

automake_test() {
	autoreconf -i && ./configure && make check
}

make_test() {
	make check
}

cargo_test() {
	CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER=gons-run cargo test --offline
}

pytest_test() {
	gons-run "$python" -m pytest -p no:cacheprovider .
}

case $runner in
meson) needs meson ninja cc ;;
cmake) needs cmake ctest make cc ;;
automake) needs autoreconf automake make cc ;;
make) needs make cc ;;
cargo)
	needs cargo
	cargo --version >/dev/null 2>&1 || skip "cargo does not run for this user"
	[ "$(uname -m)" = x86_64 ] || skip "the variable is for x86_64"
	;;
pytest)
	python=/usr/bin/python3
	"$python" -m pytest --version >/dev/null 2>&1 || skip "pytest is not installed"
	;;
*) exit 2 ;;
esac

for copy in a b; do
	(cd "$dir/$copy" && "${runner}_test") >"$dir/$copy.log" 2>&1 &
	eval "pid_$copy=\$!"
done
status=0
# shellcheck disable=SC2154 # set by eval
wait "$pid_a" || status=1
# shellcheck disable=SC2154
wait "$pid_b" || status=1
[ $status = 0 ] || cat "$dir/a.log" "$dir/b.log" >&2
exit $status
