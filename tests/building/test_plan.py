from hypothesis import given
from hypothesis import strategies as st

from corpus.building.plan import ITEM_BYTES, make_plan, n_bytes
from corpus.records import Document, Member, Segment

SIZES = st.lists(
    st.integers(0, 4 * ITEM_BYTES) | st.integers(0, 1000) | st.just(40 * ITEM_BYTES), max_size=12
)


def documents(sizes):
    return [
        Document(f"{k}.json", (Segment(f"{k}.json", 0, size),), None, size, None)
        for k, size in enumerate(sizes)
    ]


@given(SIZES)
def test_every_byte_of_every_document_is_in_one_item(sizes):
    items = make_plan(documents(sizes))
    covered = {f"{k}.json": 0 for k in range(len(sizes))}
    for item in items:
        if len(item.documents) > 1:
            assert (item.start, item.end) == (0, None)
        for document in item.documents:
            assert item.start == covered[document.raw_file]
            covered[document.raw_file] = document.size if item.end is None else item.end
    assert covered == {f"{k}.json": size for k, size in enumerate(sizes)}
    assert sum(map(n_bytes, items)) == sum(sizes)
    assert [item.index for item in items] == list(range(len(items)))


@given(SIZES)
def test_documents_stay_in_order(sizes):
    names = [d.raw_file for item in make_plan(documents(sizes)) for d in item.documents]
    assert list(dict.fromkeys(names)) == [f"{k}.json" for k in range(len(sizes))]


def test_small_documents_are_grouped_and_big_ones_cut():
    small, big = ITEM_BYTES // 4, 4 * ITEM_BYTES
    items = make_plan(documents([small] * 5 + [big]))
    assert [len(item.documents) for item in items[:2]] == [4, 1]
    assert [(item.start, item.end) for item in items[2:]] == [
        (0, ITEM_BYTES),
        (ITEM_BYTES, 2 * ITEM_BYTES),
        (2 * ITEM_BYTES, 3 * ITEM_BYTES),
        (3 * ITEM_BYTES, None),
    ]


def test_a_single_document_keeps_many_workers_busy_and_a_member_of_a_zip_some():
    (big,) = documents([500 * ITEM_BYTES])
    assert len(make_plan([big])) == 64
    assert len(make_plan([big._replace(member=Member(0, 1, deflated=True, crc=0))])) == 16
