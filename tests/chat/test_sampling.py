import math
import random
from types import SimpleNamespace

import pytest
import torch
from effort import tries

from corpus.chat.decoding.generation import Writer
from corpus.chat.decoding.sampling import Row, Vocabulary, make_chances, next_tokens, repeating
from corpus.chat.reply import Draw
from corpus.chat.window import Reader, tokens_never_written

SIZE = 10
END = 9
VOCABULARY = Vocabulary.of(banned=[0, 1], ends=[END], device=torch.device("cpu"))
GREEDY = Draw(temperature=0)


def drawn(logits, *, ids=(), may_end=True, draw=GREEDY, chance=0.5):
    given = torch.tensor([logits], dtype=torch.float32)
    before = given.clone()
    found = next_tokens(given, [Row(ids, may_end)], VOCABULARY, draw, [chance])
    assert torch.equal(given, before)
    return found


def peaked(*favourites):
    """Return logits that fall from the first favourite to the last; all others are far below."""
    logits = [-30.0] * SIZE
    for k, one in enumerate(favourites):
        logits[one] = 10.0 - k
    return logits


def test_a_banned_token_is_never_drawn():
    assert drawn(peaked(0, 1, 5)).ids == [5]


def test_no_bias_lifts_a_ban():
    assert drawn(peaked(5), draw=Draw(temperature=0, logit_bias=((0, 100.0),))).ids == [5]


def test_a_bias_is_added_and_a_token_that_is_none_is_no_matter():
    draw = Draw(temperature=0, logit_bias=((6, 50.0), (SIZE + 5, 100.0), (-3, 100.0)))
    assert drawn(peaked(5), draw=draw).ids == [6]


def test_a_reply_without_a_visible_character_does_not_end():
    assert drawn(peaked(END, 4), may_end=False).ids == [4]
    assert drawn(peaked(END, 4), may_end=True).ids == [END]


def test_a_token_does_not_stand_three_times_in_a_row():
    assert drawn(peaked(4, 5), ids=[3, 4]).ids == [4]
    assert drawn(peaked(4, 5), ids=[4, 4]).ids == [5]
    assert drawn(peaked(4, 5), ids=[4, 4, 3]).ids == [4]


def test_four_tokens_do_not_come_twice():
    assert drawn(peaked(5, 6), ids=[2, 3, 4, 5, 2, 3, 4]).ids == [6]
    assert drawn(peaked(5, 6), ids=[2, 3, 4, 6, 2, 3, 4]).ids == [5]
    assert drawn(peaked(5, 6), ids=[3, 4, 5, 2, 3, 4]).ids == [5]
    assert repeating([7, 7, 7, 8, 7, 7]) == [7]


def test_where_nothing_else_is_left_the_reply_ends():
    only_two = Vocabulary.of(
        banned=[k for k in range(SIZE) if k not in (4, END)], ends=[END], device=torch.device("cpu")
    )
    logits = torch.zeros(1, SIZE)
    found = next_tokens(logits, [Row([4, 4], may_end=False)], only_two, GREEDY, [0.5])
    assert found.ids == [END]


def test_temperature_0_takes_the_most_probable():
    assert {drawn(peaked(4, 5), chance=chance).ids[0] for chance in (0.0, 0.5, 0.999)} == {4}


def shares(draw, logits, n=2000):
    counts = [0] * SIZE
    for k in range(n):
        counts[drawn(logits, draw=draw, chance=(k + 0.5) / n).ids[0]] += 1
    return [count / n for count in counts]


def test_shares_are_those_of_the_softmax_of_what_is_allowed():
    logits = [math.log(weight) for weight in (50, 50, 1, 2, 3, 4, 1e-9, 1e-9, 1e-9, 1e-9)]
    found = shares(Draw(temperature=1, top_k=0, top_p=1), logits)
    assert found == pytest.approx([0, 0, 0.1, 0.2, 0.3, 0.4, 0, 0, 0, 0], abs=1e-3)
    hot = shares(Draw(temperature=2, top_k=0, top_p=1), logits)
    weights = [math.sqrt(weight) for weight in (1, 2, 3, 4)]
    assert hot[2:6] == pytest.approx([weight / sum(weights) for weight in weights], abs=1e-3)


def test_top_k_and_top_p_leave_the_most_probable():
    logits = [math.log(weight) for weight in (1, 1, 10, 20, 30, 40, 1e-9, 1e-9, 1e-9, 1e-9)]
    assert shares(Draw(temperature=1, top_k=2, top_p=1), logits)[4:6] == pytest.approx(
        [3 / 7, 4 / 7], abs=1e-3
    )
    # 0.4 + 0.3 + 0.2 reaches 0.75, so three are left.
    assert shares(Draw(temperature=1, top_k=0, top_p=0.75), logits)[2:6] == pytest.approx(
        [0, 2 / 9, 3 / 9, 4 / 9], abs=1e-3
    )
    assert shares(Draw(temperature=1, top_k=0, top_p=1e-9), logits)[5] == 1


