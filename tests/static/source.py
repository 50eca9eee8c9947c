# SPDX-License-Identifier: Apache-2.0
"""C source text, with comments and literals told apart from code.

Everything keeps its place: what is left out is blanked, so that an offset in one text is the
same place in the others.
"""
import pathlib
import re

TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
DIRECTIVE = re.compile(r'^[ \t]*#(?:\\\n|[^\n])*', re.M)


def blank(text):
    return re.sub(r'[^\n]', ' ', text)


class Source:
    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding='utf-8')
        self.no_comments = TOKEN.sub(self._keep_literal, self.text)
        self.code = TOKEN.sub(self._keep_quotes, self.text)
        self.no_directives = DIRECTIVE.sub(lambda match: blank(match[0]), self.code)

    @staticmethod
    def _keep_literal(match):
        return match[0] if match[0][0] in '"\'' else blank(match[0])

    @staticmethod
    def _keep_quotes(match):
        token = match[0]
        return token[0] + blank(token[1:-1]) + token[-1] if token[0] in '"\'' else blank(token)

    def line(self, offset):
        return self.text.count('\n', 0, offset) + 1

    def arguments(self, parenthesis):
        """What is between the parenthesis at this offset and its other half."""
        depth = 0
        for offset in range(parenthesis, len(self.code)):
            depth += {'(': 1, ')': -1}.get(self.code[offset], 0)
            if depth == 0:
                return self.no_comments[parenthesis + 1:offset]
        return self.no_comments[parenthesis + 1:]

    def strings(self):
        """(offset, text) of each string literal; neighbours are one, as for the compiler."""
        for match in re.finditer(r'"[^"]*"(?:\s*"[^"]*")*', self.code):
            literal = self.no_comments[match.start():match.end()]
            yield match.start(), re.sub(r'(?<!\\)"\s*"|^"|"$', '', literal)


def sources(root, *dirs):
    root = pathlib.Path(root)
    paths = [path for name in dirs for path in (root / name).rglob('*.[ch]')]
    return [Source(root, path) for path in sorted(paths)]
