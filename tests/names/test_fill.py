"""Invented names fit what was typed for the real ones, and there are no more than are needed."""

import itertools
import json
import math
import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from effort import tries
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.names.fill import fill_names
from corpus.names.given import DECADES, UNKNOWN, names_of
from corpus.names.lexicon import PLACES, SURNAME_STEPS, SURNAMES, WORDS
from corpus.names.particles import PARTICLES
from corpus.records import (
    ADDRESS,
    AFFILIATION,
    FIRM,
    MASKED_FULL,
    MASKED_GIVEN,
    MASKED_PLACE,
    MASKED_STEM,
    MASKED_SURNAME,
    NAME,
    PLACEHOLDERS,
    SpeakerTraits,
)

CASES = json.loads((Path(__file__).parents[1] / "cases" / "names.json").read_text(encoding="utf-8"))

MARKS = {
    "#@이름#": NAME,
    "#@주소#": ADDRESS,
    "#@소속#": AFFILIATION,
    "#@회사#": FIRM,
    "{**}": MASKED_GIVEN,
    "{***}": MASKED_FULL,
    "{*}": MASKED_SURNAME,
    "{stem}": MASKED_STEM,
    "{place}": MASKED_PLACE,
}

# The table of the design, row by row: ending and form of the name, and what follows it.
TABLE = {
    "C given": "이가 이는 이를 이도 이두 이만 이한테 이한텐 이에게 이네 이의 이와 이보다 이처럼"
    " 이하고 이까지 이부터 이꺼 이예요 이 인 인데 아",  # 인 and 인데: C where they stand alone
    "C either": "이랑 이라 이라고 이라는 이란 이라도 이면 이었 이에요 이야 이고 이며 이지 이죠 이다"
    " 이냐 이니 이래 이구 이잖 이든 은 을 과 으로",
    "O given": "야 얌 양 여",
    "O either": "가 는 눈 능 를 와 랑 랑도 로 라 라고 라는 라도 라면 라서 란 면 였 예요 냐 니 지 죠"
    " 다 래 잖 든 구나 고 며 여서 용 야말로",
    "O if given": "도 두 만 한테 한텐 에게 의 하고 보다 처럼 까지 부터 께 답게 네",
    "any either": "님 씨 쌤 샘 선생님 오빠 언니 누나 형 선배 이모 이사 삼촌 과장 대리 의원 교수"
    " 입니다",
    "any given": "안고자고 우리내일 하 에 에서 에요 걔",
}

# Percent of South Koreans, census of 2015
_CENSUS = (
    "김 21.5 이 14.7 박 8.4 정 4.8 최 4.7 조 2.9 강 2.6 윤 2.1 임 2.0 장 2.0 신 2.0 유 1.9 한 1.6"
    " 오 1.5 서 1.5 전 1.5"
)
CENSUS = dict(zip(_CENSUS.split()[::2], map(float, _CENSUS.split()[1::2]), strict=True))

SUFFIXES = "동역구시읍"


def placeholders(text):
    for mark, placeholder in MARKS.items():
        text = text.replace(mark, placeholder)
    return text


def fill(*texts, seed=0, dialogue_id="d"):
    """Fill `a: ...`, `b: ...` in the marks of the cases."""
    parted = [text.partition(": ") for text in texts]
    return fill_names(
        dialogue_id,
        [speaker for speaker, _, _ in parted],
        [placeholders(text) for _, _, text in parted],
        seed=seed,
    )


