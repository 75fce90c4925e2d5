import random
import time

import pytest
import torch
from models import save_model

from corpus.chat.decoding import choices, model
from corpus.chat.decoding.choices import open_decoder
from corpus.chat.decoding.model import Decoder
from corpus.chat.decoding.prefixes import KEPT, Prefixes
from corpus.chat.decoding.weights import Weights


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def plain(tiny):
    return Decoder(Weights(tiny), precision="float32", device="cpu")


@pytest.fixture(scope="module")
def packed(tiny):
    return Decoder(Weights(tiny), precision="float16", device="cpu")


def some_ids(n, seed=0):
    draw = random.Random(seed)
    return [draw.randrange(300, 4000) for _ in range(n)]


def greedy(decoder, ids, n):
    prefix, rows = decoder.new_prefix(128), decoder.new_rows(1, n)
    logits = decoder.extend(prefix, ids)[None]
    found = []
    for _ in range(n):
        found.append(int(logits[0].argmax()))
        logits = decoder.step(prefix, rows, found[-1:])
    return found


def test_greedy_float32_equals_generate_of_transformers(plain, tiny_in_transformers):
    for seed in range(20):
        ids = some_ids(5 + seed, seed)
        generated = tiny_in_transformers.generate(
            torch.tensor([ids]),
            attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            max_new_tokens=48,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=3,
        )[0, len(ids) :]
        assert greedy(plain, ids, 48) == generated.tolist()


def test_logits_equal_those_of_transformers(plain, packed, tiny_in_transformers):
    ids = some_ids(40)
    with torch.no_grad():
        expected = tiny_in_transformers(torch.tensor([ids])).logits[0, -1]
    assert (plain.logits_behind(ids) - expected).abs().max() < 1e-4
    assert 0 < (packed.logits_behind(ids) - expected).abs().max() <= 1e-2


@pytest.mark.parametrize("precision", ["plain", "packed"])
def test_chunks_rows_and_single_runs_agree(precision, request):
    decoder = request.getfixturevalue(precision)
    ids = some_ids(30)
    prefix, rows = decoder.new_prefix(64), decoder.new_rows(3, 4)
    for chunk in (ids[:7], ids[7:8], ids[8:]):
        decoder.extend(prefix, chunk)
    for tokens in ([11, 400, 500], [600, 700, 800]):
        logits = decoder.step(prefix, rows, tokens)
    for k, ending in enumerate(([11, 600], [400, 700], [500, 800])):
        assert (logits[k] - decoder.logits_behind(ids + ending)).abs().max() < 1e-4


def test_rows_that_go_leave_the_others_as_they_are(plain):
    ids = some_ids(10)
    logits = {}
    for rows_kept in ([0, 1, 2], [0, 2]):
        prefix, rows = plain.new_prefix(64), plain.new_rows(3, 4)
        plain.extend(prefix, ids)
        plain.step(prefix, rows, [301, 302, 303])
        rows.keep(rows_kept)
        logits[len(rows_kept)] = plain.step(prefix, rows, [401, 402, 403][: len(rows_kept)])
    alone = plain.logits_behind([*ids, 303, 402])
    assert (logits[2][1] - alone).abs().max() < 1e-4
    assert (logits[2][0] - logits[3][0]).abs().max() < 1e-4


def test_the_mean_log_probability_of_rows_of_any_length(plain, tiny_in_transformers):
    rows = [some_ids(9, 1), some_ids(3, 2), some_ids(70, 3)]
    expected = []
    for row in rows:
        with torch.no_grad():
            log_p = tiny_in_transformers(torch.tensor([[4, *row]])).logits[0].log_softmax(1)
        expected.append(float(log_p[range(len(row)), row].mean()))
    assert plain.mean_log_p([4], rows) == pytest.approx(expected, abs=1e-4)


def test_a_head_of_its_own_is_used(tmp_path):
    model = save_model(tmp_path, tie_word_embeddings=False)
    decoder = Decoder(Weights(tmp_path), precision="float32", device="cpu")
    with torch.no_grad():
        expected = model(torch.tensor([[300, 301]])).logits[0, -1]
    assert (decoder.logits_behind([300, 301]) - expected).abs().max() < 1e-4


