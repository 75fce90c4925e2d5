import json
import random
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from models import save_model

import corpus
from corpus.chat.engine import messages_of, open_engine
from corpus.chat.reply import UNREADABLE, Cancelled, Draw, Message

SAID = messages_of(["안녕? 오늘 뭐 했어?", "응 나는 그냥 집에 있었어", "저녁 뭐 먹을까?"])
DRAW = Draw(max_new_tokens=12, seed=5)


def told(reply):
    """Return what a reply says, without how long it took."""
    return replace(reply, seconds=0.0)


def test_the_same_seed_gives_the_same_reply_whatever_was_said_between(engine):
    first = engine.reply(SAID, DRAW)
    draw = random.Random(0)
    for k in range(8):
        other = [*SAID[: draw.choice((0, 2))], Message("user", f"{k}번 이야기")]
        engine.reply(other, replace(DRAW, seed=k, candidates=draw.randint(1, 4)))
    assert told(engine.reply(SAID, DRAW)) == told(first)
    assert engine.reply(SAID, replace(DRAW, seed=6)).text != first.text


def test_a_fresh_engine_gives_the_same_reply(engine, tiny):
    before = engine.reply(SAID, DRAW)
    fresh = open_engine(tiny, threads=1)
    assert told(fresh.reply(SAID, DRAW)) == told(before)
    fresh.close()


def test_what_is_streamed_is_what_is_given(engine):
    for seed in range(40):
        pieces = []
        draw = replace(DRAW, candidates=1, seed=seed)
        streamed = engine.reply(SAID, draw, on_text=pieces.append)
        assert told(streamed) == told(engine.reply(SAID, draw))
        assert "".join(pieces).startswith(streamed.candidates[0].tokens[0].text.rstrip())
        if streamed.text != "".join(pieces):  # the text rules, or a filter, have changed it
            assert streamed.fallback or streamed.text == engine.read("".join(pieces)).text


def test_several_candidates_are_not_streamed(engine):
    pieces = []
    engine.reply(SAID, DRAW, on_text=pieces.append)
    assert pieces == []


def test_temperature_0_is_one_candidate(engine):
    reply = engine.reply(SAID, replace(DRAW, temperature=0))
    assert len(reply.candidates) == 1


def test_twelve_at_once_are_answered_as_one_by_one(engine):
    asked = [[Message("user", f"{k}시에 뭐 해?")] for k in range(12)]
    alone = [told(engine.reply(one, DRAW)) for one in asked]
    with ThreadPoolExecutor(12) as pool:
        together = [told(one) for one in pool.map(lambda one: engine.reply(one, DRAW), asked)]
    assert together == alone


def test_a_cancelled_reply_ends_within_a_token(engine, monkeypatch):
    steps = []
    step = engine._decoder.step
    monkeypatch.setattr(engine._decoder, "step", lambda *args: (steps.append(1), step(*args))[1])
    cancelled = threading.Event()

    def on_text(piece):
        cancelled.set()

    with pytest.raises(Cancelled):
        engine.reply(
            SAID,
            replace(DRAW, candidates=1, max_new_tokens=40),
            on_text=on_text,
            is_cancelled=cancelled.is_set,
        )
    assert len(steps) <= 1


def test_a_reply_that_was_cancelled_while_it_waited_is_not_begun(engine, monkeypatch):
    monkeypatch.setattr(engine._decoder, "extend", None)
    with pytest.raises(Cancelled):
        engine.reply(SAID, DRAW, is_cancelled=lambda: True)


def test_an_engine_that_is_closed_ends_its_reply(tiny):
    engine = open_engine(tiny, threads=1)
    closing = []

    def on_text(piece):
        if not closing:
            closing.append(threading.Thread(target=engine.close))
            closing[0].start()
            engine._closed.wait(5)

    with pytest.raises(Cancelled):
        engine.reply(SAID, replace(DRAW, candidates=1, max_new_tokens=40), on_text=on_text)
    closing[0].join(5)


def test_what_cannot_be_read_is_answered_without_the_model(engine, monkeypatch):
    monkeypatch.setattr(engine._decoder, "extend", None)
    reply = engine.reply([*SAID, Message("assistant", "응"), Message("user", "😂" * 2000)], DRAW)
    assert (reply.text, reply.fallback, reply.candidates) == (UNREADABLE, True, ())
    assert reply.seen[-1] == ""
    assert len(reply.seen) == 5


