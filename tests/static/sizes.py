# SPDX-License-Identifier: Apache-2.0
"""Files and functions that have grown too long to be read.

usage: sizes.py ROOT
"""
import re
import sys

from source import sources

FILE, FUNCTION, EXAMPLE = 500, 80, 80


def main():
    root = sys.argv[1]
    errors = []
    for most, folder in ((FILE, 'src'), (EXAMPLE, 'docs/examples')):
        for source in sources(root, folder):
            lines = source.text.count('\n')
            if lines > most:
                errors.append(f'{source.path}:{most + 1}: the file has {lines} lines, '
                              f'more than {most}')
    for source in sources(root, 'src', 'include'):
        # A function's braces are the only ones that are alone at the start of a line.
        for match in re.finditer(r'^\{\n.*?^\}$', source.code, re.M | re.S):
            lines = match[0].count('\n') + 1
            if lines > FUNCTION:
                errors.append(f'{source.path}:{source.line(match.start())}: the function has '
                              f'{lines} lines, more than {FUNCTION}')
    print('\n'.join(errors))
    return 1 if errors else 0


sys.exit(main())
