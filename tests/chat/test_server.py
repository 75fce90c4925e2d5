"""The server as OpenAI's own client sees it, plain and streamed, one and many at once."""

import asyncio
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest
from effort import tries
from fake_engine import FakeEngine, served
from raw_http import ask, exchange, request

from corpus.chat.reply import FALLBACK, Draw
from corpus.chat.server import answering
from corpus.chat.server.answers import as_event
from corpus.chat.services.table import SERVICES

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "안녕"}]


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def port(engine):
    with served(engine) as port:
        yield port


def client_of(port, **more):
    more = {"api_key": "none", "max_retries": 0} | more
    return openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", **more)


@pytest.fixture
def client(port):
    with client_of(port) as client:
        yield client


def complete(client, messages=HELLO, **more):
    own = {key: more.pop(key) for key in ("candidates", "services", "top_k") if key in more}
    return client.chat.completions.create(
        model="any", messages=messages, extra_body=own or None, **more
    )


def streamed_text(chunks):
    return "".join(
        one.choices[0].delta.content or "" for one in chunks if one.choices and one.choices[0].delta
    )


def post(port, body):
    return exchange(port, request("POST", CHAT, port, body=body))


def test_the_model_is_listed(client):
    [model] = client.models.list().data
    assert (model.id, model.object, model.owned_by) == ("runs-fake", "model", "corpus")
    assert model.context_length == 256


def test_health_says_who_and_how_many(port):
    told = httpx.get(f"http://127.0.0.1:{port}/health").json()
    assert told == {"status": "ok", "model": "runs-fake", "waiting": 0}


def test_a_reply_has_all_that_openai_says(client):
    told = complete(client)
    [choice] = told.choices
    assert told.object == "chat.completion"
    assert told.id.startswith("chatcmpl-")
    assert abs(told.created - time.time()) < 60
    assert (choice.index, choice.finish_reason, choice.logprobs) == (0, "stop", None)
    assert (choice.message.role, bool(choice.message.content)) == ("assistant", True)
    usage = told.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (10, 6, 16)


def test_beside_the_reply_stands_what_the_model_read(client):
    beside = complete(client).model_extra["corpus"]
    assert beside["seen"] == ["<안녕>"]
    assert beside["read"] == {"text": "안녕", "rules": [], "tokens": [["안", False], ["녕", False]]}
    assert [one["out"] for one in beside["candidates"]] == ["", "", "", "parrot"]
    assert beside["window"] == {
        "tokens": 10,
        "first_message": 0,
        "cut_characters": 0,
        "left_out": [],
    }
    assert (beside["service"], beside["converted"], beside["unknown"]) == (None, None, 0)
    assert beside["copies"] is None
    assert beside["seconds"] >= 0


@pytest.mark.parametrize("candidates", [1, 4])
def test_a_stream_says_the_same_as_the_whole(client, candidates):
    for seed in range(20):
        whole = complete(client, candidates=candidates, seed=seed)
        chunks = [*complete(client, candidates=candidates, seed=seed, stream=True)]
        assert streamed_text(chunks) == whole.choices[0].message.content
        assert chunks[0].choices[0].delta.role == "assistant"
        assert chunks[-1].choices[0].finish_reason == "stop"
        beside = chunks[-1].model_extra["corpus"]
        assert beside["candidates"] == whole.model_extra["corpus"]["candidates"]
        assert "text" not in beside


def test_replies_are_the_same_streamed_and_not(port):
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
        for seed in range(tries(150)):
            body = ask("안녕ㅠㅠ", candidates=1, seed=seed)
            whole = http.post(CHAT, json=body).json()["choices"][0]["message"]["content"]
            events = http.post(CHAT, json=body | {"stream": True}).text.split("\n\n")
            assert events[-2:] == ["data: [DONE]", ""]
            chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
            pieces = [one["choices"][0]["delta"].get("content", "") for one in chunks]
            assert "".join(pieces) == whole


def test_one_candidate_comes_token_by_token_and_more_in_one_piece(client):
    assert len([*complete(client, candidates=1, stream=True)]) == 1 + 6 + 1
    assert len([*complete(client, candidates=4, stream=True)]) == 1 + 1 + 1


def test_what_the_rules_change_at_the_end_replaces_the_stream(client, engine):
    engine.ending = "다른 말"
    last = [*complete(client, candidates=1, stream=True)][-1]
    assert last.model_extra["corpus"]["text"] == "다른 말"