def test_the_last_message_must_be_the_users(engine):
    for messages in ([], SAID[:2]):
        with pytest.raises(ValueError, match="last message must be the user's"):
            engine.reply(messages, DRAW)


def test_what_is_told_of_a_reply_fits_together(engine):
    reply = engine.reply(SAID, replace(DRAW, n_rivals=3))
    assert reply.seen == ("안녕? 오늘 뭐 했어?", "응 나는 그냥 집에 있었어", "저녁 뭐 먹을까?")
    assert (reply.first_message, reply.cut_characters, reply.unknown) == (0, 0, 0)
    assert reply.window_tokens == reply.prompt_tokens
    scores = [one.score for one in reply.candidates if not one.out]
    assert scores == sorted(scores, reverse=True)
    for one in reply.candidates:
        assert len(one.tokens) <= DRAW.max_new_tokens
        assert all(len(token.rivals) == 3 for token in one.tokens)
        assert all(token.logprob <= token.rivals[0][2] <= 0 for token in one.tokens)
    assert reply.completion_tokens == len(reply.candidates[reply.chosen].tokens)


def test_a_long_conversation_stays_within_what_the_model_has_positions_for(tmp_path):
    save_model(tmp_path, n_positions=40)  # chat.json says 96
    engine = open_engine(tmp_path, threads=1)
    assert engine.max_tokens == 40
    turns = []
    for k in range(30):
        turns.append(f"{k}번째 이야기 하나만 더 해 줘")
        reply = engine.reply(messages_of(turns), Draw(max_new_tokens=1000, candidates=2, seed=k))
        assert reply.window_tokens + max(len(one.tokens) for one in reply.candidates) < 40
        turns.append(reply.text)
    engine.close()


def test_no_reply_to_odd_messages_holds_a_control_token(engine):
    draw = random.Random(1)
    parts = [
        "<usr>",
        "</s>",
        "<sys>",
        "#@이름#",
        "\ue000",
        "😂",
        "안녕",
        "ㅋㅋㅋㅋ",
        "\u202e",
        "\ud800",
        " ",
    ]
    parts += ["\u1102\u1166", "<unk>", "<unused0>", "\n", "\x00", "a" * 300, "가" * 300]
    control = engine.encoder.control_ids
    for seed in range(60):
        messages = [
            Message("assistant" if k % 2 else "user", "".join(draw.choices(parts, k=5)))
            for k in range(draw.choice((1, 3, 5)))
        ]
        reply = engine.reply(messages, replace(DRAW, seed=seed, candidates=2))
        for one in reply.candidates:
            assert not {token.id for token in one.tokens} & control
        assert "<" not in reply.text


def test_how_a_model_was_trained_decides_what_it_is_given(tmp_path, tiny):
    texts = {}
    for labels, respell in (("all-sys", "off"), ("shift", "on")):
        folder = tmp_path / labels
        shutil.copytree(tiny, folder)
        chat = json.loads((folder / "chat.json").read_text())
        (folder / "chat.json").write_text(json.dumps(chat | {"labels": labels, "respell": respell}))
        engine = open_engine(folder, threads=1)
        texts[labels] = engine.reply([Message("user", "안녕")], DRAW).window_tokens
        assert engine._reader.lacking == (
            engine.encoder.lacking if respell == "on" else frozenset()
        )
        engine.close()
    assert texts["shift"] == texts["all-sys"] + 1


def test_copies_of_train_are_counted(tmp_path, tiny):
    import pyarrow as pa
    import pyarrow.parquet as pq

    kind = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    rows = [
        [{"role": "user", "content": "그래"}, {"role": "assistant", "content": text}]
        for text in ("라면 먹자", "그래 좋아", "라면 먹자")
    ]
    (tmp_path / "train").mkdir()
    for k in range(2):
        table = pa.table({"messages": pa.array(rows, kind)})
        pq.write_table(table, tmp_path / "train" / f"0000{k}.parquet")
    engine = open_engine(tiny, threads=1, corpus=tmp_path)
    assert [engine._copies.of(text) for text in ("라면 먹자", "그래 좋아", "그래", "")] == [
        4,
        2,
        0,
        0,
    ]
    assert engine.reply(SAID, DRAW).copies == 0
    engine.close()


def test_chat_from_python(tiny):
    chat = corpus.Chat(tiny.parent)
    text = chat.reply(["안녕?"], seed=3)
    assert text
    assert chat.reply(["안녕?"], seed=3) == text
    assert chat.reply(["안녕?", text, "뭐 해?"], seed=3, candidates=1)