def surrogates(text, filled, people):
    """Return what stands in `filled` for each placeholder of `text`; all else must be as it was."""
    words = {kind: "|".join(pool["any"]) for kind, pool in WORDS.items()}
    of_place = "|".join(words[kind] for kind in PLACES)
    shapes = {
        NAME: "|".join(f"{name}|{name[-2:]}|{name[:-2]}" for name in people),
        AFFILIATION: "|".join(words[kind] for kind in words if kind not in PLACES),
    }
    shapes[FIRM] = shapes[AFFILIATION]
    shapes |= dict.fromkeys((ADDRESS, MASKED_STEM, MASKED_PLACE), of_place)
    shapes |= dict.fromkeys((MASKED_GIVEN, MASKED_FULL, MASKED_SURNAME), shapes[NAME])
    shapes[NAME] = "|".join(filter(None, (shapes[NAME], shapes[AFFILIATION])))  # before 고등학교
    for kind in (MASKED_GIVEN, MASKED_FULL):  # where a place was named before
        shapes[kind] = "|".join(filter(None, (shapes[kind], of_place, shapes[AFFILIATION])))
    pattern = "".join(
        f"({shapes[character]})" if character in PLACEHOLDERS else re.escape(character)
        for character in text
    )
    match = re.fullmatch(pattern, filled)
    assert match, (text, filled)
    return match.groups()


def disagreement(shown, wanted, people):
    """Return what is wrong with a name before its particle, by the design's words alone."""
    ending, form = "any", wanted
    if " " in wanted:
        ending, _, form = wanted.partition(" ")
    full = shown in people
    final = (ord(shown[-1]) - 0xAC00) % 28
    if form == "surname":
        return None if len(shown) == 1 else "not a surname"
    if len(shown) not in ((3, 4) if full else (2,)):
        return "neither a given name of two syllables nor a surname before one"
    if final == 8:
        return "ends in ㄹ"
    if (form == "given" and full) or (form == "full" and not full):
        return f"not {form}"
    needs_vowel = ending == "O" and (form != "if given" or not full)
    if (ending == "C" and not final) or (needs_vowel and final):
        return f"does not end in {ending}"
    return None


@pytest.mark.parametrize("case", CASES, ids=lambda case: " / ".join(case["texts"]))
def test_a_golden_case_is_filled_as_its_demands_say(case):
    for seed in range(tries(5)):
        check(case, fill(*case["texts"], seed=seed))


def check(case, filled):
    texts = [placeholders(text.partition(": ")[2]) for text in case["texts"]]
    shown = [
        word
        for before, after in zip(texts, filled.texts, strict=True)
        for word in surrogates(before, after, filled.people)
    ]
    assert len(filled.people) == case["people"]
    for word, wanted in zip(shown, case["names"], strict=True):
        kind, _, ending = wanted.partition(" ")
        if kind not in ("place", "affiliation"):
            assert disagreement(word, wanted, filled.people) is None, (word, wanted)
        elif ending in WORDS:
            assert word in WORDS[ending]["any"]
        else:
            assert word in WORDS[kind]["any"]
            final = (ord(word[-1]) - 0xAC00) % 28
            assert {"C": final not in (0, 8), "O": not final, "any": True}[ending], (word, wanted)
    if "same" in case:
        kinds = [wanted.partition(" ")[0] in ("place", "affiliation") for wanted in case["names"]]
        who = [word if kind else word[-2:] for word, kind in zip(shown, kinds, strict=True)]
        for (one, same), (other, same_) in itertools.combinations(
            zip(who, case["same"], strict=True), 2
        ):
            assert (one == other) == (same == same_), (who, case["same"])
    for name in case.get("called", ()):  # a surname that was typed is that person's
        assert any(person.startswith(name) for person in filled.people), filled.people


def test_no_name_of_thousands_drawn_disagrees_with_its_particle():
    n_drawn = 0
    for wanted, particles in TABLE.items():
        for particle in particles.split():
            lengths = set()
            for k, after in itertools.product(range(5), ("", " 왔어", "ㅋㅋ", "!")):
                dialogue_id = f"{particle}{k}{after}"
                filled = fill(f"a: 아까 #@이름#{particle}{after}", dialogue_id=dialogue_id)
                shown = filled.texts[0].removeprefix("아까 ").removesuffix(particle + after)
                assert disagreement(shown, wanted, filled.people) is None, filled.texts
                lengths.add(len(shown))
                n_drawn += 1
            # a surname that is allowed is shown now and then
            assert lengths == ({2} if wanted.endswith(" given") and "if" not in wanted else {2, 3})
    assert n_drawn >= 2300


