# SPDX-License-Identifier: Apache-2.0
#
# Environments with other mounts and roots, each with the expected results of the probe. Sourced by
# run.

# ---- below another root ----

# in_chroot COMMANDS [WORDS...]: the probe with $root as its root, after these shell commands
# in a private mount namespace; WORDS are chroot's options.
in_chroot()
{
	commands=$1
	shift
	run unshare -m sh -ec 'root=$1; shift; mount -t proc proc "$root/proc"
		'"$commands"'; exec chroot "$@" "$root" /bin/probe' sh "$root" "$@"
}

case_chroot_with_sysfs()
{
	needs_root
	in_chroot 'mount -t sysfs sysfs "$root/sys"'
	expect 0 passed
	expect_moved_to 'nothing new'
}

case_chroot_with_empty_sys()
{
	needs_root
	in_chroot :
	expect 0 passed
	expect_moved_to 'nothing new'
}

# Only a sysfs on /sys is refused.
case_chroot_without_sys()
{
	needs_root
	rmdir "$root/sys"
	in_chroot :
	expect 0 passed sees_only_loopback=skipped runs_in_net_and_mnt=skipped
	expect_reason 'cannot mount a sysfs on /sys: No such file or directory' \
		sees_only_loopback runs_in_net_and_mnt
}

# in_package_builder OPTION...: as nix and guix build packages, without /sys. A directory would not
# help there: the kernel mounts a sysfs only where another one is mounted.
in_package_builder()
{
	needs_user_namespaces
	bwrap=$(command -v bwrap) || skip 'needs bwrap'
	run $user "$bwrap" --unshare-all --uid 1000 --gid 100 --ro-bind "$root" / --dev /dev \
		--proc /proc --tmpfs /tmp --chdir /tmp "$@" -- /bin/probe
}

case_package_builder_user()
{
	rmdir "$root/sys"
	in_package_builder
	expect 0 passed $(outcome_for skipped $sysfs_tests)
	expect_reason 'Operation not permitted' $sysfs_tests
	expect_reason 'only where another one is mounted, and there is none on /sys' $sysfs_tests
	expect_not_said mkdir
	expect_moved_to "user $new_ground"
}

# What the message tells to do.
case_package_builder_with_sys_user()
{
	in_package_builder --ro-bind /sys /sys
	expect 0 passed
	expect_moved_to "user $new_ground"
}

case_chroot_on_a_bind_mount()
{
	needs_root
	in_chroot 'mount --bind "$root" "$root"; cd "$root"
		mount -t proc proc "$root/proc"; mount -t sysfs sysfs "$root/sys"'
	expect 0 passed
	expect_moved_to 'nothing new'
}

# The kernel refuses user namespaces to chrooted processes.
case_chroot_user()
{
	needs_root
	in_chroot 'mount -t sysfs sysfs "$root/sys"' --userspec=65534:65534
	expect 77 skipped
	expect_reason 'CAP_SYS_ADMIN is missing'
	expect_no_root 'Operation not permitted' chroot
	expect_moved_to 'nothing new'
}

# As schroot and pbuilder have it: nothing in the chroot shows that it is one.
case_chroot_on_a_bind_mount_user()
{
	needs_root
	in_chroot 'mount --bind "$root" "$root"; cd "$root"
		mount -t proc proc "$root/proc"; mount -t sysfs sysfs "$root/sys"' \
		--userspec=65534:65534
	expect 77 skipped
	expect_reason chrooted
	expect_no_root 'Operation not permitted' chrooted 'from outside by pivot_root(2)'
	expect_moved_to 'nothing new'
}

# What the message does not tell to do: there the mount namespace keeps its other root.
case_pivot_root_in_chroot_user()
{
	needs_root
	bwrap=$(command -v bwrap) || skip 'needs bwrap'
	run unshare -m sh -ec 'mount --rbind / /mnt; exec chroot /mnt "$@"' sh \
		"$bwrap" --bind "$root" / --dev /dev --proc /proc --dev-bind /sys /sys \
		--ro-bind /usr /usr --cap-add ALL -- \
		/usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups /bin/probe
	expect 77 skipped
	expect_reason chrooted
	expect_no_root 'Operation not permitted' chrooted 'from outside by pivot_root(2)'
	expect_moved_to 'nothing new'
}

