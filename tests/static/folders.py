# SPDX-License-Identifier: Apache-2.0
"""Which file of the library calls which, taken from its objects: calls point upwards in the list
of folders below, and no two files call each other, directly or through others.

A file may also include only private headers of its own folder or of one above it.

usage: folders.py ROOT OBJECTS.A NM
"""
import pathlib
import re
import subprocess
import sys

# A file uses what is in its own folder or in one above it in this list.
ORDER = '''src/gons/base src/gons/diagnosis src/gons/core src/gons/leak src/mntns src/netns
    src/gons/startup src/gons/sets src/gons/privilege src/gons/process src/net src/test'''.split()


def objects(archive, tool):
    """(object, symbol, whether it is defined there) for each global symbol of gons."""
    output = subprocess.run([tool, '-g', '-P', '-A', archive], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    for line in output.splitlines():
        match = re.match(r'.*\[(?:.*/)?(.+)\]: (gons_\w+) (\w)', line)
        if match:
            yield match[1], match[2], match[3] != 'U'


def sources_of(root, names):
    """object: source file; meson names an object after the path, with _ for /."""
    paths = {re.sub(r'[/.]', '_', path.relative_to(root / 'src').as_posix()):
             path.relative_to(root).as_posix() for path in (root / 'src').rglob('*.c')}
    return {name: paths.get(re.sub(r'[/.]', '_', name.removesuffix('.o'))) for name in names}


def calls(symbols, source_of):
    """{(file, file): symbol} of each use of what another file defines."""
    home = {symbol: source_of[name] for name, symbol, defined in symbols if defined}
    return {(source_of[name], home[symbol]): symbol for name, symbol, defined in symbols
            if not defined and symbol in home and home[symbol] != source_of[name]}


def includes(root):
    """{(file, header): text} of each private header that a file includes."""
    found = {}
    for path in sorted((root / 'src').rglob('*.[ch]')):
        for match in re.finditer(r'^#include "(.+)"$', path.read_text(encoding='utf-8'), re.M):
            found[path.relative_to(root).as_posix(), 'src/' + match[1]] = f'#include "{match[1]}"'
    return found


def folder(path):
    return path.rpartition('/')[0]


def against_the_order(arrows):
    for (source, target), what in sorted(arrows.items()):
        if folder(source) not in ORDER or folder(target) not in ORDER:
            continue
        if ORDER.index(folder(target)) > ORDER.index(folder(source)):
            yield f'{source}: {what} of {target}, whose folder is below {folder(source)}'


def circle(arrows):
    """The files of one circle, in order, or []."""
    below = {}
    for source, target in arrows:
        below.setdefault(source, []).append(target)
    done, path = set(), []

    def visit(source):
        if source in path:
            return path[path.index(source):] + [source]
        if source in done:
            return []
        done.add(source)
        path.append(source)
        for target in sorted(below.get(source, [])):
            if found := visit(target):
                return found
        path.pop()
        return []

    for source in sorted(below):
        if found := visit(source):
            return found
    return []


def findings(arrows):
    errors = list(against_the_order(arrows))
    files = circle(arrows)
    errors += [f'{source}: {arrows[source, target]} of {target} closes a circle'
               for source, target in zip(files, files[1:])]
    return errors


def self_test():
    """What must be found is found, and what is right is not."""
    core, base, leak = 'src/gons/core/a.c', 'src/gons/base/b.c', 'src/gons/leak/c.c'
    cases = [({(core, base): 'x'}, 0), ({(base, core): 'x'}, 1),
             ({(leak, core): 'x', (core, base): 'y', (leak, base): 'z'}, 0),
             ({(core, 'src/gons/core/d.c'): 'x', ('src/gons/core/d.c', core): 'y'}, 2)]
    return [f'folders.py: {arrows} gives {findings(arrows)}'
            for arrows, wanted in cases if len(findings(arrows)) != wanted]


def main():
    root, archive, tool = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    symbols = list(objects(archive, tool))
    source_of = sources_of(root, {name for name, _, _ in symbols})
    arrows = calls([(name, symbol, defined) for name, symbol, defined in symbols
                    if source_of[name]], source_of)
    errors = self_test()
    errors += [f'{name}: no source file of src/ has this object' for name, path in source_of.items()
               if not path]
    errors += [f'{path}: its folder is not in the order of tests/static/folders.py'
               for path in source_of.values() if path and folder(path) not in ORDER]
    errors += findings(arrows)
    errors += against_the_order(includes(root))
    if not arrows:
        errors.append(f'{archive}: no calls between files could be read')
    print('\n'.join(errors))
    return 1 if errors else 0


sys.exit(main())