def test_the_table_has_no_particle_that_the_design_has_not():
    covered = {particle for particles in TABLE.values() for particle in particles.split()}
    assert set(PARTICLES) <= covered


@pytest.mark.parametrize("glued", ["배", "우리", NAME, ADDRESS])
def test_what_is_glued_before_a_tag_leaves_no_room_for_a_surname(glued):
    for k in range(40):
        texts = [f"{glued}{NAME} 왔어"]
        filled = fill_names(f"d{k}", ["a"], texts, seed=0)
        shown = surrogates(texts[0], filled.texts[0], filled.people)
        assert len(shown[-1]) == 2


def test_surnames_are_as_common_as_in_the_census():
    n = 20_000
    drawn = Counter(fill("a: #@이름# 왔어", dialogue_id=str(k)).people[0][0] for k in range(n))
    for surname, percent in CENSUS.items():
        share = percent / 100
        error = math.sqrt(share * (1 - share) / n) + 0.002  # rounding, and the tail left out
        assert abs(drawn[surname] / n - share) < 4 * error, (surname, drawn[surname] / n)


def test_the_surnames_cover_the_country():
    assert len(SURNAMES) == len(SURNAME_STEPS) == len(set(SURNAMES))
    assert SURNAME_STEPS[-1] / 49_706 > 0.99  # thousands of people counted in 2015
    assert all(len(surname) == 1 for surname in SURNAMES)


