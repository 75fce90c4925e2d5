import io
import json
import os
import pickle
import random
import struct
import tarfile
import time
import tracemalloc
import unicodedata
import warnings
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.reading import documents, streams
from corpus.reading.archives import BOMB_BYTES
from corpus.reading.decode import sniff
from corpus.reading.documents import LOOSE_FILES, find_documents, open_document
from corpus.reading.search import Search
from corpus.reading.streams import Joined, Unpacked, intact_member
from corpus.records import CorpusError, Document, Member, Segment, UnreadableError
from corpus.splits import split_of

OURS = json.dumps(
    {"data": [{"header": {"dialogueInfo": {"dialogueID": "a"}}, "body": {"dialogue": []}}]}
).encode()


def content(number):
    return OURS + b" " * number


class Cp949Name(zipfile.ZipInfo):
    """A member whose name is cp949 without the UTF-8 flag, as in AIHub's zips."""

    def _encodeFilenameFlags(self):  # noqa: N802 - zipfile's name
        return self.filename.encode("cp949"), self.flag_bits & ~0x800


def zip_of(members, *, info=Cp949Name, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, one in members.items():
            entry = info(name, (2022, 1, 7, 12, 0, 0))
            entry.compress_type = method
            archive.writestr(entry, one)
    return file.getvalue()


def tar_of(members):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, one in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(one)
            archive.addfile(entry, io.BytesIO(one))
    return file.getvalue()


def parts_of(name, raw, size):
    return {f"{name}.part{at}": raw[at : at + size] for at in range(0, len(raw), size)}


def put(folder, files):
    for name, one in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one)
    return folder


def find(raw):
    return find_documents(raw, sniff=sniff)


def read_all(stream, size=1 << 16):
    stream.seek(0)
    return b"".join(iter(lambda: stream.read(size), b""))


def contents(raw):
    return {one.raw_file: read_all(open_document(raw, one)) for one in find(raw).documents}


def why(found):
    return {one.raw_file: one.reason for one in found.rejected}


MEMBERS = {"가족/가.json": content(1), "행사.json": content(2), "b.json": content(70_000)}


@pytest.mark.parametrize(
    ("files", "before"),
    [
        (MEMBERS, ""),
        ({"[라벨]대화.zip": zip_of(MEMBERS)}, "[라벨]대화.zip!"),
        ({"[라벨]대화.zip": zip_of(MEMBERS, method=zipfile.ZIP_STORED)}, "[라벨]대화.zip!"),
        ({"u.zip": zip_of(MEMBERS, info=zipfile.ZipInfo)}, "u.zip!"),
        (parts_of("대.zip", zip_of(MEMBERS), 100), "대.zip!"),
        ({"d.tar": tar_of(parts_of("가/대.zip", zip_of(MEMBERS), 77))}, "d.tar!가/대.zip!"),
        ({"d.tar": tar_of({"./a/대.zip": zip_of(MEMBERS)})}, "d.tar!a/대.zip!"),
        ({"d.tar": tar_of(MEMBERS)}, "d.tar!"),
        (parts_of("d.tar", tar_of({"x.zip": zip_of(MEMBERS)}), 1000), "d.tar!x.zip!"),
        ({"no suffix": zip_of(MEMBERS)}, "no suffix!"),
        ({"a.json": tar_of(MEMBERS)}, "a.json!"),
    ],
)
def test_documents_are_read_where_they_lie(files, before, tmp_path):
    raw = put(tmp_path, files)
    assert contents(raw) == {before + name: one for name, one in MEMBERS.items()}
    found = find(raw)
    assert not found.rejected
    assert not found.left_alone
    assert [one.size for one in found.documents] == [
        len(MEMBERS[one.raw_file.removeprefix(before)]) for one in found.documents
    ]


def test_parts_are_sorted_as_numbers_and_their_hash_is_that_of_the_whole(tmp_path):
    archive = zip_of({f"{n}.json": content(n) for n in range(200)}, method=zipfile.ZIP_STORED)
    raw = put(tmp_path, parts_of("X.zip", archive, 999))
    assert len(list(raw.iterdir())) > 10
    (one,) = find(raw).files
    assert (one.path, one.n_files, one.bytes) == ("X.zip", 1, len(archive))
    assert one.sha256 == sha256(archive).hexdigest()


def test_a_part_sequence_with_a_hole_is_rejected_and_its_neighbours_live(tmp_path):
    parts = parts_of("X.zip", zip_of(MEMBERS), 100)
    del parts["X.zip.part200"]
    headless = {name.replace("X", "Y"): one for name, one in parts.items() if "part0" not in name}
    found = find(put(tmp_path, {**parts, **headless, "a.json": OURS}))
    assert why(found) == {"X.zip": "part_hole", "Y.zip": "part_hole"}
    assert [one.raw_file for one in found.documents] == ["a.json"]


def test_plain_cuts_are_joined_as_parts_are(tmp_path):
    archive = zip_of({f"{k}.json": content(k) for k in range(3)})
    cuts = [archive[at : at + 90] for at in range(0, len(archive), 90)]
    raw = put(tmp_path, {f"TL_01.zip.{k:03}": cut for k, cut in enumerate(cuts, 1)})
    assert contents(raw) == {f"TL_01.zip!{k}.json": content(k) for k in range(3)}
    (raw / "TL_01.zip.002").unlink()
    (raw / "good.json").write_bytes(OURS)
    assert why(find(raw)) == {"TL_01.zip": "part_hole"}


