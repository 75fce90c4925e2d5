"""Models that were made bad on purpose: each is found by its column, and by no other."""

import re
from functools import cache

import pytest
from corpora import BUILTIN, write_corpus
from stand_ins import Scripted, save_gpt2

from corpus.chat.reply import Draw
from corpus.evaluation import run
from corpus.evaluation.measure import FLAGS
from corpus.evaluation.run import Settings
from corpus.tokens.encoder import Encoder

PEOPLE = ("지우", "민수", "서연", "도윤", "하은", "준호", "수빈", "예린", "태민", "가은")
PLACES = ("한강", "제주", "부산", "강릉", "속초", "여수", "경주", "전주")
N = 40
# Of one token each, so that no run of them is another's.
WORDS = [
    text.strip()
    for text in Encoder(BUILTIN.read_bytes()).token_texts
    if re.fullmatch(" [가-힣]{2,}", text)
] * 2


def reply_of(k):
    return f"{PEOPLE[k % 10]}랑 {PLACES[k % 8]} 가서 사진 {k}장 찍고 왔어"


def copied(k):
    return f"{PLACES[k % 8]}에서는 버스를 {k}번 타야 도착한대"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A corpus of which no two replies are alike, and a model folder."""
    folder = tmp_path_factory.mktemp("bad")
    train = [(f"{k}번 버스 어디로 가?", copied(k)) for k in range(200)]
    validation = [(f"{PEOPLE[k % 10]} {k}일에 뭐 하고 왔는지 알아?", reply_of(k)) for k in range(N)]
    write_corpus(folder / "processed", train, validation)
    save_gpt2(folder / "model")
    return folder


def number(asked):
    """Which prompt it is; an opening of ours is none."""
    found = re.search(r"(\d+)일", asked)
    return int(found[1]) if found else 0


def repeats(asked):
    return f"{number(asked)}일이야? 아 그래 알겠어 내일 봐 아 그래 알겠어 내일 봐"


def parrots(asked):
    return asked


def copies(asked):
    return copied(number(asked))


def says_yes(_asked):
    return "응"


def never_ends(asked):
    return " ".join(WORDS[number(asked) * 9 : number(asked) * 9 + 60])


BAD = {
    "loops": repeats,
    "parrot": parrots,
    "copied": copies,
    "generic": says_yes,
    "unfinished": never_ends,
}


@pytest.fixture
def evaluate(places, reader, monkeypatch):
    """Evaluate a model that replies to a message as a function says."""

    def evaluate(reply):
        encoder = reader.encoder

        @cache
        def script(prompt):
            begin = len(prompt) - 1 - prompt[::-1].index(encoder.usr_id)
            asked = encoder.decode(prompt[begin + 1 : -1])
            [ids] = reader.ids([reply(asked)])
            return tuple(ids)

        monkeypatch.setattr(run, "Model", Scripted(script, encoder.eos_id))
        return run.evaluate(places / "model", places / "processed", Settings(N, Draw()))

    return evaluate


@pytest.mark.parametrize("flag", BAD)
def test_a_bad_model_is_found_by_its_column_and_not_by_the_others(flag, evaluate):
    result = evaluate(BAD[flag])
    found = {one for row in result.rows for one in row.conspicuous}
    assert found == {flag}
    greedy = result.row("greedy").numbers.values
    assert greedy[flag] > 0.9
    assert all(greedy[other] < 0.1 for other in FLAGS if other != flag)


def test_of_a_model_that_replies_as_people_do_nothing_is_named(evaluate):
    result = evaluate(lambda asked: f"{number(asked)}일에는 놀러 갔다 왔지 뭐")
    assert not [row.name for row in result.rows if row.conspicuous]


def test_a_model_that_says_nothing_is_empty_and_one_that_curses_unsafe(evaluate):
    assert "empty" in evaluate(lambda _: "").row("greedy").conspicuous
    result = evaluate(lambda asked: f"{number(asked)}일은 아 시발 짜증나네")
    assert {one for row in result.rows for one in row.conspicuous} == {"unsafe"}


def test_a_person_is_above_every_model_and_a_stranger_stands_at_chance(evaluate):
    result = evaluate(repeats)
    hits = {row.name: row.numbers.values["hits_at_1"] for row in result.rows}
    assert hits.pop("person") == 1.0
    assert hits.pop("stranger") == pytest.approx(0.1)
    assert all(share < 1.0 for share in hits.values())
