# SPDX-License-Identifier: Apache-2.0
"""gons-run beside the command alone: only the namespaces may differ.

usage: run.py GONS-RUN TEST

TEST is a function of this file. Exit status 77: skipped, with the reason on standard error.
"""
import fcntl
import os
import pathlib
import pty
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time

GONS_RUN = ''
TIMEOUT = 60  # of one command, on a busy machine


class Skip(Exception):
    pass


def run(*arguments, **options):
    options = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'timeout': TIMEOUT,
               'stdin': subprocess.DEVNULL, 'text': True, **options}
    return subprocess.run([GONS_RUN, *arguments], check=False, **options)


def able(*options):
    """Skips the test where the machine has no namespaces for these options."""
    result = run(*options, 'true')
    if result.returncode == 77:
        raise Skip(result.stderr.strip())
    same(result.returncode, 0, result.stderr)


def same(actual, wanted, why=''):
    if actual != wanted:
        raise AssertionError(f'{actual!r} is not {wanted!r}: {why}')


def contains(text, words):
    if words not in text:
        raise AssertionError(f'{words!r} is not in {text!r}')


def until(condition, why):
    end = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f'not within {TIMEOUT} seconds: {why}')
        time.sleep(0.01)


def refused(status, words, *arguments, **options):
    result = run(*arguments, **options)
    same(result.returncode, status, result.stderr)
    contains(result.stderr, words)
    same(result.stderr.count('\n'), 1, result.stderr)


def namespaces(*options):
    result = run(*options, 'readlink', *(f'/proc/self/ns/{name}' for name in NAMES))
    same(result.returncode, 0, result.stderr)
    return dict(zip(NAMES, result.stdout.split()))


NAMES = ('net', 'mnt', 'uts', 'ipc', 'cgroup', 'pid', 'user')
# Ways to run a command that are to make no difference to it: in place, and with a supervisor.
WAYS = ([], ['--timeout=60'])


# ---- namespaces ----

def a_command_has_its_own_network_with_loopback_up_and_a_matching_sys():
    able()
    result = run('sh', '-c', 'ls /sys/class/net; cat /sys/class/net/lo/operstate; '
                 'cat /sys/class/net/lo/flags')
    same(result.returncode, 0, result.stderr)
    links, flags = result.stdout.split()[:-1], int(result.stdout.split()[-1], 16)
    same([link for link in links if link not in ('bonding_masters',)], ['lo', 'unknown'])
    same(flags & 1, 1, 'lo is up')
    mounts = run('grep', ' /sys sysfs ', '/proc/self/mounts').stdout.splitlines()[-1]
    contains(mounts, ' ro,')


def the_machine_is_left_as_it_was():
    able()
    name = f'gons-{os.getpid()}'
    before = left_on_the_machine()
    same(run('sh', '-c', f'ip link add {name} type veth 2>/dev/null; true').returncode, 0)
    same(name in os.listdir('/sys/class/net'), False)
    nothing_is_left(before)


def each_option_makes_its_namespace_and_no_other():
    able()
    mine = {name: os.readlink(f'/proc/self/ns/{name}') for name in NAMES}
    ids = pathlib.Path('/proc/self/uid_map').read_text(encoding='ascii').split()
    is_root = os.geteuid() == 0 and ids == ['0', '0', '4294967295']
    always = {'net', 'mnt'} if is_root else {'net', 'mnt', 'uts', 'ipc', 'cgroup'}
    for options, more in (([], ()), (['-p'], ('pid', 'mnt')), (['-u'], ('uts',)),
                          (['--uts=x'], ('uts',)), (['-i'], ('ipc',)), (['-C'], ('cgroup',)),
                          (['-U'], ('user',))):
        now = namespaces(*options)
        differ = {name for name in NAMES if now[name] != mine[name]}
        if not (always | set(more)) <= differ:
            raise AssertionError(f'{options}: only {differ} differ')
        if is_root and options != ['-U']:
            same(differ, always | set(more), f'{options}')


def without_a_network_namespace_the_network_is_the_machines():
    able()
    mine = os.readlink('/proc/self/ns/net')
    for options in ([], ['-p'], ['-U'], ['-u', '-i', '-C'], ['--timeout=60'],
                    ['--map-current-user'], ['--private=run,tmp']):
        now = namespaces('--no-net', *options)
        same(now['net'], mine, f'{options}')
        same(now['mnt'] != os.readlink('/proc/self/ns/mnt'), True, f'{options}')
    same(run('--no-net', '--map-current-user', 'id', '-u').stdout, f'{os.geteuid()}\n')
    same(run('--no-net', '-U', 'id', '-u').stdout, '0\n')
    same(run('--no-net', '--uts=elsewhere', 'uname', '-n').stdout, 'elsewhere\n')
    with tempfile.TemporaryDirectory() as where:
        os.chmod(where, 0o755)
        same(run('--no-net', '-U', 'pwd', cwd=where).stdout, f'{where}\n')


def the_host_name_is_its_own():
    able('-u')
    same(run('--uts=elsewhere', 'uname', '-n').stdout, 'elsewhere\n')
    same(run('uname', '-n').stdout, os.uname().nodename + '\n')


def sys_can_be_writable_or_left_alone():
    able()
    result = run('--sys=rw', 'sh', '-c', 'echo 1400 >/sys/class/net/lo/mtu && '
                 'cat /sys/class/net/lo/mtu')
    same(result.stdout, '1400\n', result.stderr)
    device = f'{os.stat("/sys").st_dev}\n'
    same(run('--no-sys', 'stat', '-c', '%d', '/sys').stdout, device)
    same(run('stat', '-c', '%d', '/sys').stdout != device, True)