def test_a_split_zip_is_told_with_the_way_to_join_it(tmp_path):
    files = {"TL_01.zip": ARCHIVE[60:], "TL_01.z01": ARCHIVE[:30], "TL_01.z02": ARCHIVE[30:60]}
    raw = put(tmp_path, files | {"VL_01.z01": b"", "good.json": OURS})
    found = find(raw)
    assert why(found) == {"TL_01.zip": "split_zip", "VL_01.zip": "split_zip"}
    details = {one.raw_file: one.detail for one in found.rejected}
    assert "TL_01.z01 to TL_01.z02 belong to it; join them: zip -s 0" in details["TL_01.zip"]
    assert "whose last one, .zip, is missing" in details["VL_01.zip"]


def test_parts_that_were_joined_in_the_wrong_order_are_told_as_that(tmp_path):
    long = {f"{k}.json": content(k).ljust(50_000) for k in range(9)}
    archive = zip_of(long, method=zipfile.ZIP_STORED)
    half = len(archive) // 2
    raw = put(tmp_path, {"TL.zip": archive[:9] + archive[half:] + archive[9:half], "a.json": OURS})
    [one] = find(raw).rejected
    assert one.reason == "broken_archive"
    assert "and not at its end: were the parts joined in the wrong order?" in one.detail


