import pytest

from corpus.chat.reply import Message
from corpus.evaluation.measure import FLAGS, budget_of, interval_of_mean, judge, measure, wilson
from corpus.evaluation.prompts import Prompt
from corpus.evaluation.replies import Rows, Said

ASKED = "내일 점심에 떡볶이 먹으러 갈까?"
FINE = "그래 몇 시에 볼까?"
TWICE = "아 그래 알겠어 내일 봐 아 그래 알겠어 내일 봐"


def judged(reader, *said, asked=ASKED, in_train=()):
    prompts = [Prompt(f"d{k}", (Message("user", asked),), FINE, ()) for k in range(len(said))]
    return judge(Rows("greedy", "model", tuple(said)), prompts, reader, in_train)


@pytest.mark.parametrize(
    ("said", "flag"),
    [
        (Said(FINE), None),
        (Said(""), "empty"),
        (Said("!! ?"), "empty"),
        (Said(FINE, finished=False), "unfinished"),
        (Said(TWICE), "loops"),
        (Said(ASKED), "parrot"),
        (Said("내일 점심에 떡볶이 먹으러 가자 갈까?"), "parrot"),
        (Said("나는 주말에 서울에서 영화 봤어"), "copied"),
        (Said("아 시발 짜증나네"), "unsafe"),
        (Said("내 번호는 010-1234-5678 이야 전화해"), "unsafe"),
    ],
)
def test_each_fault_has_its_flag_and_no_other(said, flag, reader):
    [one] = judged(reader, said, in_train={"나는 주말에 서울에서 영화 봤어", "응"})
    assert one.flags == frozenset([flag] if flag else [])


def test_a_short_reply_is_no_copy(reader):
    [one] = judged(reader, Said("응"), in_train={"응"})
    assert not one.flags


def test_a_control_token_among_the_drawn_ones_is_seen_though_no_text_shows_it(reader):
    encoder = reader.encoder
    [ids] = reader.ids([FINE])
    drawn = Said(FINE, (*ids, encoder.sys_id))
    unknown = Said(FINE, (encoder.unk_id, *ids))
    assert [one.flags for one in judged(reader, Said(FINE, tuple(ids)))] == [frozenset()]
    assert [set(one.flags) for one in judged(reader, drawn)] == [{"unknown"}]
    assert [set(one.flags) for one in judged(reader, unknown)] == [{"unknown"}]


def test_a_character_that_the_tokenizer_lacks_is_seen_in_a_text_from_elsewhere(reader):
    [one] = judged(reader, Said("뷁 그래 알겠어"))
    assert one.flags == {"unknown"}


def test_generic_is_what_a_row_says_most_often_if_it_says_it_twice(reader):
    once = [Said(f"{k} 번 친구를 만났어") for k in range(30)]
    often = [Said("응 그래"), Said("응 그래"), Said("응 그래!")]
    flags = ["generic" in one.flags for one in judged(reader, *once, *often)]
    assert flags == [False] * 30 + [True, True, False]


def test_eleven_replies_that_are_said_twice_are_not_all_generic(reader):
    said = [Said(f"{k} 번 친구를 만났어") for k in range(11) for _ in (0, 1)]
    assert sum("generic" in one.flags for one in judged(reader, *said)) == 20


def test_a_reply_is_judged_as_it_would_be_shown(reader):
    [one] = judged(reader, Said("그래ㅋㅋㅋㅋㅋㅋㅋ!!!!"))
    assert one.text == "그래ㅋㅋ!"


def test_distinct_words_are_counted_in_equally_many_tokens(reader):
    short = judged(reader, Said("응 그래"))
    long = judged(reader, *[Said("오늘은 친구랑 같이 영화를 보고 왔어")] * 3)
    budget = budget_of([long, long])
    assert budget == sum(len(one.ids) for one in long) // 2
    numbers = measure(long, None, budget=budget)
    assert (numbers.distinct_tokens, numbers.is_short) == (budget, False)
    numbers = measure(short, None, budget=budget)
    assert numbers.is_short


def test_columns_are_shares_of_the_replies(reader):
    numbers = measure(
        judged(reader, Said(FINE), Said(""), Said(ASKED), Said(TWICE)), None, budget=9
    )
    shares = {flag: numbers.values[flag] for flag in FLAGS}
    assert shares == dict.fromkeys(FLAGS, 0.0) | {"empty": 0.25, "parrot": 0.25, "loops": 0.25}
    assert numbers.values["words"] == (4 + 0 + 5 + 10) / 4
    assert numbers.values["hits_at_1"] is None


def test_chrf_is_100_for_the_real_reply_and_0_for_nothing_in_common(reader):
    numbers = measure(judged(reader, Said(FINE), Said("ㅎㅎ")), None, budget=9)
    assert numbers.values["chrf"] == 50
    low, high = numbers.intervals["chrf"]
    assert low == 0
    assert high == 100


def test_an_interval_is_narrower_the_more_there_is():
    def width(n):
        share = wilson(0.3, n)
        return share.high - share.low

    assert width(1000) < width(200) < width(20)
    low, high = interval_of_mean([0.0, 1.0] * 100)
    assert 0.4 < low < 0.46
    assert 0.54 < high < 0.6