@pytest.mark.parametrize("particle", ["", " 왔어", "이랑", "는", "님", "도"])
def test_a_surname_is_shown_in_about_half_of_the_mentions_that_may(particle):
    n = 4_000
    full = 0
    for k in range(n // 4):
        filled = fill(*[f"a: #@이름#{particle}"] * 4, dialogue_id=str(k))
        full += sum(text.startswith(filled.people[0]) for text in filled.texts)
    assert abs(full / n - 0.5) < 0.04


def test_somebody_of_whom_nothing_is_known_has_a_name_given_since_1985():
    drawn = {fill("a: #@이름# 왔어", dialogue_id=str(k)).people[0][1:] for k in range(6_000)}
    assert UNKNOWN >= 1985
    assert drawn == set(names_of(UNKNOWN)["any"]["any"])


@pytest.mark.parametrize(
    ("title", "sex", "decade"),
    [
        ("형", "male", 1990),
        ("이 오빠", "male", 1990),
        ("누나", "female", 1990),
        (" 언니", "female", 1990),
        ("이이모", "female", 1970),
        ("양", "female", 1990),
        (" 할머니", "female", 1950),
        ("할아버지", "male", 1950),
        (" 아줌마", "female", 1960),
        (" 과장님", "any", 1980),
        ("선생님", "any", 1970),
        (" 사장님", "any", 1960),
    ],
)
def test_a_title_says_which_sex_and_age_somebody_is_of(title, sex, decade):
    for k in range(50):
        filled = fill(f"a: #@이름#{title} 왔어?", dialogue_id=str(k))
        assert filled.people[0][1:] in names_of(decade)[sex]["any"]


def test_titles_of_two_sexes_are_two_people():
    for k in range(20):
        assert len(fill("a: #@이름#형 왔어", "b: #@이름#언니 왔어", dialogue_id=str(k)).people) == 2
    filled = fill("a: #@이름#오빠랑 #@이름#언니랑", "b: #@이름# 언니만?", "b: #@이름# 오빠는?")
    brother, sister = filled.people
    assert sister[1:] in filled.texts[1]
    assert brother[1:] in filled.texts[2]


DIALOGUE = [
    "a: #@이름#아 어제 #@이름#이랑 #@주소#에서 만났어?",
    "b: 아니 #@이름#가 #@소속# 다녀서 못 만났어",
    "a: #@이름#도? #@주소#동 사는 #@이름# 말이야",
    "c: #@이름#야 너 #@이름# 씨 알아?",
]


def test_the_same_seed_gives_the_same_and_another_only_other_names():
    first, again, other = fill(*DIALOGUE), fill(*DIALOGUE), fill(*DIALOGUE, seed=1)
    assert first == again
    assert first.texts != other.texts
    assert len(first.people) == len(other.people)
    for text, *both in zip(DIALOGUE, first.texts, other.texts, strict=True):
        for filled, people in zip(both, (first.people, other.people), strict=True):
            surrogates(placeholders(text.partition(": ")[2]), filled, people)


def test_a_dialogue_is_filled_alike_in_any_order_of_dialogues_and_in_another_process():
    ids = [f"d{k}" for k in range(20)]
    forward = {one: fill(*DIALOGUE, dialogue_id=one).texts for one in ids}
    backward = {one: fill(*DIALOGUE, dialogue_id=one).texts for one in reversed(ids)}
    assert forward == backward
    assert len({tuple(texts) for texts in forward.values()}) == len(ids)
    program = (
        "import json, sys; from corpus.names.fill import fill_names;"
        "print(json.dumps(fill_names(*json.load(sys.stdin), seed=0).texts))"
    )
    texts = [placeholders(text.partition(": ")[2]) for text in DIALOGUE]
    result = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(["d7", ["a", "b", "a", "c"], texts]),
        env=os.environ | {"PYTHONHASHSEED": "12345"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(result.stdout) == forward["d7"]


def test_what_an_id_and_a_seed_give_stays():
    """A change here changes every corpus: it belongs in the changelog."""
    filled = fill(*DIALOGUE, dialogue_id="8f1c")
    assert [person[0] for person in filled.people] == ["박", "김", "이"]
    assert filled.texts[0].split()[-2] == "군산에서"


def test_one_person_has_one_name_all_through_a_dialogue():
    for k in range(50):
        filled = fill(
            *[f"a: #@이름#{x}" for x in ("아", "이가", "", "이랑", "도")], dialogue_id=str(k)
        )
        (person,) = filled.people
        for text in filled.texts:
            assert text.startswith((person, person[1:]))


def test_one_person_is_shown_with_and_without_the_surname():
    shown = [fill(*["a: #@이름# 왔어"] * 4, dialogue_id=str(k)) for k in range(50)]
    assert any(len(set(filled.texts)) == 2 for filled in shown)


def test_who_can_do_without_a_surname_is_chosen_before_who_cannot():
    for k in range(20):
        filled = fill("a: #@이름#이가", "a: #@이름#가", "b: #@이름#도", dialogue_id=str(k))
        assert filled.people[1][1:] in filled.texts[2]


def test_people_of_one_dialogue_have_different_given_names():
    for k in range(50):
        filled = fill("a: #@이름# #@이름# #@이름# #@이름#이 #@이름#가", dialogue_id=str(k))
        assert len({person[1:] for person in filled.people}) == 5


def test_people_shown_by_surname_alone_have_different_surnames():
    for k in range(200):
        filled = fill("a: {*}씨랑 {*}씨", "b: {***}도", "b: #@이름# #@이름#", dialogue_id=str(k))
        assert len({person[0] for person in filled.people}) == len(filled.people)


def test_speakers_who_call_each_other_are_not_the_one_who_is_spoken_of():
    for k in range(20):
        filled = fill(
            "a: #@이름#아 안녕", "b: #@이름#아 안녕", "b: #@이름#이가 그래?", dialogue_id=str(k)
        )
        called_by_a, called_by_b, third = filled.people
        assert filled.texts[1].startswith(called_by_b[1:])
        assert filled.texts[2].startswith(third[1:])
        assert called_by_a != called_by_b


def test_what_was_filled_is_counted():
    counts = fill(*DIALOGUE, "a: {stem}구").counts
    assert counts["name"] == 7
    assert counts["place"] == 3
    assert counts["affiliation"] == 1
    assert {key: counts[key] for key in ("아", "이랑", "가", "도", "야", "-")} == dict(
        zip(("아", "이랑", "가", "도", "야", "-"), (1, 1, 1, 1, 1, 2), strict=True)
    )


def test_a_dialogue_with_more_callers_than_names_is_filled():
    speakers = [str(k) for k in range(200)]
    filled = fill_names("d", speakers, [f"{NAME}아"] * 200, seed=0)
    assert len(filled.people) == 200
    assert not set("".join(filled.texts)) & set(PLACEHOLDERS)


@settings(deadline=None)  # the first example fills caches
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.text(PLACEHOLDERS + "이가도아야동에서 ㅋ?안1", max_size=30)
        )
    ),
    st.text(max_size=5),
    st.integers(),
)
def test_no_placeholder_is_left_and_everything_around_them_is_as_it_was(lines, dialogue_id, seed):
    speakers, texts = [speaker for speaker, _ in lines], [text for _, text in lines]
    filled = fill_names(dialogue_id, speakers, texts, seed=seed)
    for before, after in zip(texts, filled.texts, strict=True):
        assert not set(after) & set(PLACEHOLDERS)
        surrogates(before, after, filled.people)
    assert sum(filled.counts[kind] for kind in ("name", "place", "affiliation")) == sum(
        character in PLACEHOLDERS for text in texts for character in text
    )


