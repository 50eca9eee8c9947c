# SPDX-License-Identifier: Apache-2.0
#
# The output of gons-check in the same environments, line by line. Sourced by run.

check=$root/bin/gons-check
all_types='net mnt uts ipc cgroup user pid time'
links='veth dummy bridge macvlan ipvlan vlan vxlan ifb vrf bond netdevsim'

# expect_answer ANSWER WORD...: the line of each word.
expect_answer()
{
	answer=$1
	shift
	for word; do
		wanted=$(printf '%-12s %s' "$word" "$answer")
		line=$(grep "^$word " "$dir/out")
		[ "$line" = "$wanted" ] || complain "\"$line\" is not \"$wanted\""
	done
}

# expect_no ERRNO CAUSE WORD...: the line of each word says no, with the text of this errno and the
# decisive words of the cause.
expect_no()
{
	errno_text=$1
	cause=$2
	shift 2
	for word; do
		line=$(grep "^$word " "$dir/out")
		case $line in
		"$(printf '%-12s no: ' "$word")"*"$errno_text"*"$cause"*) ;;
		*) complain "\"$line\" is not a no with \"$errno_text\" and \"$cause\"" ;;
		esac
	done
}

# expect_report STATUS WORD...: the exit status, and lines of these words only, each with an
# answer.
expect_report()
{
	[ "$status" = "$1" ] || complain "exit status $status, expected $1"
	shift
	head -n 1 "$dir/out" | grep -Eq '^gons-check [0-9.]+, Linux [^ ]+ [^ ]+, uid [0-9]+$' ||
		complain 'the first line does not tell version, kernel and user'
	got=$(sed -nE '2,$s/^([^ ]+) +(yes|yes, in a user namespace|no: .+)$/\1/p' "$dir/out" |
		tr '\n' ' ')
	[ "$got" = "$* " ] || complain "lines of $got, expected $*"
	[ "$(wc -l <"$dir/out")" = $(($# + 1)) ] || complain 'other lines, too'
	[ ! -s "$dir/err" ] || complain "it also said: $(cat "$dir/err")"
}

# Kinds of links are the kernel's business: each is there as the namespaces are, or lacking.
expect_links()
{
	for word in $links; do
		if ! grep -q "^$word .*: this kernel lacks it; .*; kernel option CONFIG_" "$dir/out"; then
			expect_answer "$1" "$word"
		fi
	done
}

refused='Operation not permitted'
no_space='No space left on device'

# ---- who runs it ----

case_check_root()
{
	needs_root
	run "$check"
	# shellcheck disable=SC2086
	expect_report 0 $all_types sysfs loopback capture unprivileged reexec $links
	# shellcheck disable=SC2086
	expect_answer yes $all_types sysfs loopback capture reexec
	expect_links yes
}

case_check_user()
{
	needs_user_namespaces
	run $user "$check"
	# shellcheck disable=SC2086
	expect_report 0 $all_types sysfs loopback capture unprivileged reexec $links
	expect_answer yes user unprivileged reexec
	expect_answer 'yes, in a user namespace' net mnt uts ipc cgroup pid time sysfs loopback
	expect_links 'yes, in a user namespace'
}

# The process has no capabilities over its namespaces, so it could not return to them.
case_check_unshare_ur()
{
	needs_user_namespaces
	run $user unshare -Ur "$check"
	expect_answer yes user pid time unprivileged reexec
	expect_answer 'yes, in a user namespace' net mnt uts ipc cgroup sysfs loopback
	expect_links 'yes, in a user namespace'
}

# ---- why not ----

case_check_limit_0()
{
	needs_user_namespaces
	no_user_namespaces 'unshare -Uc --keep-caps' "$check" net user unprivileged loopback
	expect_report 1 net user loopback unprivileged
	expect_no "$refused" "CAP_SYS_ADMIN is missing" net loopback
	expect_no "$refused" "$user_namespaces_off" net loopback
	expect_no "$no_space" "$user_namespaces_off" user unprivileged
}

# nested DEPTH UNSHARE COMMAND...: in as many namespaces within each other.
nested()
{
	depth=$1
	unshare=$2
	shift 2
	# shellcheck disable=SC2016 # for the shells inside
	run $user env nest='depth=$1 unshare=$2
		shift 2
		[ "$depth" -eq 0 ] || exec $unshare sh -c "$nest" sh $((depth - 1)) "$unshare" "$@"
		exec "$@"' sh -c 'exec sh -c "$nest" sh "$@"' sh "$depth" "$unshare" "$@"
}

# Both wait for ten seconds.
case_check_nested_user()
{
	needs_user_namespaces
	nested 33 'unshare -Ur' "$check" user
	expect_report 1 user
	expect_no "$no_space" 'or in an ancestor, or the kernel nests them no deeper' user
}

case_check_nested_pid()
{
	needs_user_namespaces
	nested 32 'unshare -Urpf' "$check" pid
	expect_report 1 pid
	expect_no "$no_space" 'the kernel nests them no deeper' pid
}

case_check_one_process()
{
	needs_user
	run $user prlimit --nproc=1 -- "$check" net
	expect_report 1 net
	expect_no 'Resource temporarily unavailable' 'ulimit -u, or pids.max' net
}

case_check_no_net_limit_0()
{
	needs_user_namespaces
	run $user $owned 'echo 0 >/proc/sys/user/max_net_namespaces; exec "$@"' sh "$check" \
		net uts sysfs loopback veth
	expect_report 1 net uts sysfs loopback veth
	expect_answer yes uts
	expect_no "$no_space" 'user.max_net_namespaces = 0' net sysfs loopback veth
}

case_check_no_capabilities_root()
{
	needs_root
	run $drop_all "$check" uts unprivileged
	expect_report 0 uts unprivileged
	expect_answer 'yes, in a user namespace' uts
	expect_answer yes unprivileged
}

case_check_no_sys_chroot()
{
	needs_user_namespaces
	run $user $owned "$no_more_user_namespaces"'
		exec setpriv --bounding-set=-sys_chroot --inh-caps=-sys_chroot -- "$@"' \
		sh "$check" net mnt
	expect_report 1 net mnt sysfs
	expect_answer yes net
	expect_no "$refused" 'CAP_SYS_CHROOT' mnt sysfs
	expect_no "$refused" "$user_namespaces_off" mnt sysfs
}

case_check_no_net_admin()
{
	needs_user_namespaces
	run $user $owned "$no_more_user_namespaces"'
		exec setpriv --bounding-set=-net_admin --inh-caps=-net_admin -- "$@"' \
		sh "$check" net loopback
	expect_report 1 net loopback
	expect_answer yes net
	expect_no "$refused" 'CAP_NET_ADMIN is missing' loopback
}

case_check_unshare_refused()
{
	needs_user
	run $user "$root/bin/refuse" unshare=EPERM -- "$check" ipc user
	expect_report 1 ipc user
	expect_no "$refused" 'a seccomp filter refuses unshare(2); run without the filter' user ipc
}

case_check_user_namespaces_refused()
{
	needs_user
	run $user "$root/bin/refuse" userns=EPERM -- "$check" ipc user
	expect_report 1 ipc user
	expect_no "$refused" 'a seccomp filter refuses unshare(2) for user namespaces' user ipc
}

# There is no filter, and yet the answer is not the kernel's.
case_check_tracer()
{
	needs_root
	command -v strace >/dev/null || skip 'needs strace'
	run strace -f -o /dev/null -e inject=unshare:error=EPERM "$check" uts
	expect_report 1 uts
	expect_no "$refused" 'a tracer or a sandbox' uts
}

# As proot does, which follows the links of /proc/PID/ns as if they led to files.
case_check_tracer_of_files()
{
	needs_root
	command -v strace >/dev/null || skip 'needs strace'
	run strace -f -o /dev/null -P /proc/thread-self/ns/net -e inject=open,openat:error=ENOENT \
		"$check" net mnt
	expect_report 1 net mnt sysfs
	expect_no 'No such file or directory' \
		'it is not the kernel that refuses open(2), but a tracer or a sandbox; run without it (proot: take bwrap)' \
		net sysfs
	expect_answer yes mnt
}

case_check_masked()
{
	needs_root
	with_mounts "$mask" $nobody "$check" net mnt uts
	expect_report 1 net mnt uts sysfs
	expect_answer 'yes, in a user namespace' net mnt uts
	expect_no "$refused" '/sys/firmware (tmpfs); start the container with' sysfs
}

# Directly, root could mount a sysfs. In the user namespace that root needs for links, the masks
# matter, as in tests.
case_check_container_sys_admin()
{
	needs_root
	capabilities="$engine_capabilities SYS_ADMIN"
	filter=
	command='"/bin/gons-check", "net", "sysfs", "loopback"'
	in_container
	expect_report 1 net sysfs loopback
	expect_answer yes net
	expect_answer 'yes, in a user namespace' loopback
	expect_no "$refused" '/sys/firmware (tmpfs); start the container with' sysfs
}

case_check_chroot()
{
	needs_root
	run unshare -m sh -ec 'mount -t proc proc "$1/proc"
		exec chroot --userspec=65534:65534 "$1" /bin/gons-check uts user' sh "$root"
	expect_report 1 uts user
	expect_no "$refused" 'chrooted' user uts
}

case_check_no_proc()
{
	needs_root
	with_mounts 'umount -l /proc' "$check" uts reexec
	expect_report 1 uts reexec
	expect_no 'No such file or directory' 'procfs of this PID namespace is not mounted on /proc' \
		uts reexec
}

# ---- settings of the machine ----

# with_setting FILE VALUE COMMAND...: with this value in it, and then with the present one again.
with_setting()
{
	file=$1
	value=$2
	shift 2
	present=$(cat "$file") || complain "there is no $file"
	echo "$value" >"$file"
	run "$@"
	echo "$present" >"$file"
}

# Debian's kernels have it.
case_check_userns_clone_0()
{
	needs_own_machine
	with_setting /proc/sys/kernel/unprivileged_userns_clone 0 $nobody "$check" uts user
	expect_report 1 uts user
	expect_no "$refused" 'kernel.unprivileged_userns_clone = 0' user uts
}

# The initial user namespace has no ancestor with a limit.
case_check_initial_limit()
{
	needs_own_machine
	with_setting /proc/sys/user/max_uts_namespaces 1 unshare -u "$check" uts
	expect_report 1 uts
	expect_no "$no_space" 'user.max_uts_namespaces = 1' uts
}

# ---- AppArmor, where the kernel has it ----

# A profile applies to the whole machine, so it has a unique name, and is removed afterwards.
needs_apparmor()
{
	needs_root
	parser=$(PATH=$PATH:/usr/sbin:/sbin command -v apparmor_parser) ||
		skip 'needs AppArmor: apparmor_parser'
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] ||
		skip 'needs AppArmor: a kernel with it'
	profile=gons-env-$$
}

# confined RULES COMMAND...: with a profile of these rules.
confined()
{
	rules=$1
	shift
	trap 'remove_profile; rm -rf --one-file-system "$dir"' EXIT
	printf 'profile %s flags=(attach_disconnected) { %s }' "$profile" "$rules" |
		parse_profile -r || skip "needs AppArmor: to load a profile ($(cat "$dir/parser"))"
	run sh -c 'profile=$1; shift; echo "exec $profile" >/proc/self/attr/exec; exec "$@"' sh \
		"$profile" "$@"
	trap 'rm -rf --one-file-system "$dir"' EXIT
	remove_profile
}

parse_profile()
{
	unshare -m sh -c 'mount -t securityfs none /sys/kernel/security 2>/dev/null; exec "$@"' sh \
		"$parser" -K -q "$@" 2>"$dir/parser"
}

remove_profile()
{
	printf 'profile %s { }' "$profile" | parse_profile -R
}

# As with container engines.
no_mount='file, capability, network, signal, ptrace, unix,'

case_apparmor_no_mount()
{
	needs_apparmor
	confined "$no_mount" "$root/bin/probe"
	expect 0 passed $(outcome_for skipped $mnt_tests)
	expect_reason "the AppArmor profile $profile (enforce)" $mnt_tests
	expect_moved_to 'nothing new'
}

case_check_apparmor_no_mount()
{
	needs_apparmor
	confined "$no_mount" "$check" uts mnt
	expect_report 1 mnt uts
	expect_answer yes uts
	expect_no 'Permission denied' "the AppArmor profile $profile (enforce)" mnt
}

# What the profile of docker and containerd refuses, docker-default.
docker_default='file, capability, network, signal, ptrace, unix, umount, deny mount,
	deny /proc/sys/[^k]** w, deny /proc/sysrq-trigger rwklx, deny /proc/kcore rwklx,
	deny /sys/[^f]*/** wklx, deny /sys/f[^s]*/** wklx, deny /sys/firmware/** rwklx,'
unconfined='run without the profile (docker, podman: --security-opt apparmor=unconfined; Kubernetes: appArmorProfile.type: Unconfined)'

case_check_apparmor_docker()
{
	needs_apparmor
	confined "$docker_default" "$check" net mnt sysfs loopback veth
	expect_report 1 net mnt sysfs loopback veth
	expect_answer yes net loopback veth
	expect_no 'Permission denied' "the AppArmor profile $profile (enforce) refuses it; $unconfined" mnt sysfs
}

case_check_apparmor_no_powers()
{
	needs_apparmor
	confined 'file, mount, network, signal,' "$check" uts
	expect_report 1 uts
	expect_no "$refused" "the AppArmor profile $profile (enforce) refuses the use of CAP_SYS_ADMIN" uts
}

# As on Ubuntu for unprivileged users: the user namespace is created, but gives no capabilities.
no_powers='file, mount, network, signal, capability setuid, capability setgid, capability setpcap,'

case_apparmor_user()
{
	needs_apparmor
	profile=$profile-unprivileged_userns
	confined "$no_powers" $nobody "$root/bin/probe"
	expect 77 skipped
	expect_reason 'CAP_SYS_ADMIN is missing'
	expect_no_root 'Permission denied' "the AppArmor profile $profile (enforce)"
	expect_moved_to 'nothing new'
}

case_check_apparmor_user()
{
	needs_apparmor
	profile=$profile-unprivileged_userns
	confined "$no_powers" $nobody "$check" uts user
	expect_report 1 uts user
	expect_no 'Permission denied' "the AppArmor profile $profile (enforce)" user
	expect_no 'Permission denied' 'kernel.apparmor_restrict_unprivileged_userns' user
}

# ---- what is asked, and how it is told ----

# The other cases do not depend on what the kernel was built with.
case_check_unknown_link()
{
	needs_user_namespaces
	run $user "$check" uts gons-nonsense
	expect_report 1 uts gons-nonsense
	expect_answer 'yes, in a user namespace' uts
	expect_no 'Operation not supported' 'module' gons-nonsense
}

case_check_words()
{
	needs_user_namespaces
	run $user "$check" 1
	# shellcheck disable=SC2086
	expect_report 0 $all_types sysfs
	run $user "$check" uts,ipc net ipc
	expect_report 0 net uts ipc
	run $user "$check" mnt net
	expect_report 0 net mnt sysfs
	# With the syntax of GONS_REQUIRE.
	run $user "$check" ' uts , ipc,' 'net
		uts'
	expect_report 0 net uts ipc
	run $user "$check" 'uts, gons-nonsense'
	expect_report 1 uts gons-nonsense
	for words in '' , ' ' 'net:mnt' 'uts, net:mnt' sixteen-letters- uts/ --nonsense --json=1; do
		run $user "$check" "$words"
		[ "$status" = 2 ] || complain "exit status $status for \"$words\", expected 2"
		[ ! -s "$dir/out" ] || complain "an answer to \"$words\""
		grep -q 'gons-check: [^ ]' "$dir/err" || complain "nothing said of \"$words\""
	done
	run "$check" --help
	[ "$status" = 0 ] && grep -q '^usage: gons-check ' "$dir/out" || complain 'no help'
	run "$check" --version
	[ "$status" = 0 ] && grep -Eqx 'gons-check [0-9.]+' "$dir/out" || complain 'no version'
}

# A mask whose name is not valid text: it must not break lines or JSON strings.
case_check_json()
{
	needs_root
	command -v python3 >/dev/null || skip 'needs python3'
	name=$(printf '/sys/firmware/a"\\\n\t\303\251\355\240\200\377')
	with_mounts "$mask"'; mkdir "'"$(printf %s "$name" | sed 's/["\\]/\\&/g')"'"
		mount -t tmpfs none "'"$(printf %s "$name" | sed 's/["\\]/\\&/g')"'"' \
		$nobody "$check" --json net mnt
	[ "$status" = 1 ] || complain "exit status $status, expected 1"
	python3 - "$dir/out" <<-'END' || complain "not what was expected: $(cat "$dir/out")"
		import json, sys
		answer = json.loads(open(sys.argv[1], "rb").read().decode("utf-8", "strict"))
		assert answer["all"] is False and answer["uid"] == 65534
		net, mnt, sysfs = answer["things"]
		assert net == {"name": "net", "there": True, "in_user_namespace": True, "reason": None}
		assert mnt["name"] == "mnt" and mnt["there"] is True
		assert sysfs["name"] == "sysfs" and sysfs["there"] is False
		mask = '/sys/firmware/a"\\\n\t\u00e9' + 4 * "\ufffd" + " (tmpfs)"
		assert "/sys/firmware (tmpfs), " + mask in sysfs["reason"], sysfs
	END
	run "$check" --json
	python3 -c 'import json, sys; print(len(json.load(sys.stdin)["things"]))' \
		<"$dir/out" | grep -qx 24 || complain 'not all things in JSON'
}

case_check_output()
{
	needs_user
	for redirection in '>&-' '>/dev/full' '>&- <&-'; do
		run $user sh -c "exec \"\$1\" uts $redirection" sh "$check"
		[ "$status" = 2 ] || complain "exit status $status for $redirection, expected 2"
		expect_said 'gons-check: cannot write: '
	done
}
