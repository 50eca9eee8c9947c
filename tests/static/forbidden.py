# SPDX-License-Identifier: Apache-2.0
"""Calls that must not be in the library, or only in one place of it.

usage: forbidden.py ROOT

First the rules are tried on the snippets in bad/, a tree of its own: each line marked there
with "bad: NAME" must be found, no other line, and each name that a rule knows at least once.
"""
import pathlib
import re
import sys

from source import sources

LIBRARY = ('src', 'include')
SHOWN = ('src', 'include', 'docs/examples')  # what users read and copy, too
PROGRAMS = ('src/check/', 'src/run/')  # prints what it finds; everything else is asked of it, too

# Any mention of these is found, so that no function pointer or macro gets past.
SWITCHES = 'setns unshare clone __clone clone3 chroot pivot_root'.split()
OUTPUT = 'stdout stderr STDOUT_FILENO STDERR_FILENO'.split()
# Calls only: the words are good names for other things.
PRINTING = '''printf vprintf puts putchar perror psignal psiginfo dprintf vdprintf
    err errx verr verrx warn warnx vwarn vwarnx error syslog vsyslog'''.split()
ENDS = 'exit _Exit quick_exit abort assert __builtin_trap __builtin_abort'.split()

# Makes a descriptor: the flag without which it stays open in programs that are started.
FLAG = {
    'open': 'O_CLOEXEC', 'open64': 'O_CLOEXEC', 'openat': 'O_CLOEXEC', 'openat64': 'O_CLOEXEC',
    'open_by_handle_at': 'O_CLOEXEC', 'mkostemp': 'O_CLOEXEC', 'pipe2': 'O_CLOEXEC',
    'dup3': 'O_CLOEXEC', 'userfaultfd': 'O_CLOEXEC',
    'socket': 'SOCK_CLOEXEC', 'socketpair': 'SOCK_CLOEXEC', 'accept4': 'SOCK_CLOEXEC',
    'mnl_socket_open2': 'SOCK_CLOEXEC', 'recvmsg': 'MSG_CMSG_CLOEXEC',
    'recvmmsg': 'MSG_CMSG_CLOEXEC',
    'memfd_create': 'MFD_CLOEXEC', 'fsopen': 'FSOPEN_CLOEXEC', 'fsmount': 'FSMOUNT_CLOEXEC',
    'fspick': 'FSPICK_CLOEXEC', 'open_tree': 'OPEN_TREE_CLOEXEC',
    'epoll_create1': 'EPOLL_CLOEXEC', 'eventfd': 'EFD_CLOEXEC', 'eventfd2': 'EFD_CLOEXEC',
    'timerfd_create': 'TFD_CLOEXEC', 'signalfd': 'SFD_CLOEXEC', 'signalfd4': 'SFD_CLOEXEC',
    'inotify_init1': 'IN_CLOEXEC', 'fanotify_init': 'FAN_CLOEXEC',
}
MODE = 'fopen fopen64 freopen popen setmntent'.split()  # close-on-exec is an "e" in the mode
NEVER = {
    'creat': 'open', 'mkstemp': 'mkostemp', 'tmpfile': 'open with O_TMPFILE',
    'accept': 'accept4', 'pipe': 'pipe2', 'dup': 'fcntl with F_DUPFD_CLOEXEC', 'dup2': 'dup3',
    'epoll_create': 'epoll_create1', 'inotify_init': 'inotify_init1',
    'mnl_socket_open': 'mnl_socket_open2',
}

