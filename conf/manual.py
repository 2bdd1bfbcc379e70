#!/usr/bin/env python3
"""manual.py TEMPLATE SAMPLE: the manual page, its settings taken from the sample configuration, which a test holds
against the daemon's table.  So the page cannot say anything else."""
import re
import sys


def groups(sample):
    """(group, [(setting, default, meaning)]) in the sample's order."""
    group, rows, meaning = None, [], ''
    for line in sample.split('\n'):
        begun = re.match(r'(\w+) = [{(]', line)
        value = re.match(r'\t(# )?(\w+) = (.*);$', line)
        comment = re.match(r'\t# (.*)', line)
        if begun:
            group, rows = begun.group(1), []
        elif value:
            rows.append((value.group(2), value.group(3), meaning))
        elif comment:
            meaning = comment.group(1)
        elif line[:1] in ('}', ')'):
            yield group, rows


def escaped(text):
    return text.replace('\\', '\\e').replace('-', '\\-').replace('"', '\\(dq')


def main():
    with open(sys.argv[1], encoding='utf-8') as f:
        template = f.read()
    with open(sys.argv[2], encoding='utf-8') as f:
        sample = f.read()
    text = {'settings': [], 'services': []}
    for group, rows in groups(sample):
        lines = text.get(group, text['settings'])
        lines += [f'.Ss {group}', '.Bl -tag -width Ds'] if group != 'services' else []
        for name, default, meaning in rows:
            meaning = meaning[0].upper() + meaning[1:]
            required = group == 'ports' and name in ('device', 'ipv4', 'ipv6')
            lines += [f'.It Va {name} No = Li {escaped(default)}' if not required else f'.It Va {name}',
                      escaped(meaning) + '.']
        lines += ['.El'] if group != 'services' else []
    for place, lines in text.items():
        template = template.replace(f'@{place.upper()}@\n', '\n'.join(lines) + '\n')
    sys.stdout.write(template)


main()