def loopback_can_be_left_down():
    able()
    result = run('--no-loopback', 'cat', '/sys/class/net/lo/flags')
    same(int(result.stdout, 16) & 1, 0)


def a_user_can_keep_the_id():
    able('--map-current-user')
    same(run('--map-current-user', 'id', '-u').stdout, f'{os.geteuid()}\n')


def a_new_pid_namespace_has_its_own_proc():
    able('-p')
    result = run('-p', 'sh', '-c', 'echo $$; ls -d /proc/[0-9]* | wc -l; cat /proc/1/comm')
    number, count, first = result.stdout.split()
    if int(number) > 9 or int(count) > 9:
        raise AssertionError(result.stdout)
    same(first, 'gons-init')


def an_orphan_is_reaped_in_a_new_pid_namespace():
    able('-p')
    result = run('-p', 'sh', '-c', '(true & exec true); sleep 0.2; '
                 'grep -l "^State:.Z" /proc/[0-9]*/status; true')
    same(result.stdout, '', result.stderr)


def sysctls_of_the_network_are_set():
    able()
    same(run('--sysctl', 'net.ipv4.ip_forward=1', '--sysctl', 'net.core.somaxconn=77', 'sh', '-c',
             'cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/core/somaxconn').stdout, '1\n77\n')
    refused(125, 'net.ipv4.no_such_thing', '--sysctl', 'net.ipv4.no_such_thing=1', 'true')
    refused(125, 'kernel.hostname', '--sysctl', 'kernel.hostname=x', 'true')


def private_files_hide_the_machines():
    able('--private=run,tmp,names')
    with tempfile.TemporaryDirectory(dir='/tmp') as there:
        result = run('--private=tmp,names,run', 'sh', '-c',
                     f'ls -d {there}; ls /run; cat /etc/hosts; touch /tmp/new /var/tmp/new /run/new',
                     cwd='/')
        contains(result.stderr, 'No such file')
        same(result.returncode, 0, result.stderr)
        contains(result.stdout, 'localhost')
        contains(result.stdout, 'netns')
    same(os.path.exists('/tmp/new') or os.path.exists('/run/new'), False)
    same(run('--hermetic', 'sh', '-c', 'ls /tmp', cwd='/').stdout, '')


def it_works_inside_of_itself():
    able()
    inner, outer = (run(*([GONS_RUN] * n), 'readlink', '/proc/self/ns/net').stdout for n in (1, 0))
    same(inner != outer and inner.startswith('net:'), True, inner)


def it_works_as_root_of_a_user_namespace():
    """Where capabilities are held, but the namespaces belong to the user namespace outside."""
    able()
    for around in (['unshare', '-Ur'], ['unshare', '-Urm'], ['unshare', '-Urn']):
        if subprocess.run([*around, 'true'], stderr=subprocess.DEVNULL, check=False).returncode:
            raise Skip(f'{" ".join(around)} is refused here')
        for way in WAYS:
            result = subprocess.run([*around, GONS_RUN, *way, 'cat', '/sys/class/net/lo/flags'],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                    stdin=subprocess.DEVNULL, timeout=TIMEOUT, check=False)
            same((result.returncode, result.stdout, result.stderr), (0, '0x9\n', ''),
                 f'{around} {way}')


# ---- the command is as without it ----

def every_exit_status_is_the_commands():
    able()
    for way in WAYS:
        for status in range(256):
            same(run(*way, 'sh', '-c', f'exit {status}').returncode, status, f'{way}')


def every_signal_ends_it_as_it_ends_the_command():
    able()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in sorted(set(signal.Signals)):
        alone = subprocess.run(['sh', '-c', f'kill -{number} $$; exit 3'], check=False,
                               timeout=TIMEOUT) if number not in STOPS else None
        if alone is None:
            continue
        for way in WAYS:
            result = run(*way, 'sh', '-c', f'kill -{number} $$; exit 3')
            same(result.returncode, alone.returncode, f'{way} {number} {result.stderr}')
        if alone.returncode < 0:
            able('-p')
            same(run('-p', 'sh', '-c', f'kill -{number} $$; exit 3').returncode,
                 128 - alone.returncode, f'-p {number}')


STOPS = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


def a_signal_reaches_the_command_once():
    able()
    script = 'trap "echo got >&2" USR1; echo ready; while :; do sleep 0.05; done'
    with subprocess.Popen([GONS_RUN, '--timeout=60', 'sh', '-c', script], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        same(process.stdout.readline(), 'ready\n')
        for _ in range(3):
            process.send_signal(signal.SIGUSR1)
            same(process.stderr.readline(), 'got\n')
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=TIMEOUT)
    same(errors, '')
    same(process.returncode, -signal.SIGTERM)


def standard_input_passes_unchanged():
    able()
    size = 1 << 30
    for way in WAYS:
        with subprocess.Popen(['head', '-c', str(size), '/dev/zero'],
                              stdout=subprocess.PIPE) as source:
            result = run(*way, 'wc', '-c', stdin=source.stdout, timeout=300)
            same(int(result.stdout), size)


def descriptors_pass():
    able()
    for way in WAYS:
        read_end, write_end = os.pipe()
        result = run(*way, 'sh', '-c', f'echo through >&{write_end}; ls /proc/self/fd',
                     pass_fds=[write_end])
        os.close(write_end)
        same(os.read(read_end, 100), b'through\n', result.stderr)
        os.close(read_end)
        # The three, the pipe, and that of ls itself.
        same(len(result.stdout.split()), 5, f'{way} {result.stdout}')


