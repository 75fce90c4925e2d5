"""Files of 64 MB that were made to harm: what `check` and `build` take for them.

    python tests/benchmarks/hostile_inputs.py                    # all of them, a quarter of an hour
    python tests/benchmarks/hostile_inputs.py scraps 'nested, closed'      # these

Each file is read by a process of its own. Exits with 1 if one takes more than `SECONDS` of CPU or
`MEGABYTES` of memory.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS, MEGABYTES = 60, 600


def entry(**more: object) -> bytes:
    lines = [{"participantID": one, "utterance": "안녕"} for one in "AB"]
    header = {"dialogueInfo": {"dialogueID": "a", "topic": "t"}}
    return json.dumps(more | {"header": header, "body": lines}, ensure_ascii=False).encode()


def topic(text: str) -> bytes:
    lines = [{"id": k, "text": text, "speaker": {"id": f"{k}번"}} for k in (1, 2)]
    annotations = {"subject": "t", "lines": lines, "speaker_type": "1:1"}
    return json.dumps({"info": [{"annotations": annotations}]}, ensure_ascii=False).encode()


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", content)
    return file.getvalue()


BEGINNING = b'{"data": [' + entry() + b", "
NESTED = b'{"data": [' + entry(id=1) + b', {"id": 1, "x": ['
ENTRY = b'{"header": {"dialogueInfo": {"dialogueID": "x"}}, "body": ['
TEXT = "가나 ".encode()
SMALL = b'{"participantID": "A", "utterance": "a"},'
EMPTY = b'{"info":[{"annotations":{"lines":[]}}]}\n'
OBJECTS = b'{"id":' * 30_000 + b"1" + b"}" * 30_000 + b","

# What stands at the beginning, what is repeated, what stands at the end.
FILES: dict[str, tuple[bytes, bytes, bytes]] = {
    "scraps": (BEGINNING, b'{"header"', b""),
    "empty entries": (BEGINNING, b'{"header": {}, "body": []}, ', entry() + b"]}"),
    "broken ids": (BEGINNING, ENTRY[:-13], b""),
    "long scraps": (BEGINNING, ENTRY, b""),
    "lines of scraps": (entry() + b"\n", b'{"header": 1}\n', entry()),
    "escaped": (BEGINNING + b'{"header": "', rb"\"{\"header\":", entry()),
    "nested": (NESTED, b'{"id":', b""),
    "nested, closed": (NESTED[:-15], OBJECTS, b'{"id": 1}]}'),
    "brackets": (BEGINNING + b'{"header": ', b"[", b""),
    "braces": (BEGINNING + b'{"header": ', b"{", b""),
    "pairs of braces": (BEGINNING + b'{"header": [', b"{},", b"{}]}]}"),
    "one entry": (BEGINNING + ENTRY + SMALL[:-3], TEXT, b'"}]}]}'),
    "one entry of many messages": (BEGINNING + ENTRY, SMALL, SMALL[:-1] + b"]}]}"),
    "entries of 4 MB": (BEGINNING, ENTRY + SMALL * 100_000 + SMALL[:-1] + b"]}, ", entry() + b"]}"),
    "dialogues of two words": (BEGINNING, entry() + b", ", entry() + b"]}"),
    "dialogues, each behind a stray byte": (BEGINNING, b"1, " + entry() + b", ", entry() + b"]}"),
    "a topic document of one line": (topic("1 : |").partition(b"|")[0], TEXT, b'"}]}}]}'),
    "merged, without lines": (topic("1 : a") + b"\n", EMPTY, b""),
    "merged, broken": (topic("1 : a") + b"\n", EMPTY[:-6], b""),
    "line feeds": (b"", b"\n", BEGINNING),
}
CHANGED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "scraps in a zip of 64 kB": ("scraps", zipped),
    "scraps in UTF-16": ("empty entries", lambda content: content.decode().encode("utf-16")),
}


def content(name: str, n_bytes: int) -> tuple[str, bytes]:
    """Return what a file of this kind is called, and what it holds."""
    if name in CHANGED:
        kind, change = CHANGED[name]
        changed = change(content(kind, n_bytes // (1 + ("UTF-16" in name)))[1])
        return "a.zip" if changed.startswith(b"PK") else "a.json", changed
    before, repeated, after = FILES[name]
    return "a.json", before + repeated * ((n_bytes - len(before)) // len(repeated)) + after


def measure(words: list[str], folder: Path) -> tuple[float, float, int]:
    """Run a verb in a process of its own; return CPU-seconds, megabytes and its exit code."""
    tell = (
        "import resource, runpy, sys; sys.argv = ['corpus', *sys.argv[1:]]; code = 0\n"
        "try: runpy.run_module('corpus', run_name='__main__')\n"
        "except SystemExit as end: code = end.code\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, code or 0, file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", tell, *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds, megabytes, code = run.stderr.splitlines()[-1].split()
    return float(seconds), float(megabytes), int(code)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="of the files; all of them without")
    parser.add_argument("--megabytes", type=int, default=64, help="of each file (default: 64)")
    args = parser.parse_args()
    known = [*FILES, *CHANGED]
    if unknown := [name for name in args.names if name not in known]:
        parser.error(f"no such file: {unknown[0]!r}; there are {', '.join(map(repr, known))}")
    names = args.names or known
    too_much = 0
    print(f"{'':38}{'check':>16}{'build':>16}")
    for name in names:
        with tempfile.TemporaryDirectory() as top:
            folder = Path(top)
            (folder / "raw").mkdir()
            (folder / "raw" / "good.json").write_bytes(BEGINNING + entry() + b"]}")
            file, raw = content(name, args.megabytes << 20)
            (folder / "raw" / file).write_bytes(raw)
            del raw
            told = ""
            for words in (["check", "raw"], ["build", "raw", "out"]):
                seconds, megabytes, code = measure([*words, "--tokenizer", "builtin"], folder)
                told += f"{seconds:>7.1f} s{megabytes:>4.0f} MB"
                too_much += seconds > SECONDS or megabytes > MEGABYTES or code not in (0, 2)
        print(f"{name:38}{told}", flush=True)
    print(f"limits: {SECONDS} s, {MEGABYTES} MB; over them: {too_much}")
    return int(too_much > 0)


if __name__ == "__main__":
    sys.exit(main())
