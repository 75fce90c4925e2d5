import random
from collections import Counter

import pytest

from corpus.chat.filters import words_of
from corpus.evaluation.material import Spoken
from corpus.evaluation.prompts import STRANGERS, openings, validation_prompts
from corpus.records import CorpusError


def spoken(n, turns=4):
    return [
        Spoken(f"d{k}/0", tuple(f"{k} 번째 대화의 {turn} 번째 말" for turn in range(turns)))
        for k in range(n)
    ]


def test_a_prompt_is_a_dialogue_up_to_one_of_its_replies():
    by_id = {one.id: one.turns for one in spoken(30)}
    for prompt in validation_prompts(spoken(30), 30):
        dialogue, _, cut = prompt.id.rpartition(":")
        turns = by_id[dialogue]
        assert int(cut) % 2 == 1
        assert [one.content for one in prompt.messages] == list(turns[: int(cut)])
        assert prompt.real == turns[int(cut)]
        assert [one.role for one in prompt.messages][-1] == "user"


def test_every_reply_of_a_dialogue_may_be_the_one_that_is_left_out():
    cuts = Counter(one.id.rpartition(":")[2] for one in validation_prompts(spoken(90, 6), 90))
    assert set(cuts) == {"1", "3", "5"}
    assert min(cuts.values()) > 15


def test_the_prompts_are_the_same_in_whatever_order_the_dialogues_come():
    mixed = spoken(60)
    random.Random(1).shuffle(mixed)
    assert validation_prompts(mixed, 40) == validation_prompts(spoken(60), 40)


def test_fewer_prompts_are_the_first_of_more():
    assert validation_prompts(spoken(60), 40)[:15] == validation_prompts(spoken(60), 15)


def test_these_prompts_stay_what_they_are():
    """Figures of two versions could not be compared otherwise."""
    ids = [one.id for one in validation_prompts(spoken(60), 4)]
    assert ids == ["d19/0:3", "d50/0:1", "d10/0:3", "d41/0:3"]


def test_each_reply_is_the_real_one_once_and_a_strangers_nine_times():
    prompts = validation_prompts(spoken(40), 40)
    real = Counter(one.real for one in prompts)
    strangers = Counter(text for one in prompts for text in one.strangers)
    assert strangers == Counter({text: STRANGERS * n for text, n in real.items()})


def test_strangers_are_of_other_dialogues_and_no_two_say_the_same():
    same = [Spoken(f"d{k}/{part}", ("뭐해", f"{k % 25} 번!")) for k in range(50) for part in (0, 1)]
    for prompt in validation_prompts(same, 100):
        words = [words_of(text) for text in (prompt.real, *prompt.strangers)]
        assert all(words.count(one) == 1 for one in words)


def test_a_validation_split_that_says_always_the_same_is_refused():
    same = [Spoken(f"d{k}/0", ("뭐해", "응")) for k in range(50)]
    with pytest.raises(CorpusError, match="not 9 other replies"):
        validation_prompts(same, 10)


def test_there_are_twenty_openings_and_nobody_replied_to_them():
    found = openings()
    assert len({one.asked for one in found}) == 20
    assert not any(one.real or one.strangers for one in found)