# What the message tells to do.
case_pivot_root_user()
{
	needs_root
	bwrap=$(command -v bwrap) || skip 'needs bwrap'
	run "$bwrap" --bind "$root" / --dev /dev --proc /proc --dev-bind /sys /sys \
		--ro-bind /usr /usr --cap-add ALL -- \
		/usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups /bin/probe
	expect 0 passed
	expect_moved_to "user $new_ground"
}

# As package builders of unprivileged users do.
case_chroot_in_unshare_ur()
{
	needs_user_namespaces
	run $user unshare -Urm sh -ec 'mount --rbind /proc "$1/proc"; mount --rbind /sys "$1/sys"
		exec chroot "$1" /bin/probe' sh "$root"
	expect 0 passed
	expect_moved_to 'net uts ipc cgroup'
}

# ---- /sys ----

# with_mounts COMMANDS COMMAND...: COMMAND after these shell commands in a private mount
# namespace.
with_mounts()
{
	commands=$1
	shift
	run unshare -m sh -ec "$commands"'; exec "$@"' sh "$@"
}
read_only='mount -o remount,bind,ro /sys'
mask='mount -t tmpfs none /sys/firmware'

case_sys_read_only_root()
{
	needs_root
	with_mounts "$read_only" "$root/bin/probe"
	expect 0 passed
}

case_sys_read_only_user()
{
	needs_root
	with_mounts "$read_only" $nobody "$root/bin/probe"
	expect 0 passed
	expect_moved_to "user $new_ground"
}

# A user namespace must mount with the access times that /sys has been mounted with.
case_sys_noatime_user()
{
	needs_root
	with_mounts 'mount -o remount,bind,noatime /sys' $nobody "$root/bin/probe"
	expect 0 passed
}

case_sys_strictatime_user()
{
	needs_root
	with_mounts 'mount -o remount,bind,strictatime /sys' $nobody "$root/bin/probe"
	expect 0 passed
}

case_sys_masked_root()
{
	needs_root
	with_mounts "$mask" "$root/bin/probe"
	expect 0 passed
	expect_not_said 'gons: '
}

expect_masked()
{
	expect 0 passed $(outcome_for skipped $sysfs_tests)
	expect_reason 'in a user namespace the kernel mounts no sysfs while parts of /sys are covered,' \
		$sysfs_tests
	expect_reason 'as container engines do: /sys/firmware (tmpfs)' $sysfs_tests
}

expect_mask_required()
{
	expect 3 passed $(outcome_for failed $sysfs_tests)
	for test in $sysfs_tests; do
		expect_said "gons: required: $test: cannot mount a sysfs of this network namespace"
	done
	expect_not_said 'gons: skipped: '
}

case_sys_masked_user()
{
	needs_root
	with_mounts "$mask" $nobody "$root/bin/probe"
	expect_masked
}

case_sys_masked_user_required()
{
	needs_root
	with_mounts "$mask" $nobody env GONS_REQUIRE=1 "$root/bin/probe"
	expect_mask_required
}

case_sys_masked_user_mnt_required()
{
	needs_root
	with_mounts "$mask" $nobody env GONS_REQUIRE=mnt "$root/bin/probe"
	expect_mask_required
}

# The requirements are met, so a skip is accepted.
case_sys_masked_user_uts_required()
{
	needs_root
	once=yes
	with_mounts "$mask" $nobody env GONS_REQUIRE=uts "$root/bin/probe"
	expect_masked
}

# The mask is of the outer user namespace, and locked in mount namespaces of the inner one.
case_sys_masked_unshare_ur()
{
	needs_user_namespaces
	run $user unshare -Urm sh -ec "$mask"'; exec unshare -Ur "$1"' sh "$root/bin/probe"
	expect_masked
}

case_sys_masked_unshare_ur_required()
{
	needs_user_namespaces
	run $user unshare -Urm sh -ec "$mask"'; GONS_REQUIRE=1 exec unshare -Ur "$1"' \
		sh "$root/bin/probe"
	expect_mask_required
}

# A process that could remove the mask may also see the files behind it.
case_sys_masked_by_itself()
{
	needs_user_namespaces
	run $user unshare -Urm sh -ec "$mask"'; exec "$1"' sh "$root/bin/probe"
	expect 0 passed
	expect_not_said 'gons: '
}

# ---- /proc ----

# Without procfs leaks cannot be found, so each test fails with the reason.
expect_no_proc()
{
	words='procfs of this PID namespace is not mounted on /proc'
	expect 9 failed
	[ "$(grep -c "ERROR .*$words" "$dir/err")" = 9 ] ||
		complain "not each test said \"$words\""
	grep -q "^probe: no root: .*$words" "$dir/err" ||
		complain "gons_become_root() did not say \"$words\""
	expect_not_said 'gons: skipped: '
}

