"""One build over everything that can be wrong with raw/: each thing is told, the rest lives.

That every reason is right in every place is tested in tests/reading; here all of
it lies in one folder.
"""

import io
import json
import os
import struct
import tarfile
import zipfile
from hashlib import sha256

import pytest
from effort import tries
from fuzz import run_case
from raw_trees import sns_document, summary_document, summary_entry, topic_document

import corpus
from corpus.building import plan, run
from corpus.output.ledger import read_ledger
from corpus.reading.archives import BOMB_BYTES

ENTRY_BYTES = 200_000  # instead of 32 MB


def talk(dialogue_id):
    return [("1", f"{dialogue_id} 안녕"), ("2", "그래 안녕")]


def entry(dialogue_id):
    return summary_entry(dialogue_id, *talk(dialogue_id))


def topic(dialogue_id):
    return topic_document(dialogue_id, *talk(dialogue_id))


def between(broken):
    """A document whose second entry of three is `broken`."""
    first, last = (json.dumps(entry(k), ensure_ascii=False).encode() for k in ("first", "last"))
    return b'{"numberOfItems": 3, "data": [' + b", ".join((first, broken, last)) + b"]}"


def damaged(old, new):
    raw = json.dumps(entry("lost"), ensure_ascii=False).encode()
    assert old in raw
    return between(raw.replace(old, new, 1))


def shaped(change):
    one = entry("lost")
    change(one)
    return between(json.dumps(one, ensure_ascii=False).encode())


