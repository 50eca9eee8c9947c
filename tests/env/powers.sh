# SPDX-License-Identifier: Apache-2.0
#
# Environments with other users, capabilities, limits, filters, threads and closed descriptors, each
# with the expected results of the probe. Sourced by run.

# In front of shell commands: they run in a user namespace that owns one namespace of every type
# that gons switches. The first one then forbids further user namespaces.
owned='unshare -Urnmui --cgroup sh -ec'
no_more_user_namespaces='echo 0 >/proc/sys/user/max_user_namespaces'
drop_all='setpriv --bounding-set=-all --inh-caps=-all --ambient-caps=-all --'

# ---- who runs it ----

case_root()
{
	needs_root
	run "$root/bin/probe"
	expect 0 passed
	expect_moved_to 'nothing new'
	expect_not_said 'gons: '
}

case_user()
{
	needs_user_namespaces
	run $user "$root/bin/probe"
	expect 0 passed
	expect_moved_to "user $new_ground"
	expect_not_said 'gons: '
}

case_unshare_ur_root()
{
	needs_root
	run unshare -Ur "$root/bin/probe"
	expect 0 passed
	expect_moved_to "$new_ground"
}

case_unshare_ur_user()
{
	needs_user_namespaces
	run $user unshare -Ur "$root/bin/probe"
	expect 0 passed
	expect_moved_to "$new_ground"
}

case_unshare_urnm_root()
{
	needs_root
	run unshare -Urnm "$root/bin/probe"
	expect 0 passed
	expect_moved_to 'uts ipc cgroup'
}

case_unshare_urnm_user()
{
	needs_user_namespaces
	run $user unshare -Urnm "$root/bin/probe"
	expect 0 passed
	expect_moved_to 'uts ipc cgroup'
}

# ---- no user namespaces, and not the capabilities to do without ----

user_namespaces_off='user.max_user_namespaces = 0'

# no_user_namespaces UNSHARE COMMAND...
no_user_namespaces()
{
	unshare=$1
	shift
	run $user $unshare sh -ec "$no_more_user_namespaces; exec $drop_all"' "$@"' sh "$@"
}

expect_user_namespaces_off()
{
	expect 77 skipped
	expect_reason 'CAP_SYS_ADMIN is missing'
	expect_reason "$user_namespaces_off"
	expect_no_root 'No space left on device' "$user_namespaces_off"
	expect_moved_to 'nothing new'
}

case_limit_0_root()
{
	needs_root
	user=
	no_user_namespaces 'unshare -Ur' "$root/bin/probe"
	expect_user_namespaces_off
}

case_limit_0_user()
{
	needs_user_namespaces
	no_user_namespaces 'unshare -Uc --keep-caps' "$root/bin/probe"
	expect_user_namespaces_off
}

case_limit_0_user_required()
{
	needs_user_namespaces
	no_user_namespaces 'unshare -Uc --keep-caps' env GONS_REQUIRE=1 "$root/bin/probe"
	expect 9 failed
	expect_said 'gons: required: sees_only_loopback: cannot create a network and mount namespace'
	expect_said "$user_namespaces_off"
	expect_not_said 'gons: skipped: '
}

# capsh(1) is the other way to drop them.
case_limit_0_capsh()
{
	needs_user_namespaces
	capsh=$(PATH=$PATH:/usr/sbin:/sbin command -v capsh) || skip 'needs capsh'
	run $user unshare -Ur sh -ec "$no_more_user_namespaces"'; exec "$1" --drop=all -- -c "$2"' \
		sh "$capsh" "$root/bin/probe"
	expect_user_namespaces_off
}

# The limit of an ancestor is reached, so the number that can be read here is not the relevant one.
case_limit_0_ancestor()
{
	needs_user_namespaces
	once=yes # it waits for ten seconds
	run $user unshare -Ur sh -ec 'echo 1 >/proc/sys/user/max_user_namespaces
		exec unshare -Ur '"$drop_all"' "$1"' sh "$root/bin/probe"
	expect 77 skipped
	expect_reason 'CAP_SYS_ADMIN is missing'
	expect_no_root 'No space left on device' 'or in an ancestor'
}

# Without CAP_SETFCAP, the kernel refuses to map ids in a user namespace of user 0.
expect_unmapped()
{
	expect 0 passed executes_in_mnt_and_reads_through_procfsroot=skipped
	expect_reason 'the user is not mapped' executes_in_mnt_and_reads_through_procfsroot
	expect_moved_to "user $new_ground"
}

case_no_capabilities_root()
{
	needs_root
	once=yes
	run $drop_all "$root/bin/probe"
	expect_unmapped
}

# The capabilities of root of a user namespace are dropped there, and it may not make another one.
case_no_capabilities_unshare_ur()
{
	needs_user_namespaces
	run $user $owned "$no_more_user_namespaces; exec $drop_all"' "$1"' sh "$root/bin/probe"
	expect_user_namespaces_off
}

# A user with CAP_NET_ADMIN, without namespaces of their own.
case_no_sys_admin_root()
{
	needs_root
	run setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin -- "$root/bin/probe"
	expect 0 passed
	expect_moved_to "user $new_ground"
}

case_no_sys_admin_unshare_ur()
{
	needs_user_namespaces
	run $user $owned "$no_more_user_namespaces"'
		exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin -- "$1"' \
		sh "$root/bin/probe"
	expect_user_namespaces_off
}

case_no_sys_chroot_root()
{
	needs_root
	run setpriv --bounding-set=-sys_chroot --inh-caps=-sys_chroot -- \
		"$root/bin/refuse" userns=EPERM -- "$root/bin/probe"
	expect_no_sys_chroot
	expect_reason 'a seccomp filter refuses unshare(2) for user namespaces' $mnt_tests
}

