"""Holds C++ files to .clang-format, but for where lines break: that is their author's. usage: check_format.py CLANG_FORMAT FILE...

clang-format moves nothing but white space, so a file and its formatted self have the same other characters. Between two of
them that stand on one line in both, there must be a space in both or in none (columns may be aligned by hand); and where a
statement begins a line in both, the indent must be the same, but that the body of a lambda may be moved as one."""
import re
import subprocess
import sys

SPACE = re.compile(r"\s*")
LAMBDA = re.compile(r"\] ?[({]")
CONTINUED = re.compile(r"[ \t]*\\\n")  # the ends of a macro's lines


def gaps(text):
    """(character, white space behind it, line) of every character that is not white space."""
    found, line, i = [], 1, 0
    while i < len(text):
        space = SPACE.match(text, i + 1).group()
        found.append((text[i], space, line))
        line += space.count("\n")
        i += 1 + len(space)
    return found


def complaints(path, formatter):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    formatted = subprocess.run([formatter, "--style=file", path], capture_output=True, text=True, check=True).stdout
    ours, theirs = (gaps(CONTINUED.sub("\n", t)) for t in (text, formatted))
    if [c for c, _, _ in ours] != [c for c, _, _ in theirs]:
        yield 1, "clang-format changes more than white space"
        return
    lines, moves = text.split("\n"), {0}
    for (before, a, line), (_, b, _) in zip(ours, theirs):
        if "\n" not in a + b and bool(a) != bool(b):
            yield line, f"{len(a)} spaces behind '{before}', {len(b)} by clang-format"
        elif "\n" in a and "\n" in b and before in ";{}":
            move = len(a.rsplit("\n", 1)[1]) - len(b.rsplit("\n", 1)[1])
            if before == "{" and LAMBDA.search(lines[line - 1]):
                moves.add(move)
            elif move not in moves:
                yield line + a.count("\n"), "another indent by clang-format"


count = 0
for path in sys.argv[2:]:
    for line, what in complaints(path, sys.argv[1]):
        print(f"{path}:{line}: {what}")
        count += 1
sys.exit(1 if count else 0)