def test_parts_beside_the_whole_they_were_joined_to_are_left_alone(tmp_path):
    archive = zip_of({"a.json": OURS})
    found = find(put(tmp_path, {"X.zip": archive, **parts_of("X.zip", archive, 100)}))
    assert len(found.documents) == 1
    assert found.left_alone["parts_of_a_whole"] == -(-len(archive) // 100)


def test_names_are_recorded_in_nfc_and_found_on_disk_as_they_are(tmp_path):
    name = unicodedata.normalize("NFD", "한국어/행사.json")
    raw = put(tmp_path, {name: OURS, "z.zip": zip_of({name: OURS}, info=zipfile.ZipInfo)})
    assert list(contents(raw)) == ["z.zip!한국어/행사.json", "한국어/행사.json"]


def test_a_name_on_disk_may_be_bytes_of_another_encoding(tmp_path):
    for name in ("행사.json".encode("cp949"), b"a\xff.json"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(OURS)
    assert list(contents(tmp_path)) == ["a\\xff.json", "행사.json"]


def test_the_plan_never_has_the_order_of_the_directory(tmp_path, monkeypatch):
    names = [f"{k}/{n}.json" for k in "나가b" for n in range(5)]
    raw = put(tmp_path, dict.fromkeys(names, OURS) | {"가.zip": zip_of(MEMBERS)})
    first = find(raw)
    assert [one.raw_file for one in first.documents] == sorted(
        one.raw_file for one in first.documents
    )
    listed = Path.iterdir
    for seed in range(5):
        monkeypatch.setattr(
            Path,
            "iterdir",
            lambda path, seed=seed: random.Random(seed).sample(s := list(listed(path)), len(s)),
        )
        assert find(raw) == first


@pytest.mark.parametrize(
    ("path", "split"),
    [
        (
            "020.주제별/01.데이터/1.Training/라벨링데이터/TL_01. KAKAO(1).zip!KAKAO_1_01.json",
            "train",
        ),
        ("020.주제별/01.데이터/2.Validation/라벨링데이터/VL_05. NATEON.zip!N_1.json", "validation"),
        ("한국어 대화 요약/Training/[라벨]한국어대화요약_train.zip!행사.json", "train"),
        ("한국어 대화 요약/Validation/[라벨]한국어대화요약_valid.zip!행사.json", "validation"),
        ("d.tar!a/Validation/x.zip!y.json", "validation"),
        ("x.zip!1.Training/y.json", "train"),
        ("x.zip!Validation/y.json", "validation"),
        ("Validation.zip!y.json", "validation"),
        ("01. Training/y.json", "train"),
        ("Training_220728_add/y.json", "train"),
        ("validation/y.json", "validation"),
        ("TL_01. KAKAO(1)/K_1.json", "train"),
        ("VL_99.json", "validation"),
        ("Training/Validation/y.json", "validation"),
        ("training/VL_01.zip!y.json", "validation"),
        ("Training data/y.json", None),
        ("my Validation/y.json", None),
        ("Validations/y.json", None),
        ("Trainingszeit/y.json", None),
        ("[라벨]한국어대화요약_train.zip!y.json", "train"),
        ("[라벨]한국어대화요약_valid.zip!행사.json", "validation"),
        ("한국어대화요약_valid (1).zip!행사.json", "validation"),
        ("한국어대화요약_train/행사.json", "train"),
        ("SNS/Train/y.json", "train"),
        ("SNS/Valid/y.json", "validation"),
        ("SNS/val/y.json", "validation"),
        ("2.Valid/y.json", "validation"),
        ("sns-valid_2.json", "validation"),
        ("Training/한국어_valid.zip!y.json", "validation"),
        ("Validation-20240102T030405Z-001.zip!y.json", "validation"),
        ("받은 파일/Train-20240102T030405Z-3-001/y.json", "train"),
        ("한국어SNS_valid - 복사본.zip!y.json", "validation"),
        ("Train copy/y.json", "train"),
        ("validation-00000-of-00002.json", "validation"),
        ("sns.valid.json", "validation"),
        ("VL.zip!y.json", "validation"),
        ("TL1/y.json", "train"),
        ("TLS.zip!y.json", None),
        ("2.검증/y.json", "validation"),
        ("1.훈련데이터/y.json", "train"),
        ("학습/y.json", "train"),
        ("검증 완료/y.json", None),
        ("train_station/y.json", None),
        ("interval/y.json", None),
        ("strain.zip!y.json", None),
        ("bullet train/y.json", None),
        ("Valid data/y.json", None),
        ("KAKAO_1_01.json", None),
        ("T_1.json", None),
        ("tl_01.json", None),
        ("SVL_01.json", None),
        ("행사.json", None),
    ],
)
def test_the_split_is_read_from_the_path_as_aihub_writes_it(path, split):
    assert split_of(path) == split


def test_a_zip_that_windows_made_has_folders(tmp_path):
    names = ("1.Training\\라벨링데이터\\K_1.json", "2.Validation\\라벨링데이터\\K_2.json")
    members = dict.fromkeys(names, OURS) | {"2.Validation\\": b"", "__MACOSX\\._K_2.json": OURS}
    raw = put(tmp_path, {"TL_all.zip": zip_of(members)})
    found = find(raw)
    assert [(one.raw_file, one.split) for one in found.documents] == [
        ("TL_all.zip!1.Training/라벨링데이터/K_1.json", "train"),
        ("TL_all.zip!2.Validation/라벨링데이터/K_2.json", "validation"),
    ]
    assert found.left_alone == {"hidden": 1}


def test_a_backslash_in_a_name_of_any_other_zip_is_part_of_the_name(tmp_path):
    raw = put(tmp_path, {"a.zip": zip_of({"d/K\\1.json": OURS})})
    assert [one.raw_file for one in find(raw).documents] == ["a.zip!d/K\\1.json"]


def test_raw_text_and_what_is_no_json_are_left_alone_and_counted(tmp_path):
    raw = put(
        tmp_path,
        {
            "TL_01.zip": zip_of({"a.json": OURS}),
            "TS_01.zip": zip_of({"a.txt": "1 : 안녕".encode(), "b.TXT": b"", "c.csv": b""}),
            "설명.xlsx": zip_of({"xl/a.xml": b"<a>"}),
            "README.md": b"# raw",
            "notes.txt": b"hello",
            ".DS_Store": b"x",
            ".git/config.json": OURS,
            "m.zip": zip_of({"__MACOSX/._a.json": OURS, "d/.x.json": OURS}),
            "empty": b"",
        },
    )
    found = find(raw)
    assert [one.raw_file for one in found.documents] == ["TL_01.zip!a.json"]
    assert found.left_alone == {"raw_text": 3, "not_json": 4, "hidden": 4}
    assert [one.path for one in found.files] == ["TL_01.zip"]
    assert not found.rejected


def test_a_loose_document_needs_no_suffix(tmp_path):
    raw = put(tmp_path, {"행사": OURS, "b.txt": b"\xef\xbb\xbf" + OURS, "c.dat": b'{"a": 1}'})
    found = find(raw)
    assert [one.raw_file for one in found.documents] == ["b.txt", "행사"]
    assert found.left_alone == {"not_json": 1}


def flagged(archive, flag):
    """Return a zip with a flag set in the headers of all members."""
    changed = bytearray(archive)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = changed.find(magic)
        while place >= 0:
            changed[place + at] |= flag
            place = changed.find(magic, place + 4)
    return bytes(changed)


def declaring(archive, size):
    """Return a zip whose directory gives this unpacked size for all members."""
    changed = bytearray(archive)
    place = changed.find(b"PK\x01\x02")
    while place >= 0:
        struct.pack_into("<I", changed, place + 24, size)
        place = changed.find(b"PK\x01\x02", place + 4)
    return bytes(changed)


def overlapping():
    """Return a zip whose second member lies in the first."""
    archive = bytearray(zip_of({"a.json": OURS, "b.json": OURS}))
    second = archive.find(b"PK\x01\x02", archive.find(b"PK\x01\x02") + 4)
    struct.pack_into("<I", archive, second + 42, 5)
    return bytes(archive)


ARCHIVE = zip_of({"a.json": OURS})
UNREADABLE = {
    "cut.zip": (ARCHIVE[:-30], "broken_archive"),
    "no directory.zip": (ARCHIVE[:50], "broken_archive"),
    "html.zip": (b"<html>404</html>", "broken_archive"),
    "nothing.zip": (b"", "broken_archive"),
    "zeros.tar": (bytes(10240), "broken_archive"),
    "a.tar.gz": (b"\x1f\x8b\x08\x00" + bytes(100), "unsupported_archive"),
    "a.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(100), "unsupported_archive"),
    "a.rar": (b"Rar!\x1a\x07" + bytes(100), "unsupported_archive"),
    "a.tar.xz": (b"\xfd7zXZ\x00" + bytes(100), "unsupported_archive"),
}
UNREADABLE_MEMBERS = {
    "headless.zip!a.json": (b"PK\x03\x04" + ARCHIVE[60:], "broken_archive"),
    "locked.zip!a.json": (flagged(ARCHIVE, 1), "encrypted"),
    "bz.zip!a.json": (
        zip_of({"a.json": OURS}, method=zipfile.ZIP_BZIP2),
        "unsupported_compression",
    ),
    "lz.zip!a.json": (zip_of({"a.json": OURS}, method=zipfile.ZIP_LZMA), "unsupported_compression"),
    "bomb.zip!a.json": (declaring(ARCHIVE, BOMB_BYTES + 1), "zip_bomb"),
    "over.zip!b.json": (overlapping(), "zip_bomb"),
    "in.zip!x/b.zip": (zip_of({"x/b.zip": ARCHIVE}), "nested_archive"),
    "in2.zip!b.tar.gz": (zip_of({"b.tar.gz": b"x"}), "nested_archive"),
    "in3.zip!b.zip.part0": (zip_of({"b.zip.part0": b"x"}), "nested_archive"),
    "t.tar!b.tar": (tar_of({"b.tar": tar_of({"a.json": OURS})}), "nested_archive"),
    "t2.tar!b.tgz": (tar_of({"b.tgz": b"\x1f\x8b"}), "unsupported_archive"),
    "t3.tar!b.zip": (tar_of({"b.zip": ARCHIVE[:-30]}), "broken_archive"),
}


@pytest.mark.parametrize("name", [*UNREADABLE, *UNREADABLE_MEMBERS])
def test_what_cannot_be_read_is_on_the_record_and_its_neighbours_live(name, tmp_path):
    raw_bytes, reason = (UNREADABLE | UNREADABLE_MEMBERS)[name]
    found = find(put(tmp_path, {name.partition("!")[0]: raw_bytes, "z.json": OURS}))
    assert why(found) == {name: reason}
    (rejected,) = found.rejected
    assert (rejected.stage, rejected.source, rejected.raw) == ("file", None, b"")
    assert rejected.detail
    assert str(tmp_path) not in rejected.detail
    assert "z.json" in [one.raw_file for one in found.documents]


def test_a_name_that_leads_out_of_the_archive_is_recorded_and_nothing_else(tmp_path):
    names = ["../../etc/a.json", "/etc/b.json", "C:\\c.json", "a/../../d.json"]
    raw = put(
        tmp_path / "raw",
        {"x.zip": zip_of(dict.fromkeys(names, OURS)), "y.tar": tar_of({names[0]: OURS})},
    )
    assert sorted(contents(raw)) == sorted(
        [*(f"x.zip!{name}" for name in names), f"y.tar!{names[0]}"]
    )
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["raw", "x.zip", "y.tar"]


def test_files_of_one_name_are_told_apart_and_all_are_read(tmp_path):
    ours = [OURS.replace(b"{", b"{" + b" " * k, 1) for k in range(4)]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's: Duplicate name
        for k in range(3):
            archive.writestr("a/b.json", ours[k])
    twice = tar_of({"b.json": ours[0]})[:1024] + tar_of({"b.json": ours[1]})
    names = [unicodedata.normalize(form, "한/글.json") for form in ("NFC", "NFD")]
    files = dict(zip(names, ours[2:], strict=True)) | {"x.zip": file.getvalue(), "y.tar": twice}
    raw = put(tmp_path, files)
    assert contents(raw) == {
        "x.zip!a/b.json": ours[0],
        "x.zip!a/(2)/b.json": ours[1],
        "x.zip!a/(3)/b.json": ours[2],
        "y.tar!b.json": ours[0],
        "y.tar!(2)/b.json": ours[1],
        "한/글.json": ours[2],
        "한/(2)/글.json": ours[3],
    }
    hashed = [one.path for one in find(raw).files]
    assert hashed == ["x.zip", "y.tar", "한/(2)/글.json", "한/글.json"]


def test_a_zip_whose_directory_lists_nothing_of_it_is_broken(tmp_path):
    end = b"PK\5\6" + bytes(18)
    whole = zip_of(MEMBERS)
    in_comment = whole[:-2] + len(end).to_bytes(2, "little") + end
    raw = put(tmp_path, {"a.zip": in_comment, "b.zip": end, "c.json": OURS})
    assert why(find(raw)) == {"a.zip": "broken_archive"}


def tar_of_pax(headers):
    """A tar of two members, of which the first has these pax headers."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, told in (("0.json", headers), ("1.json", {})):
            entry = tarfile.TarInfo(name)
            entry.size, entry.pax_headers = len(OURS), told
            archive.addfile(entry, io.BytesIO(OURS))
    return file.getvalue()


@pytest.mark.parametrize(
    ("headers", "first"),
    [
        ({"path": "가/나.json"}, "가/나.json"),
        ({"comment": "안녕\n15 path=x.json\n"}, "0.json"),
        ({"comment": "a\n15 path=x.json", "path": "y.json"}, "y.json"),
        ({"a": "\n11 size=99\n", "b": "\n22 GNU.sparse.major=1\n"}, "0.json"),
        ({"LIBARCHIVE.xattr.note": "=" * 9_000 + "\n", "path": "y.json"}, "y.json"),
        ({"path": ""}, "0.json"),
    ],
)
def test_a_value_of_pax_with_a_line_feed_is_no_record_of_its_own(headers, first, tmp_path):
    raw = put(tmp_path, {"p.tar": tar_of_pax(headers)})
    assert contents(raw) == {f"p.tar!{first}": OURS, "p.tar!1.json": OURS}
    assert not find(raw).rejected


def test_a_tar_cut_short_keeps_the_members_before_the_cut(tmp_path):
    whole = tar_of({f"{n}.json": content(1000) for n in range(5)})
    raw = put(tmp_path, {"d.tar": whole[:5500]})
    assert list(contents(raw)) == ["d.tar!0.json", "d.tar!1.json"]
    assert set(why(find(raw)).values()) == {"broken_archive"}
    assert "d.tar!2.json" in why(find(raw))


def damaged_tar(at, block):
    """A tar of four members, of which something at byte `at` is replaced."""
    whole = bytearray(tar_of({f"{n}.json": content(600) for n in range(4)}))
    whole[at : at + len(block)] = block
    return bytes(whole)


HEADER = 512 + 1024  # of the second member


@pytest.mark.parametrize(
    ("raw_bytes", "lost"),
    [
        (damaged_tar(0, b"\xff"), "0"),  # the first header does not look like a tar's any more
        (damaged_tar(HEADER, b"\xff"), "1"),
        (damaged_tar(HEADER, bytes(512)), "1"),  # what tarfile takes for the end
        (damaged_tar(HEADER + 124, b"77777777777\0"), "1"),  # a length beyond the end
        (damaged_tar(3 * HEADER, b"\xff"), "3"),
        (tar_of({"0.json": content(600)}) + tar_of({"2.json": content(600)}), "13"),  # cat a b
    ],
)
def test_members_behind_a_damaged_header_of_a_tar_live(raw_bytes, lost, tmp_path):
    raw = put(tmp_path, {"d.tar": raw_bytes})
    left = {f"d.tar!{n}.json": content(600) for n in range(4) if str(n) not in lost}
    assert contents(raw) == left
    (rejected,) = find(raw).rejected
    assert (rejected.raw_file, rejected.reason) == ("d.tar", "broken_archive")


def with_size(tar, member, field):
    """Return a tar of members of 1,536 bytes with another length, in 12 bytes, of one of them."""
    changed, at = bytearray(tar), member * 1536
    changed[at + 124 : at + 136] = field
    changed[at + 148 : at + 156] = b" " * 8
    changed[at + 148 : at + 156] = b"%06o\0 " % sum(changed[at : at + 512])
    return bytes(changed)


@pytest.mark.parametrize("size", [-512, -5000, -1, -(1 << 90)])
@pytest.mark.parametrize("member", range(4))
def test_a_member_of_negative_length_costs_itself(size, member, tmp_path):
    tar = tar_of({f"{n}.json": content(600) for n in range(4)})
    field = (size & (1 << 96) - 1).to_bytes(12, "big")
    raw = put(tmp_path, {"d.tar": with_size(tar, member, field), "good.json": OURS})
    assert contents(raw) == {f"d.tar!{n}.json": content(600) for n in range(4) if n != member} | {
        "good.json": OURS
    }
    assert why(find(raw)) == {"d.tar": "broken_archive"}


def test_a_member_whose_length_is_beyond_the_end_is_told(tmp_path):
    tar = tar_of({f"{n}.json": content(600) for n in range(4)})
    raw = put(tmp_path, {"d.tar": with_size(tar, 2, b"\x80" + b"\xff" * 11)})
    assert set(contents(raw)) == {"d.tar!0.json", "d.tar!1.json"}
    assert why(find(raw)) == {"d.tar!2.json": "broken_archive", "d.tar": "broken_archive"}


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_korean_names_of_a_tar_are_read_in_every_format(format_, tmp_path):
    folder = "라벨링데이터" if format_ == tarfile.USTAR_FORMAT else "라벨링데이터/" * 20
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=format_) as archive:
        for n in range(2):
            info = tarfile.TarInfo(f"{folder.rstrip('/')}/{n}.json")
            info.size = len(OURS)
            archive.addfile(info, io.BytesIO(OURS))
    raw = put(tmp_path, {"d.tar": file.getvalue()})
    assert set(contents(raw)) == {f"d.tar!{folder.rstrip('/')}/{n}.json" for n in range(2)}
    assert not find(raw).rejected


def test_a_name_without_end_takes_no_memory(tmp_path):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive:
        info = tarfile.TarInfo("가" * 1000)
        archive.addfile(info)
    tar = bytearray(with_size(file.getvalue(), 0, b"\x80" + (1 << 40).to_bytes(11, "big")))
    tracemalloc.start()
    find(put(tmp_path, {"d.tar": bytes(tar), "good.json": OURS}))
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def test_many_damaged_headers_cost_time_in_proportion(tmp_path):
    tar = bytearray(tar_of({f"{n}.json": content(600) for n in range(4000)}))
    for n in range(1, 4000, 2):
        tar[n * 1536] ^= 0xFF
    started = time.process_time()
    found = find(put(tmp_path, {"d.tar": bytes(tar)}))
    assert len(found.documents) == 2000
    assert time.process_time() - started < 5  # a look at all that follows each took 200


def test_links_devices_and_sparse_files_in_a_tar_are_on_the_record(tmp_path):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        link = tarfile.TarInfo("link.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo("empty.json"))
    found = find(put(tmp_path, {"d.tar": file.getvalue(), "a.json": OURS}))
    assert why(found) == {"d.tar!link.json": "special_file"}
    assert contents(tmp_path)["d.tar!empty.json"] == b""


def test_what_cannot_be_read_is_recorded_with_its_hash_as_what_can(tmp_path):
    hole = parts_of("X.zip", zip_of(MEMBERS), 100)
    del hole["X.zip.part200"]
    broken = {"cut.zip": ARCHIVE[:-30], "a.7z": b"7z\xbc\xaf\x27\x1c" + bytes(100)}
    raw = put(tmp_path, {"a.json": OURS, "notes.txt": b"mine", **hole, **broken})
    (raw / "loop").symlink_to(raw)
    recorded = {one.path: (one.bytes, one.sha256) for one in find(raw).files}
    contents = broken | {"a.json": OURS, "X.zip": b"".join(hole.values()), "loop": b""}
    assert recorded == {name: (len(one), sha256(one).hexdigest()) for name, one in contents.items()}


def test_links_are_followed_but_not_in_circles(tmp_path):
    raw = put(tmp_path / "raw", {"a/b/c.json": OURS})
    put(tmp_path / "elsewhere", {"d.json": OURS})
    (raw / "linked").symlink_to(tmp_path / "elsewhere")
    (raw / "a/b/up").symlink_to(raw)
    (raw / "self").symlink_to(raw / "self")
    (raw / "dangling.json").symlink_to(raw / "nowhere")
    found = find(raw)
    assert [one.raw_file for one in found.documents] == ["a/b/c.json", "linked/d.json"]
    assert why(found) == {
        "a/b/up": "symlink_loop",
        "self": "unreadable",
        "dangling.json": "unreadable",
    }


def test_a_pipe_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    found = find(put(tmp_path, {"a.json": OURS}))
    assert found.left_alone == {"special_file": 1}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_on_the_record(tmp_path):
    raw = put(tmp_path, {"a.json": OURS, "b.json": OURS, "c/d.json": OURS})
    (raw / "b.json").chmod(0)
    (raw / "c").chmod(0)
    try:
        assert why(find(raw)) == {"b.json": "unreadable", "c": "unreadable"}
    finally:
        (raw / "c").chmod(0o700)


def test_a_disk_that_fails_is_on_the_record(tmp_path, monkeypatch):
    raw = put(tmp_path, {"a.json": OURS, "b.json": OURS})
    opened = io.FileIO

    def failing(path):
        if Path(path).name == "b.json":
            raise OSError(5, "Input/output error", str(path))
        return opened(path)

    monkeypatch.setattr(streams.io, "FileIO", failing)
    (rejected,) = find(raw).rejected
    assert (rejected.raw_file, rejected.reason) == ("b.json", "unreadable")
    assert rejected.detail == "Input/output error"


SAMPLE = {"sample/summary.zip": zip_of({"행사.json": OURS}), "sample/topic/T_1.json": OURS}


def test_the_sample_is_read_while_there_is_nothing_else(tmp_path):
    raw = put(tmp_path, {**SAMPLE, "README.md": b"# raw", "package.json": b'{"name": "a"}'})
    found = find(raw)
    assert [one.raw_file for one in found.documents] == [
        "package.json",
        "sample/summary.zip!행사.json",
        "sample/topic/T_1.json",
    ]
    assert found.left_alone == {"not_json": 1}


def test_the_sample_is_left_alone_beside_anything_readable(tmp_path):
    raw = put(tmp_path, {**SAMPLE, "sample/bad.zip": b"", "x/sample/a.json": OURS})
    found = find(raw)
    assert [one.raw_file for one in found.documents] == ["x/sample/a.json"]
    assert found.left_alone == {"sample": 3}
    assert [one.path for one in found.files] == ["x/sample/a.json"]
    assert not found.rejected


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "it is empty"),
        ({"x/cut.zip": ARCHIVE[:50]}, r"1 broken_archive: x/cut.zip \(.*no directory"),
        (
            {"a.txt": b"", "b.json": b"{}", "c.zip": b""},
            "1 broken_archive, 1 raw_text, 1 unknown_json",
        ),
        ({"TS_01.zip": zip_of({"a.txt": b"1 : a"})}, "1 labels_missing, 1 raw_text: .*no TL_01"),
        ({"a.csv": b"id,text\n1,2"}, r"1 not_json: a.csv \(CSV, it begins with 'id,text 1,2'\)"),
        ({"a.parquet": b"PAR1" + bytes(90)}, r"a.parquet \(Parquet\); expected are AIHub's zips"),
        (
            {"download.tar": "승인되지 않은 데이터".encode()},
            "1 broken_archive: .* text and no archive: it begins with '승인",
        ),
        ({"a.json": b'{"rows": [1]}'}, r"1 unknown_json: a.json \(it begins with"),
        (
            {"보고서.hwp": b"\xd0\xcf\x11\xe0" + bytes(90)},
            r"1 not_json: 보고서.hwp \(HWP or old Office\)",
        ),
        (
            {"표.xlsx": zip_of({"xl/workbook.xml": b"<a/>", "xl/styles.xml": b"<a/>"})},
            r"2 not_json: 표.xlsx \(Excel\); expected",
        ),
        (
            {"사진.zip": zip_of({"1.png": b"\x89PNG", "2.png": b"\x89PNG"})},
            r"2 not_json: 사진.zip \(a zip that holds 1.png\); expected",
        ),
        ({"TL_01.zip": zip_of({})}, r"TL_01.zip \(a zip without files\)"),
        ({"TL_01.zip": b""}, r"1 broken_archive: TL_01.zip \(it is empty\)"),
        (
            {"a.json": b'{"header":{"0":{"dialogueInfo":{}},"1":{}},"body":{"0":[],"1":[]}}'},
            r"a.json \(a table of pandas by columns: write it with to_json\(orient='records'\)",
        ),
        (
            {"a.json": b'{"columns":["header","body"],"index":[0],"data":[[{}, []]]}'},
            r"a.json \(a table of pandas by columns",
        ),
        ({"a.zip": zip_of({"b.zip": ARCHIVE})}, r"1 nested_archive: a.zip!b.zip \(an archive in"),
    ],
)
def test_a_folder_without_anything_readable_is_a_wrong_call(files, words, tmp_path):
    with pytest.raises(CorpusError, match=f"nothing readable in .*: {words}"):
        find(put(tmp_path, files))


def test_a_folder_that_is_none_is_a_wrong_call(tmp_path):
    with pytest.raises(CorpusError, match="There is no"):
        find(tmp_path / "raw")
    (tmp_path / "raw").write_bytes(OURS)
    with pytest.raises(CorpusError, match="is not a folder"):
        find(tmp_path / "raw")


def test_many_loose_documents_of_a_folder_have_one_entry(tmp_path):
    many = {f"많이/{n:03}.json": content(n) for n in range(LOOSE_FILES + 1)}
    few = {f"few/{n:03}.json": content(n) for n in range(LOOSE_FILES)}
    raw = put(tmp_path, {**many, **few, "많이/z.zip": ARCHIVE, "많이/x.txt": b"1 : a"})
    files = {one.path: one for one in find(raw).files}
    assert list(files) == sorted([*few, "많이/", "많이/z.zip"])
    assert (files["많이/"].n_files, files["많이/"].bytes) == (
        len(many),
        sum(map(len, many.values())),
    )
    lines = "".join(
        f"{sha256(one).hexdigest()}  {name[3:]}\n" for name, one in sorted(many.items())
    )
    assert files["많이/"].sha256 == sha256(lines.encode()).hexdigest()
    assert files["few/003.json"].sha256 == sha256(few["few/003.json"]).hexdigest()


def test_making_the_plan_opens_one_document(tmp_path, monkeypatch):
    put(tmp_path, {"a.zip": zip_of({f"{n}.json": OURS for n in range(50)})})
    opened = []

    def counting(*args, **options):
        opened.append(1)
        return open_document(*args, **options)

    monkeypatch.setattr(documents, "open_document", counting)
    assert len(find(tmp_path).documents) == 50
    assert len(opened) == 1


def streams_of(raw, tmp_path):
    """Yield the bytes as a member of a deflated and a stored zip, and as parts."""
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        (tmp_path / "x.zip").write_bytes(zip_of({"a.json": raw}, method=method))
        document = find_one(tmp_path / "x.zip")
        yield open_document(tmp_path, document)
    put(tmp_path, {"p1": raw[:1000], "p2": b"--" + raw[1000:] + b"--"})
    yield Joined(
        tmp_path, (Segment("p1", 0, min(1000, len(raw))), Segment("p2", 2, len(raw[1000:])))
    )


def find_one(path):
    with zipfile.ZipFile(path) as archive:
        (info,) = archive.infolist()
    deflated = info.compress_type == zipfile.ZIP_DEFLATED
    member = Member(info.header_offset, info.compress_size, deflated, info.CRC)
    container = (Segment(path.name, 0, path.stat().st_size),)
    return Document("a", container, member, info.file_size, None)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_small_member_is_unpacked_at_once_only_where_it_is_intact(method, tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(whole := zip_of({"a.json": OURS}, method=method))
    document = find_one(path)

    def at_once(member=document.member, more=0):
        with Joined(tmp_path, document.container) as file:
            found = intact_member(file, member, len(OURS) + more)
            return found and found.read()

    assert at_once() == OURS
    assert at_once(more=1) is None
    assert at_once(more=-1) is None
    assert at_once(document.member._replace(crc=document.member.crc ^ 1)) is None
    assert at_once(document.member._replace(offset=1)) is None
    start = 30 + len("a.json")
    for place in range(start, start + document.member.packed):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert at_once() in (None, OURS)
        path.write_bytes(whole[:place])
        assert at_once() in (None, OURS)
    path.write_bytes(whole[: start + document.member.packed // 2])
    assert at_once() is None


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_a_stream_may_be_sought_and_read_in_any_order(data, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("raw")
    seed = data.draw(st.integers(0, 99))
    raw = random.Random(seed).randbytes(20_000) + bytes(data.draw(st.integers(0, 300_000)))
    raw += random.Random(seed).randbytes(20_000)
    before = streams.MARK_BYTES, streams.BLOCK_UNPACKED, streams.BLOCK
    streams.MARK_BYTES, streams.BLOCK_UNPACKED, streams.BLOCK = 4_000, 3_000, 1_000
    try:
        for stream in streams_of(raw, tmp_path):
            for offset, size in data.draw(
                st.lists(st.tuples(st.integers(0, len(raw)), st.integers(0, 50_000)), max_size=8)
            ):
                assert stream.seek(offset) == stream.tell() == offset
                assert stream.read(size) == raw[offset : offset + size]
                assert stream.tell() == min(offset + size, len(raw))
    finally:
        streams.MARK_BYTES, streams.BLOCK_UNPACKED, streams.BLOCK = before


def test_seeking_back_in_a_big_member_unpacks_little(tmp_path, monkeypatch):
    raw = random.Random(0).randbytes(200_000) * 40
    (tmp_path / "x.zip").write_bytes(zip_of({"a.json": raw}))
    stream = open_document(tmp_path, find_one(tmp_path / "x.zip"))
    assert read_all(stream) == raw
    packed = []
    next_packed = Unpacked._next_packed
    monkeypatch.setattr(
        Unpacked, "_next_packed", lambda self: packed.append(1) or next_packed(self)
    )
    stream.seek(7_000_000)
    assert stream.read(10) == raw[7_000_000:7_000_010]
    assert 0 < len(packed) < 25


@pytest.mark.parametrize("size", [500, 300_000])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_wrong_checksum_is_told_once_all_bytes_were_read(size, method, tmp_path):
    raw = random.Random(1).randbytes(size)
    archive = bytearray(zip_of({"a.json": raw}, method=method))
    archive[archive.find(b"PK\x01\x02") + 16] ^= 1
    (tmp_path / "x.zip").write_bytes(archive)
    stream = open_document(tmp_path, find_one(tmp_path / "x.zip"))
    assert b"".join(stream.read(7_000) for _ in range(-(-size // 7_000))) == raw
    for _ in range(2):
        with pytest.raises(UnreadableError, match="bad_crc"):
            stream.read(1)
    stream.seek(10)
    assert stream.read(5) == raw[10:15]


def test_a_member_that_unpacks_to_another_length_than_declared_is_damaged(tmp_path):
    raw = random.Random(1).randbytes(1000) + bytes(500_000)
    for declared in (len(raw) - 1, 100, len(raw) + 1):
        (tmp_path / "x.zip").write_bytes(declaring(zip_of({"a.json": raw}), declared))
        stream = open_document(tmp_path, find_one(tmp_path / "x.zip"))
        assert stream.read(10**9) == raw[:declared]
        with pytest.raises(UnreadableError, match=r"bad_crc|bad_member"):
            stream.read(1)


def test_damage_in_a_member_costs_what_stands_behind_it(tmp_path):
    raw = random.Random(1).randbytes(2_000_000)
    archive = bytearray(zip_of({"a.json": raw}))
    archive[1_000_000:1_000_300] = b"\xff" * 300
    (tmp_path / "x.zip").write_bytes(archive)
    stream = open_document(tmp_path, find_one(tmp_path / "x.zip"))
    kept = stream.read(10**9)
    assert raw.startswith(kept[:900_000])
    with pytest.raises(UnreadableError, match=r"bad_member|bad_crc"):
        stream.read(1)
    assert stream.seek(10**9) == len(kept)
    (tmp_path / "y.zip").write_bytes(archive.replace(b"PK\x03\x04", b"PK\x03\x05"))
    with pytest.raises(UnreadableError, match="its header"):
        open_document(tmp_path, find_one(tmp_path / "y.zip")).read(1)


def test_a_bomb_takes_no_memory(tmp_path):
    raw = bytes(60_000_000)
    (tmp_path / "x.zip").write_bytes(zip_of({"a.json": raw}))
    stream = open_document(tmp_path, find_one(tmp_path / "x.zip"))
    assert stream.seek(59_999_990) == 59_999_990
    assert stream.read(100) == bytes(10)
    assert len(stream._ready) <= streams.BLOCK_UNPACKED


def test_a_member_of_a_zip_is_known_by_its_keys_whatever_it_is_called(tmp_path):
    members = {
        "행사": content(1),
        "여행.json.bak": content(2),
        "x.csv": b"a,b",
        "y.txt": content(3),
    }
    raw = put(tmp_path, {"a.zip": zip_of(members)})
    assert contents(raw) == {"a.zip!행사": content(1), "a.zip!여행.json.bak": content(2)}
    assert find(raw).left_alone == {"not_json": 1, "raw_text": 1}


@pytest.mark.parametrize("n_members", [0, 3])
def test_what_a_search_has_found_comes_whole_from_another_process(n_members, tmp_path):
    with zipfile.ZipFile(tmp_path / "TL_01.zip", "w") as archive:
        archive.writestr("about.txt", "x")
        for number in range(n_members):
            archive.writestr(f"{number}.json", content(number))
    if n_members:
        (tmp_path / "a.json").write_bytes(content(0))
    search = Search(tmp_path, sniff)
    search.visit_folder("")
    for one in search.files:
        search.visit_file(*one)
    assert len(search.documents) == n_members + bool(n_members)
    assert vars(pickle.loads(pickle.dumps(search))) == vars(search)
