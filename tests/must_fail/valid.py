# SPDX-License-Identifier: Apache-2.0
"""Whether a file is all of what a test program says in one of cmocka's formats, and nothing else.

usage: valid.py FORMAT FILE, FORMAT being tap, subunit or xml
"""
import pathlib
import re
import sys
import xml.etree.ElementTree


class Invalid(Exception):
    pass


def tap(text):
    """Versions 12 to 14, without subtests: https://testanything.org"""
    lines = text.splitlines()
    if lines and re.fullmatch('TAP version 1[34]', lines[0]):
        lines.pop(0)
    plan = re.fullmatch(r'1\.\.(\d+)', lines.pop(0) if lines else '')
    if not plan:
        raise Invalid('there is no plan first')
    number, result, in_yaml = 0, False, False
    for line in lines:
        match = re.fullmatch(r'(?:not )?ok (\d+)(?: - \S+)?(?: # SKIP.*)?', line)
        if in_yaml:
            if not line.startswith('  '):
                raise Invalid(f'a YAML block is interrupted by "{line}"')
            in_yaml = line != '  ...'
        elif match:
            number += 1
            if int(match[1]) != number:
                raise Invalid(f'"{line}" is number {number}')
        elif result and line == '  ---':
            in_yaml = True
        elif not line.startswith('#'):
            raise Invalid(f'"{line}" is no line of TAP')
        result = bool(match)
    if in_yaml or number != int(plan[1]):
        raise Invalid(f'{number} tests of {plan[0]} are there')


def subunit(text):
    """Version 1: https://github.com/testing-cabal/subunit"""
    running, in_details = None, False
    for line in text.splitlines():
        match = re.fullmatch(r'(test|success|skip|failure): (\S+)( \[)?', line)
        if in_details:
            in_details = line != ']'
        elif match and match[1] == 'test' and not running and not match[3]:
            running = match[2]
        elif match and match[1] != 'test' and running == match[2]:
            running, in_details = None, bool(match[3])
        else:
            raise Invalid(f'"{line}" is no line of subunit here')
    if running or in_details or not text:
        raise Invalid('it ends too early')


def xml_(text):
    try:
        suites = xml.etree.ElementTree.fromstring(text)
    except xml.etree.ElementTree.ParseError as error:
        raise Invalid(str(error)) from error
    for suite in suites.findall('testsuite'):
        count = {name: int(suite.get(name)) for name in ('tests', 'failures', 'errors', 'skipped')}
        if (count['tests'] != len(suite.findall('testcase')) or
                count['failures'] + count['errors'] != len(suite.findall('testcase/failure')) or
                count['skipped'] != len(suite.findall('testcase/skipped'))):
            raise Invalid(f'the numbers of {suite.attrib} are wrong')
    if suites.tag != 'testsuites' or len(suites) == 0:
        raise Invalid('there is no suite')


FORMATS = {'tap': tap, 'subunit': subunit, 'xml': xml_}
SUITE = '<testsuites><testsuite tests="%d" failures="0" errors="0" skipped="0">' \
        '<testcase name="a"/></testsuite></testsuites>'
# It would find something: these are wrong, each beside one that is right.
PROOFS = [
    (tap, '1..1\nok 1 - a\n', '1..1\nok 1 - a\ngons: left behind\n'),
    (tap, '1..1\nok 1 - a\n# said\n', 'ok 1 - a\n1..1\n'),
    (tap, '1..2\nok 1 - a\nnot ok 2 # SKIP b\n', '1..2\nok 1 - a\n'),
    (tap, '1..2\nok 1 - a\nok 2 - b # SKIP\n', '1..2\nok 1 - a\nok 3 - b\n'),
    (tap, 'TAP version 14\n1..1\nnot ok 1 - a\n  ---\n  message: x\n  ...\n',
     'TAP version 14\n1..1\nnot ok 1 - a\n  ---\ngons: left behind\n  ...\n'),
    (subunit, 'test: a\nsuccess: a\n', 'test: a\ngons: left behind\nsuccess: a\n'),
    (subunit, 'test: a\nfailure: a [\nx\n]\n', 'test: a\nfailure: a [\nx\n'),
    (subunit, 'test: a\nskip: a\ntest: b\nskip: b\n', 'test: a\ntest: b\nskip: b\n'),
    (xml_, SUITE % 1, SUITE % 2),
    (xml_, SUITE % 1, SUITE % 1 + 'gons: left behind\n'),
]


def is_valid(check, text):
    try:
        check(text)
    except Invalid:
        return False
    return True


def main():
    for check, right, wrong in PROOFS:
        if not is_valid(check, right) or is_valid(check, wrong):
            sys.exit(f'{check.__name__} does not tell\n{right}from\n{wrong}')
    try:
        FORMATS[sys.argv[1]](pathlib.Path(sys.argv[2]).read_text())
    except Invalid as invalid:
        sys.exit(str(invalid))


main()
