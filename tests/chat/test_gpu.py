"""The same code on a GPU, in bfloat16."""

import pytest
import torch

from corpus.chat.engine import messages_of, open_engine
from corpus.chat.reply import Draw

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

SAID = messages_of(["안녕? 오늘 뭐 했어?", "응 나는 그냥 집에 있었어", "저녁 뭐 먹을까?"])


@pytest.fixture(scope="module")
def on_gpu(tiny):
    engine = open_engine(tiny)
    yield engine
    engine.close()


def test_a_gpu_computes_in_bfloat16(on_gpu):
    assert (on_gpu._decoder.precision, on_gpu._decoder.device.type) == ("bfloat16", "cuda")
    assert on_gpu.notices == ()


@pytest.mark.parametrize(
    ("precision", "off"), [("float32", 1e-3), ("float16", 0.02), ("auto", 0.1)]
)
def test_logits_are_near_those_of_transformers(tiny, tiny_in_transformers, precision, off):
    engine = open_engine(tiny, precision=precision)
    ids = list(range(300, 340))
    with torch.no_grad():
        expected = tiny_in_transformers(torch.tensor([ids])).logits[0, -1]
    found = engine._decoder.logits_behind(ids).cpu()
    assert (found - expected).abs().max() <= off * expected.abs().max()
    engine.close()


def test_rows_behind_a_shared_prefix_agree_with_single_runs(tiny):
    engine = open_engine(tiny, precision="float32")
    decoder = engine._decoder
    ids = list(range(300, 330))
    prefix, rows = decoder.new_prefix(64), decoder.new_rows(3, 2)
    decoder.extend(prefix, ids[:10])
    decoder.extend(prefix, ids[10:])
    logits = decoder.step(prefix, rows, [400, 401, 402])
    for k in range(3):
        assert (logits[k] - decoder.logits_behind([*ids, 400 + k])).abs().max() < 1e-3
    engine.close()


def test_the_same_seed_gives_the_same_reply_on_a_gpu(on_gpu):
    draw = Draw(max_new_tokens=12, seed=5, n_rivals=2)
    first = on_gpu.reply(SAID, draw)
    on_gpu.reply(messages_of(["그래?"]), draw)
    again = on_gpu.reply(SAID, draw)
    assert [one.text for one in again.candidates] == [one.text for one in first.candidates]
    assert again.text == first.text != ""


def test_it_streams_on_a_gpu(on_gpu):
    pieces = []
    reply = on_gpu.reply(SAID, Draw(candidates=1, max_new_tokens=12), on_text=pieces.append)
    assert pieces
    assert reply.candidates
