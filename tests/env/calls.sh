# SPDX-License-Identifier: Apache-2.0
#
# System calls that a filter refuses, or that the kernel lacks, one at a time, each with what is
# expected of the probe then. Read by run.

# case_call CALL-ERRNO-WHO, as in openat2-enosys-user.
case_call()
{
	who=${1##*-}
	rule=${1%-*}
	call=${rule%-*}
	errno=${rule#*-}
	case $errno in
	eperm) rule=$call=EPERM text='Operation not permitted' ;;
	enosys) rule=$call=ENOSYS text='Function not implemented' ;;
	esac
	if [ "$who" = user ]; then
		needs_user_namespaces
		ground="user $new_ground"
		passed_at=$ground
	else
		needs_root
		user=
		ground=$new_ground
		passed_at='nothing new'
	fi
	set -- $user "$root/bin/refuse" "$rule" -- "$root/bin/probe"
	run "$@"
	"without_$call"
}

# expect_refused WORDS TEST...: these are skipped, as they name this call or the filter.
expect_refused()
{
	words=$1
	shift
	expect 0 passed $(outcome_for skipped "$@")
	expect_reason "$words: $text; " "$@"
	expect_reason 'seccomp filter' "$@"
	expect_moved_to "$passed_at"
}

expect_call_missing()
{
	[ "$errno" = eperm ] || expect_reason "$1 is missing: Linux $2 is needed" $3
}

# expect_failed WORDS TEST...: these cannot do without, and have not asked before.
expect_failed()
{
	words=$1
	shift
	expect $# passed $(outcome_for failed "$@")
	expect_said "$words"
	expect_said "$text; a seccomp filter"
	expect_moved_to "$passed_at"
}

expect_no_difference()
{
	expect 0 passed
	expect_moved_to "$passed_at"
	expect_not_said 'gons: '
}

without_unshare()
{
	expect 77 skipped
	expect_moved_to 'nothing new'
	if [ "$who" = root ]; then
		expect_reason "namespace: $text; a seccomp filter"
		expect_not_said 'user namespace'
	else
		expect_reason 'namespace: Operation not permitted; CAP_SYS_ADMIN is missing in this user namespace; a seccomp filter refuses unshare(2)'
		expect_said "probe: no root: cannot create a user namespace: $text; a seccomp filter"
	fi
}

# EPERM looks like namespaces of a user namespace further up, until new ones are no better.
without_setns()
{
	expect 77 skipped
	expect_reason 'cannot create a '
	expect_reason "namespace: $text; a seccomp filter"
	if [ "$errno" = eperm ]; then
		expect_moved_to "$ground"
	else
		expect_moved_to 'nothing new'
		expect_said "probe: no root: cannot create a network, mount, UTS, IPC and cgroup namespace: $text; a seccomp filter"
	fi
}

without_mount()
{
	expect_refused 'cannot make this mount namespace private' $mnt_tests
}

# Where a call is missing, mount(2) does it.
expect_refused_or_not_needed()
{
	if [ "$errno" = enosys ]; then
		expect_no_difference
	else
		expect_refused "$@"
	fi
}

without_fsopen()
{
	expect_refused_or_not_needed 'cannot create a sysfs of this network namespace' $sysfs_tests
}

without_fsmount()
{
	expect_refused_or_not_needed 'cannot mount a sysfs of this network namespace' $sysfs_tests
}

# A sysfs that is mounted nowhere does without.
without_move_mount()
{
	expect_refused_or_not_needed 'cannot mount a sysfs on /sys' sees_only_loopback runs_in_net_and_mnt
}

without_openat2()
{
	if [ "$errno" = enosys ]; then
		words='cannot open /tmp/gons-probe below /proc/'
		expect 0 passed executes_in_mnt_and_reads_through_procfsroot=skipped
		expect_reason "$words" executes_in_mnt_and_reads_through_procfsroot
		expect_call_missing 'openat2(2)' 5.6 executes_in_mnt_and_reads_through_procfsroot
	else
		expect_failed 'cannot open /tmp/gons-probe below /proc/' \
			executes_in_mnt_and_reads_through_procfsroot
	fi
}

# The C library takes clone(2) when clone3(2) is said to be missing, and only then.
without_clone3()
{
	if [ "$errno" = enosys ]; then
		expect_no_difference
	else
		expect_failed 'cannot create an idle thread for a mount namespace' \
			executes_in_mnt_and_reads_through_procfsroot runs_in_a_set
		expect_said "cannot create a thread to make namespaces on: $text; a seccomp filter refuses clone3(2)"
	fi
}

# A thread is not kept then, but made again.
without_pidfd_open()
{
	expect_no_difference
}
