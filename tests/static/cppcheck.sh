#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cppcheck finds nothing in the library, its headers, the examples and the tools. Left out are
#
# clarifyCalculation: wants parentheses where C's own order is as good, and compilers warn;
# unreadVariable: does not know __attribute__((cleanup)), for which variables are there;
# variableScope: has another opinion of where variables are declared;
# syntaxError and unknownMacro: in C++, and in a file for Criterion;
# unusedStructMember, in lines.c: the kernel's struct, of which not all is read;
# knownConditionTrueFalse, in two files: takes weak symbols for there;
# ctunullpointerOutOfMemory: forgets what else follows a failed allocation;
# normalCheckLevelMaxBranches: only says that it could look further;
# constParameter, constParameterCallback, constParameterPointer, constVariablePointer: each release
# finds other pointers that could be to const;
# uninitvar, in three files: does not know what another thread writes, what a failure leaves out, and
# that nothing of an array is read;
# memleak, in rtnl_add.c: does not know that a member of the memory is recorded.
#
# usage: cppcheck.sh ROOT
set -eu

command -v cppcheck >/dev/null || {
	echo "gons: skipped: cppcheck: cppcheck is not installed" >&2
	exit 77
}
version=$(cppcheck --version)
printf '2.10\n%s\n' "${version##* }" | sort -VC || {
	echo "gons: skipped: cppcheck: $version is older than 2.10, and gives false alarms" >&2
	exit 77
}
cd "$1"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

check() {
	cppcheck --quiet --error-exitcode=1 --template=gcc --language=c --std=c11 \
		--enable=warning,style,performance,portability \
		--suppress=clarifyCalculation --suppress=unreadVariable --suppress=variableScope \
		--suppress=ctunullpointerOutOfMemory --suppress=normalCheckLevelMaxBranches \
		--suppress=constParameter --suppress=constParameterCallback \
		--suppress=constParameterPointer --suppress=constVariablePointer \
		--suppress=knownConditionTrueFalse:src/gons/process/reexec_action.c \
		--suppress=knownConditionTrueFalse:src/gons/diagnosis/userns.c \
		--suppress=uninitvar:src/mntns/transient.c --suppress=uninitvar:src/net/net.c \
		--suppress=uninitvar:src/netns/link_change.c --suppress=memleak:src/netns/rtnl_add.c \
		--suppress=unusedStructMember:src/gons/base/signal_safe_read.c \
		--suppress=syntaxError:include/gons/gtest.h \
		--suppress=unknownMacro:docs/examples/frameworks/criterion.c \
		-D_GNU_SOURCE '-DVERSION=""' -Iinclude -Isrc "$@"
}

# cppcheck finds a planted mistake.
printf 'int f(const int *p)\n{\n\tint x = *p;\n\n\treturn p ? x : 0;\n}\n' >"$dir/bad.c"
if check "$dir/bad.c" >"$dir/out" 2>&1 || ! grep -q nullPointer "$dir/out"; then
	cat "$dir/out" >&2
	echo "cppcheck does not see that a null pointer is followed" >&2
	exit 1
fi
check src include docs/examples tools
