# SPDX-License-Identifier: Apache-2.0
"""Each line of tests/README-coverage.md names a test that exists, or quotes docs/limits.md.

usage: covered.py ROOT
"""
import pathlib
import re
import sys

PAGE = 'tests/README-coverage.md'
LIMITS = 'docs/limits.md'


def exists(tests, name):
    folder, _, last = name.rpartition('/')
    if folder == 'env':
        text = (tests / 'env/meson.build').read_text(encoding='utf-8')
        return f"'{last}'" in text
    if any((tests / (name + suffix)).exists() for suffix in ('.py', '.sh')):
        return True
    source = tests / (folder + '.c')
    if not source.exists():
        return False
    pattern = (rf'^ \* run: {last}\b' if folder.startswith('must_fail/')
               else rf'^static void {last}\(void \*\*state\)$')
    return re.search(pattern, source.read_text(encoding='utf-8'), re.M) is not None


def main():
    root = pathlib.Path(sys.argv[1])
    limits = ' '.join((root / LIMITS).read_text(encoding='utf-8').replace('**', '').split())
    errors, rows = [], 0
    for number, line in enumerate((root / PAGE).read_text(encoding='utf-8').splitlines(), 1):
        row = re.fullmatch(r'\| (\w.*|`.*) \| (.+) \|', line)
        if not row or row[1] == '---':
            continue
        rows += 1
        quotes = re.findall(r'limits: "([^"]+)"', row[2])
        names = re.findall(r'`([a-z_0-9]+(?:/[\w-]+)+)`', re.sub(r'"[^"]*"', '', row[2]))
        if not quotes and not names:
            errors.append(f'{PAGE}:{number}: names neither a test nor a limit')
        errors += [f'{PAGE}:{number}: no test is called {name}'
                   for name in names if not exists(root / 'tests', name)]
        errors += [f'{PAGE}:{number}: {LIMITS} does not say "{quote}"'
                   for quote in quotes if quote not in limits]
    if rows == 0:
        errors.append(f'{PAGE}: no line is read')
    print('\n'.join(errors))
    return 1 if errors else 0


sys.exit(main())
