"""What a person meets in a terminal that lacks characters, is closed, or obeys control codes."""

import io
import os
import pty
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from raw_trees import summary_document, summary_entry, write

from corpus.__main__ import main
from corpus.views.screen import close_streams, open_streams, shown

ROOT = Path(__file__).parents[2]
ESC = "\x1b[2J\x1b[31m"
VERBS = {
    "check": ["check", "raw", "--tokenizer", "builtin"],
    "build": ["build", "raw", "out", "--tokenizer", "builtin"],
    "show": ["show", "out"],
    "show --id": ["show", "out", "--id", f"가{ESC}"],
    "show --raw": ["show", "out", "--id", f"가{ESC}", "--raw", "raw"],
    "show --reason": ["show", "out", "--reason", "one_speaker"],
    "verify": ["verify", "out", "--raw", "raw"],
    "card": ["card", "out"],
    "help": ["build", "--help"],
    "wrong": ["show", "나가"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Raw files whose ids, topics and names hold control characters, and their corpus."""
    top = tmp_path_factory.mktemp("terminal")
    entries = [
        summary_entry(f"가{ESC}", ("A", f"안녕{ESC}"), ("B", "응"), topic=f"여행{ESC}"),
        summary_entry(f"나\n{ESC}", ("A", "안녕"), topic="\u202e여행"),
        {"header": {"dialogueInfo": {"dialogueID": f"다{ESC}"}}, "body": {"dialogue": []}},
    ]
    write(top / "raw", Training__a=summary_document(*entries))
    (top / "raw" / f"빨강{ESC}.json").write_bytes(summary_document(entries[0], declared=7))
    (top / "raw" / f"깨짐{ESC}.zip").write_bytes(b"x")
    (top / "raw" / os.fsdecode(b"\xff\xfe.json")).write_bytes(summary_document(entries[1]))
    assert run(top, "build").returncode == 0
    return top


def run(folder, verb, *, stdout=subprocess.PIPE, shell="", **environ):
    """Run a verb in a process of its own."""
    words = [sys.executable, "-m", "corpus", *VERBS[verb]]
    if shell:
        words = ["sh", "-c", f'"$@" {shell}', "sh", *words]
    return subprocess.run(
        words,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environ,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )


run_as_usual = cache(run)


@cache
def run_here(folder, verb, encoding):
    """Run a verb in this process, with streams of an encoding."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        open_streams()
        try:
            code = close_streams(main(VERBS[verb]))
        except SystemExit as stop:
            code = stop.code
        sys.stderr.flush()
    out, err = (stream.buffer.getvalue() for stream in streams)
    return code, out, err


@pytest.mark.parametrize("encoding", ["cp949", "ascii", "latin-1"])
@pytest.mark.parametrize("verb", VERBS)
def test_what_a_terminal_cannot_show_is_shown_escaped(folder, verb, encoding):
    code, usual, _ = run_here(folder, verb, "utf-8")
    again, out, err = run_here(folder, verb, encoding)
    assert again == code
    assert len(out.splitlines()) == len(usual.splitlines())
    assert b"\x1b" not in usual + out + err
    out.decode(encoding)
    if "show" in verb:
        assert rb"\x1b[2J\x1b[31m" in usual
        assert rb"\x1b[2J\x1b[31m" in out


@pytest.mark.parametrize("verb", ["build", "show --id", "wrong"])
def test_a_locale_without_korean_gives_the_same(folder, verb):
    usual = run_as_usual(folder, verb, PYTHONIOENCODING="ascii")
    done = run(folder, verb, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert (done.returncode, done.stdout) == (usual.returncode, usual.stdout)
    assert done.stderr == usual.stderr


@pytest.mark.parametrize(
    ("verb", "shell"),
    [
        *(("show", shell) for shell in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-")),
        *(("build", shell) for shell in (">&-", "2>&-")),  # with none at all: below
        ("wrong", ">&-"),
        ("wrong", "2>&-"),
    ],
)
def test_a_stream_that_is_closed_changes_nothing_else(folder, verb, shell):
    usual, done = run_as_usual(folder, verb), run(folder, verb, shell=shell)
    assert done.returncode == usual.returncode
    assert done.stdout == (b"" if " >&-" in f" {shell}" else usual.stdout)
    assert done.stderr == (b"" if "2>&-" in shell else usual.stderr)


def test_a_build_with_no_stream_at_all_writes_the_same_corpus(folder, tmp_path):
    words = [sys.executable, "-m", "corpus", "build", folder / "raw", tmp_path / "out"]
    words = ["sh", "-c", '"$@" <&- >&- 2>&-', "sh", *map(str, words), "--tokenizer", "builtin"]
    subprocess.run(words, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
    manifests = [
        (one / "_manifest.json").read_bytes() for one in (folder / "out", tmp_path / "out")
    ]
    assert manifests[0] == manifests[1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("verb", ["show", "card"])
def test_output_that_cannot_be_written_is_one_sentence(folder, verb):
    with Path("/dev/full").open("wb") as full:
        done = run(folder, verb, stdout=full)
    assert done.returncode == 2
    told = b"corpus: the output cannot be written: No space left on device.\n"
    assert done.stderr == told


def test_whoever_has_read_enough_ends_a_verb_in_peace(folder):
    done = run(folder, "card", shell="| head -1")
    assert (done.stdout, done.stderr) == (b"---\n", b"")


def test_a_terminal_is_sent_no_control_character_of_a_raw_file(folder):
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "corpus", *VERBS["check"]],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=theirs,
        stderr=theirs,
        check=False,
    )
    os.close(theirs)
    said = b""
    try:
        while block := os.read(ours, 1 << 16):
            said += block
    except OSError:  # all was read
        pass
    os.close(ours)
    assert done.returncode == 0
    assert ESC.encode() not in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("안녕 ㅋㅋ 😂 é", "안녕 ㅋㅋ 😂 é"),
        ("a\tb\nc\r", r"a\x09b\x0ac\x0d"),
        ("\x1b[31m\x7f\x9b", r"\x1b[31m\x7f\x9b"),
        ("\u202eabc\u2066\u2028", r"\u202eabc\u2066\u2028"),
        ("\udcff", r"\udcff"),
    ],
)
def test_control_characters_are_shown_as_escapes(text, told):
    assert shown(text) == told