def closed_streams_stay_closed():
    able()
    for way in WAYS:
        command = f'{GONS_RUN} {" ".join(way)} sh -c "ls /proc/self/fd >$1 2>/dev/null" x $1 <&- >&- 2>&-'
        with tempfile.NamedTemporaryFile() as file:
            status = subprocess.run(['sh', '-c', command, 'x', file.name], check=False,
                                    timeout=TIMEOUT).returncode
            same(status, 0)
            # ls has its output, its errors, and the directory in the place of its input.
            same(file.read().split(), [b'0', b'1', b'2'])


def the_environment_is_as_without_it():
    able()
    for way in WAYS:
        same(sorted(run(*way, 'env', env={'PATH': os.environ['PATH'], 'A': '1'}).stdout.split()),
             sorted(['PATH=' + os.environ['PATH'], 'A=1']))


def signal_mask_and_dispositions_are_as_without_it():
    able()
    program = ['grep', '^Sig[BIC]', '/proc/self/status']
    for blocked in ([], [signal.SIGCHLD, signal.SIGUSR1]):
        def before(blocked=blocked):
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            signal.signal(signal.SIGCHLD, signal.SIG_IGN if blocked else signal.SIG_DFL)
        alone = subprocess.run(program, stdout=subprocess.PIPE, text=True, preexec_fn=before,
                               check=True).stdout
        for way in WAYS:
            same(run(*way, *program, preexec_fn=before).stdout, alone, f'{way}')


def what_a_process_inherits_is_as_without_it():
    able()

    def before():
        os.umask(0o037)
        resource.setrlimit(resource.RLIMIT_NOFILE, (123, 456))
        os.nice(3)
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    # Ids and capabilities are as the user namespace says, which root does not get.
    own = '' if os.geteuid() == 0 else '|Uid|Gid|Groups|Cap[A-Z][a-z]+'
    program = ['sh', '-c', 'pwd; umask; cat /proc/self/limits /proc/self/oom_score_adj '
               '/proc/self/personality /proc/self/comm /proc/self/cmdline '
               '/proc/self/coredump_filter; ls -l /proc/self/root /proc/self/cwd | cut -d" " -f9-;'
               f'nice; grep -Ev "^(Pid|Tgid|PPid|Ngid|NS.*|Vm.*|Rss.*|SigQ|.*ctxt.*|Cpus.*{own}):" '
               '/proc/self/status; taskset -p $$ | cut -d: -f2']
    with tempfile.TemporaryDirectory() as where:
        os.chmod(where, 0o755)
        alone = subprocess.run(program, stdout=subprocess.PIPE, text=True, preexec_fn=before,
                               stderr=subprocess.DEVNULL, cwd=where, check=False).stdout
        for way in WAYS:
            result = run(*way, *program, preexec_fn=before, cwd=where)
            for with_it, without_it in zip(result.stdout.split('\n'), alone.split('\n')):
                same(with_it, without_it, f'{way}')
        os.rmdir(where)
        os.mkdir(where)
    with tempfile.TemporaryDirectory() as where:
        for way in WAYS:
            path = pathlib.Path(where) / 'gone'
            path.mkdir()
            result = subprocess.run(['sh', '-c', 'rmdir "$PWD"; exec "$@"', 'x', GONS_RUN, *way,
                                     'readlink', '/proc/self/cwd'], cwd=path, text=True,
                                    stdout=subprocess.PIPE, check=False, timeout=TIMEOUT)
            contains(result.stdout, 'gone (deleted)')