# What follows a name, its ending, and whether it calls.
SNIPPETS = {
    "이가": ("C", False),
    "가": ("O", False),
    "아": ("C", True),
    "야": ("O", True),
    "": ("any", False),
    "만": ("any", False),
}
GAPS = [
    " ",
    " 그랬어. 또 ",
    " 그랬어. 조금 뒤에 드디어 또 ",
]  # the middle one: near, but not past the next


def fewest(mentions, *, two):
    """Return the least number of people, by trying every way to share the mentions out."""

    @cache
    def clash(one, other):
        turn, at, sentence, speaker, (ending, calls) = one
        turn_, at_, sentence_, speaker_, (ending_, calls_) = other
        return (
            {ending, ending_} == {"C", "O"}
            or (turn == turn_ and abs(at - at_) - 1 <= 12)
            or (calls and calls_ and speaker != speaker_)
            # In a dialogue of two, who is called is the other speaker, who is not spoken of by
            # himself or herself, nor by name by whoever calls him or her.
            or (two and calls != calls_)
            or (turn, sentence) == (turn_, sentence_)
        )

    def least(rest, people):
        if not rest:
            return len(people)
        first, *rest = rest
        best = least(rest, [*people, [first]])
        for k, person in enumerate(people):
            if not any(clash(first, other) for other in person):
                best = min(best, least(rest, [*people[:k], [*person, first], *people[k + 1 :]]))
        return best

    return least(mentions, [])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.lists(
                st.tuples(st.sampled_from(sorted(SNIPPETS)), st.sampled_from(GAPS)), max_size=4
            ),
        ),
        max_size=5,
    ).filter(lambda lines: sum(len(line) for _, line in lines) <= 7)
)
def test_no_more_people_are_invented_than_the_grammar_demands(lines):
    texts, mentions = [], []
    for turn, (speaker, line) in enumerate(lines):
        text = ""
        for snippet, gap in line:
            mentions.append((turn, len(text), text.count("."), speaker, SNIPPETS[snippet]))
            text += NAME + snippet + gap
        texts.append(text)
    filled = fill_names("d", [speaker for speaker, _ in lines], texts, seed=0)
    two = len({speaker for speaker, _ in lines}) == 2
    assert len(filled.people) == fewest(mentions, two=two)


def known(**speakers):
    """Traits of speakers, as `a=("female", 1990)`."""
    return lambda: {name: SpeakerTraits(*traits) for name, traits in speakers.items()}


BOTH = ("male", "female")


