"""Several documents of AIHub 543 in one file, in the shapes that people make of them."""

import io
import json

import pytest
from raw_trees import task_document, topic_document

import corpus
from corpus.reading import entries, framing
from corpus.reading.decode import decode_document, raw_entries
from corpus.records import Document

FOOD = ["국밥", "떡국", "빵", "죽"] * 5
TEXTS = [f"{k}번째 아침에 {food}을 먹었어" for k, food in enumerate(FOOD)]
DOCUMENTS = [
    json.loads(topic_document(f"KAKAO_{k}_01", ("1", text), ("2", f"나는 {k}시에 먹었지")))
    for k, text in enumerate(TEXTS)
]


def as_list(documents):
    return json.dumps(documents, ensure_ascii=False, indent=2)


def as_lines(documents):
    return "\n".join(json.dumps(one, ensure_ascii=False) for one in documents)


def as_one_behind_the_other(documents):
    return "\n".join(json.dumps(one, ensure_ascii=False, indent=2) for one in documents)


def as_one_info(documents):
    infos = [one["info"][0] for one in documents]
    return json.dumps(documents[0] | {"info": infos}, ensure_ascii=False)


def with_annotations_first(documents):
    infos = [dict(reversed(one["info"][0].items())) for one in documents]
    return json.dumps({"info": infos}, ensure_ascii=False)


def as_list_of_infos(documents):
    return json.dumps([one["info"][0] for one in documents], ensure_ascii=False, indent=1)


def as_lines_of_infos(documents):
    return "\n".join(json.dumps(one["info"][0], ensure_ascii=False) for one in documents)


SHAPES = [
    *(as_list, as_lines, as_one_behind_the_other, as_one_info, with_annotations_first),
    *(as_list_of_infos, as_lines_of_infos),
]


def look(raw, start=0, end=None):
    document = Document("raw/TL_all.json", (), None, len(raw), "train")
    return [*decode_document(io.BytesIO(raw), document, start=start, end=end)]


def dialogues(decoded):
    return [one for some in decoded for one in some.dialogues]


def problems(decoded):
    return [one.reason for some in decoded for one in some.rejected]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_dialogue_of_merged_documents_is_read(shape):
    raw = shape(DOCUMENTS).encode()
    decoded = look(raw)
    assert not problems(decoded)
    assert [one.texts[0] for one in dialogues(decoded)] == TEXTS
    assert {one.source for one in dialogues(decoded)} == {"topic"}
    assert sum(one.n_bytes for one in decoded) == len(raw)


@pytest.mark.parametrize("shape", SHAPES)
def test_ranges_of_merged_documents_give_each_dialogue_once(shape, monkeypatch):
    for module in (entries, framing):
        monkeypatch.setattr(module, "CHUNK", 700)
    raw = shape(DOCUMENTS).encode()
    step = len(raw) // 3
    ranges = [(0, step), (step, 2 * step), (2 * step, None)]
    parts = [dialogues(look(raw, *one)) for one in ranges]
    assert [one.texts[0] for part in parts for one in part] == TEXTS
    assert all(parts)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_broken_one_among_merged_documents_costs_itself(shape):
    raw = shape(DOCUMENTS).encode().replace("7번째".encode(), b'"', 1)
    decoded = look(raw)
    assert [one.texts[0] for one in dialogues(decoded)] == TEXTS[:7] + TEXTS[8:]
    assert len(problems(decoded)) == 1


@pytest.mark.parametrize("shape", SHAPES)
def test_the_raw_text_of_one_is_found_again_by_its_place(shape):
    raw = shape(DOCUMENTS).encode()
    document = Document("TL_all.json", (), None, len(raw), "train")
    some = dialogues(look(raw))[3:9:2]
    found = dict(raw_entries(io.BytesIO(raw), document, [one.raw_offset for one in some]))
    assert found == {one.raw_offset: one.raw for one in some}


def test_ids_are_told_apart_where_titles_repeat():
    documents = [DOCUMENTS[0], *(json.loads(json.dumps(one)) for one in DOCUMENTS[1:4])]
    for one in documents:
        one["info"][0]["title"] = "KAKAO_0_01"
    ids = [one.dialogue_id for one in dialogues(look(as_list(documents).encode()))]
    assert len(set(ids)) == len(ids)
    assert all(one.startswith("KAKAO_0_01@") for one in ids)


NOTES = [b"checked [1st] half ", "메모: {검수 끝} ".encode(), b"\0", b"// reviewed\n", b"\xff"]


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("shape", [as_list, as_one_behind_the_other, as_one_info])
def test_a_note_beside_the_dialogues_costs_none_and_is_on_the_record(note, shape):
    raw = shape(DOCUMENTS).encode()
    middle = raw.find(b"\n{", 99) + 1 if shape is as_one_behind_the_other else 0
    for place in {0, middle, len(raw)}:
        noted = raw[:place] + note + raw[place:]
        decoded = look(noted)
        assert len([one for some in decoded for one in some.dialogues]) == len(DOCUMENTS)
        assert set(problems(decoded)) == {"stray_bytes"}
        told = b"".join(one.raw for some in decoded for one in some.rejected)
        assert note.strip() in told
        cut = len(noted) // 2
        both = [*look(noted, end=cut), *look(noted, start=cut)]
        assert problems(both) == problems(decoded)


def test_a_document_cut_short_keeps_what_stands_before_the_cut():
    raw = as_list(DOCUMENTS).encode()
    decoded = look(raw[: len(raw) // 2])
    assert problems(decoded) == ["cut_short"]
    n = len(dialogues(decoded))
    assert [one.texts[0] for one in dialogues(decoded)] == TEXTS[:n]
    assert n >= 8


def test_544_is_merged_as_543_is():
    documents = [
        json.loads(task_document(f"shop_{k}", ("B", text), ("A", "네")))
        for k, text in enumerate(TEXTS)
    ]
    decoded = look(as_list(documents).encode())
    assert {one.source for one in dialogues(decoded)} == {"task"}
    assert [one.texts for one in dialogues(decoded)] == [[text, "네"] for text in TEXTS]


def test_merged_documents_are_built(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/all.json").write_text(as_one_info(DOCUMENTS), encoding="utf-8")
    manifest = corpus.build(tmp_path / "raw", tmp_path / "out", tokenizer="builtin")
    assert manifest["dialogues"] == {"read": 20, "written": 20, "rejected": 0}
    assert not manifest["broken"]
    assert manifest["drawn"] == {"topic": 20}