def test_penalties_count_this_reply_alone():
    logits = peaked(4, 5)
    assert drawn(logits, ids=[4, 3], draw=Draw(temperature=0, presence_penalty=1.5)).ids == [5]
    once = Draw(temperature=0, frequency_penalty=0.6)
    assert drawn(logits, ids=[4, 3], draw=once).ids == [4]
    assert drawn(logits, ids=[4, 3, 4], draw=once).ids == [5]


def test_log_probabilities_and_rivals_are_those_before_any_change():
    draw = Draw(temperature=0, n_rivals=3, presence_penalty=2, logit_bias=((7, 9.0),))
    logits = peaked(0, 4, 5)
    found = drawn(logits, draw=draw)
    expected = torch.tensor(logits).log_softmax(0)
    assert found.log_p == pytest.approx([float(expected[found.ids[0]])], abs=1e-5)
    assert [one for one, _ in found.rivals[0]] == [0, 4, 5]
    assert [p for _, p in found.rivals[0]] == pytest.approx(expected[[0, 4, 5]].tolist(), abs=1e-5)


def test_the_same_seed_and_tokens_give_the_same_chances():
    assert make_chances(1, [5, 6])(4) == make_chances(1, [5, 6])(4)
    assert make_chances(1, [5, 6])(4) != make_chances(2, [5, 6])(4)
    assert make_chances(1, [5, 6])(4) != make_chances(1, [56])(4)
    assert all(0 <= chance < 1 for chance in make_chances(0, [])(1000))


class RandomDecoder:
    """Gives logits that nobody trained: each step other ones, some of them with sharp peaks."""

    def __init__(self, size, seed):
        self.size, self.random = size, torch.Generator().manual_seed(seed)
        self.sharp = random.Random(seed).choice((0.1, 3.0, 30.0))

    def logits(self, n):
        logits = self.sharp * torch.randn(n, self.size, generator=self.random)
        logits[:, : self.size // 50] += self.sharp  # control tokens stand first
        return logits

    def new_rows(self, n, room):
        return SimpleNamespace(keep=lambda rows: None)

    def step(self, prefix, rows, ids):
        return self.logits(len(ids))


def test_no_random_logits_make_a_control_token_or_a_third_repeat(encoder):
    reader = Reader(encoder)
    never = tokens_never_written(reader)
    ends = {encoder.eos_id, encoder.usr_id}
    vocabulary = Vocabulary.of(banned=sorted(never - ends), ends=[*ends], device="cpu")
    for seed in range(tries(60)):  # of 4 rows each
        decoder = RandomDecoder(encoder.vocab_size, seed)
        if seed % 2:  # few tokens, so that runs come back
            few = torch.full((encoder.vocab_size,), -1e9)
            few[[encoder.usr_id, *range(300, 306)]] = 0
            logits_of = decoder.logits
            decoder.logits = lambda n, few=few, logits_of=logits_of: logits_of(n) + few
        prefix = SimpleNamespace(ids=[seed], repeated=decoder.logits)
        draw = Draw(temperature=1, top_k=0, top_p=1, max_new_tokens=12, seed=seed)
        writer = Writer(decoder, encoder, vocabulary, prefix, draw)
        for one in writer.write(4, on_text=None, is_cancelled=lambda: False):
            assert not {*one.ids} & (encoder.control_ids | {encoder.unk_id} | never)
            assert one.text.strip()
            assert "".join(one.pieces) == one.text == encoder.decode(one.ids)
            assert all(len({*one.ids[k : k + 3]}) > 1 for k in range(len(one.ids) - 2))
            runs = [tuple(one.ids[k : k + 4]) for k in range(len(one.ids) - 3)]
            assert len(runs) == len({*runs})
            assert (one.finish == "stop") == (one.scored[-1] in ends)


def test_what_no_corpus_writes_is_never_drawn(kogpt2_tokenizer):
    from corpus.tokens.encoder import Encoder

    encoder = Encoder(kogpt2_tokenizer.read_bytes())
    never = {encoder.token_texts[one] for one in tokens_never_written(Reader(encoder))}
    assert {"<usr>", "</s>", "<unk>", "<unused0>", "😂", ":)", "A", "中", "ㅜㅜ"} <= never
    allowed = {
        "ㅠㅠ",
        "^^",
        "ㅡㅡ",
        " 안녕",
        "안녕",
        " ",
        "?",
        "!",
        "..",
        "ㅋ",
        " 3",
        ":",
        "-",
        "s",
    }
    assert not allowed & never
