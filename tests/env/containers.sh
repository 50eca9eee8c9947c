# SPDX-License-Identifier: Apache-2.0
#
# Containers as container engines create them with crun(1), and as bwrap(1) does, each with the
# expected results of the probe. Sourced by run.

# ---- OCI containers ----

# The capabilities that engines leave to root of a container.
engine_capabilities='AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE
	NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'

# Their filters refuse these calls without CAP_SYS_ADMIN. clone3(2), whose flags a filter cannot
# see, fails with ENOSYS.
engine_filter='"seccomp": { "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
	{ "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "names": [ "fsconfig", "fsmount", "fsopen",
	  "fspick", "mount", "mount_setattr", "move_mount", "open_tree", "setdomainname",
	  "sethostname", "setns", "umount", "umount2", "unshare" ] },
	{ "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "names": [ "clone3" ] } ] },'

engine_masks='"maskedPaths": [ "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list",
	"/proc/scsi", "/sys/firmware" ],
	"readonlyPaths": [ "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
	  "/proc/sysrq-trigger" ],'

# A user namespace for the container: for root, of the host's first 65536 users, as with
# rootless engines; for a user, with one user.
user_namespace='{ "type": "user" },'
one_user='"uidMappings": [ { "containerID": 0, "hostID": 65534, "size": 1 } ],
	"gidMappings": [ { "containerID": 0, "hostID": 65534, "size": 1 } ],'
many_users='"uidMappings": [ { "containerID": 0, "hostID": 0, "size": 65536 } ],
	"gidMappings": [ { "containerID": 0, "hostID": 0, "size": 65536 } ],'

# The host's sysfs, where a container has the network of the host and, for want of power over
# that, cannot have a sysfs of its own.
own_sys='{ "destination": "/sys", "type": "sysfs", "source": "sysfs",
	  "options": [ "nosuid", "noexec", "nodev", "ro" ] },'
host_sys='{ "destination": "/sys", "type": "none", "source": "/sys",
	  "options": [ "rbind", "nosuid", "noexec", "nodev", "ro" ] },'

# in_container: the probe, or another command, in a container after these variables:
command='"/bin/probe"'
uid=0
capabilities=$engine_capabilities
filter=$engine_filter
masks=$engine_masks
sys=$own_sys
namespaces='{ "type": "network" }, { "type": "cgroup" },'

