# SPDX-License-Identifier: Apache-2.0
"""One list of public names, in five places: what libgons.so exports, gons.map, the public
headers, the GONS_EXPORT marks, and the names in libgons.a that are not gons_i_*.

usage: exports.py ROOT LIBGONS.SO LIBGONS.A NM
"""
import pathlib
import re
import subprocess
import sys

from source import sources


# Defined by a header in each program, for the library to call.
PROGRAMS = {'gons_set_coverage_'}


def nm(*command):
    """(name, version) of each symbol; version is "" where there is none."""
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in output.splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[1] != 'A':  # A: the version itself
            name, _, version = fields[2].partition('@')
            yield name, version.lstrip('@')


def in_map(root):
    """name: (version, place)."""
    path = 'src/gons.map'
    names = {}
    version, part = '', ''
    for number, line in enumerate((pathlib.Path(root) / path).read_text().splitlines(), 1):
        if match := re.match(r'(\w[\w.]*)\s*\{', line):
            version = match[1]
        elif match := re.match(r'\s*(global|local):', line):
            part = match[1]
        elif (match := re.match(r'\s*([^\s;]+);', line)) and part == 'global':
            names[match[1]] = (version, f'{path}:{number}')
    return names


def in_headers(root):
    """name: place of each function that is declared and not defined in a header."""
    names = {}
    for source in sources(root, 'include/gons'):
        depth, start, code = 0, 0, source.no_directives
        code = re.sub(r'extern\s*" *"\s*\{', lambda match: ' ' * len(match[0]), code)
        for match in re.finditer(r'[{};]', code):
            if match[0] == '{':
                depth += 1
                continue
            if match[0] == '}':
                depth = max(depth - 1, 0)  # 0 also at the end of extern "C"
            elif depth == 0:
                declaration = code[start:match.start()]
                name = re.search(r'\b(?!__)(\w+)\s*\(', declaration)
                if name and name[1] not in PROGRAMS and not re.match(r'\s*(static|typedef)\b', declaration):
                    names[name[1]] = f'{source.path}:{source.line(start + name.start())}'
            if depth == 0:
                start = match.end()
    return names


def marked(root):
    """name: place of each definition with GONS_EXPORT."""
    return {match[1]: f'{source.path}:{source.line(match.start())}'
            for source in sources(root, 'src')
            for match in re.finditer(r'\bGONS_EXPORT\b[^({;]*?(\w+)\s*[({;=]',
                                     source.no_directives)}


def compare(lists):
    """Errors for each name that is in one list and not in another one."""
    for name in sorted({name for names in lists.values() for name in names}):
        has = {title: names[name] for title, names in lists.items() if name in names}
        for title in lists:
            if title not in has:
                yield f'{next(iter(has.values()))}: {name} is not in {title}'


def main():
    root, shared, static, tool = sys.argv[1:]
    versions = dict(nm(tool, '-D', '--defined-only', shared))
    globals_ = {name for name, _ in nm(tool, '-g', '--defined-only', static)
                if not name.startswith('__odr_asan')}
    mapped = in_map(root)
    lists = {
        'gons.map': {name: place for name, (_, place) in mapped.items()},
        'the public headers': in_headers(root),
        'the GONS_EXPORT marks': marked(root),
        'the exports of libgons.so': {name: shared for name in versions},
        'libgons.a': {name: static for name in globals_ if not name.startswith('gons_i_')},
    }
    errors = list(compare(lists))
    errors += [f'{place}: {name} is exported with version "{versions[name]}" and not {version}'
               for name, (version, place) in mapped.items()
               if versions.get(name, version) != version]
    errors += [f'{static}: {name} is global and does not begin with gons_'
               for name in sorted(globals_) if not name.startswith('gons_')]
    errors += [f'{title} could not be read' for title, names in lists.items() if not names]
    print('\n'.join(errors))
    return 1 if errors else 0


sys.exit(main())
