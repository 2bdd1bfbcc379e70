#!/usr/bin/env python3
"""Plants one offence of each kind in an empty tree and expects each check of style.py to find it: a check that cannot
fail checks nothing."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
GOOD = '/* A file that offends nobody. */\n#include "ring.h"\n\nint\nring_probe(void)\n{\n\treturn 0; /* malloc(1) */\n}\n'

# check, file, text, what the answer must name
PLANTED = [
    ('lengths', 'lib/base/long.c', '/* x */\n' + '\n' * 600, 'long.c: 601 lines'),
    ('lengths', 'lib/base/long.c', '/* x */\nint\nlong_one(void)\n{\n' + '\tx();\n' * 58 + '}\n', 'long_one has 61'),
    ('names', 'lib/base/a.c', '/* x */\nint\nhandle_frame(void)\n{\n}\n', 'handle_frame'),
    ('names', 'app/a.c', '/* x */\nstatic int\napp_do_it(void)\n{\n}\n', 'app_do_it'),
    ('names', 'lib/base/utils.c', '/* x */\n', 'utils'),
    ('names', 'lib/tcp/a.h', '/* x */\nstruct tcp_session {\n\tint x;\n};\n', 'tcp_session'),
    ('tokens', 'lib/tcp/a.c', '/* x */\nint x = rand();\n', 'rand()'),
    ('tokens', 'lib/tcp/a.c', '/* x */\nint *x = malloc(1);\n', 'malloc()'),
    ('tokens', 'lib/base/a.c', '/* x */\n#include <time.h>\n', '<time.h>'),
    ('tokens', 'lib/ip/a.c', '/* x */\n#include <rte_mbuf.h>\n', '<rte_mbuf.h>'),
    ('states', 'lib/tcp/a.c', '/* x */\nint x = c->state >= ESTABLISHED;\n', 'by order'),
    ('states', 'lib/tcp/a.c', '/* x */\nint x = c->state < 4;\n', 'by order'),
    ('include_text', 'lib/base/a.c', '/* x */\n#include "conn.h"\n', 'not below'),
    ('include_text', 'lib/shard/a.c', '/* x */\n#include "port.h"\n', 'not below'),
    ('first_lines', 'lib/base/a.c', '#include "ring.h"\n', 'begins without'),
    ('layout', 'lib/base/a.c', '/* x */\nint f(void) { return 0; }\n', 'clang-format'),
]


def look(check, planted):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {'lib/base/ring.h': '/* A ring. */\n', 'lib/tcp/conn.h': '/* The TCB. */\n',
                           'lib/io/port.h': '/* A port. */\n', 'lib/base/good.c': GOOD, **planted}.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), 'w', encoding='utf-8') as f:
                f.write(text)
        with open(os.path.join(HERE, '../../.clang-format'), encoding='utf-8') as f, \
                open(os.path.join(root, '.clang-format'), 'w', encoding='utf-8') as g:
            g.write(f.read())
        run = subprocess.run([sys.executable, os.path.join(HERE, 'style.py'), check], capture_output=True, text=True,
                             env={**os.environ, 'FINESSE_TREE': root}, check=False)
    return run.returncode, run.stdout


def main():
    missed = 0
    for check in sorted({p[0] for p in PLANTED}):
        status, said = look(check, {})
        if status not in (0, 77):
            missed += 1
            print(f'  {check} complains of a clean tree:\n{said}')
    for check, path, text, named in PLANTED:
        status, said = look(check, {path: text})
        if status != 77 and (status != 1 or named not in said):
            missed += 1
            print(f'  {check} does not find {named!r}:\n{said}')
    print(f'{len(PLANTED)} offences planted, {missed} missed')
    sys.exit(1 if missed else 0)


main()