# The end of GONS_SCOPE cannot return an error; gons_status_or_exit() is meant to exit.
# A filter is looked for by calls that switch nothing, and the type of a namespace by a child that
# joins it. Helper children are forked by clone(2) itself, without flags. A re-executed child is ended
# by the library.
# A forked child drops what its parent is going to write, and writes what its function has left.
# A supervisor starts its program with the three descriptors that it is to keep.
# gons-run never leaves the PID namespace that it enters, nor the user namespace of --no-net.
# newuidmap's output goes to gons. Notes on tests are for the reader of the test's output; a run that
# cannot go on ends. What a C library lacks gets its flags from whoever calls it.
# Definitions look like calls.
EXCEPTIONS = {('src/gons/base/unmocked.c', 'socket'): 1, ('src/gons/base/unmocked.c', 'open'): 1,
              ('src/gons/base/unmocked.c', 'openat'): 1,
              ('src/run/prepare.c', 'setns'): 1,
              ('src/run/prepare.c', 'unshare'): 1,
              ('src/gons/base/compat.h', 'fsopen'): 2, ('src/gons/base/compat.h', 'fsmount'): 2,
              ('src/gons/base/compat.h', 'open_tree'): 2, ('src/gons/base/compat.h', 'clone3'): 2,
              ('src/gons/base/nstype.c', 'setns'): 1, ('src/gons/base/child.c', 'clone'): 2,
              ('src/gons/diagnosis/userns.c', 'setns'): 1,
              ('src/test/note.c', 'stderr'): 1, ('src/test/capture.c', 'recvmsg'): 1,
              ('src/test/cmocka.c', 'stdout'): 1, ('src/test/cmocka.c', 'STDOUT_FILENO'): 1,
              ('src/test/cmocka.c', 'STDERR_FILENO'): 1, ('src/test/cmocka.c', 'dup3'): 1,
              ('src/test/cmocka.c', 'exit'): 1, ('src/test/cmocka.c', '_exit'): 1,
              ('src/test/exit_status.c', 'stderr'): 1, ('src/test/exit_status.c', '_exit'): 2,
              ('src/test/test.c', 'exit'): 1, ('src/test/report_process_end.c', 'STDERR_FILENO'): 1,
              ('src/gons/core/scope.c', 'stderr'): 1, ('src/gons/core/scope.c', 'abort'): 1,
              ('src/gons/startup/startup.c', 'stderr'): 1, ('src/gons/startup/startup.c', 'exit'): 1,
              ('src/gons/process/reexec_action.c', 'STDERR_FILENO'): 1,
              ('src/gons/process/reexec_action.c', 'STDOUT_FILENO'): 1,
              ('src/gons/process/reexec_action.c', 'exit'): 3,
              ('src/gons/process/start.c', 'clone'): 1, ('src/gons/process/start.c', 'dup3'): 2,
              ('src/gons/process/vfork.c', 'clone'): 1,
              ('src/gons/sets/run.c', 'stdout'): 2, ('src/gons/sets/run.c', 'stderr'): 2,
              ('src/gons/sets/idmap_helper.c', 'STDOUT_FILENO'): 1, ('src/gons/sets/idmap_helper.c', 'STDERR_FILENO'): 3,
              ('src/gons/sets/idmap_helper.c', 'dup2'): 2,
              ('src/gons/diagnosis/filter.c', 'unshare'): 1, ('src/gons/diagnosis/filter.c', 'setns'): 1,
              ('src/gons/diagnosis/filter.c', 'chroot'): 1, ('src/gons/diagnosis/filter.c', 'clone3'): 1,
              ('src/gons/diagnosis/filter.c', 'syscall'): 1}


def words(source, names):
    """(offset, name) of each mention of these names, also as SYS_name and __NR_name."""
    pattern = r'\b(?:SYS_|__NR_)?(' + '|'.join(names) + r')\b'
    return [(match.start(), match[1]) for match in re.finditer(pattern, source.code)]


def calls(source, names):
    """(offset, name, arguments) of each call, also by syscall(SYS_name, ...)."""
    name = '(' + '|'.join(names) + ')'
    for match in re.finditer(r'(?<![\w.])(?<!->)' + name + r'\s*\(', source.code):
        yield match.start(), match[1], source.arguments(match.end() - 1)
    for match in re.finditer(r'\bsyscall\s*(\()\s*(?:SYS_|__NR_)' + name + r'\b', source.code):
        yield match.start(), match[2], source.arguments(match.start(1))


def switches(root):
    for source in sources(root, *LIBRARY):
        for match in re.finditer(r'\bsyscall\s*\(\s*(?!SYS_|__NR_)', source.code):
            yield source, match.start(), 'syscall', 'call it by its name, SYS_...'
        if source.path == 'src/gons/core/switch.c':
            continue
        for offset, name in words(source, SWITCHES):
            yield source, offset, name, 'only src/gons/core/switch.c switches namespaces and roots'


