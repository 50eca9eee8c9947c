# SPDX-License-Identifier: Apache-2.0
"""Links between the pages of documentation lead somewhere: to a file, and to a heading in it.

usage: links.py ROOT
"""
import pathlib
import re
import sys


def anchors(text):
    """The anchors that headings get on GitHub."""
    text = re.sub(r'^```.*?^```$', '', text, flags=re.M | re.S)
    return {re.sub(r'[^\w -]', '', heading.lower()).replace(' ', '-')
            for heading in re.findall(r'^#+ (.*)$', text, re.M)}


def main():
    root = pathlib.Path(sys.argv[1])
    pages = [*root.glob('*.md'), *root.glob('docs/*.md'), *root.glob('tests/*.md')]
    errors = []
    for page in pages:
        text = page.read_text(encoding='utf-8')
        for match in re.finditer(r'\]\(([^)\s]+)\)', text):
            target, _, anchor = match[1].partition('#')
            if re.match(r'\w+:', target):
                continue
            where = f'{page.relative_to(root)}:{text.count(chr(10), 0, match.start()) + 1}'
            file = (page.parent / target) if target else page
            if not file.exists():
                errors.append(f'{where}: there is no {target}')
            elif anchor and anchor not in anchors(file.read_text(encoding='utf-8')):
                errors.append(f'{where}: {target or page.name} has no heading for #{anchor}')
    if not pages:
        errors.append('no page is read')
    print('\n'.join(errors))
    return 1 if errors else 0


sys.exit(main())
