"""Services answer the message that is their request, and no other; the internet may fail."""

import json
import re
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources import FakeReader, fake_network

from corpus.chat.services import sums, table
from corpus.chat.services.bad_words import find_bad_word
from corpus.chat.services.network import Network
from corpus.chat.services.table import SERVICES, answer
from corpus.chat.services.weather import weather_sentence

CASES = json.loads((Path(__file__).parents[1] / "cases" / "services.json").read_text())
NOW = datetime.fromisoformat(CASES["now"])
OFFLINE = "지금은 인터넷에 연결할 수 없어서 부산 날씨를 알 수 없어요."


@pytest.fixture
def reader(monkeypatch):
    fake = FakeReader()
    monkeypatch.setitem(sys.modules, "FinanceDataReader", fake)
    return fake


@pytest.fixture
def network(reader):
    with fake_network(patience=1.0) as (network, _):
        yield network


def test_there_are_as_many_golden_cases_as_it_takes():
    assert len(CASES["answered"]) >= 40
    assert len(CASES["left_to_the_model"]) >= 60
    assert {name for _, name, _ in CASES["answered"]} == {one.name for one in SERVICES}


@pytest.mark.parametrize(("message", "service", "text"), CASES["answered"])
def test_a_request_is_answered(message, service, text, network):
    told = answer(message, now=NOW, network=network)
    assert told is not None
    assert told.service == service
    assert text in (None, told.text)
    assert told.needs_network == (service in ("weather", "stock"))
    assert told.is_refusal == (service == "bad_word")


@pytest.mark.parametrize("message", CASES["left_to_the_model"])
def test_talk_goes_to_the_model(message, network):
    assert answer(message, now=NOW, network=network) is None


@pytest.mark.parametrize(("message", "service", "_"), CASES["answered"])
def test_a_choice_of_services_is_kept(message, service, _, network):
    assert answer(message, services="none", now=NOW, network=network) is None
    offline = answer(message, services="offline", now=NOW, network=network)
    assert (offline is None) == (service in ("weather", "stock"))


@pytest.mark.parametrize("one", SERVICES, ids=lambda one: one.name)
def test_every_example_of_the_table_is_answered_by_its_service(one, network):
    for example in one.examples:
        assert answer(example, now=NOW, network=network).service == one.name


def test_help_names_each_service_and_those_that_go_to_the_internet(network):
    lines = answer("도움말", network=network).text.splitlines()
    listed = [one for one in SERVICES if one.name != "bad_word"]
    assert len(lines) == 1 + len(listed)
    for line, one in zip(lines[1:], listed, strict=True):
        assert one.examples[0] in line
        assert ("인터넷" in line) == one.needs_network


@pytest.mark.parametrize("call", ["봄아 ", "봄아, ", "봄아! ", "봄 "])
def test_the_chat_is_called_by_its_name(call, network):
    assert answer(f"{call}지금 몇시야?", name="봄", network=network).service == "time"
    assert answer("이랑아 지금 몇시야?", name="봄", network=network) is None
    assert answer("이랑.* 지금 몇시야?", name=".*", network=network) is None


@pytest.mark.parametrize(
    ("hour", "told"),
    [(0, "오전 12시"), (1, "오전 1시"), (11, "오전 11시"), (12, "오후 12시"), (23, "오후 11시")],
)
def test_hours_are_told_by_halves_of_the_day(hour, told):
    assert f"{told}예요." in answer("지금 몇시야?", now=NOW.replace(hour=hour, minute=0)).text
    assert (
        f"{told} 30분이에요." in answer("지금 몇시야?", now=NOW.replace(hour=hour, minute=30)).text
    )


def test_the_lotto_draws_six_of_45_in_order_and_a_bonus():
    seen = Counter()
    match = re.fullmatch("", "")
    for _ in range(10_000):
        numbers = [int(one) for one in re.findall(r"\d+", table._lotto(match, None))]
        *six, bonus = numbers
        assert six == sorted(six)
        assert len({*six, bonus}) == 7
        seen.update(numbers)
    assert set(seen) == set(range(1, 46))
    assert max(seen.values()) < 1.3 * min(seen.values())


def test_dice_and_coins_show_every_side():
    dice = Counter(table._dice(None, None) for _ in range(600))
    assert sorted(dice) == [
        f"주사위를 굴렸더니 {n} 나왔어요." for n in ("1이", "2가", "3이", "4가", "5가", "6이")
    ]
    assert len({table._coin(None, None) for _ in range(100)}) == 2


@given(st.lists(st.integers(0, 999), min_size=2, max_size=6), st.data())
def test_sums_are_as_python_computes_them(numbers, data):
    signs = data.draw(st.lists(st.sampled_from("+-*"), min_size=5, max_size=5))
    parts = [str(numbers[0])]
    for number, sign in zip(numbers[1:], signs, strict=False):
        parts += [f" {sign} ", str(number)]
    expression = "".join(parts)
    value = eval(expression)
    assert sums.result_of(expression).startswith(f"{value:,}")


