"""A batch of dialogues becomes what its dialogues become one by one."""

from collections import Counter, defaultdict
from itertools import chain

import pytest
from effort import tries
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.dialogues.batch import build_batch
from corpus.dialogues.cuts import OVERLONG
from corpus.dialogues.drafts import DIALOGUE, TURN
from corpus.options import options_of
from corpus.output.rows import COLUMNS
from corpus.records import SOURCES, Dialogue
from corpus.report.examples import Examples
from corpus.text.normalisation import normalise_texts
from corpus.tokens.encoder import Encoder
from corpus.tokens.find import find_tokenizer

TEXTS = st.sampled_from(
    [
        *("응", "안녕ㅋㅋㅋㅋ", "#@이름#아 밥 먹었어?", "#@이름#이 **도 온대!!", "#@시스템#사진#"),
        *(
            "(웃음)",
            "내일 10:30에 #@주소#역에서 봐",
            "010",
            "0000",
            "1234",
            "뷁쀍",
            "좋아요😂 " * 12,
        ),
    ]
)
LINES = st.lists(st.tuples(st.sampled_from("AAABBBC"), TEXTS), max_size=9)
LAW = settings(max_examples=tries(40), deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def encoder():
    return Encoder(find_tokenizer("builtin").json)


def dialogues_of(source, several):
    return [
        Dialogue(
            source,
            f"d{k}",
            "여행",
            "validation" if k % 3 == 0 else "train",
            [speaker for speaker, _ in lines],
            [text for _, text in lines],
            "a.json",
            k,
            f'{{"n": {k}}}'.encode(),
        )
        for k, lines in enumerate(several)
    ]


def of_batch(dialogues, encoder, options):
    counts = defaultdict(Counter)
    examples = Examples(of_many=True)
    return build_batch(dialogues, encoder, counts, examples, options, one_in=2), counts


@LAW
@given(
    several=st.lists(LINES, max_size=6),
    source=st.sampled_from(SOURCES),
    choices=st.fixed_dictionaries(
        {
            "multi_party": st.sampled_from(["drop", "nearest", "fold"]),
            "usr_ending": st.sampled_from(["drop", "trim"]),
            "overlong": st.sampled_from(OVERLONG),
            "max_tokens": st.sampled_from([6, 20, 60, 256]),
            "dedup": st.sampled_from(["exact", "near"]),
            "rules": st.sampled_from(["default", "chathuman"]),
            "personal": st.sampled_from(["drop", "keep"]),
        }
    ),
)
def test_a_batch_is_its_dialogues(encoder, several, source, choices):
    dialogues, options = dialogues_of(source, several), options_of(**choices)
    whole, counts = of_batch(dialogues, encoder, options)
    alone = [of_batch([dialogue], encoder, options) for dialogue in dialogues]
    tables = [built.rows for built, _ in alone]
    assert whole.rows.to_pylist() == [row for table in tables for row in table.to_pylist()]
    assert whole.keys.tolist() == [key for built, _ in alone for key in built.keys.tolist()]
    assert whole.texts == [text for built, _ in alone for text in built.texts]
    places = {(one.dialogue_id, one.reason, one.detail) for one in whole.rejected}
    assert places == {
        (one.dialogue_id, one.reason, one.detail) for built, _ in alone for one in built.rejected
    }
    summed = defaultdict(Counter)
    for _, counted in alone:
        for name, counter in counted.items():
            summed[name].update(counter)
    assert {name: +counter for name, counter in counts.items() if +counter} == {
        name: +counter for name, counter in summed.items() if +counter
    }
    for row in whole.rows.to_pylist():
        written = "".join(
            ("<usr>" if message["role"] == "user" else "<sys>") + message["content"]
            for message in row["messages"]
        )
        assert row["conversation"] == written
        ids = [encoder.usr_id, encoder.sys_id]
        of_turns = [
            [ids[place % 2], *memoryview(of_text).cast("i")]
            for place, of_text in enumerate(
                encoder.encode([message["content"] for message in row["messages"]])
            )
        ]
        assert row["token_ids"] == list(chain.from_iterable(of_turns))
        assert row["n_tokens"] == len(row["token_ids"]) <= choices["max_tokens"] - 2


@pytest.mark.parametrize("rules", ["default", "chathuman"])
def test_no_text_holds_what_parts_turns_and_dialogues(rules):
    texts = [f"가{TURN}나{DIALOGUE}다", f"{DIALOGUE}#@이름#", f"({TURN})", "\u2028\x85\f"]
    for text in normalise_texts(texts, rules=rules).texts:
        assert text is None or not {TURN, DIALOGUE} & set(text)


def test_no_dialogues_are_no_rows(encoder):
    built, counts = of_batch([], encoder, options_of())
    assert built.rows.schema == COLUMNS
    assert (len(built.rows), len(built.keys), built.rejected, counts) == (0, 0, [], {})
