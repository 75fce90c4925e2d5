"""What becomes of drawn replies: filters, rank, the second drawing, and what is left then."""

import pytest
from models import BUILTIN
from scripted import Scripted

from corpus.chat.candidates import Judge, choose
from corpus.chat.decoding.generation import Writer
from corpus.chat.decoding.sampling import Vocabulary
from corpus.chat.filters import is_parrot, reason_out
from corpus.chat.reply import FALLBACK, Cancelled, Draw, Message
from corpus.chat.services.bad_words import find_bad_word
from corpus.chat.window import Reader, make_window
from corpus.tokens.encoder import Encoder

ENCODER = Encoder(BUILTIN.read_bytes())
READER = Reader(ENCODER)
ENDS = (ENCODER.eos_id, ENCODER.usr_id)
VOCABULARY = Vocabulary.of(banned=sorted(ENCODER.control_ids - {*ENDS}), ends=ENDS, device="cpu")


def chosen_of(*replies, said=("저녁 뭐 먹을까?",), alone=None, on_text=None, n=None, **settings):
    decoder = Scripted(ENCODER, *replies, alone=alone)
    messages = [
        Message("assistant" if (len(said) - k) % 2 == 0 else "user", text)
        for k, text in enumerate(said)
    ]
    window = make_window(messages, READER, 200)
    draw = Draw(**({"temperature": 0, "max_new_tokens": 24} | settings))
    writer = Writer(decoder, ENCODER, VOCABULARY, decoder.prefix, draw)
    judge = Judge(decoder, READER, window, lambda text: bool(find_bad_word(text)))
    return choose(writer, judge, n or len(replies), on_text=on_text, is_cancelled=lambda: False)


def outs(chosen):
    return {one.text: one.out for one in chosen.candidates}


def test_the_best_by_likelihood_less_half_of_what_it_has_everywhere_is_chosen():
    chosen = chosen_of("라면 먹자", "그래", alone={"라면 먹자": -8.0, "그래": -1.0})
    assert chosen.text == "라면 먹자"
    assert [one.text for one in chosen.candidates] == ["라면 먹자", "그래"]
    assert chosen.candidates[0].score == pytest.approx(4.0, abs=0.01)
    assert chosen_of("라면 먹자", "그래", alone={"라면 먹자": -1.0, "그래": -8.0}).text == "그래"


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("라면 먹자…", "unfinished"),
        ("^^ !!", "empty"),
        ("?", "empty"),
        ("010-1234-5678로 전화해", "dropped"),
        ("시발 진짜", "bad_word"),
        ("저녁 뭐 먹을까", "parrot"),
        ("라면 먹으러 가자고", "again"),
    ],
)
def test_each_filter_names_its_reason_and_the_worse_reply_is_given(text, out):
    chosen = chosen_of(text, "그래 좋아", said=("안녕", "라면 먹으러 가자고!", "저녁 뭐 먹을까?"))
    assert chosen.text == "그래 좋아"
    assert [one.out for one in chosen.candidates] == ["", out]


@pytest.mark.parametrize(
    "text", ["ㅋㅋ", "ㅎㅎ", "ㅠㅠ", "ㅠㅠ ^^", "3", "ok", "그래ㅋㅋ", "오빠 엄마", "그래."]
)
def test_what_people_say_is_not_filtered(text):
    assert outs(chosen_of(text, "라면 먹자", alone={text: -9.0})) == {text: "", "라면 먹자": ""}


def test_a_short_reply_may_come_again():
    chosen = chosen_of(
        "그래", "라면 먹자", said=("안녕", "그래", "저녁 뭐 먹을까?"), alone={"그래": -9}
    )
    assert chosen.text == "그래"


def test_only_the_last_four_replies_count():
    said = ["안녕"] + [text for k in range(4) for text in (f"{k}번 대답이야 정말", "그래?")]
    chosen = chosen_of(
        "0번 대답이야 정말", "1번 대답이야 정말", "라면", said=(*said[:-1], "음", "2번 대답", "응")
    )
    assert outs(chosen)["1번 대답이야 정말"] == "again"
    assert outs(chosen)["0번 대답이야 정말"] == ""