def makes_jobserver_works():
    able()
    if subprocess.run(['sh', '-c', 'command -v make'], stdout=subprocess.DEVNULL,
                      check=False).returncode:
        raise Skip('make is not installed')
    with tempfile.TemporaryDirectory() as where:
        path = pathlib.Path(where)
        (path / 'Makefile').write_text(f'all:\n\t+{GONS_RUN} $(MAKE) -f Inner all\n',
                                       encoding='ascii')
        (path / 'Inner').write_text('all: a b\na b:\n\t@echo $@\n', encoding='ascii')
        result = subprocess.run(['make', '-j2'], cwd=where, stdout=subprocess.PIPE, text=True,
                                stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
        same(result.returncode, 0, result.stderr)
        same('jobserver' in result.stderr, False, result.stderr)


def it_becomes_the_command():
    """No process stays beside a command that needs no supervisor."""
    able()
    with subprocess.Popen([GONS_RUN, 'sleep', '60']) as process:
        comm = pathlib.Path(f'/proc/{process.pid}/comm')
        until(lambda: comm.read_text(encoding='ascii') == 'sleep\n', 'exec')
        process.kill()


def system_calls(command, where):
    """Those of the last program that the command becomes, as strace(1) tells them."""
    log = pathlib.Path(where) / 'log'
    result = subprocess.run(['strace', '-f', '-qq', '-o', log, *command], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False,
                            text=True, timeout=TIMEOUT)
    if result.returncode:
        raise Skip(f'strace does not run here: {result.stderr.strip()}')
    lines = [re.sub(r'^[0-9]+ +', '', line)
             for line in log.read_text(encoding='utf-8', errors='replace').splitlines()]
    begin = max(i for i, line in enumerate(lines) if re.match(r'execve.* = 0$', line))
    # Addresses, random bytes and the process's number differ from one run to the next, and the ids
    # of a user are others in a user namespace.
    return [re.sub(r'0x[0-9a-f]+|(?<=getrandom\()"[^"]*"|(?<== )[0-9]{4,}$', '_', line)
            for line in lines[begin:] if not re.match('get(p|pp|u|eu|g|eg)id', line)]


def a_trace_shows_no_difference_but_the_namespaces():
    if not shutil.which('strace'):
        raise Skip('strace is not installed')
    able()
    for command in (['/bin/true'], ['/bin/sh', '-c', 'umask; ulimit -n; cd /; echo words']):
        with tempfile.TemporaryDirectory() as where:
            alone = system_calls(command, where)
            within = system_calls([GONS_RUN, *command], where)
        same(len(alone) > 10, True, str(alone))
        for with_it, without_it in zip(within, alone):
            same(with_it, without_it, f'{command}')
        same(len(within), len(alone), f'{command}')


# ---- its end ----

def alive(marker):
    """Processes with this word on their command line."""
    found = []
    for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
        try:
            if marker.encode() in path.read_bytes() and path.parent.name != str(os.getpid()):
                found.append(path.parent.name)
        except OSError:
            pass
    return found


def marker():
    return f'86{os.getpid()}{time.monotonic_ns() % 1000}'


def a_timeout_ends_the_command_and_its_children():
    able()
    for way in ([], ['-p']):
        word = marker()
        result = run(*way, '--timeout=0.5', 'sh', '-c', f'sleep {word} & sleep {word}; exit 3')
        same(result.returncode, 124, result.stderr)
        until(lambda word=word: not alive(word), 'no child is left')


def a_timeout_kills_what_ignores_the_request():
    able()
    word = marker()
    start = time.monotonic()
    result = run('--timeout=0.3', 'sh', '-c', f'trap "" TERM; while :; do sleep {word}; done')
    same(result.returncode, 124, result.stderr)
    same(time.monotonic() - start >= 5, True)
    until(lambda: not alive(word), 'no child is left')


def a_timeout_reaches_a_command_that_is_stopped():
    able()
    script = 'kill -STOP $$; exit 3'
    same(run('--timeout=0.3', 'sh', '-c', script).returncode, 124)
    # Without a timeout gons-run is stopped as the command is, until somebody continues it.
    with subprocess.Popen([GONS_RUN, '--on-failure=report', 'sh', '-c', script],
                          stderr=subprocess.DEVNULL) as process:
        stat = pathlib.Path(f'/proc/{process.pid}/stat')
        until(lambda: stat.read_text(encoding='ascii').split(') ')[1][0] == 'T', 'it stops')
        process.send_signal(signal.SIGCONT)
        same(process.wait(TIMEOUT), 3)


def a_command_that_is_quick_meets_no_timeout():
    able()
    same(run('--timeout=60', 'sh', '-c', 'exit 4').returncode, 4)


def nothing_outlives_a_supervisor_that_is_killed():
    able()
    for way in (['--timeout=60'], ['-p']):
        word = marker()
        script = f'setsid sleep {word} & sleep {word} & echo ready; sleep {word}'
        with subprocess.Popen([GONS_RUN, *way, 'sh', '-c', script], stdout=subprocess.PIPE,
                              text=True) as process:
            process.stdout.readline()
            until(lambda word=word: len(alive(word)) >= 3, 'they run')
            process.kill()
        until(lambda word=word: not alive(word), f'{way}: nothing is left')


def nothing_outlives_a_supervisor_whose_group_is_killed():
    able()
    word = marker()
    with subprocess.Popen([GONS_RUN, '--timeout=600', 'sh', '-c', f'sleep {word} & sleep {word}'],
                          start_new_session=True) as process:
        until(lambda: len(alive(word)) >= 4, 'it runs')
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    until(lambda: not alive(word), 'all have ended')


def a_killed_guard_is_told():
    able()
    word = marker()
    refused(125, 'killed', '--timeout=600', 'sh', '-c', f'kill -9 $PPID; sleep {word}')
    same(alive(word), [])


def nothing_outlives_a_command_with_a_supervisor():
    able()
    word = marker()
    same(run('--timeout=60', 'sh', '-c', f'setsid sleep {word} & exit 5',
             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode, 5)
    until(lambda: not alive(word), 'nothing is left')


def nothing_outlives_a_command_that_covers_proc():
    able('-p')
    for way in (['--timeout=60'], ['-p']):
        for cover in ('mount -t tmpfs none /proc', 'umount -l /proc',
                      'mount --bind /dev/null /proc/1/stat'):
            word = marker()
            result = run(*way, 'sh', '-c', f'setsid sleep {word} & {cover}; exit 5',
                         stdout=subprocess.DEVNULL)
            same(result.returncode, 5, f'{way} {cover}: {result.stderr}')
            until(lambda word=word: not alive(word), f'{way} {cover}: nothing is left')


# ---- the terminal ----

class Terminal:
    """A shell with job control on a terminal of its own."""

    def __init__(self, *shell):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # Shells pass on what was ignored before them, as by a runner in the background.
            for number in (signal.SIGINT, signal.SIGQUIT):
                signal.signal(number, signal.SIG_DFL)
            os.environ['PS1'] = 'prompt> '
            os.execlp(shell[0], *shell)
        attributes = termios.tcgetattr(self.fd)
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(self.fd, termios.TCSANOW, attributes)
        self.text = ''
        self.wait('prompt> ')

    def send(self, text):
        os.write(self.fd, text.encode())

    def wait(self, words):
        """Reads until there are these words, and returns all before them."""
        end = time.monotonic() + TIMEOUT
        while words not in self.text:
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f'{words!r} did not come, but {self.text!r}')
            self.text += os.read(self.fd, 4096).decode(errors='replace')
        before, _, self.text = self.text.partition(words)
        return before

    def close(self):
        os.close(self.fd)
        os.kill(self.pid, signal.SIGHUP)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def on_a_terminal(script):
    shells = [shell for shell in (('bash', '--norc', '--noprofile', '-i'), ('dash', '-i'))
              if shutil.which(shell[0])]
    if not shells:
        raise Skip('neither bash nor dash is installed')
    able()
    for shell in shells:
        for way in WAYS:
            terminal = Terminal(*shell)
            try:
                script(terminal, ' '.join([GONS_RUN, *way]))
            finally:
                terminal.close()


def generations_of_daemons_are_killed():
    """Each is a session of its own, and the child of one that is killed first."""
    able()
    word = marker()
    script = 'n=$1; shift; [ $n = 0 ] || setsid sh -c "$0" "$0" $((n - 1)) & exec sleep ' + word
    for _ in range(5):
        result = run('--timeout=600', 'sh', '-c',
                     f"sh -c '{script}' '{script}' 20 & sleep 0.5; exit 5", stdout=None)
        same(result.returncode, 5, result.stderr)
        same(alive(word), [])


def an_interrupt_from_the_terminal_ends_the_command_once():
    def script(terminal, gons_run):
        terminal.send(f"{gons_run} sh -c 'trap \"echo in-ter\"rupted INT; echo rea\"\"dy; "
                      "sleep 5; sleep 0.1; exit 7'; echo sta\"\"tus=$?\n")
        terminal.wait('ready')
        terminal.send('\x03')
        text = terminal.wait('status=')
        same(text.count('in-terrupted'), 1, text)
        terminal.wait('7')
    on_a_terminal(script)


def the_terminal_is_the_commands_and_is_given_back():
    def script(terminal, gons_run):
        terminal.send(f"{gons_run} sh -c 'read x; echo re\"\"ceived $x'\n")
        time.sleep(0.1)
        terminal.send('words\n')
        terminal.wait('received words')
        terminal.wait('prompt> ')
        terminal.send('read y; echo sh\"\"ell $y\n')
        terminal.send('more\n')
        terminal.wait('shell more')
    on_a_terminal(script)


def it_stops_and_continues_with_the_command():
    def script(terminal, gons_run):
        terminal.send(f"{gons_run} sh -c 'echo rea\"\"dy; read x; echo re\"\"ceived $x'\n")
        terminal.wait('ready')
        for _ in range(2):
            terminal.send('\x1a')
            terminal.wait('Stopped')
            terminal.wait('prompt> ')
            terminal.send('fg\n')
            terminal.wait('sh -c')
            time.sleep(0.2)
        terminal.send('words\n')
        terminal.wait('received words')
    on_a_terminal(script)


def it_goes_on_in_the_background_until_it_reads_from_the_terminal():
    def script(terminal, gons_run):
        with tempfile.TemporaryDirectory() as where:
            os.chmod(where, 0o755)
            # No process is started while it may be stopped: some shells are stuck in vfork(2) then.
            terminal.send(f"{gons_run} sh -c 'echo rea\"\"dy; while [ ! -e {where}/go ]; do :; "
                          "done; echo back\"\"ground; read x; echo re\"\"ceived $x; exit 9'\n")
            terminal.wait('ready')
            terminal.send('\x1a')
            terminal.wait('Stopped')
            terminal.wait('prompt> ')
            terminal.send('bg\n')
            pathlib.Path(where, 'go').touch()
            terminal.wait('background')
        end = time.monotonic() + TIMEOUT
        while True:
            terminal.send('jobs; echo as\"\"ked\n')
            if 'Stopped' in terminal.wait('asked'):
                break
            same(time.monotonic() < end, True, 'it is stopped when it reads')
            time.sleep(0.1)
        terminal.send('fg; echo sta\"\"tus=$?\n')
        terminal.wait('sh -c')
        time.sleep(0.2)
        terminal.send('words\n')
        terminal.wait('received words')
        terminal.wait('status=9')
    on_a_terminal(script)


# ---- networks ----

def ip_is_installed():
    if subprocess.run(['sh', '-c', 'command -v ip'], stdout=subprocess.DEVNULL,
                      check=False).returncode:
        raise Skip('ip is not installed')


def options_for_files_and_settings_work_in_hosts():
    able('--plan=client -- server')
    plan = ['--plan=client -- router -- server']
    result = run(*plan, '--host=router', '--hermetic', 'sh', '-c',
                 'cat /proc/sys/net/ipv4/ip_forward; grep -cw server /etc/hosts; ls /tmp', cwd='/')
    same(result.stdout.split(), ['1', '2'], 'it forwards and knows the others')
    same(run(*plan, '--host=client', '--sysctl', 'net.core.somaxconn=77', 'sh', '-c',
             f'cat /proc/sys/net/core/somaxconn; {GONS_RUN} --in=server '
             'cat /proc/sys/net/core/somaxconn').stdout.split()[0], '77')
    result = run(*plan, '--host=client', '--sys=rw', 'sh', '-c',
                 'echo 1400 >/sys/class/net/eth0/mtu && cat /sys/class/net/eth0/mtu')
    same(result.stdout, '1400\n', result.stderr)
    same(run(*plan, '--host=client', '--uts=other', 'uname', '-n').stdout, 'other\n')


def a_command_runs_in_a_host_of_a_plan():
    able('--plan=client -- server')
    ip_is_installed()
    result = run('--plan=client -- router -- server', '--host=client', 'sh', '-c',
                 'uname -n; grep -w server /etc/hosts; ls /sys/class/net; ip route get '
                 '$(awk \'$2 == "server" && $1 !~ /:/ {print $1; exit}\' /etc/hosts)')
    same(result.returncode, 0, result.stderr)
    contains(result.stdout, 'client\n')
    contains(result.stdout, 'eth0')
    contains(result.stdout, 'via')


def other_hosts_can_be_reached_from_inside():
    able('--plan=client -- server')
    script = (f'{GONS_RUN} --in=server sh -c "ls /sys/class/net; readlink /proc/self/ns/net"; '
              'readlink "$GONS_HOST_server" /proc/self/ns/net')
    for way in ([], ['-p']):
        result = run(*way, '--plan=client -- server', '--host=client', 'sh', '-c', script)
        same(result.returncode, 0, result.stderr)
        inside = [line for line in result.stdout.split() if line.startswith('net:')]
        same(len(inside), 3, result.stdout)
        same(inside[0], inside[1])
        same(inside[0] != inside[2], True)
    refused(125, 'GONS_HOST_nobody', '--in=nobody', 'true')
    for path in ('/no/such/file', '/proc/self/ns/mnt', '/dev/null'):
        refused(125, path, '--in=a', 'true', env={**os.environ, 'GONS_HOST_a': path})


def a_plan_comes_from_a_file():
    able('--plan=client -- server')
    with tempfile.NamedTemporaryFile('w') as file:
        file.write('a -- b\n')
        file.flush()
        os.chmod(file.name, 0o644)
        same(run(f'--plan=@{file.name}', '--host=b', 'uname', '-n').stdout, 'b\n')
    refused(125, 'no-such-file', '--plan=@/no-such-file', 'true')


def a_plan_is_drawn():
    able('--plan=client -- server')
    result = run('--plan=client -- server', '--draw')
    same(result.returncode, 0, result.stderr)
    contains(result.stdout, 'graph')
    contains(result.stdout, 'client')


def a_mistake_in_a_plan_is_named_with_line_and_column():
    able('--plan=client -- server')
    refused(125, 'line 2, column ', '--plan=a -- b\nc --', 'true')
    refused(125, 'nobody', '--plan=a -- b', '--host=nobody', 'true')


# ---- failures ----

def a_failure_is_reported():
    able()
    result = run('--on-failure=report', 'sh', '-c', 'exit 3')
    same(result.returncode, 3, result.stderr)
    contains(result.stderr, 'lo')
    same(run('--on-failure=report', 'true').stderr, '')
    same(run('--on-failure=report', 'sh', '-c', 'exit 77').stderr, '')


def without_a_network_the_mounts_are_reported():
    able('--no-net')
    result = run('--no-net', '--on-failure=report', 'sh', '-c', 'exit 3')
    same(result.returncode, 3, result.stderr)
    contains(result.stderr, 'no network namespace of its own')
    contains(result.stderr, 'mounts of the test')
    with tempfile.TemporaryDirectory() as where:
        run('--no-net', f'--artifacts={where}', 'sh', '-c', 'exit 3')
        names = sorted(path.suffix for path in pathlib.Path(where).iterdir())
        same(names, ['.json', '.txt'])


def artifacts_of_a_failure_are_written():
    able()
    with tempfile.TemporaryDirectory() as where:
        result = run('--capture', f'--artifacts={where}', 'sh', '-c',
                     f'{sys.executable} -c "import socket; socket.socket(socket.AF_INET, '
                     'socket.SOCK_DGRAM).sendto(b\'x\', (\'127.0.0.1\', 9))"; exit 3')
        same(result.returncode, 3, result.stderr)
        names = sorted(path.suffix for path in pathlib.Path(where).iterdir())
        same(names, ['.json', '.pcapng', '.txt'], result.stderr)


def artifacts_come_out_of_private_files():
    able('--private=tmp')
    with tempfile.TemporaryDirectory(dir='/tmp') as where:
        result = run('--private=tmp', f'--artifacts={where}', '--on-failure=report', 'sh', '-c',
                     f'test ! -e {where} && exit 3', cwd='/')
        same(result.returncode, 3, result.stderr)
        contains(result.stderr, where)
        same('cannot' in result.stderr, False, result.stderr)
        same(len(list(pathlib.Path(where).glob('*.txt'))), 1, result.stderr)


def a_failure_can_be_held_until_told():
    able()
    for number, status in ((signal.SIGUSR1, 3), (signal.SIGTERM, -signal.SIGTERM)):
        with subprocess.Popen([GONS_RUN, '--on-failure=hold', 'sh', '-c', 'exit 3'], text=True,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            contains(process.stderr.readline(), 'waits')
            contains(process.stderr.readline(), f'nsenter --target {process.pid} ')
            while not process.stderr.readline().startswith('To go on'):
                pass
            process.send_signal(number)
            same(process.wait(TIMEOUT), status)


def a_failure_in_a_pid_namespace_is_handled_as_elsewhere():
    able('-p')
    for options in (['--on-failure=report'], ['--capture'], ['--on-failure=shell'],
                    ['--on-failure=report', '--uts', '--ipc', '--timeout=60']):
        result = run('-p', *options, 'true')
        same((result.returncode, result.stderr), (0, ''), f'{options}')
        result = run('-p', *options, 'sh', '-c', 'exit 3', env={**os.environ, 'SHELL': '/bin/sh'},
                     stdin=None, input='echo links: $(ls /sys/class/net)\n')
        same(result.returncode, 3, f'{options} {result.stderr}')
        same('left' in result.stderr, False, f'{options} {result.stderr}')
        if '--on-failure=shell' in options:
            contains(result.stdout, 'links: lo')
            contains(result.stderr, 'except its PID namespace, which has ended')
        if '--on-failure=report' in options:
            contains(result.stderr, 'lo')


def a_shell_can_look_at_a_failure():
    able()
    result = run('--on-failure=shell', 'sh', '-c', 'exit 3', input='echo links: $(ls /sys/class/net)\n',
                 stdin=None, env={**os.environ, 'SHELL': '/bin/sh'})
    same(result.returncode, 3, result.stderr)
    contains(result.stdout, 'links: lo')
    able('--plan=client -- server')
    result = run('--on-failure=shell', '--plan=a -- b', '--host=a', 'false', stdin=None,
                 input=f'{GONS_RUN} --in=b ls /sys/class/net; env | grep ^GONS_ | grep -v HOST\n',
                 env={'PATH': os.environ['PATH'], 'SHELL': '/bin/sh'})
    same(result.returncode, 1, result.stderr)
    same(result.stdout, 'eth0\nlo\n', result.stderr)


# ---- refusals ----

def mistakes_on_the_command_line_are_named():
    for words, arguments in (
            ('the command is missing', []),
            ('the command is missing', ['--timeout=1', '--']),
            ('--host can be used only with --plan', ['--host=a', 'true']),
            ('--draw can be used only with --plan', ['--draw', 'true']),
            ('--sys cannot be used with --no-sys', ['--sys=rw', '--no-sys', 'true']),
            ('--no-net cannot be used with --sysctl',
             ['--no-net', '--sysctl', 'net.ipv4.ip_forward=1', 'true']),
            ('--no-net cannot be used with --plan', ['--no-net', '--plan=a -- b', 'true']),
            ('--no-net cannot be used with --capture', ['--no-net', '--capture', 'true']),
            ('--in cannot be used with --plan', ['--in=a', '--plan=a -- b', 'true']),
            ('--sys must be ro or rw', ['--sys=yes', 'true']),
            ('--private is a list of run, tmp and names', ['--private=home', 'true']),
            ('--on-failure is a list of report, shell and hold', ['--on-failure=cry', 'true']),
            ('--sysctl must be NAME=VALUE', ['--sysctl', 'net.ipv4.ip_forward', 'true']),
            ('--uts must be a host name', ['--uts=', 'true']),
            ('--timeout must be', ['--timeout=0', 'true']),
            ('--timeout must be', ['--timeout=-1', 'true']),
            ('--timeout must be', ['--timeout=x', 'true']),
            ('--timeout must be', ['--timeout=nan', 'true']),
            ('--timeout needs a value', ['--timeout']),
            ('--plan needs a value', ['-p', '--plan']),
            ('--pid takes no value', ['--pid=3', 'true']),
            ('unknown option -x', ['-ixp', 'true']),
            ('unknown or ambiguous option --no-such-option', ['--no-such-option', 'true']),
            ('unknown or ambiguous option --no;', ['--no', 'true']),
            ('--require must be words', ['--require=', 'true']),
            ('--require must be words', ['--require=, ', 'true']),
            ('--uts must be a host name', [f'--uts={"x" * 65}', 'true']),
            ('--private is a list', ['--private=', 'true']),
            ('--private is a list', ['--private=run,,tmp', 'true']),
            ('/etc/passwd', ['--artifacts=/etc/passwd', 'true']),
            ('an existing directory', ['--artifacts=', 'true']),
            ('cannot read the plan @/', ['--plan=@/', 'true']),
            ('cannot write into "/proc": no files can be created there',
             ['--artifacts=/proc', 'true']),
            ('/no/such/directory', ['--artifacts=/no/such/directory', 'true'])):
        refused(125, words, *arguments)
    refused(125, 'gons-run --help', '--no-such-option', 'true')
    with open('/dev/full', 'w', encoding='ascii') as full:
        refused(125, 'cannot write', '--help', stdout=full)
    if os.geteuid() != 0:
        refused(125, 'cannot write into "/"', '--artifacts=/', 'true')


def a_mistake_has_its_status_also_with_closed_streams():
    able()
    for closed in ('<&-', '>&-', '2>&-', '<&- >&- 2>&-'):
        for arguments, status in (('--timeout=x true', 125), ('/no/such/command', 127),
                                  ('--timeout=60 /dev/null', 126), ('--host=a true', 125)):
            result = subprocess.run(['sh', '-c', f'"$0" {arguments} {closed}', GONS_RUN],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                                    text=True, timeout=TIMEOUT)
            same((result.returncode, result.stdout), (status, ''), f'{arguments} {closed}')
            same(result.stderr.count('\n'), 0 if '2>&-' in closed else 1, result.stderr)


def a_command_that_is_missing_or_not_executable_is_told():
    able()
    path = {**os.environ, 'PATH': '/usr/bin:/bin'}  # others may not be for this user to search
    for way in WAYS:
        refused(127, 'no-such-command', *way, 'no-such-command', env=path)
        refused(127, '/no/such/command', *way, '/no/such/command')
        refused(126, '/dev/null', *way, '/dev/null')
        refused(126, '/proc', *way, '/proc')
        refused(127, 'command not found: its name is empty', *way, '')
        with tempfile.NamedTemporaryFile('w', delete=False) as file:
            file.write('#!/no/such/interpreter\n')
        os.chmod(file.name, 0o755)
        refused(127, 'interpreter', *way, file.name)
        pathlib.Path(file.name).write_text('echo "$1"; exit 4\n', encoding='ascii')
        result = run(*way, file.name, 'a script without an interpreter')
        os.unlink(file.name)
        same((result.returncode, result.stdout), (4, 'a script without an interpreter\n'))


def a_program_on_a_mount_without_exec_is_explained():
    around = ['unshare', '-Urm', 'sh', '-c',
              'mount -t tmpfs -o noexec tmpfs /mnt && cp /bin/sh /mnt && exec "$@"', 'x']
    if subprocess.run([*around, 'true'], stderr=subprocess.DEVNULL, check=False).returncode:
        raise Skip('unshare -Urm is refused here, or has no mounts')
    able()
    result = subprocess.run([*around, GONS_RUN, '/mnt/sh'], stderr=subprocess.PIPE, text=True,
                            timeout=TIMEOUT, check=False)
    same(result.returncode, 126, result.stderr)
    contains(result.stderr, 'it is on a file system that is mounted noexec; put it')


def where_the_machine_says_no_the_status_is_77_or_125():
    """In a user namespace in which no namespace may be made."""
    limit = ('mount -t proc proc /proc 2>/dev/null; '
             'for i in net mnt user; do echo 0 >/proc/sys/user/max_${i}_namespaces; done; exec "$@"')
    around = ['unshare', '-Ur', 'sh', '-c', limit, 'x']
    if subprocess.run([*around, 'true'], stderr=subprocess.DEVNULL, check=False).returncode:
        raise Skip('unshare -Ur is refused here')

    nothing_required = {name: value for name, value in os.environ.items() if name != 'GONS_REQUIRE'}

    def limited(*arguments, env=nothing_required):
        return subprocess.run([*around, GONS_RUN, *arguments], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.PIPE, timeout=TIMEOUT, check=False, env=env)
    result = limited('echo', 'ran')
    same(result.returncode, 77, result.stderr)
    same(result.stdout, '')
    contains(result.stderr, 'max_')
    same(limited('--require=net', 'true').returncode, 125)
    same(limited('--require=1', 'true').returncode, 125)
    same(limited('--require=time', 'true').returncode, 77)
    same(limited('--require=time, net', 'true').returncode, 125)
    same(limited('true', env={**os.environ, 'GONS_REQUIRE': 'mnt,veth'}).returncode, 125)


def a_masked_proc_refuses_a_pid_namespace_with_the_remedy():
    """As in a container: in a user namespace, with something mounted on a file of /proc."""
    around = ['unshare', '-Urm', 'sh', '-c', 'mount --bind /dev/null /proc/meminfo && exec "$@"', 'x']
    if subprocess.run([*around, 'true'], stderr=subprocess.DEVNULL, check=False).returncode:
        raise Skip('unshare -Urm is refused here, or has no mounts')
    able()
    nothing_required = {name: value for name, value in os.environ.items() if name != 'GONS_REQUIRE'}
    for status, options in ((77, []), (77, ['--require=time']), (125, ['--require=pid']),
                            (125, ['--require=1'])):
        result = subprocess.run([*around, GONS_RUN, '-U', '-p', *options, 'echo', 'ran'], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT,
                                check=False, env=nothing_required)
        same((result.returncode, result.stdout), (status, ''), result.stderr)
        contains(result.stderr, 'unmask=ALL')
    same(subprocess.run([*around, GONS_RUN, '-U', 'true'], check=False).returncode, 0)


def help_and_version_are_written():
    contains(run('--help').stdout, '--map-current-user')
    contains(run('--version').stdout, 'gons-run ')


def every_option_is_in_the_manual_and_in_the_completions():
    root = pathlib.Path(__file__).resolve().parents[2]
    manual, bash, zsh = ((root / path).read_text(encoding='utf-8') for path in (
        'docs/man/gons-run.1.in', 'src/run/gons-run.bash', 'src/run/_gons-run'))
    manual = manual.replace('\\-', '-').replace('\\fR|\\fP', '|')
    options = re.findall(r'^ +(?:-., )?(--[a-z-]+)', run('--help').stdout, re.MULTILINE)
    same(len(options) > 20, True, str(options))
    for option in options:
        for name, text in (('bash', bash), ('zsh', zsh), ('manual', manual)):
            if name == 'manual' and option in ('--help', '--version'):
                continue
            if not re.search(re.escape(option) + r'(?![a-z-])', text):
                raise AssertionError(f'{option} is not in the {name} file')


# ---- under load ----

def left_on_the_machine():
    """What a run could leave on this machine."""
    names = '/run/netns'
    mounts = pathlib.Path('/proc/self/mountinfo').read_text(encoding='utf-8')
    return {*os.listdir('/sys/class/net'), *mounts.splitlines(),
            *(os.listdir(names) if os.path.isdir(names) else [])}


def nothing_is_left(before):
    """What another program has made meanwhile may be there for a while."""
    until(lambda: left_on_the_machine() <= before, 'nothing is left on the machine')


def many_at_once_leave_nothing():
    able()
    count = int(os.environ.get('GONS_RUN_COUNT', '200'))
    before, processes, failures = left_on_the_machine(), alive(GONS_RUN), []
    with tempfile.TemporaryDirectory() as where:
        environment = {**os.environ, 'TMPDIR': where, 'HOME': where}
        ways = (['true'], ['true'], ['--timeout=60', 'true'], ['-p', 'true'])

        def some():
            for i in range(count // 16):
                result = run(*ways[i % len(ways)], env=environment, cwd=where)
                if result.returncode or result.stderr:
                    failures.append((result.returncode, result.stderr))

        threads = [threading.Thread(target=some) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        same(failures[:5], [])
        same(os.listdir(where), [], 'files')
    until(lambda: set(alive(GONS_RUN)) <= set(processes), 'all processes have ended')
    nothing_is_left(before)


def main():
    global GONS_RUN
    GONS_RUN, test = os.path.abspath(sys.argv[1]), sys.argv[2]
    try:
        globals()[test]()
    except Skip as why:
        print(f'gons: skipped: {test}: {why}', file=sys.stderr)
        return 77
    return 0


if __name__ == '__main__':
    fcntl.fcntl(2, fcntl.F_GETFD)
    sys.exit(main())