@pytest.mark.parametrize("decade", DECADES)
@pytest.mark.parametrize("sex", BOTH)
@pytest.mark.parametrize("call", ["아 밥 먹자", "야 밥 먹자"])
def test_who_is_called_has_a_name_of_the_other_speaker_s_sex_and_decade(decade, sex, call):
    seen = set()
    for k in range(60):
        speakers, texts = ["a", "b"], [NAME + call, f"{NAME}이가 누구야"]
        traits = known(a=("female" if sex == "male" else "male", 1900), b=(sex, decade))
        filled = fill_names(str(k), speakers, texts, seed=0, traits=traits)
        given = filled.texts[0][:2]
        assert given in names_of(decade)[sex]["C" if call[0] == "아" else "O"]
        seen.add(given)
    assert len(seen) >= 3


def test_a_title_is_of_somebody_else_and_the_sex_of_who_is_called_stays():
    for k in range(40):
        texts = [f"{NAME} 오빠 왔어?", f"{NAME}아 안녕"]
        traits = known(a=("female", 1990), b=("male", 1990))
        filled = fill_names(str(k), ["a", "b"], texts, seed=0, traits=traits)
        assert filled.texts[1][:2] in names_of(1990)["female"]["C"]


TWO = {"a": ("female", 1990), "b": ("male", 1980)}


def of(names, decade, sex):
    return {word[-2:] for word in names} <= set(names_of(decade)[sex]["any"])


@pytest.mark.parametrize(
    "call",
    [
        "아 안녕",
        "야 안녕",
        " 씨는요?",
        "님은 뭐 좋아해요?",
        "쌤 오늘 뭐 하세요?",
        "씨 밥 드셨어요?",
    ],
)
def test_who_is_spoken_to_is_of_the_sex_and_age_of_the_other_speaker(call):
    for k in range(40):
        filled = fill_names(str(k), "ab", [NAME + call, "네"], seed=0, traits=known(**TWO))
        assert of(filled.people, 1980, "male")


@pytest.mark.parametrize(
    "told", ["이가 빵 줬어", "도 온대", " 왔어?", "이랑 놀았어", "한테 줘", "오빠 왔어", "이네 집"]
)
def test_who_is_spoken_of_is_as_old_as_the_speaker(told):
    names = set()
    for k in range(60):
        filled = fill_names(str(k), "ab", ["응", NAME + told], seed=0, traits=known(**TWO))
        names |= {person[1:] for person in filled.people}
    assert names <= set(names_of(1980)["any"]["any"])


@pytest.mark.parametrize(
    ("text", "decade"),
    [
        ("#@이름# 할머니 오셨어", 1950),
        ("#@이름# 과장님이 그러셨어", 1980),
        ("#@이름#선생님 수업이야", 1970),
        ("#@이름# 교수님 과제", 1970),
        ("#@이름# 언니 왔어", 2000),
        ("우리 조카 #@이름#이 왔어", 2010),
        ("우리 딸 #@이름#이가 그래", 2010),
        ("#@이름#이 엄마가 그러던데", 2000),
        ("#@이름# 이사 갔대", 2000),
        ("#@이름#이 선생님이 좋대", 2000),
        ("#@이름#역장님 오셨어", 1980),
        ("#@이름# 씨가 그러던데요", 2000),
    ],
)
def test_a_title_of_age_or_a_child_is_no_friend_of_ones_own_age(text, decade):
    traits = known(a=("female", 2000), b=("female", 2000))
    for k in range(40):
        filled = fill_names(str(k), "ab", [placeholders(text), "응"], seed=0, traits=traits)
        assert of(filled.people, decade, "any")


def test_a_child_of_a_speaker_who_may_be_a_parent_is_younger():
    traits = known(a=("female", 1970), b=("female", 1970))
    for k in range(40):
        texts = [f"{NAME}이 엄마 왔어?", f"{NAME} 과장님도"]
        child, boss = fill_names(str(k), "ab", texts, seed=0, traits=traits).people
        assert of([child], 2000, "any")
        assert of([boss], 1970, "any")