@given(st.text("0123456789+-*/().,x ×÷", max_size=70))
def test_no_expression_breaks_the_parser(expression):
    told = sums.result_of(expression, is_asked=True)
    assert told is None or told.endswith("요.")


@given(st.text(max_size=80))
def test_no_message_breaks_the_services(message):
    answer(message, services="offline")


def test_long_messages_take_no_time():
    started = monotonic()
    for message in (
        "시" * 2000,
        "가 " * 1000,
        "1+" * 1000,
        "부산 " * 600 + "날씨 어때",
        "ㅋ" * 2000,
    ):
        answer(message, services="offline")
    assert monotonic() - started < 5


def test_exceptions_of_bad_words_hold_the_word():
    path = Path(table.__file__).with_name("bad_words.json")
    for one in json.loads(path.read_text())["words"]:
        assert find_bad_word(f"아 {one['word']}!")
        for exception in one["not_in"]:
            assert one["word"] in exception
            assert find_bad_word(f"{exception}") is None, exception


@pytest.mark.parametrize("mode", ["500", "slow", "huge", "bad json", "list", "redirect", "lacking"])
def test_a_source_that_fails_is_told_in_one_sentence(mode):
    with fake_network(patience=0.5) as (network, source):
        source.mode = mode
        started = monotonic()
        assert answer("부산 날씨 어때?", network=network).text == OFFLINE
        assert monotonic() - started < 2


def test_an_empty_answer_is_a_place_that_is_not_known():
    with fake_network() as (network, source):
        source.mode = "empty"
        assert "찾지 못했어요" in answer("부산 날씨 어때?", network=network).text


def test_a_redirect_within_the_host_is_followed():
    with fake_network() as (network, source):
        source.mode = "redirect within"
        assert "최저" in answer("부산 날씨 어때?", network=network).text
        assert [path for path, _ in source.asked] == ["/search", "/moved", "/forecast"]


def test_no_network_is_told_in_one_sentence():
    nobody = Network("http://127.0.0.1:1/", "http://127.0.0.1:1/", scheme="http")
    assert answer("부산 날씨 어때?", network=nobody).text == OFFLINE


def test_only_https_is_asked_outside_of_tests():
    with fake_network() as (fake, source):
        strict = Network(fake.geocoding, fake.forecast)
        assert answer("부산 날씨 어때?", network=strict).text == OFFLINE
        assert source.asked == []
    real = Network()
    assert real.geocoding.startswith("https://")
    assert real.forecast.startswith("https://")


def test_the_source_is_told_the_place_and_nothing_else():
    with fake_network() as (network, source):
        answer("이랑아 인천 고잔동 날씨 어때?", network=network)
        (_, asked), (_, where) = source.asked
        assert asked["name"] == "고잔동"
        assert "이랑" not in json.dumps([asked, where], ensure_ascii=False)


def test_answers_are_kept_for_a_while():
    with fake_network() as (network, source):
        first = answer("부산 날씨 어때?", network=network)
        source.mode = "500"
        assert answer("부산 날씨 알려줘", network=network) == first
        assert len(source.asked) == 2


def test_failures_are_not_kept():
    with fake_network() as (network, source):
        source.mode = "500"
        assert answer("부산 날씨 어때?", network=network).text == OFFLINE
        source.mode = "ok"
        assert "최저" in answer("부산 날씨 어때?", network=network).text


def test_places_abroad_and_ranks_of_places():
    with fake_network() as (network, _):
        assert weather_sentence("부산", "오늘", network).startswith("부산 오늘")
        assert "찾지 못했어요" in weather_sentence("대구 고잔동", "오늘", network)


def test_a_stock_is_asked_once_a_minute(reader, network):
    for _ in range(3):
        answer("삼성전자 주가 알려줘", network=network)
    assert reader.n_asked == 1


def test_a_share_that_is_not_traded_is_not_known(reader, network):
    assert "찾지 못했어요" in answer("멈춘회사 주가 알려줘", network=network).text


@pytest.mark.parametrize(("error", "seconds"), [(OSError("x"), 0), (KeyError("x"), 0), (None, 3)])
def test_a_stock_source_that_fails_is_told_in_one_sentence(error, seconds, reader, network):
    reader.fails_with, reader.seconds = error, seconds
    told = answer("삼성전자 주가 알려줘", network=network).text
    assert told == "지금은 인터넷에 연결할 수 없어서 삼성전자 주가를 알 수 없어요."


def test_the_extra_for_stocks_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "FinanceDataReader", None)
    told = answer("삼성전자 주가 알려줘", network=Network()).text
    assert told == '주가를 보려면 pip install -e ".[stock]" 이 필요해요.'