def test_usage_is_streamed_if_wanted(client):
    chunks = [*complete(client, stream=True, stream_options={"include_usage": True})]
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == 16
    assert all(one.usage is None for one in chunks[:-1])


def test_the_stream_helper_puts_a_reply_together(client):
    with client.chat.completions.stream(model="any", messages=HELLO) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    assert final.choices[0].message.content == complete(client).choices[0].message.content


def test_as_many_choices_as_wanted_come(client):
    told = complete(client, n=3)
    assert [one.index for one in told.choices] == [0, 1, 2]
    assert len({one.message.content for one in told.choices}) == 3
    chunks = [*complete(client, n=3, stream=True)]
    texts = ["", "", ""]
    for chunk in chunks:
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert texts == [one.message.content for one in told.choices]


def test_choices_that_may_not_be_shown_are_not(client, engine, monkeypatch):
    from dataclasses import replace

    honest = engine._candidate
    monkeypatch.setattr(
        engine,
        "_candidate",
        lambda m, d, k, n: replace(honest(m, d, k, n), out="bad_word" * bool(k)),
    )
    texts = [one.message.content for one in complete(client, n=4).choices]
    assert texts[1:] == [FALLBACK] * 3


@pytest.mark.parametrize("stream", [False, True])
def test_probabilities_are_told(client, stream):
    told = complete(client, logprobs=True, top_logprobs=5, stream=stream)
    if stream:
        [content] = [
            one.choices[0].logprobs.content
            for one in told
            if one.choices[0].logprobs and one.choices[0].logprobs.content
        ]
    else:
        content = told.choices[0].logprobs.content
    assert len(content) == 6
    assert all(len(token.top_logprobs) == 5 for token in content)
    assert all(bytes(token.bytes).decode() == token.token for token in content)
    assert content[0].logprob == -0.5


def test_what_is_honoured_reaches_the_draw(client, engine):
    complete(
        client,
        max_completion_tokens=5,
        max_tokens=3,
        temperature=0.5,
        top_p=0.7,
        seed=11,
        stop=["ㅠ", "ㅋ"],
        presence_penalty=0.5,
        frequency_penalty=-0.5,
        logit_bias={"50": -100},
        candidates=2,
        top_k=9,
    )
    _, draw = engine.asked[-1]
    assert draw == Draw(
        candidates=2,
        temperature=0.5,
        top_p=0.7,
        top_k=9,
        max_new_tokens=5,
        seed=11,
        stop=("ㅠ", "ㅋ"),
        presence_penalty=0.5,
        frequency_penalty=-0.5,
        logit_bias=((50, -100.0),),
    )


def test_what_is_not_said_is_as_the_server_was_started(client, engine):
    complete(client, user="me", store=True, metadata={"a": "b"})
    assert engine.asked[-1][1] == Draw(seed=7)


def test_the_same_seed_gives_the_same_reply(client):
    texts = {complete(client, seed=5).choices[0].message.content for _ in range(3)}
    assert len(texts) == 1
    assert len({complete(client, seed=k).choices[0].message.content for k in range(5)}) > 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tools", [{"type": "function", "function": {"name": "f"}}]),
        ("response_format", {"type": "json_object"}),
        ("modalities", ["text", "audio"]),
        ("audio", {"voice": "alloy", "format": "wav"}),
        ("tool_choice", "required"),
        ("reasoning_effort", "high"),
        ("prediction", {"type": "content", "content": "x"}),
        ("nonsense", 1),
        ("temperature", 2.1),
        ("temperature", -0.1),
        ("temperature", "0.5"),
        ("temperature", True),
        ("top_p", 0),
        ("top_p", 1.5),
        ("top_k", -1),
        ("top_k", 1.5),
        ("n", 0),
        ("n", 5),
        ("n", True),
        ("candidates", 0),
        ("candidates", 9),
        ("max_tokens", 0),
        ("max_completion_tokens", -1),
        ("seed", 1.5),
        ("seed", 2**63),
        ("stop", ["a", "b", "c", "d", "e"]),
        ("stop", [""]),
        ("stop", 5),
        ("logprobs", "yes"),
        ("top_logprobs", 5),
        ("presence_penalty", 3),
        ("frequency_penalty", -3),
        ("logit_bias", {"99999999": 1}),
        ("logit_bias", {"x": 1}),
        ("logit_bias", {"1": 101}),
        ("logit_bias", []),
        ("stream", "yes"),
        ("stream_options", 1),
        ("services", 1),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(port, field, value):
    status, _, body = post(port, ask(**{field: value}))
    error = json.loads(body)["error"]
    assert status == 400
    assert error["param"] == field
    assert field in error["message"]
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "harmless",
    [
        {"tools": []},
        {"response_format": {"type": "text"}},
        {"modalities": ["text"]},
        {"tool_choice": "none"},
        {"tools": None, "nonsense": None, "stop": None, "seed": None},
        {"stop": "ㅠ"},
        {"max_tokens": 4096},
        {"temperature": 0},
        {"top_k": 0},
        {"logprobs": True, "top_logprobs": 10},
    ],
)
def test_what_says_no_more_than_is_done_anyway_is_taken(port, harmless):
    assert post(port, ask(**harmless))[0] == 200