def test_in_a_group_of_one_sex_whoever_is_called_is_of_it():
    traits = known(a=("male", 1990), b=("female", 1980), c=("female", 1980))
    for k in range(40):
        texts = [f"{NAME}아 안녕", "응", f"{NAME}이 왔어?"]
        filled = fill_names(str(k), "abc", texts, seed=0, traits=traits)
        assert of(filled.people[:1], 1980, "female")
        other = fill_names(str(k), "bac", texts, seed=0, traits=traits)
        assert of(other.people[:1], 1990, "male")  # who answers


def test_a_speaker_who_says_the_own_name_is_of_the_own_sex_and_age():
    for k in range(40):
        filled = fill_names(str(k), "ab", [f"나 {NAME}인데", "응"], seed=0, traits=known(**TWO))
        assert of(filled.people, 1990, "female")


def test_where_nothing_is_known_names_are_as_without():
    texts = [f"{NAME}아 안녕", "응", f"{NAME}야 뭐해"]
    for traits in (known(), known(a=("any", None), b=("any", None))):
        assert fill_names("d", "aba", texts, seed=0, traits=traits) == fill_names(
            "d", "aba", texts, seed=0
        )


def test_nobody_asks_for_traits_where_nobody_is_invented():
    def traits():
        raise AssertionError

    fill_names("d", ["a", "b"], [f"{ADDRESS}에서", f"{AFFILIATION} 다녀"], seed=0, traits=traits)


def test_sex_and_decade_are_used_alone_too():
    for k in range(40):
        texts = [f"{NAME}아 안녕", "응"]
        one = fill_names(str(k), "ab", texts, seed=0, traits=known(b=("any", 1950)))
        other = fill_names(str(k), "ab", texts, seed=0, traits=known(b=("female", None)))
        assert one.texts[0][:2] in names_of(1950)["any"]["C"]
        assert other.texts[0][:2] in names_of(UNKNOWN)["female"]["C"]


def test_names_of_a_decade_are_of_two_syllables_and_no_end_in_rieul():
    for decade in DECADES:
        for sex in BOTH:
            pools = names_of(decade)[sex]
            assert len(pools["any"]) >= 60
            assert min(len(pools["C"]), len(pools["O"])) >= 25
            assert {*pools["C"], *pools["O"]} == {*pools["any"]}
            assert all(len(name) == 2 for name in pools["any"])
            assert len(set(pools["any"])) == len(pools["any"])
    assert names_of(1900) == names_of(1950)
    assert names_of(2030) == names_of(2010)


def test_every_word_is_a_word_of_the_right_sort():
    for kind, words in WORDS.items():
        assert len(set(words["any"])) == len(words["any"])
        assert all(len(word) == 2 for word in words["any"] if kind in SUFFIXES)
        assert all(words[ending] for ending in ("C", "O"))
        assert not any((ord(word[-1]) - 0xAC00) % 28 == 8 for word in words["C"])


def test_every_syllable_is_one_that_kogpt2_knows():
    path = os.environ.get("KOGPT2_TOKENIZER")
    if not path:
        pytest.skip("KOGPT2_TOKENIZER names no tokenizer.json")
    vocabulary = json.loads(Path(path).read_text(encoding="utf-8"))["model"]["vocab"]
    words = [
        *SURNAMES,
        *(name for decade in DECADES for name in names_of(decade)["any"]["any"]),
        *(w for pool in WORDS.values() for w in pool["any"]),
    ]
    assert not {syllable for word in words for syllable in word} - set(vocabulary)