def zipped(members, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return file.getvalue()


def tarred(members, **special):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, kind in special.items():
            info = tarfile.TarInfo(f"{name}.json")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    return file.getvalue()


def in_directory(archive, at, form, *values):
    """A zip with something changed in what its directory says of its last member."""
    changed = bytearray(archive)
    struct.pack_into(form, changed, archive.rfind(b"PK\x01\x02") + at, *values)
    return bytes(changed)


def document(*ids):
    return summary_document(*map(entry, ids))


GOOD = {"good.json": topic("good")}
TWO = zipped(GOOD | {"bad.json": topic("bad")})
PLAIN = zipped(GOOD | {"bad.json": topic("bad")}, zipfile.ZIP_STORED)
NO_ONE = ()

# By what it is called: the file, its content, the reasons in the ledger, and who lives.
ENTRIES = {
    "bare word": (damaged(b'"T1"', "(반사회적용어)".encode()), "bad_json"),
    "bad byte": (damaged("안녕".encode(), b"\xec\x95\xff"), "bad_json"),
    "lost quote": (damaged(b'"utterance": "', b'"utterance": '), "bad_json"),
    "stray quote": (damaged(b'"T1"', b'"T"1"'), "bad_json"),
    "lost brace": (damaged(b'{"utteranceID": "U1"', b'"utteranceID": "U1"'), "bad_shape"),
    "doubled brace": (damaged(b'"header": {', b'"header": {{'), "bad_json"),
    "lost bracket": (damaged(b'"participantsInfo": [', b'"participantsInfo": '), "bad_json"),
    "lost colon": (damaged(b'"turnID": "T1"', b'"turnID" "T1"'), "bad_json"),
    "lost comma": (damaged(b'"T1", ', b'"T1" '), "bad_json"),
    "line end in a text": (damaged("안녕".encode(), b"\n"), "bad_json"),
    "NUL": (damaged("안녕".encode(), b"\x00"), "bad_json"),
    "NaN": (damaged(b'"T1"', b"NaN"), "bad_json"),
    "lone surrogate": (damaged("안녕".encode(), b"\\ud800 x"), "bad_json"),
    "absurd nesting": (damaged(b'"T1"', b"[" * 50_000 + b"]" * 50_000), "bad_json"),
    "half lost": (between(json.dumps(entry("lost")).encode()[:200]), "bad_json"),
    "too big": (shaped(lambda one: one["body"].update(summary="가" * ENTRY_BYTES)), "too_big"),
    "duplicate key": (
        damaged(b'"utterance": ', b'"utterance": "x", "utterance": '),
        "duplicate_key",
    ),
    "no body": (shaped(lambda one: one.pop("body")), "bad_shape"),
    "body null": (shaped(lambda one: one.update(body=None)), "bad_shape"),
    "no utterance": (damaged(b'"utterance": ', b'"utterances": '), "bad_shape"),
    "text is a number": (
        shaped(lambda one: one["body"]["dialogue"][0].update(utterance=3)),
        "bad_shape",
    ),
    "lines are text": (shaped(lambda one: one["body"].update(dialogue="안녕")), "bad_shape"),
    "id is null": (
        shaped(lambda one: one["header"]["dialogueInfo"].update(dialogueID=None)),
        "bad_shape",
    ),
    "id is empty": (
        shaped(lambda one: one["header"]["dialogueInfo"].update(dialogueID="")),
        "bad_shape",
    ),
}
FILES = {
    "stray bytes": ("a.json", between(b"null, 17"), {"a.json": "stray_bytes"}, ("first", "last")),
    "cut in an entry": ("a.json", document("a", "b")[:-60], {"a.json": "cut_short"}, ("a",)),
    "cut behind an entry": ("a.json", document("a", "b")[:-2], {"a.json": "cut_short"}, "ab"),
    "empty": ("a.json", b"", {"a.json": "empty_file"}, NO_ONE),
    "white space": ("a.json", b" \n" * 50, {"a.json": "empty_file"}, NO_ONE),
    "no JSON": ("a.json", b"\x89PNG\r\n\x1a\n" * 9, {"a.json": "not_json"}, NO_ONE),
    "unknown JSON": ("a.json", b'{"name": [1]}', {"a.json": "unknown_json"}, NO_ONE),
    "topic cut short": ("a.json", topic("a")[:-9], {"a.json": "cut_short"}, NO_ONE),
    "topic lines null": (
        "a.json",
        topic("a").replace(b'"lines": [', b'"lines": null, "rest": ['),
        {"a.json": "bad_shape"},
        NO_ONE,
    ),
    "topic key twice": (
        "a.json",
        topic("a").replace(b'"norm_text": ', b'"text": "1 : x", "norm_text": ', 1),
        {"a.json": "duplicate_key"},
        NO_ONE,
    ),
    "zip cut": ("a.zip", TWO[:-30], {"a.zip": "broken_archive"}, NO_ONE),
    "zip that is a page": ("a.zip", b"<html>404</html>", {"a.zip": "broken_archive"}, NO_ONE),
    "zip of nothing": ("a.zip", b"", {"a.zip": "broken_archive"}, NO_ONE),
    "tar of zeros": ("a.tar", bytes(10_240), {"a.tar": "broken_archive"}, NO_ONE),
    "tar cut": (
        "a.tar",
        tarred(GOOD | {"bad.json": topic("bad") * 9})[:4000],
        {"a.tar!bad.json": "broken_archive", "a.tar": "broken_archive"},
        ("good",),
    ),
    "tar gz": ("a.tar.gz", b"\x1f\x8b\x08" + bytes(99), {"a.tar.gz": "unsupported_archive"}, ()),
    "7z": ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(99), {"a.7z": "unsupported_archive"}, ()),
    "rar": ("a.rar", b"Rar!\x1a\x07" + bytes(99), {"a.rar": "unsupported_archive"}, ()),
    "xz": ("a.xz", b"\xfd7zXZ\x00" + bytes(99), {"a.xz": "unsupported_archive"}, ()),
    "locked": (
        "a.zip",
        in_directory(TWO, 8, "<H", 1),
        {"a.zip!bad.json": "encrypted"},
        ("good",),
    ),
    "bzip2": (
        "a.zip",
        zipped({"bad.json": topic("bad")}, zipfile.ZIP_BZIP2),
        {"a.zip!bad.json": "unsupported_compression"},
        NO_ONE,
    ),
    "bomb": (
        "a.zip",
        in_directory(TWO, 24, "<I", BOMB_BYTES + 1),
        {"a.zip!bad.json": "zip_bomb"},
        ("good",),
    ),
    "overlap": (
        "a.zip",
        in_directory(TWO, 42, "<I", 9),
        {"a.zip!bad.json": "zip_bomb"},
        ("good",),
    ),
    "header lost": (
        "a.zip",
        PLAIN[: PLAIN.rfind(b"PK\x03\x04")] + b"XXXX" + PLAIN[PLAIN.rfind(b"PK\x03\x04") + 4 :],
        {"a.zip!bad.json": "bad_member"},
        ("good",),
    ),
    "wrong length": (
        "a.zip",
        in_directory(TWO, 24, "<I", len(topic("bad")) + 1),
        {"a.zip!bad.json": "bad_member"},
        ("good", "bad"),  # all of it could be read
    ),
    "wrong checksum": (
        "a.zip",
        in_directory(TWO, 16, "<I", 7),
        {"a.zip!bad.json": "bad_crc"},
        ("good", "bad"),
    ),
    "zip in a zip": (
        "a.zip",
        zipped(GOOD | {"b.zip": TWO}),
        {"a.zip!b.zip": "nested_archive"},
        ("good",),
    ),
    "tar in a tar": (
        "a.tar",
        tarred(GOOD | {"b.tar": tarred(GOOD)}),
        {"a.tar!b.tar": "nested_archive"},
        ("good",),
    ),
    "links and devices in a tar": (
        "a.tar",
        tarred(GOOD, link=tarfile.SYMTYPE, hard=tarfile.LNKTYPE, device=tarfile.CHRTYPE),
        {f"a.tar!{name}.json": "special_file" for name in ("link", "hard", "device")},
        ("good",),
    ),
    "parts with a hole": ("a.zip.part7", TWO[7:], {"a.zip": "part_hole"}, NO_ONE),
    # what only looks dangerous is read, and written nowhere
    "names that lead out": (
        "a.zip",
        zipped(
            {"../../out.json": topic("out"), "/abs.json": topic("abs"), "..\\w.json": topic("w")}
        ),
        {},
        ("out", "abs"),
    ),
    "names that lead out of a tar": (
        "a.tar",
        tarred({"../../out.json": topic("out"), "/abs.json": topic("abs")}),
        {},
        ("out", "abs"),
    ),
    "BOM": ("a.json", b"\xef\xbb\xbf" + document("a"), {}, ("a",)),
    "UTF-16": ("a.json", document("a").decode().encode("utf-16"), {}, ("a",)),
    "cp949": ("a.json", document("a").decode().encode("cp949"), {}, ("a",)),
    "role tokens": (
        "a.json",
        sns_document(summary_entry("a", ("1", "<usr></s><sys> 안녕"), ("2", "</s> 응<pad>"))),
        {},
        ("a",),
    ),
    "ids that are paths": ("a.json", document("../../a", "/b"), {}, ("../../a", "/b")),
}
TABLE = {
    name: ("a.json", content, {"a.json": reason}, ("first", "last"))
    for name, (content, reason) in ENTRIES.items()
} | FILES