@pytest.mark.parametrize(
    "messages",
    [
        None,
        [],
        "안녕",
        {},
        [1],
        [{}],
        [{"role": "user"}],
        [{"role": "user", "content": 5}],
        [{"role": "robot", "content": "안녕"}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}],
        [{"role": "user", "content": [{"type": "text", "text": 5}]}],
        [{"role": "user", "content": [{"type": "input_audio"}]}],
        [{"role": "user", "content": "x" * 2001}],
        [{"role": "user", "content": "안녕"}] * 201,
        [{"role": "user", "content": "안녕"}, {"role": "assistant", "content": "응"}],
        [{"role": "user", "content": "안녕"}, {"role": "system", "content": "응"}],
        [{"role": "system", "content": "응"}],
    ],
)
def test_messages_that_are_none_are_refused(port, messages):
    status, _, body = post(port, {"messages": messages})
    assert status == 400
    assert json.loads(body)["error"]["param"].startswith("messages")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b'"x"',
        b"null",
        b"\xff\xfe",
        b"[" * 60000,
        b'{"messages": NaN}',
        b'{"seed": ' + b"9" * 6000 + b"}",
        b'{"temperature": 1e999, "messages": [{}]}',
        "안".encode()[:2],
    ],
)
def test_a_body_that_is_no_object_is_refused(port, body):
    status, _, told = post(port, body)
    assert status == 400
    assert "error" in json.loads(told)


def test_errors_are_the_exceptions_of_the_client(port, engine):
    with client_of(port) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            complete(client, temperature=9)
        assert caught.value.param == "temperature"
        engine.fails_with = ValueError("x")
        with pytest.raises(openai.InternalServerError):
            complete(client)
        with pytest.raises(openai.APIError):
            [*complete(client, stream=True)]
    with served(FakeEngine(), key="k") as locked:
        with pytest.raises(openai.AuthenticationError), client_of(locked) as client:
            complete(client)
        with client_of(locked, api_key="k") as client:
            assert complete(client).choices


def test_text_parts_are_one_message(client, engine):
    parts = [{"type": "text", "text": "오늘"}, {"type": "text", "text": "뭐해"}]
    complete(client, [{"role": "user", "content": parts}])
    assert [one.content for one in engine.asked[-1][0]] == ["오늘 뭐해"]


def test_the_model_is_given_turns_as_it_was_trained(client, engine):
    said = [
        ("system", "너는 해적이야"),
        ("assistant", "먼저 말 걸기"),
        ("user", "안녕"),
        ("user", "나 왔어"),
        ("assistant", "응"),
        ("assistant", "어서 와"),
        ("user", "지금 몇시야?"),
        ("assistant", "지금은 9시예요."),
        ("user", "아 시발"),
        ("assistant", "그건 나쁜 말이야."),
        ("user", "뭐해"),
    ]
    told = complete(client, [{"role": role, "content": text} for role, text in said])
    given = [(one.role, one.content) for one in engine.asked[-1][0]]
    assert given == [("user", "안녕 나 왔어"), ("assistant", "응 어서 와"), ("user", "뭐해")]
    beside = told.model_extra["corpus"]
    assert beside["window"]["left_out"] == [0, 1, 6, 7, 8, 9]
    assert beside["window"]["first_message"] == 2
    seen = [None] * 11
    seen[3], seen[5], seen[10] = "<안녕 나 왔어>", "<응 어서 와>", "<뭐해>"
    assert beside["seen"] == seen