@pytest.mark.parametrize("precision", ["plain", "packed"])
def test_a_kept_prefix_gives_the_same_bits_as_a_new_one(precision, request):
    decoder = request.getfixturevalue(precision)
    kept = Prefixes(decoder, 128)
    conversations = [[some_ids(3 + k % 5, 100 * c + k // 2) for k in range(12)] for c in range(6)]
    draw = random.Random(0)
    for _ in range(60):
        conversation = draw.choice(conversations)
        chunks = conversation[: draw.randint(1, len(conversation))]
        prefix = kept.of(chunks)
        fresh = Prefixes(decoder, 128).of(chunks)
        assert prefix.ids == [one for chunk in chunks for one in chunk]
        assert torch.equal(prefix.logits, fresh.logits)
        n = len(fresh.ids)
        assert torch.equal(prefix.keys[:, :, :n], fresh.keys[:, :, :n])
    assert len(kept._kept) == KEPT


def test_what_is_known_of_a_conversation_is_not_computed_again(plain, monkeypatch):
    prefixes = Prefixes(plain, 128)
    chunks = [some_ids(5, k) for k in range(4)]
    prefixes.of(chunks[:3])
    computed = []
    extend = plain.extend

    def counting(prefix, chunk):
        computed.append(list(chunk))
        return extend(prefix, chunk)

    monkeypatch.setattr(plain, "extend", counting)
    prefixes.of(chunks)
    assert computed == chunks[3:]
    prefixes.of(chunks)  # the same again: nothing
    assert computed == chunks[3:]
    prefixes.of([*chunks[:2], some_ids(5, 9)])  # goes another way: what is common is copied
    assert computed == [*chunks[3:], some_ids(5, 9)]
    prefixes.of([*chunks, some_ids(5, 8)])  # and the first way is still known
    assert computed == [*chunks[3:], some_ids(5, 9), some_ids(5, 8)]


def test_weights_that_float16_cannot_hold_are_used_in_float32(tmp_path):
    from safetensors.torch import load_file, save_file

    save_model(tmp_path)
    path = tmp_path / "model.safetensors"
    weights = load_file(path)
    weights["transformer.h.0.mlp.c_proj.weight"][:, :8] *= 1e6
    save_file(weights, path, metadata={"format": "pt"})
    decoder, notice = open_decoder(tmp_path, precision="auto", device="cpu", threads=1)
    assert decoder.precision == "float32"
    assert "float32 is used" in notice


def test_float16_weights_are_used_where_they_do(tiny):
    decoder, notice = open_decoder(tiny, precision="auto", device="cpu", threads=1)
    assert (decoder.precision, notice) == ("float16", "")


def test_a_torch_without_the_operator_computes_in_float32(tiny, monkeypatch):
    class Lacking:
        def __getattr__(self, name):
            raise AttributeError(name)

    monkeypatch.setattr(torch.ops, "quantized", Lacking())
    decoder, notice = open_decoder(tiny, precision="auto", device="cpu", threads=1)
    assert decoder.precision == "float32"
    assert "float32 is used" in notice


@pytest.mark.parametrize(("one", "two", "faster"), [(0.01, 0.03, 1), (0.03, 0.01, 2)])
def test_the_faster_number_of_threads_stays(tiny, monkeypatch, one, two, faster):
    set_to = []
    step = Decoder.step

    def slowly(*args):
        time.sleep(one if set_to[-1] == 1 else two)
        return step(*args)

    monkeypatch.setattr(choices, "n_threads", lambda: 2)
    monkeypatch.setattr(choices, "set_threads", set_to.append)
    monkeypatch.setattr(Decoder, "step", slowly)
    open_decoder(tiny, precision="float32", device="cpu", threads=None)
    assert set_to == [1, 2, faster]
    open_decoder(tiny, precision="float32", device="cpu", threads=3)
    assert set_to == [1, 2, faster, 3]


def test_a_head_in_parts_gives_the_bits_of_a_whole_one(tiny, packed, monkeypatch):
    monkeypatch.setattr(model, "_PACKED_AT_ONCE", 900)  # of 4,000: the last part is smaller
    parted = Decoder(Weights(tiny), precision="float16", device="cpu")
    ids = some_ids(9)
    assert torch.equal(parted.logits_behind(ids), packed.logits_behind(ids))


def test_bfloat16_on_a_cpu_is_near(tiny, tiny_in_transformers):
    decoder, _ = open_decoder(tiny, precision="bfloat16", device="cpu", threads=1)
    ids = some_ids(20)
    with torch.no_grad():
        expected = tiny_in_transformers(torch.tensor([ids])).logits[0, -1]
    assert (decoder.logits_behind(ids) - expected).abs().max() < 0.05 * expected.abs().max()