SPECIAL = {  # what is no file with content
    "loop": ("symlink_loop", lambda path: path.symlink_to(path.parent)),
    "dangling.json": ("unreadable", lambda path: path.symlink_to("nowhere")),
    "locked.json": ("unreadable", lambda path: (path.write_bytes(document("a")), path.chmod(0))),
    "locked folder": ("unreadable", lambda path: path.mkdir(0)),
}


def everything(folder):
    """All that lies below a folder, with what can be read of it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        is_file = path.is_file() and os.access(path, os.R_OK)
        content = path.read_bytes() if is_file else b""
        found[path.relative_to(folder).as_posix()] = sha256(content).hexdigest()
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """What a build over all of it gave: manifest, ledger, rows, and what else changed on disk."""
    top = tmp_path_factory.mktemp("hostile")
    raw, out = top / "a" / "b" / "raw", top / "c" / "d" / "out"
    for name, (file, content, _, _) in TABLE.items():
        path = raw / name / file
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    (raw / "special").mkdir()
    for name, (_, make) in SPECIAL.items():
        make(raw / "special" / name)
    os.mkfifo(raw / "special" / "pipe.json")
    before = everything(top)
    with pytest.MonkeyPatch.context() as patch:
        for module in ("framing", "entries", "decode"):
            patch.setattr(f"corpus.reading.{module}.ENTRY_BYTES", ENTRY_BYTES)
        patch.setattr(plan, "ITEM_BYTES", 20_000)
        manifest = run.build(raw, out, tokenizer="builtin")
    changed = {path for path, one in everything(top).items() if before.get(path) != one} - {
        "c",
        "c/d",
        "c/d/out",
    }
    return manifest, list(read_ledger(out)), corpus.load(out).to_dict("records"), changed


@pytest.mark.parametrize("name", TABLE)
def test_it_is_told_and_its_neighbours_live(name, built):
    _, _, reasons, alive = TABLE[name]
    _, ledger, rows, _ = built
    here = [line for line in ledger if line["raw_file"].startswith(f"{name}/")]
    told = {
        (line["raw_file"].removeprefix(f"{name}/"), line["reason"])
        for line in here
        if line["reason"] != "duplicate"  # the same neighbours live in each file
    }
    assert told == set(reasons.items())
    assert all(line["detail"] for line in here)
    ids = {line["dialogue_id"] for line in here if line["reason"] == "duplicate"}
    ids |= {row["dialogue_id"] for row in rows if row["raw_file"].startswith(f"{name}/")}
    assert ids == set(alive)


@pytest.mark.parametrize("name", SPECIAL)
def test_what_is_no_readable_file_is_told(name, built):
    if name.startswith("locked") and os.geteuid() == 0:
        pytest.skip("root may read everything")
    told = {(line["raw_file"], line["reason"]) for line in built[1]}
    assert (f"special/{name}", SPECIAL[name][0]) in told


def test_the_laws_hold_over_all_of_it(built):
    manifest, ledger, rows, _ = built
    assert manifest["left_alone"] == {"special_file": 1, "hidden": 1}  # a pipe, and ..\\w.json
    dialogues = manifest["dialogues"]
    assert dialogues["read"] == dialogues["written"] + dialogues["rejected"]
    assert dialogues["written"] == len(rows)
    assert dialogues["rejected"] == sum(line["stage"] != "file" for line in ledger)
    assert sum(manifest["broken"].values()) == sum(
        line["stage"] in ("file", "decode") for line in ledger
    )
    assert len(TABLE) + len(SPECIAL) > 60


def test_no_byte_is_written_outside_the_build_folder(built):
    changed = built[3]
    assert changed
    assert not [path for path in changed if not path.startswith("c/d/out/")]


def test_no_text_spells_a_control_token(built):
    for row in built[2]:
        for message in row["messages"]:
            assert not {"<usr>", "<sys>", "<s>", "</s>", "<pad>"} & set(message["content"].split())
            assert "<" not in message["content"]


@pytest.mark.parametrize("number", range(tries(12)))
def test_mutations_break_no_law(number):
    run_case("tests", number)  # tests/fuzz.py tries as many as you like