@pytest.mark.parametrize("stream", [False, True])
def test_services_answer_before_the_model(client, engine, stream):
    told = complete(client, [{"role": "user", "content": "3+4*2"}], stream=stream)
    if stream:
        chunks = [*told]
        assert streamed_text(chunks) == "11이에요."
        beside = chunks[-1].model_extra["corpus"]
    else:
        assert told.choices[0].message.content == "11이에요."
        assert told.usage.total_tokens == 0
        beside = told.model_extra["corpus"]
    assert beside["service"] == "sum"
    assert engine.asked == []


def test_a_bad_word_is_refused_as_content(client, engine):
    told = complete(client, [{"role": "user", "content": "tlqkf"}])
    assert told.choices[0].finish_reason == "content_filter"
    assert told.model_extra["corpus"]["service"] == "bad_word"
    assert told.model_extra["corpus"]["converted"] == "시발"
    assert engine.asked == []


def test_services_can_be_left_out_of_a_request(client, engine):
    complete(client, [{"role": "user", "content": "3+4*2"}], services=False)
    assert [one.content for one in engine.asked[-1][0]] == ["3+4*2"]


def test_the_wrong_keyboard_is_put_right_for_services_and_model(client, engine):
    told = complete(client, [{"role": "user", "content": "dkssud"}])
    assert told.model_extra["corpus"]["converted"] == "안녕"
    assert engine.asked[-1][0][-1].content == "안녕"
    told = complete(client, [{"role": "user", "content": "dlfkddk wlrma auctldi?"}])
    assert told.model_extra["corpus"]["service"] == "time"


def test_a_message_that_is_meant_as_typed_stays(client, engine):
    kept = {"role": "user", "content": "dkssud", "convert": False}
    other = {"role": "user", "content": "dkssud"}
    answer = {"role": "assistant", "content": "응"}
    complete(client, [kept, answer, other])
    assert [one.content for one in engine.asked[-1][0]] == ["dkssud", "응", "안녕"]


def test_an_empty_message_is_the_models_affair(client, engine):
    complete(client, [{"role": "user", "content": " "}])
    assert engine.asked[-1][0][-1].content == " "


def steps_in_the_end(engine):
    """The steps of an engine, once it makes no more."""
    seen = -1
    while seen != engine.steps:
        seen = engine.steps
        time.sleep(3 * engine.pause)
    return seen


def test_a_client_that_goes_away_ends_its_reply(engine, monkeypatch):
    engine = FakeEngine(pause=0.2, n_tokens=30)
    with served(engine) as port, client_of(port) as client:
        stream = complete(client, candidates=1, stream=True)
        next(stream), next(stream), next(stream)
        stream.close()
        seen = engine.steps
        assert steps_in_the_end(engine) <= seen + 2
        assert complete(client, max_tokens=1).choices


def test_a_client_that_goes_away_before_a_whole_reply_ends_it():
    engine = FakeEngine(pause=0.2, n_tokens=30)
    with served(engine) as port:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"http://127.0.0.1:{port}{CHAT}", json=ask(), timeout=0.5)
        assert steps_in_the_end(engine) < 30


def test_a_client_that_goes_away_from_the_line_is_not_served():
    engine = FakeEngine()
    engine.hold()
    with served(engine) as port, ThreadPoolExecutor() as pool:
        first = pool.submit(post, port, ask())
        engine.wait_until_asked()
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"http://127.0.0.1:{port}{CHAT}", json=ask("둘째"), timeout=0.5)
        time.sleep(0.5)  # the server learns that it is gone
        engine.may_go_on.set()
        assert first.result()[0] == 200
        assert post(port, ask("셋째"))[0] == 200
        assert [one[0][-1].content for one in engine.asked] == ["안녕", "셋째"]


def test_twelve_at_once_are_answered_or_told_to_come_again():
    engine = FakeEngine(pause=0.02)
    refused = []

    async def ask_all(port):
        async with openai.AsyncOpenAI(
            base_url=f"http://127.0.0.1:{port}/v1", api_key="x", max_retries=0
        ) as client:

            async def one(k):
                try:
                    told = await client.chat.completions.create(
                        model="any", messages=[{"role": "user", "content": f"안녕 {k}"}]
                    )
                    return told.choices[0].message.content
                except openai.InternalServerError as error:
                    refused.append((error.status_code, error.response.headers["retry-after"]))
                    return None

            return await asyncio.gather(*map(one, range(12)))

    with served(engine) as port:
        told = asyncio.run(ask_all(port))
        alone = FakeEngine()
        with served(alone) as other, client_of(other) as client:
            for k, text in enumerate(told):
                if text is not None:
                    same = complete(client, [{"role": "user", "content": f"안녕 {k}"}])
                    assert text == same.choices[0].message.content
    assert refused == [(503, "1")] * 3
    assert sum(text is not None for text in told) == 9  # one at work and eight in the line


