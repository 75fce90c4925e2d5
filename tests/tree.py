"""The tree in corpus/README.md: each module with the first line of its docstring.

python tests/tree.py    writes it again
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "corpus/README.md"
ROOMS = (
    "",
    "commands",
    "building",
    "reading",
    "dialogues",
    "text",
    "names",
    "tokens",
    "dedup",
    "output",
    "report",
    "views",
    "verify",
    "sample",
    "chat",
    "evaluation",
    "training",
)
WIDTH = 38


def purpose(path):
    """The first line of a module's docstring, without its full stop."""
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    return docstring.partition("\n")[0].removesuffix(".")


def tree():
    lines = []
    for room in ROOMS:
        folder = ROOT / "corpus" / room
        if not folder.is_dir():
            continue
        lines.append(
            f"{f'corpus/{room}/'.replace('//', '/'):<{WIDTH}}{purpose(folder / '__init__.py')}"
        )
        paths = sorted(folder.glob("*.py") if not room else folder.rglob("*.py"))
        for path in paths:
            if path.name != "__init__.py":
                name = f"  {path.relative_to(folder).as_posix()}"
                lines.append(f"{name:<{WIDTH}}{purpose(path)}")
    lines.append(f"{'train.py':<{WIDTH}}{purpose(ROOT / 'train.py')}")
    return "\n".join(lines) + "\n"


def with_tree(page):
    before, fence, rest = page.partition("```\n")
    return f"{before}{fence}{tree()}```{rest.partition('```')[2]}"


if __name__ == "__main__":
    PAGE.write_text(with_tree(PAGE.read_text()))
