"""Prints the commands of README.md that are marked as checked: readme.py N prints the N-th, readme.py counts them.

A block is marked by `<!-- checked -->` above it; `<!-- checked: exit 1 -->` says which exit status its last line must have.
The first line printed is that status.
"""
import pathlib
import re
import sys

text = (pathlib.Path(__file__).parent.parent / "README.md").read_text()
blocks = re.findall(r"<!-- checked(?:: ([^>]*?))? -->\n```sh\n(.*?)```", text, re.S)
if len(sys.argv) == 1:
    print(len(blocks))
else:
    note, block = blocks[int(sys.argv[1])]
    status = re.search(r"exit (\d+)", note)
    print(status.group(1) if status else 0)
    print(block, end="")