expect_no_sys_chroot()
{
	expect 0 passed $(outcome_for skipped $mnt_tests)
	expect_reason 'Operation not permitted' $mnt_tests
	expect_reason 'CAP_SYS_CHROOT is missing (needed to join a mount namespace)' \
		$mnt_tests
	expect_moved_to 'nothing new'
}

case_no_sys_chroot_unshare_ur()
{
	needs_user_namespaces
	run $user $owned "$no_more_user_namespaces"'
		exec setpriv --bounding-set=-sys_chroot --inh-caps=-sys_chroot -- "$1"' \
		sh "$root/bin/probe"
	expect_no_sys_chroot
}

# With user namespaces nothing is missing.
case_no_sys_chroot_with_user_namespaces()
{
	needs_root
	run setpriv --bounding-set=-sys_chroot --inh-caps=-sys_chroot -- "$root/bin/probe"
	expect 0 passed
	expect_moved_to "user $new_ground"
}

expect_no_net_admin()
{
	expect 0 passed runs_in_net_and_mnt=skipped
	expect_reason 'cannot bring up the loopback link: Operation not permitted' runs_in_net_and_mnt
	expect_reason 'CAP_NET_ADMIN' runs_in_net_and_mnt
	expect_moved_to 'nothing new'
}

# As with systemd-nspawn by default, and podman with --cap-add SYS_ADMIN. Network namespaces without
# links are of little use, so gons uses a user namespace.
case_sys_admin_without_net_admin()
{
	needs_root
	run setpriv --bounding-set=-net_admin --inh-caps=-net_admin -- "$root/bin/probe"
	expect 0 passed
	expect_moved_to "user $new_ground"
}

case_no_net_admin_unshare_ur()
{
	needs_user_namespaces
	run $user $owned "$no_more_user_namespaces"'
		exec setpriv --bounding-set=-net_admin --inh-caps=-net_admin -- "$1"' \
		sh "$root/bin/probe"
	expect_no_net_admin
}

case_no_net_admin_required()
{
	needs_user_namespaces
	run $user $owned "$no_more_user_namespaces"'
		GONS_REQUIRE=1 exec setpriv --bounding-set=-net_admin --inh-caps=-net_admin -- "$1"' \
		sh "$root/bin/probe"
	expect 1 passed runs_in_net_and_mnt=failed
	expect_said 'gons: required: runs_in_net_and_mnt: cannot bring up the loopback link'
}

# ---- fakeroot ----

# Who looks like root is not. The library of fakeroot needs the IPC namespace of its daemon.
case_fakeroot()
{
	needs_user_namespaces
	command -v fakeroot >/dev/null || skip 'needs fakeroot'
	run $user fakeroot "$root/bin/probe"
	expect 0 passed
	expect_moved_to 'user net mnt uts cgroup'
}

case_check_fakeroot()
{
	needs_user
	command -v fakeroot >/dev/null || skip 'needs fakeroot'
	run $user fakeroot "$check" ipc
	expect_report 1 ipc
	expect_no "$refused" 'run without fakeroot' ipc
	run $user fakeroot "$root/bin/refuse" userns=EPERM -- "$check" net
	expect_report 1 net
	expect_no "$refused" 'fakeroot makes the user look like root' net
}

# ---- limits ----

case_256_descriptors()
{
	needs_user_namespaces
	run $user sh -ec 'ulimit -n 256; exec "$@"' sh "$root/bin/probe"
	expect 0 passed
	all=runs_out_of_descriptors_and_recovers
	run $user sh -ec 'ulimit -n 256; exec "$@"' sh "$root/bin/probe" exhaust
	expect 0 passed
}

case_20_net_namespaces()
{
	needs_user_namespaces
	limit='echo 20 >/proc/sys/user/max_net_namespaces'
	run $user unshare -Ur sh -ec "$limit"'; exec "$1"' sh "$root/bin/probe"
	expect 0 passed
	all=enters_500_times
	run $user unshare -Ur sh -ec "$limit"'; exec "$1" loop' sh "$root/bin/probe"
	expect 0 passed
}

# ---- another thread ----

case_thread_root()
{
	needs_root
	run "$root/bin/probe" thread
	expect 0 passed
	expect_moved_to 'nothing new'
}

# The kernel refuses user namespaces to a process with threads.
case_thread_user()
{
	needs_user_namespaces
	run $user "$root/bin/probe" thread
	expect 77 skipped
	expect_reason 'CAP_SYS_ADMIN is missing'
	expect_reason 'gons_set_run()'
	expect_not_said 'call gons_become_root() first'
	expect_no_root 'Invalid argument' 'the process has other threads'
	expect_moved_to 'nothing new'
}

case_late_thread_user()
{
	needs_user_namespaces
	run $user "$root/bin/probe" late-thread
	expect 0 passed
	expect_moved_to "user $new_ground"
}

# ---- descriptors 0, 1 and 2 are free, so that they are what gons opens first ----

closed_streams()
{
	# cmocka opens the file when all tests are over.
	run "$@" env CMOCKA_MESSAGE_OUTPUT=XML CMOCKA_XML_FILE="$root/tmp/result" \
		sh -c 'exec "$1" <&- >&- 2>&-' sh "$root/bin/probe"
	[ "$status" = 0 ] || complain "exit status $status, expected 0"
	grep -q 'tests="9" failures="0" errors="0" skipped="0"' "$root/tmp/result" ||
		complain "cmocka wrote: $(cat "$root/tmp/result")"
}

case_closed_streams_root()
{
	needs_root
	closed_streams
}

case_closed_streams_user()
{
	needs_user_namespaces
	closed_streams $user
}
