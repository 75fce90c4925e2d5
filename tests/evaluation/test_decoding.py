"""What is measured is what chat says: many prompts side by side change nothing."""

from dataclasses import replace

import pytest
import torch
from corpora import chats
from stand_ins import save_llama

from corpus.chat import candidates
from corpus.chat.engine import Engine, vocabulary_of
from corpus.chat.reply import Draw
from corpus.chat.window import make_window
from corpus.evaluation import decoding, run
from corpus.evaluation.decoding import Speaker
from corpus.evaluation.model import Model

DRAW = Draw(seed=3, max_new_tokens=16)
EXACT = {"precision": "float32", "device": "cpu", "threads": 1}


def load(folder):
    return Model(folder, precision="float32", device="cpu", threads=1)


@pytest.fixture(scope="module")
def speaker(gpt2, reader):
    model = load(gpt2)
    never = vocabulary_of(reader, model.vocab_size, model.device)
    return Speaker(model, reader, never, DRAW, lambda _: None)


@pytest.fixture(scope="module")
def windows(prompts, reader):
    return [make_window(one.messages, reader, 127 - DRAW.max_new_tokens) for one in prompts]


@pytest.fixture(scope="module")
def engine(gpt2):
    engine = Engine(gpt2, **EXACT)
    yield engine
    engine.close()


def test_ranked_replies_are_those_of_chat(engine, prompts, speaker, windows):
    chosen, _ = decoding.ranked(speaker, windows)
    for prompt, one in zip(prompts, chosen, strict=True):
        theirs = engine.reply(prompt.messages, DRAW)
        assert one.text == theirs.text
        assert [c.text for c in one.candidates] == [c.text for c in theirs.candidates]
        assert [c.out for c in one.candidates] == [c.out for c in theirs.candidates]
        scores = [c.score for c in theirs.candidates]
        assert [c.score for c in one.candidates] == pytest.approx(scores, abs=1e-4)


def test_a_second_draw_goes_on_with_the_same_chances_as_in_chat(
    engine, prompts, speaker, windows, monkeypatch
):
    def none_may_be_shown(*_, **__):
        return "parrot"

    monkeypatch.setattr(candidates, "reason_out", none_may_be_shown)
    chosen, _ = decoding.ranked(speaker, windows[:6])
    for prompt, one in zip(prompts, chosen, strict=False):
        theirs = engine.reply(prompt.messages, DRAW)
        assert len(one.candidates) == 2 * DRAW.candidates
        assert {c.text for c in one.candidates} == {c.text for c in theirs.candidates}


def test_drawn_replies_are_those_of_chat_with_one_candidate(engine, prompts, speaker, windows):
    for prompt, one in zip(prompts, decoding.drawn(speaker, windows), strict=True):
        theirs = engine.reply(prompt.messages, replace(DRAW, candidates=1))
        assert one.ids == [token.id for token in theirs.candidates[0].tokens]


def test_likelihood_ranks_the_same_candidates_by_the_log_p_of_their_tokens(speaker, windows):
    chosen, likely = decoding.ranked(speaker, windows)
    for one, other in zip(chosen, likely, strict=True):
        drawn, same = (
            {tuple(token.id for token in c.tokens) for c in of_row.candidates}
            for of_row in (one, other)
        )
        assert drawn == same
        allowed = [c.score for c in other.candidates if not c.out]
        assert allowed == sorted(allowed, reverse=True)


def test_greedy_is_what_generate_of_transformers_gives(gpt2, speaker, windows):
    from transformers import GPT2LMHeadModel

    model = GPT2LMHeadModel.from_pretrained(gpt2).eval()
    encoder = speaker.reader.encoder
    outside = [[one] for one in range(encoder.vocab_size, model.config.vocab_size)]
    for window, one in zip(windows, decoding.greedy(speaker, windows), strict=True):
        ids = torch.tensor([window.ids])
        written = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=DRAW.max_new_tokens,
            eos_token_id=list(speaker.ends),
            pad_token_id=encoder.pad_id,
            bad_words_ids=outside,
        )[0, len(window.ids) :].tolist()
        assert one.scored == written
        assert one.finish == ("stop" if written[-1] in speaker.ends else "length")


def test_beams_are_what_one_prompt_alone_gives(speaker, windows):
    settings = {"beams": 3, "penalty": 2.0}
    together = decoding.beam(speaker, windows[:6], **settings)
    alone = [decoding.beam(speaker, [one], **settings)[0] for one in windows[:6]]
    assert [one.ids for one in together] == [one.ids for one in alone]


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_scores_are_those_of_each_reply_computed_alone(kind, gpt2, tmp_path, reader):
    from transformers import AutoModelForCausalLM

    folder = gpt2
    if kind == "llama":
        folder = tmp_path / "llama"
        save_llama(folder)
    turns = [turns for turns in chats(12, seed=5) if len(turns) >= 2]
    prompts = [[2, *reader.ids([one[0]])[0], 4][: 5 + 3 * place] for place, one in enumerate(turns)]
    replies = [reader.ids([one[1], "응", "오늘은 친구랑 영화 보고 왔어"]) for one in turns]
    plain = AutoModelForCausalLM.from_pretrained(folder).eval()
    for prompt, of_prompt, found in zip(
        prompts, replies, load(folder).mean_log_p(prompts, replies), strict=True
    ):
        for ids, score in zip(of_prompt, found, strict=True):
            with torch.no_grad():
                logits = plain(torch.tensor([[*prompt, *ids]])).logits[0]
            log_p = logits.log_softmax(1)[len(prompt) - 1 : -1]
            expected = log_p.gather(1, torch.tensor(ids)[:, None]).mean()
            assert score == pytest.approx(float(expected), abs=1e-4)


def test_batches_hold_every_prompt_once_and_fit(gpt2):
    model = load(gpt2)
    lengths = [5, 90, 7, 60, 5, 33] * 30
    found = model.batches(lengths, rows=4, room=24)
    assert sorted(k for batch in found for k in batch) == list(range(len(lengths)))
    assert 1 < len(found) < len(lengths)
    ordered = [lengths[k] for batch in found for k in batch]
    assert ordered == sorted(lengths, reverse=True)


def test_hits_are_decided_by_likelihood_for_rows_but_the_ranked_one(gpt2, processed):
    result = run.evaluate(gpt2, processed, run.Settings(20, Draw(max_new_tokens=12)))
    hits = {row.name: row.numbers.values["hits_at_1"] for row in result.rows}
    assert hits["likelihood"] == hits["drawn"] == hits["greedy"] == hits["beam3"]
    assert 0 < hits["likelihood"] < 0.5