@pytest.mark.parametrize(
    ("text", "sex", "decade"),
    [
        ("우리 엄마 이름 #@이름#이야", "female", 1960),
        ("우리 아빠는 #@이름#이야", "male", 1960),
        ("할머니 성함이 #@이름#이셔", "female", 1950),
        ("손녀 #@이름#이가 왔어", "female", 2010),
        ("우리 아들 #@이름#이가 그래", "male", 2010),
        ("남편 #@이름#이가 그래", "male", 1990),
        ("여동생 #@이름#이랑 갔어", "female", 1990),
        ("#@이름#이 돌잔치 언제야?", "any", 2010),
        ("엄마 #@이름#이가 때렸어", "any", 1990),
        ("#@이름#이 수능 봤대", "any", 1990),
    ],
)
def test_a_relation_says_which_sex_and_age_somebody_is_of(text, sex, decade):
    traits = known(a=("female", 1990), b=("female", 1990))
    for k in range(30):
        filled = fill_names(str(k), "ab", [placeholders(text), "응"], seed=0, traits=traits)
        assert of(filled.people, decade, sex)


@pytest.mark.parametrize("text", ["우리 #@이름#이는 내년에 가", "#@이름#이 수능 언제야?"])
def test_parents_speak_of_their_children(text):
    traits = known(a=("female", 1970), b=("female", 1970))
    for k in range(30):
        filled = fill_names(str(k), "ab", [placeholders(text), "응"], seed=0, traits=traits)
        assert of(filled.people, 2000, "any")


@pytest.mark.parametrize(
    "text", ["#@이름# 생일 축하해!", "#@이름#이 뭐해?", "야 #@이름#! 어디야?", "#@이름# 오빠 뭐해?"]
)
def test_who_is_spoken_to_without_a_call_is_of_the_sex_and_age_of_the_other(text):
    for k in range(30):
        filled = fill_names(str(k), "ab", [placeholders(text), "응"], seed=0, traits=known(**TWO))
        assert of(filled.people, 1980, "male")


def test_a_title_tells_the_sex_though_the_header_says_otherwise():
    traits = known(a=("female", 1990), b=("male", 1990))
    for k in range(30):
        filled = fill_names(str(k), "ab", [f"{NAME} 언니 뭐해?", "응"], seed=0, traits=traits)
        assert of(filled.people, 1990, "female")


@pytest.mark.parametrize(
    ("lines", "sex"),
    [
        (["a: 나 시험 떨어졌어", "b: 괜찮아 #@이름#야", "c: 힘내"], "female"),
        (["a: 뭐 먹지", "b: #@이름#아 넌?", "c: 난 국밥", "a: 나도"], "male"),
        (["b: #@이름#아 몇 시에 와?", "a: 7시쯤", "c: 나는 8시"], "female"),
        (["c: 영화 볼 사람", "a: 나", "c: 그럼 #@이름#야 표 사줘", "b: 와"], "male"),
    ],
)
def test_in_a_group_of_both_sexes_who_is_called_is_who_has_spoken_or_answers(lines, sex):
    traits = known(a=("female", 1990), b=("male", 1990), c=("male", 1990))
    speakers = [line[0] for line in lines]
    for k in range(20):
        texts = [placeholders(line[3:]) for line in lines]
        filled = fill_names(str(k), speakers, texts, seed=0, traits=traits)
        assert of(filled.people, 1990, sex)


@pytest.mark.parametrize(
    "lines",
    [
        ["a: 성함이 어떻게 되세요?", "b: #@이름#입니다"],
        ["a: #@이름# 고객님 맞으세요?", "b: 네"],
        ["a: 안녕하세요 상담사 #@이름#입니다", "b: 네"],
    ],
)
def test_whoever_is_served_or_serves_has_a_surname(lines):
    for seed in range(20):
        filled = fill(*lines, seed=seed)
        assert any(filled.people[0] in text for text in filled.texts)


def test_a_customer_is_as_old_as_the_header_says():
    traits = known(a=("female", 1980), b=("male", 2000))
    for k in range(20):
        texts = [f"{NAME} 고객님 카드가 정지되셨어요", "네"]
        filled = fill_names(str(k), "ab", texts, seed=0, traits=traits)
        assert of(filled.people, 2000, "male")