write_config()
{
	list=
	for capability in $capabilities; do
		list="$list${list:+, }\"CAP_$capability\""
	done
	cat >"$dir/config.in" <<-END
	{ "ociVersion": "1.0.0",
	"process": {
	  "user": { "uid": $uid, "gid": $uid },
	  "args": [ $command ],
	  "env": [ "PATH=/bin", "GONS_REQUIRE=@GONS_REQUIRE@", "CMOCKA_ERROR_OUTPUT=stderr" ],
	  "cwd": "/tmp",
	  "capabilities": { "bounding": [ $list ], "effective": [ $list ], "permitted": [ $list ] }
	},
	"root": { "path": "$root" },
	"mounts": [
	  { "destination": "/proc", "type": "proc", "source": "proc" },
	  $sys
	  { "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
	    "options": [ "nosuid", "strictatime", "mode=755", "size=65536k" ] },
	  { "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
	    "options": [ "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" ] }
	],
	"linux": {
	  $filter
	  $masks
	  "namespaces": [ $namespaces
	    { "type": "pid" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" } ]
	} }
	END
}

# crun looks for the unified hierarchy of control groups, and creates none with this option.
in_container()
{
	crun=$(PATH=$PATH:/usr/sbin:/sbin command -v crun) || skip 'needs crun'
	unshare -m mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null ||
		skip 'needs the unified hierarchy of control groups'
	write_config
	mkdir -m 777 "$dir/bundle" "$dir/state"
	run unshare -m sh -ec 'dir=$1 crun=$2
		shift 2
		mount -t cgroup2 none /sys/fs/cgroup
		sed "s/@GONS_REQUIRE@/${GONS_REQUIRE-}/" "$dir/config.in" >"$dir/bundle/config.json"
		exec "$@" "$crun" --root="$dir/state" --cgroup-manager=disabled \
			run -b "$dir/bundle" "gons-env-$$"' sh "$dir" "$crun" "$@"
}

case_container()
{
	needs_root
	in_container
	expect 77 skipped
	expect_reason 'a seccomp filter'
	expect_no_root 'Operation not permitted' 'a seccomp filter' 'seccomp=unconfined'
	expect_moved_to 'nothing new'
}

case_container_user()
{
	needs_root
	uid=1000
	capabilities=
	case_container
}

# Without a filter, as is the default in clusters, user namespaces work, and the masks of /sys
# matter in them.
case_container_without_filter()
{
	needs_root
	filter=
	in_container
	expect_masked
	expect_moved_to "user $new_ground"
}

# Follows the remedy in the message.
case_container_without_filter_unmasked()
{
	needs_root
	filter=
	masks=
	in_container
	expect 0 passed
	expect_moved_to "user $new_ground"
}

case_container_without_filter_user()
{
	needs_root
	filter=
	uid=1000
	capabilities=
	in_container
	expect_masked
	expect_moved_to "user $new_ground"
}

# The filters of engines permit everything with this capability. Without CAP_NET_ADMIN gons uses a
# user namespace, in which the masks matter.
case_container_sys_admin()
{
	needs_root
	capabilities="$engine_capabilities SYS_ADMIN"
	filter=
	in_container
	expect_masked
	expect_moved_to "user $new_ground"
}

# The initial user namespace owns the mount namespace, so the masks do not matter.
case_container_sys_admin_net_admin()
{
	needs_root
	capabilities="$engine_capabilities SYS_ADMIN NET_ADMIN"
	filter=
	in_container
	expect 0 passed
	expect_moved_to 'nothing new'
	expect_not_said 'gons: '
}

# It has the capability, but the filter of a container without it.
case_container_sys_admin_with_filter()
{
	needs_root
	capabilities="$engine_capabilities SYS_ADMIN"
	in_container
	expect 77 skipped
	expect_reason 'a seccomp filter'
	expect_moved_to 'nothing new'
}

# With all capabilities of the host but those which the programs are too old to have a name for.
privileged()
{
	capabilities=$(setpriv --dump | sed -n 's/^Capability bounding set: //p' | tr , '\n' |
		grep -v '^cap_' | tr a-z A-Z)
	filter=
	masks=
}

case_container_privileged()
{
	needs_root
	privileged
	in_container
	expect 0 passed
	expect_moved_to 'nothing new'
	expect_not_said 'gons: '
}

# In a user namespace, as with rootless engines, which owns all namespaces of the container.
case_container_in_user_namespace()
{
	needs_root
	masks="$masks $many_users"
	namespaces="$namespaces $user_namespace"
	case_container
}

case_container_in_user_namespace_sys_admin()
{
	needs_root
	masks="$masks $many_users"
	namespaces="$namespaces $user_namespace"
	capabilities="$engine_capabilities SYS_ADMIN NET_ADMIN"
	filter=
	in_container
	expect 0 passed # who could take the masks away may also see what is behind them
	expect_moved_to 'nothing new'
}

case_container_in_user_namespace_without_filter()
{
	needs_root
	masks="$masks $many_users"
	namespaces="$namespaces $user_namespace"
	filter=
	in_container
	expect_masked
	expect_moved_to "user $new_ground"
}

case_container_in_user_namespace_privileged()
{
	needs_root
	privileged
	masks=$many_users
	namespaces="$namespaces $user_namespace"
	in_container
	expect 0 passed
	expect_moved_to 'nothing new'
	expect_not_said 'gons: '
}

# The network and control groups belong to the host's user namespace.
case_container_in_user_namespace_host_network()
{
	needs_root
	privileged
	masks=$many_users
	namespaces=$user_namespace
	sys=$host_sys
	in_container
	expect 0 passed
	expect_moved_to 'net cgroup'
}

# The container that crun creates for an unprivileged user.
case_container_rootless()
{
	needs_root
	needs_user_namespaces
	masks="$masks $one_user"
	namespaces="$namespaces $user_namespace"
	in_container $user
	expect 77 skipped
	expect_reason 'a seccomp filter'
	expect_moved_to 'nothing new'
}

case_container_rootless_without_filter()
{
	needs_root
	needs_user_namespaces
	masks="$masks $one_user"
	namespaces="$namespaces $user_namespace"
	filter=
	in_container $user
	expect_masked
	expect_moved_to "user $new_ground"
}

case_container_rootless_privileged()
{
	needs_root
	needs_user_namespaces
	privileged
	masks=$one_user
	namespaces="$namespaces $user_namespace"
	in_container $user
	expect 0 passed
	expect_moved_to 'nothing new'
}

# gons-run in containers. The command is any that writes what is expected.
gons_run_there()
{
	needs_root
	command="\"/bin/gons-run\", ${1-}\"/bin/gons-check\", \"--version\""
	in_container
}

# expect_status STATUS: what a command that did or did not run shows, beside the messages.
expect_status()
{
	[ "$status" = "$1" ] || complain "exit status $status, expected $1"
	if [ "$1" = 0 ]; then
		grep -q '^gons-check ' "$dir/out" || complain 'the command did not run'
		[ ! -s "$dir/err" ] || complain 'it said something'
	else
		[ ! -s "$dir/out" ] || complain 'the command ran'
		[ "$(wc -l <"$dir/err")" = 1 ] || complain 'not one line'
		expect_said 'gons-run: cannot '
	fi
}

case_run_container()
{
	gons_run_there
	expect_status 77
	expect_said 'a seccomp filter'
	expect_said 'seccomp=unconfined'
}

case_run_container_required()
{
	gons_run_there '"--require=net", '
	expect_status 125
	expect_said 'a seccomp filter'
}

# A filter that allows user namespaces; the masks of /sys matter in them.
case_run_container_without_filter()
{
	filter=
	gons_run_there
	expect_status 77
	expect_said '/sys/firmware'
	expect_said 'unmask=ALL'
}

case_run_container_without_filter_unmasked()
{
	filter=
	masks=
	gons_run_there
	expect_status 0
}

case_run_container_without_filter_no_sys()
{
	filter=
	gons_run_there '"--no-sys", '
	expect_status 0
}

case_run_container_privileged()
{
	privileged
	gons_run_there
	expect_status 0
}

# ---- bubblewrap ----

# in_bubble OPTION...: the probe, run by $user, below the machine's own root, which is read-only but
# for /tmp.
procfs='--proc /proc'
in_bubble()
{
	bwrap=$(command -v bwrap) || skip 'needs bwrap'
	run $user "$bwrap" --ro-bind / / --dev /dev $procfs --tmpfs /tmp \
		--ro-bind "$root" "$root" "$@" -- "$root/bin/probe"
}

case_bubble_root()
{
	needs_root
	user=
	in_bubble
	expect 0 passed
	expect_moved_to 'nothing new'
}

case_bubble_root_without_capabilities()
{
	needs_root
	user=
	once=yes
	in_bubble --cap-drop ALL
	expect_unmapped
}

case_bubble_user()
{
	needs_user_namespaces
	in_bubble
	expect 0 passed
	expect_moved_to "user $new_ground"
}

# Its users often forget to mount a procfs.
case_bubble_user_without_procfs()
{
	needs_user_namespaces
	procfs=
	in_bubble
	expect_proc_read_only
}

case_bubble_user_unshare_all()
{
	needs_user_namespaces
	in_bubble --unshare-all --die-with-parent --new-session
	expect 0 passed
	expect_moved_to "user $new_ground"
}

# This makes the user root inside, but gives no capabilities.
case_bubble_user_uid_0()
{
	needs_user_namespaces
	once=yes
	in_bubble --unshare-all --uid 0 --gid 0
	expect_unmapped
}

case_bubble_user_all_capabilities()
{
	needs_user_namespaces
	in_bubble --unshare-all --uid 0 --gid 0 --cap-add ALL
	expect 0 passed
	expect_moved_to 'nothing new'
}

# The limit is that of the outer user namespace.
case_bubble_user_without_user_namespaces()
{
	needs_user_namespaces
	bwrap --help 2>&1 | grep -q disable-userns || skip 'needs bwrap with --disable-userns'
	once=yes # it waits for five seconds
	in_bubble --unshare-user --disable-userns
	expect 77 skipped
	expect_reason 'CAP_SYS_ADMIN is missing'
	expect_no_root 'No space left on device' 'or in an ancestor'
	expect_moved_to 'nothing new'
}
