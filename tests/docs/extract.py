# SPDX-License-Identifier: Apache-2.0
"""The C programs and snippets of a page of documentation.

A block that begins with "```c" is a complete program, which the tests build and run. One that begins
with "```c snippet" is a part of a function, or functions; the tests compile it in a frame
(snippets.h).

usage: extract.py --list FILE            the names of its programs, one a line
       extract.py --program NAME FILE    one of them
       extract.py --snippets FILE        all of its snippets, as one source file
"""
import pathlib
import re
import sys


def blocks(path):
    """Yields (line number of the first line, name, whether it is a snippet, text)."""
    lines = path.read_text(encoding='utf-8').splitlines()
    heading, seen, number = path.stem.lower(), set(), 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if re.match(r'##+ ', line):
            heading = re.sub(r'\W+', '-', line.lower()).strip('-')
        if not line.startswith('```'):
            continue
        first = number
        while not lines[number].startswith('```'):
            number += 1
        text = '\n'.join(lines[first:number]) + '\n'
        number += 1
        if line == '```c':
            name = heading if heading not in seen else f'{heading}-{first}'
            seen.add(heading)
            yield first + 1, name, False, text
        elif line == '```c snippet':
            yield first + 1, heading, True, text
        elif line.startswith('```c'):
            sys.exit(f'{path}:{first}: "{line}" is neither "```c" nor "```c snippet"')


def page(path):
    """What compilers call the page in their messages."""
    return '/'.join(path.absolute().parts[-2:]) if path.parent.name == 'docs' else path.name


def as_snippet(path, line, text):
    where = f'#line {line} "{page(path)}"\n'
    if re.search(r'^\{$', text, re.M): # functions
        return where + text
    return f'void snippet_{line}(void);\nvoid snippet_{line}(void)\n{{\n{where}{text}}}\n'


def main():
    path = pathlib.Path(sys.argv[-1])
    if sys.argv[1] == '--list':
        for _, name, snippet, _ in blocks(path):
            if not snippet:
                print(name)
    elif sys.argv[1] == '--program':
        for line, name, snippet, text in blocks(path):
            if not snippet and name == sys.argv[2]:
                print(f'#line {line} "{page(path)}"\n{text}', end='')
                return
        sys.exit(f'{path}: no program is below the heading {sys.argv[2]}')
    else:
        print('#include "snippets.h"')
        for line, _, snippet, text in blocks(path):
            if snippet:
                print(as_snippet(path, line, text), end='')


main()
