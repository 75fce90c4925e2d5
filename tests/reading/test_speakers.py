"""What a dialogue says of its speakers, however its header is spoilt."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_trees import summary_document, summary_entry, topic_document, write

import corpus
from corpus.building import run
from corpus.names.given import names_of
from corpus.reading.sources.speakers import speaker_traits
from corpus.records import SpeakerTraits

ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4), st.just("20대")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["participantID", "age", "gender", "id", "sex", "speaker"]), inner
        ),
    ),
    max_leaves=8,
)


def entry(participants, date="2020-10-18"):
    lines = [{"participantID": "P01", "date": date, "utterance": "안녕"}]
    return json.dumps(
        {"header": {"participantsInfo": participants}, "body": {"dialogue": lines}}
    ).encode()


@pytest.mark.parametrize(
    ("gender", "age", "date", "traits"),
    [
        ("여성", "20대", "2020-10-18", SpeakerTraits("female", 1990)),
        ("남성", "30대", "2020-10-18", SpeakerTraits("male", 1980)),
        ("남", "10대", "2021-01-01", SpeakerTraits("male", 2000)),
        ("여", "60대 이상", "2020-10-18", SpeakerTraits("female", 1950)),
        ("여성", "27세", "2019-10-18", SpeakerTraits("female", 1990)),
        ("기타", "20대 미만", "2020-10-18", SpeakerTraits("any", 1990)),
        (None, "20대", "2020-10-18", SpeakerTraits("any", 1990)),
        ("여성", 20, "2020-10-18", SpeakerTraits("female", None)),
        ("여성", "20대", "어제", SpeakerTraits("female", None)),
    ],
)
def test_sex_and_decade_are_what_the_header_says(gender, age, date, traits):
    raw = entry([{"participantID": "P01", "gender": gender, "age": age}], date)
    assert speaker_traits("summary", raw) == {"P01": traits}
    assert speaker_traits("sns", raw) == {"P01": traits}


def test_topic_says_it_line_by_line():
    raw = topic_document("d", ("1", "안녕"), ("2", "응"))
    raw = raw.replace(b'"annotations"', b'"date": "2021-09-15", "annotations"')
    expected = SpeakerTraits("female", 1990)
    assert speaker_traits("topic", raw) == {"1번": expected, "2번": expected}


@given(ANY, st.sampled_from(["summary", "sns", "topic"]))
def test_whatever_stands_there_is_no_error(value, source):
    for raw in (
        entry(value),
        json.dumps({"info": [{"annotations": {"lines": [value]}}]}).encode(),
        json.dumps({"info": [{"annotations": {"lines": [{"speaker": value}]}}]}).encode(),
        json.dumps(value).encode(),
    ):
        for traits in speaker_traits(source, raw).values():
            assert traits.sex in ("male", "female", "any")


def test_a_build_calls_people_by_names_of_their_time(tmp_path):
    entries = []
    for k in range(30):
        one = summary_entry(f"d{k}", ("A", f"#@이름#아 {k}시에 봐"), ("B", f"응 {k}시"))
        one["header"]["participantsInfo"][1] |= {"gender": "남성", "age": "50대"}
        entries.append(one)
    raw = write(tmp_path / "raw", Training__a=summary_document(*entries))
    run.build(raw, tmp_path / "out", tokenizer="builtin")
    names = {text[5:7] for text in corpus.load(tmp_path / "out")["conversation"]}
    assert names <= set(names_of(1960)["male"]["C"])
    assert len(names) > 3
