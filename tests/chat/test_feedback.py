"""talk → 👍 → save → build → train → talk: what people liked is what the next model learns."""

import random

import pytest
from forked import fork, run_script
from models import ROOT

from corpus.building.run import build
from corpus.chat.conversation import Conversation
from corpus.chat.decoding.model import Decoder
from corpus.chat.decoding.weights import Weights
from corpus.chat.engine import open_engine
from corpus.chat.reply import Draw
from corpus.processed import load

ASKED = ("안녕?", "오늘 뭐 했어?", "저녁 뭐 먹을까?", "주말에 뭐 해?", "나 너무 졸려", "영화 볼래?")


@pytest.fixture
def kept(engine, tmp_path):
    """A folder with the dialogues of a person who likes every other reply."""
    draw = random.Random(0)
    for k in range(80):
        conversation = Conversation(
            engine, Draw(max_new_tokens=4, candidates=2, seed=k), "none", "이랑"
        )
        for _ in range(draw.randint(1, 3)):
            conversation.say(f"{draw.choice(ASKED)} {k}")
        if k % 2 == 0:
            conversation.save(tmp_path / "raw")
        elif len(conversation.exchanges[-1].others) > 1:
            conversation.take(1, tmp_path / "raw")
    return tmp_path / "raw"


def test_what_people_liked_is_built_trained_on_and_talked_to(kept, tmp_path):
    processed, run = tmp_path / "processed", tmp_path / "runs" / "next"
    manifest = build(kept, processed, tokenizer="builtin", workers=1)
    assert not manifest["broken"]
    assert manifest["rows"]["train"] > 30
    words = (processed, "--out", run, "--model", "tiny", "--epochs", "1", "--threads", "1")
    trained = fork(run_script, str(ROOT / "train.py"), *map(str, words), folder=tmp_path)
    _, error, status = trained.end()
    assert status == 0, error
    check_float16(run / "best", processed)
    engine = open_engine(run, threads=1, corpus=processed)
    assert engine.notices == ()
    assert engine.name == "next"
    conversation = Conversation(engine, Draw(max_new_tokens=8, seed=1), "none", "이랑")
    assert conversation.say("안녕?").answer
    assert conversation.exchanges[0].reply.copies is not None
    engine.close()


def check_float16(model, processed):
    """Check that a trained model's loss on replies is the same with float16 weights."""
    rows = load(processed)
    losses = {}
    for precision in ("float32", "float16"):
        decoder = Decoder(Weights(model), precision=precision, device="cpu")
        losses[precision] = []
        for ids, starts in zip(rows["token_ids"], rows["turn_starts"], strict=True):
            reply = int(starts[-1]) + 1
            losses[precision] += decoder.mean_log_p(ids[:reply].tolist(), [ids[reply:].tolist()])
    means = [sum(of_rows) / len(of_rows) for of_rows in losses.values()]
    assert abs(means[0] - means[1]) < 1e-3
    assert losses["float32"] != losses["float16"]