def test_the_worse_of_two_equal_ones_is_a_twin():
    chosen = chosen_of("라면 먹자", "라면 먹자!", "그래 좋아")
    assert [one.out for one in chosen.candidates].count("twin") == 1


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("저녁 뭐 먹을까", "저녁 뭐 먹을까?", True),
        ("저녁 먹을까", "저녁 뭐 먹을까?", False),
        ("나 오늘 진짜 너무", "나 오늘 진짜 너무 피곤해", True),
        ("나 오늘 진짜", "나 오늘 진짜 너무 피곤해", False),
        ("오늘 오늘 오늘 오늘 오늘", "오늘 날씨 진짜 너무 좋다", False),
        ("응", "응", True),
    ],
)
def test_a_parrot_says_the_message_or_most_words_of_a_long_one(text, asked, expected):
    assert is_parrot(text, asked) is expected


def test_if_all_are_out_there_is_one_more_drawing():
    chosen = chosen_of("시발", "^^", "라면 먹자", "시발아", n=2)
    assert chosen.text == "라면 먹자"
    assert len(chosen.candidates) == 4


def test_after_two_drawings_the_best_unfinished_one_is_cut_at_its_last_word():
    chosen = chosen_of("시발", "나는 라면이 좋…", "^^", "^^", n=2, max_new_tokens=4)
    one = chosen.candidates[chosen.place]
    assert (one.out, chosen.finish) == ("unfinished", "length")
    assert chosen.text == one.text == "나는 라면이"


def test_a_bad_word_is_not_shown_for_being_unfinished():
    chosen = chosen_of("시발 나는 정말…", "^^", "^^", "^^", n=2)
    assert (chosen.text, chosen.place) == (FALLBACK, -1)


def test_if_nothing_can_be_shown_it_says_so():
    chosen = chosen_of("시발", "^^", "저녁 뭐 먹을까", "?", n=2)
    assert (chosen.text, chosen.place, chosen.n_tokens) == (FALLBACK, -1, 0)
    assert len(chosen.candidates) == 4


def test_one_candidate_is_told_as_it_comes():
    told = []
    chosen = chosen_of("라면 먹자 ㅠㅠ", on_text=told.append)
    assert "".join(told) == chosen.text == "라면 먹자 ㅠㅠ"
    assert len(told) >= 3


@pytest.mark.parametrize("text", ["시발", "^^", "010-1234-5678로 전화해"])
def test_one_candidate_that_must_not_be_shown_is_replaced(text):
    assert chosen_of(text).text == FALLBACK


@pytest.mark.parametrize("text", ["저녁 뭐 먹을까", "나는 라면이 정말 좋…"])
def test_one_candidate_is_given_for_better_or_worse(text):
    chosen = chosen_of(text, max_new_tokens=6)
    assert chosen.place == 0
    assert chosen.text


def test_a_stop_ends_the_reply_and_is_not_part_of_it():
    told = []
    chosen = chosen_of("라면 먹자 그리고 자자", on_text=told.append, stop=("그리고", "없음"))
    assert chosen.text == "라면 먹자"
    assert chosen.finish == "stop"
    assert "".join(told) == "라면 먹자"
    assert "".join(token.text for token in chosen.candidates[0].tokens).strip() == "라면 먹자"


def test_a_stop_at_the_very_beginning_leaves_nothing():
    assert chosen_of("라면 먹자", stop=("라",)).text == FALLBACK


def test_what_may_become_a_stop_is_not_told_before_it_is_known():
    told = []
    chosen_of("라면 먹", on_text=told.append, stop=("먹자",))
    assert "".join(told) == "라면 먹"


def test_tokens_and_rivals_are_told():
    chosen = chosen_of("라면 먹자", n_rivals=2)
    tokens = chosen.candidates[0].tokens
    assert "".join(token.text for token in tokens) == "라면 먹자"
    assert all(token.rivals[0][1] == token.id for token in tokens)
    assert all(token.logprob == pytest.approx(0, abs=1e-3) for token in tokens)
    assert chosen.n_tokens == len(tokens)


def test_a_cancelled_reply_ends_before_the_next_token():
    decoder = Scripted(ENCODER, "라면 먹자 라면 라면 먹자")
    writer = Writer(decoder, ENCODER, VOCABULARY, decoder.prefix, Draw(temperature=0))
    told = []
    with pytest.raises(Cancelled):
        writer.write(1, on_text=told.append, is_cancelled=lambda: len(told) == 2)
    assert decoder.place == 1  # the step that gave the second token


def test_personal_data_is_what_the_corpus_drops():
    by = {"asked": "응", "answers": [], "rules": "default", "is_bad": lambda text: False}
    text = "내 번호 010-1234-5678"
    assert reason_out(text, shown=text, **by) == "dropped"
    assert reason_out("1234 5678", shown="1234 5678", **by) == ""