def test_async_streams_come_whole():
    async def ask_all(port):
        async with openai.AsyncOpenAI(
            base_url=f"http://127.0.0.1:{port}/v1", api_key="x"
        ) as client:

            async def one(k):
                stream = await client.chat.completions.create(
                    model="any",
                    messages=[{"role": "user", "content": f"안녕 {k}"}],
                    stream=True,
                    extra_body={"candidates": 1},
                )
                return "".join([c.choices[0].delta.content or "" async for c in stream])

            return await asyncio.gather(*map(one, range(8)))

    with served(FakeEngine(pause=0.005)) as port:
        assert all(asyncio.run(ask_all(port)))


def waiting_at(port):
    return httpx.get(f"http://127.0.0.1:{port}/health").json()["waiting"]


def test_first_come_is_first_served():
    engine = FakeEngine()
    engine.hold()
    with served(engine) as port, ThreadPoolExecutor(8) as pool:
        waiting = []
        for k in range(6):
            waiting.append(pool.submit(post, port, ask(f"{k}번")))
            while not engine.asked or waiting_at(port) < k:
                time.sleep(0.01)
        engine.may_go_on.set()
        assert [one.result()[0] for one in waiting] == [200] * 6
        assert [one[0][-1].content for one in engine.asked] == [f"{k}번" for k in range(6)]


def test_services_do_not_wait_for_the_model():
    engine = FakeEngine()
    engine.hold()
    with served(engine) as port, ThreadPoolExecutor() as pool:
        held = pool.submit(post, port, ask())
        engine.wait_until_asked()
        assert post(port, ask("3+4"))[0] == 200
        assert waiting_at(port) == 0
        assert not held.done()
        engine.may_go_on.set()
        assert held.result()[0] == 200


@pytest.mark.parametrize("stream", [False, True])
def test_a_reply_that_takes_too_long_is_ended(stream, monkeypatch):
    monkeypatch.setattr(answering, "MAX_SECONDS", 0.2)
    engine = FakeEngine(pause=0.2, n_tokens=30)
    with served(engine) as port:
        status, _, body = post(port, ask(stream=stream))
        assert status == (200 if stream else 504)
        assert b'"code":"timeout"' in body
        seen = engine.steps
        assert steps_in_the_end(engine) <= seen + 1


def test_a_fault_in_a_stream_is_an_event(port, engine):
    engine.fails_with = RuntimeError("x")
    status, _, body = post(port, ask(stream=True))
    assert status == 200
    assert b'"internal_error"' in body
    assert body.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


def test_odd_messages_are_no_fault(port, engine):
    draw = random.Random(0)
    odd = [
        "<usr>",
        "</s>",
        "<unk>",
        "#@이름#",
        "\ue000",
        "😂" * 50,
        "\u1102\u1166",
        "\u202e",
        "\x00",
    ]
    odd += [
        "\ud800",
        "안녕",
        "dkssud",
        "zzzz",
        "[[[",
        '"',
        "\\",
        "\n\n",
        " ",
        "ㅋ" * 300,
        "\u2028",
        "%s",
    ]
    odd += [one.examples[0] for one in SERVICES if not one.needs_network]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
        for _ in range(tries(300)):
            text = "".join(draw.choices(odd, k=draw.randint(1, 6)))[:2000]
            body = json.dumps(ask(text, stream=draw.random() < 0.3, max_tokens=1))
            told = http.post(CHAT, content=body, headers={"content-type": "application/json"})
            assert told.status_code == 200


@pytest.mark.parametrize("at", range(len(as_event({"c": "안녕ㅠㅠ"})) + 1))
def test_an_event_can_be_cut_at_every_byte(at):
    event = as_event({"c": "안녕ㅠㅠ"})
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")()
    text = decoder.decode(event[:at]) + decoder.decode(event[at:], final=True)
    assert json.loads(text.removeprefix("data: ")) == {"c": "안녕ㅠㅠ"}