case_no_proc_root()
{
	needs_root
	with_mounts 'umount -l /proc' "$root/bin/probe"
	expect_no_proc
}

case_no_proc_user()
{
	needs_user_namespaces
	run $user unshare -Urm sh -ec 'mount -t tmpfs none /proc; exec "$1"' sh "$root/bin/probe"
	expect_no_proc
}

# A procfs in which this process has no process id.
case_foreign_proc_root()
{
	needs_root
	with_mounts 'unshare -pf mount -t proc proc /proc' "$root/bin/probe"
	expect_no_proc
}

# A process has an id in the procfs of each ancestor PID namespace.
case_outer_proc_root()
{
	needs_root
	run unshare -pf "$root/bin/probe"
	expect 0 passed
	expect_moved_to 'nothing new'
}

case_outer_proc_user()
{
	needs_user_namespaces
	run $user unshare -Urpf "$root/bin/probe"
	expect 0 passed
	expect_moved_to "$new_ground"
}

# This procfs hides processes of other users.
hide_processes='mount -t proc -o hidepid=2 proc /proc'

case_proc_hidepid_root()
{
	needs_root
	with_mounts "$hide_processes" "$root/bin/probe"
	expect 0 passed
	expect_moved_to 'nothing new'
}

case_proc_hidepid_user()
{
	needs_root
	needs_user_namespaces
	with_mounts "$hide_processes" $user "$root/bin/probe"
	expect 0 passed
	expect_moved_to "user $new_ground"
}

# This procfs shows only processes, so there is no /proc/sys.
case_proc_subset_user()
{
	needs_root
	needs_user_namespaces
	with_mounts 'mount -t proc -o subset=pid proc /proc; [ ! -e /proc/sys ]' \
		$user "$root/bin/probe"
	expect 0 passed
	expect_moved_to "user $new_ground"
}

# As with a recursive read-only root without a procfs of its own.
protect_procfs='mount --bind /proc /proc; mount -o remount,bind,ro /proc'

case_proc_read_only_root()
{
	needs_root
	with_mounts "$protect_procfs" "$root/bin/probe"
	expect 0 passed
	expect_moved_to 'nothing new'
}

# Id maps of user namespaces are written there.
expect_proc_read_only()
{
	expect 77 skipped
	expect_reason 'CAP_SYS_ADMIN is missing'
	expect_reason '/proc is mounted read-only'
	expect_no_root 'Read-only file system' '/proc is mounted read-only' 'bwrap: --proc /proc'
	expect_moved_to 'nothing new'
}

case_proc_read_only_user()
{
	needs_root
	needs_user_namespaces
	with_mounts "$protect_procfs" $user "$root/bin/probe"
	expect_proc_read_only
}

protect_sysctls='mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys
	! (echo 0 >/proc/sys/user/max_user_namespaces) 2>/dev/null || exit 1'

case_proc_sys_read_only_root()
{
	needs_root
	with_mounts "$protect_sysctls" "$root/bin/probe"
	expect 0 passed
	expect_moved_to 'nothing new'
}

case_proc_sys_read_only_user()
{
	needs_root
	needs_user_namespaces
	with_mounts "$protect_sysctls" $user "$root/bin/probe"
	expect 0 passed
	expect_moved_to "user $new_ground"
}

# ---- programs ----

# Neither ip(8) nor a shell to run it in: the chroot has the probe alone.
case_no_ip_root()
{
	needs_root
	rm "$root/bin/refuse" "$root/bin/gons-check" "$root/bin/gons-run"
	[ "$(ls "$root/bin")" = probe ] && [ ! -e "$root/sbin" ] && [ ! -e "$root/usr" ] ||
		complain "there are other programs in $root"
	in_chroot 'mount -t sysfs sysfs "$root/sys"'
	expect 0 passed
	expect_moved_to 'nothing new'
}

# The machine's procfs, without it.
case_no_ip_user()
{
	needs_root
	needs_user_namespaces
	with_mounts 'for dir in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
			[ ! -e $dir/ip ] || mount --bind /dev/null $dir/ip
		done
		! ip link 2>/dev/null || exit 1' $user "$root/bin/probe"
	expect 0 passed
	expect_moved_to "user $new_ground"
}