def own_namespaces(root):
    for source in sources(root, *SHOWN):
        for offset, text in source.strings():
            if re.search(r'/proc/self/(ns|%)', text):
                yield (source, offset, '/proc/self/ns',
                       "that is the main thread's: take /proc/thread-self/ns")


def close_on_exec(root):
    for source in sources(root, *SHOWN):
        for offset, name, arguments in calls(source, FLAG):
            if not re.search(r'\b' + FLAG[name] + r'\b', arguments):
                yield source, offset, name, f'without {FLAG[name]}'
        for offset, name, arguments in calls(source, MODE):
            if not re.search(r'"[^",]*e[^",]*"\s*$', arguments if name != 'freopen'
                             else arguments.rpartition(',')[0]):
                yield source, offset, name, 'without "e" in the mode'
        for offset, name, _ in calls(source, NEVER):
            yield source, offset, name, f'cannot close on exec: take {NEVER[name]}'
        for offset, name in words(source, ['F_DUPFD']):
            yield source, offset, name, 'take F_DUPFD_CLOEXEC'
        # openat2(2) has its flags in a structure.
        for match in re.finditer(r'\bstruct\s+(open_how)\s+\w[^;]*;', source.code):
            if 'O_CLOEXEC' not in match[0]:
                yield source, match.start(), 'open_how', 'without O_CLOEXEC where it is defined'


def printing(root):
    for source in sources(root, *LIBRARY):
        if source.path.startswith(PROGRAMS):
            continue
        for offset, name in words(source, OUTPUT):
            yield source, offset, name, 'a library does not print'
        for offset, name, _ in calls(source, PRINTING):
            yield source, offset, name, 'a library does not print'
        for offset, name, arguments in calls(source, ['write']):
            if re.match(r'\s*[12]\s*,', arguments):
                yield source, offset, name, 'a library does not print'


def ends(root):
    for source in sources(root, 'src'):
        forks = any(calls(source, ['fork']))
        for offset, name, _ in calls(source, ENDS):
            yield source, offset, name, "a library does not end its user's process"
        for offset, name, _ in calls(source, ['_exit']):
            if not forks:
                yield source, offset, name, 'only for forked children, and here is no fork()'


RULES = (switches, own_namespaces, close_on_exec, printing, ends)
NAMES = {*SWITCHES, 'syscall', '/proc/self/ns', *FLAG, *MODE, *NEVER, 'F_DUPFD', 'open_how',
         *OUTPUT, *PRINTING, 'write', *ENDS, '_exit'}


def findings(root):
    """Sorted (path, line, name, text)."""
    left = dict(EXCEPTIONS)
    found = []
    for rule in RULES:
        for source, offset, name, text in sorted(rule(root), key=lambda item: item[1]):
            key = (source.path, name)
            left[key] = left.get(key, 0) - 1
            if left[key] < 0:
                found.append((source.path, source.line(offset), name, text))
    return sorted(found)


def self_test(root):
    found = {(path, line, name) for path, line, name, _ in findings(root)}
    marked = {(source.path, number, name)
              for source in sources(root, *SHOWN)
              for number, line in enumerate(source.text.splitlines(), 1)
              for match in re.finditer(r'bad: (.*?) \*/', line)
              for name in match[1].split()}
    errors = [f'{root}/{path}:{line}: {name} was not found' for path, line, name in marked - found]
    errors += [f'{root}/{path}:{line}: false alarm: {name}' for path, line, name in found - marked]
    errors += [f'{root}: no snippet has {name}' for name in NAMES - {name for _, _, name in found}]
    return sorted(errors)


def main():
    errors = self_test(pathlib.Path(__file__).resolve().parent / 'bad')
    errors += [f'{path}:{line}: {name}: {text}'
               for path, line, name, text in findings(sys.argv[1])]
    if not sources(sys.argv[1], 'src'):
        errors.append(f'{sys.argv[1]}: no sources')
    print('\n'.join(errors))
    return 1 if errors else 0


sys.exit(main())
