"""The page in a real browser: what people do with it, and what may not happen to it."""

import json
import re
import socket
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from browser import find_chromium, opened
from fake_engine import FakeEngine, served

from corpus.chat.server import web

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed")

PAGE = Path(web.__file__).with_name("page")
ENTER = {"windowsVirtualKeyCode": 13}
PLANTED = "<img src=x onerror=\"document.title='run'\"></script><script>alert(1)</script>"


class Chat:
    """The page, as a person uses it."""

    def __init__(self, page, engine):
        self.page, self.engine = page, engine
        self.value = page.value_of

    def say(self, text, *, wait=True):
        self.focus()
        self.page.type(text)
        if self.value("matchMedia('(pointer: coarse)').matches"):
            self.click("보내기")
        else:
            self.press_enter()
        if wait:
            self.wait()

    def press_enter(self, **more):
        self.page.press("Enter", text="\r", **ENTER, **more)

    def focus(self):
        self.value("document.getElementById('box').focus()")

    def wait(self):
        self.page.wait_for("document.getElementById('stop').hidden")

    def click(self, name, at=-1):
        """Press the button of this name, the last one if there are several."""
        found = (
            "[...document.querySelectorAll('button')]"
            ".filter(one => !one.closest('dialog:not([open])')"
            f" && (one.getAttribute('aria-label') ?? one.textContent) === {json.dumps(name)})"
        )
        self.page.wait_for(f"{found}.length")
        self.value(f"{found}.at({at}).click()")

    def texts(self, role):
        return self.value(
            f"[...document.querySelectorAll('#log > .{role} .bubble')].map(one => one.textContent)"
        )

    @property
    def mine(self):
        return self.texts("user")

    @property
    def replies(self):
        return self.texts("assistant")

    @property
    def toast(self):
        return self.value(
            "document.getElementById('toast').hidden ? ''"
            " : document.querySelector('#toast span').textContent"
        )

    def sent(self):
        """Return what the model was asked, the last message of each time."""
        return [messages[-1].content for messages, _ in self.engine.asked]


@contextmanager
def chatting(engine=None, *, mobile=False, at="/", **more):
    engine = engine or FakeEngine()
    with served(engine, **more) as port, opened(f"http://127.0.0.1:{port}{at}") as page:
        if mobile:
            page.show(width=390, theme="light", mobile=True)
            page.call("Emulation.setTouchEmulationEnabled", enabled=True)
            page.reload()
        yield Chat(page, engine)
        assert page.logged == []
        ours = f"http://127.0.0.1:{port}/"
        assert [one for one in page.requested if not one.startswith((ours, "data:", "blob:"))] == []


def test_the_page_is_small_and_asks_nobody_else():
    files = [*PAGE.iterdir()]
    assert {one.name for one in files} == {"index.html", "page.css", "page.js"}
    assert sum(one.stat().st_size for one in files) <= 60_000
    for one in files:
        addresses = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", one.read_text())
        assert set(addresses) <= {"http://www.w3.org"}


def test_text_goes_in_as_text():
    script = (PAGE / "page.js").read_text()
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
    ):
        assert way not in script


def test_both_languages_say_the_same_things():
    with chatting() as chat:
        script = (PAGE / "page.js").read_text()
        words = script[script.index("{", script.index("const WORDS")) : script.index("\n};") + 2]
        same = f"(() => {{ const w = {words}; return [Object.keys(w.ko), Object.keys(w.en)] }})()"
        korean, english = chat.value(same)
        assert korean == english
        used = script.replace(words, "") + (PAGE / "index.html").read_text()
        assert [word for word in korean if f'"{word}"' not in used] == []
        assert set(re.findall(r'\b(?:t|Told|button)\("(\w+)"', used)) <= set(korean)


def test_a_message_is_answered():
    with chatting() as chat:
        chat.say("안녕? 오늘 뭐 했어?")
        assert chat.mine == ["안녕? 오늘 뭐 했어?"]
        [reply] = chat.replies
        assert reply
        assert chat.value("document.querySelector('#spoken').textContent") == f"이랑: {reply}"
        assert chat.value("document.activeElement.id") == "box"
        assert chat.value("document.getElementById('box').value") == ""
        assert chat.value("document.title") == "안녕? 오늘 뭐 했어? · 이랑"


def test_what_was_said_is_given_to_the_model():
    with chatting() as chat:
        chat.say("안녕")
        [reply] = chat.replies
        chat.say("뭐해")
        assert [one.content for one in chat.engine.asked[-1][0]] == ["안녕", reply, "뭐해"]


def test_a_stream_is_shown_as_it_comes_and_can_be_stopped():
    from corpus.chat.reply import Draw

    engine = FakeEngine(pause=0.1, n_tokens=30)
    with chatting(engine, draw=Draw(candidates=1)) as chat:
        chat.say("안녕", wait=False)
        chat.page.wait_for(
            "document.querySelector('.assistant .bubble span').textContent.length > 2"
        )
        chat.click("멈춤")
        chat.wait()
        steps = engine.steps
        [reply] = chat.replies
        assert reply
        time.sleep(0.4)
        assert engine.steps <= steps + 1
        engine.pause = 0
        chat.say("그래서?")
        assert [one.content for one in engine.asked[-1][0]] == ["안녕", reply, "그래서?"]


def test_escape_stops_a_reply_that_has_not_come_and_it_can_be_drawn_again():
    engine = FakeEngine(pause=0.1, n_tokens=30)
    with chatting(engine) as chat:
        chat.say("안녕", wait=False)
        chat.page.wait_for("document.querySelector('.dots')")
        chat.page.press("Escape")
        chat.wait()
        assert chat.replies == []
        assert "멈췄어요." in chat.value("document.querySelector('.note').textContent")
        engine.pause = 0
        chat.click("다시")
        chat.page.wait_for(
            "document.querySelector('#log .assistant .bubble') && !document.querySelector('.dots')"
        )
        assert chat.sent() == ["안녕", "안녕"]


def test_again_draws_by_other_chances_and_keeps_what_was():
    with chatting() as chat:
        chat.say("안녕")
        [first] = chat.replies
        for _ in range(3):
            chat.click("다시")
            chat.wait()
        assert {draw.seed for _, draw in chat.engine.asked[1:]}.isdisjoint({7})
        assert "4/4" in chat.value("document.querySelector('.assistant .note').textContent")
        chat.click("다른 답")
        offered = chat.value("[...document.querySelectorAll('.pick')].map(one => one.textContent)")
        assert first in offered


def test_another_candidate_can_be_taken():
    with chatting() as chat:
        chat.say("안녕")
        [first] = chat.replies
        chat.click("다른 답")
        offered = chat.value("[...document.querySelectorAll('.pick')].map(one => one.textContent)")
        assert len(offered) == 3
        assert "따라 함" in offered[2]
        chat.value("document.querySelectorAll('.pick')[1].click()")
        [taken] = chat.replies
        assert taken == offered[1] != first
        chat.say("그래서?")
        assert [one.content for one in chat.engine.asked[-1][0]] == ["안녕", taken, "그래서?"]


def test_a_reply_can_be_corrected():
    with chatting() as chat:
        chat.say("안녕")
        chat.click("고치기")
        chat.value("document.querySelector('.edit textarea').value = '응 안녕! 잘 지냈어?'")
        chat.click("완료")
        assert chat.replies == ["응 안녕! 잘 지냈어?"]
        assert "고쳐 씀" in chat.value("document.querySelector('.assistant .note').textContent")
        chat.say("그럼")
        assert chat.engine.asked[-1][0][1].content == "응 안녕! 잘 지냈어?"


def test_a_message_can_be_edited_and_the_talk_goes_on_from_there():
    with chatting() as chat:
        chat.say("안녕")
        chat.say("뭐해")
        before = chat.replies
        chat.click("고치기", at=0)
        chat.value("document.querySelector('.edit textarea').value = '반가워'")
        chat.click("고쳐서 보내기")
        chat.wait()
        assert chat.mine == ["반가워"]
        assert [one.content for one in chat.engine.asked[-1][0]] == ["반가워"]
        assert "지웠어요" in chat.toast
        chat.click("되돌리기")
        assert chat.mine == ["안녕", "뭐해"]
        assert chat.replies == before


def test_the_wrong_keyboard_is_shown_and_can_be_kept():
    with chatting() as chat:
        chat.say("dkssud")
        assert chat.mine == ["안녕 (dkssud)"]
        assert chat.sent() == ["안녕"]
        chat.click("그대로 보내기")
        chat.wait()
        assert chat.mine == ["dkssud"]
        assert chat.sent() == ["안녕", "dkssud"]
        chat.say("그래")
        assert chat.engine.asked[-1][0][0].content == "dkssud"


def test_services_answer_and_reset_empties():
    with chatting() as chat:
        chat.say("3+4*2")
        assert chat.replies == ["11이에요."]
        assert chat.value("[...document.querySelectorAll('.assistant button')].length") == 3
        chat.say("안녕")
        assert [one.content for one in chat.engine.asked[-1][0]] == ["안녕"]
        chat.say("초기화")
        assert chat.mine == []
        chat.click("되돌리기")
        assert chat.mine == ["3+4*2", "안녕", "초기화"]
        chat.click("초기화")
        assert chat.mine == []


def test_why_tells_what_the_model_read():
    with chatting() as chat:
        for text in ("안녕", "그래ㅋㅋㅋ", "뷁 dkssud"):
            chat.say(text)
        assert chat.mine[-1] == "뷁 안녕 (뷁 dkssud)"
        assert chat.value("document.querySelectorAll('.forgotten').length") == 2
        chat.click("왜?")
        text = chat.value("document.getElementById('why').textContent")
        for told in (
            "뷁 dkssud",
            "뷁 안녕",
            "<unk>",
            "모르는 글자가 1개",
            "따라 함",
            "고른 답",
            "앞의 메시지 2개",
        ):
            assert told in text
        chat.value("document.querySelector('#why button.chip').click()")
        assert chat.value("document.querySelectorAll('.rivals tr').length") >= 5
        chat.page.press("Escape", windowsVirtualKeyCode=27)
        assert chat.value("document.getElementById('why').open") is False
        assert chat.value("document.activeElement.id") == "box"


def test_reload_and_restart_keep_the_conversations():
    engine = FakeEngine()
    with served(engine) as port, opened(f"http://127.0.0.1:{port}/") as page:
        chat = Chat(page, engine)
        chat.say("안녕")
        replies = chat.replies
        page.reload()
        assert (chat.mine, chat.replies) == (["안녕"], replies)
        assert chat.value("document.querySelectorAll('.line').length") == 1


def until_gone(port):
    """Wait until a server has ended: `served` does not."""
    with suppress(ConnectionRefusedError):
        while True:
            socket.create_connection(("127.0.0.1", port)).close()
            time.sleep(0.01)


def test_a_server_that_is_restarted_under_the_page_loses_nothing():
    first, second = FakeEngine(), FakeEngine(name="other-model")
    with served(first) as port:
        browser = opened(f"http://127.0.0.1:{port}/")
        page = browser.__enter__()
        chat = Chat(page, second)
        chat.say("안녕")
        [reply] = chat.replies
    until_gone(port)
    try:
        chat.say("들려?")
        assert "연결할 수 없어요" in chat.value("document.querySelector('.note.bad').textContent")
        with served(second, port=port):
            chat.click("다시")
            page.wait_for("document.querySelectorAll('#log .assistant .bubble').length === 2")
            chat.wait()
            given = [one.content for one in second.asked[-1][0]]
            assert given == ["안녕", reply, "들려?"]
            lines = chat.value(
                "[...document.querySelectorAll('.line')].map(one => one.textContent)"
            )
            assert lines[-1] == "여기부터 다른 모델 (other-model)"
    finally:
        browser.__exit__(None, None, None)


def test_conversations_are_listed_found_renamed_and_deleted():
    with chatting() as chat:
        chat.say("고양이 이야기")
        chat.click("새 대화")
        chat.say("강아지 이야기")
        titles = "[...document.querySelectorAll('#list .open')].map(one => one.textContent)"
        assert chat.value(titles) == ["강아지 이야기", "고양이 이야기"]
        chat.value(
            "const s = document.getElementById('search'); s.value = '고양';"
            "s.dispatchEvent(new Event('input'))"
        )
        assert chat.value(titles) == ["고양이 이야기"]
        chat.click("고양이 이야기")
        assert chat.mine == ["고양이 이야기"]
        chat.click("이름 바꾸기: 고양이 이야기")
        chat.value("document.querySelector('#list input').value = '나비'")
        chat.page.press("Enter", text="\r", **ENTER)
        chat.value("s.value = ''; s.dispatchEvent(new Event('input'))")
        assert set(chat.value(titles)) == {"강아지 이야기", "나비"}
        chat.click("지우기: 나비")
        assert chat.value(titles) == ["강아지 이야기"]
        assert chat.mine == []
        chat.click("되돌리기")
        assert set(chat.value(titles)) == {"강아지 이야기", "나비"}
        assert chat.mine == ["고양이 이야기"]


def test_fifty_conversations_are_kept_and_it_is_said_when_the_oldest_goes():
    with chatting() as chat:
        for k in range(51):
            chat.click("새 대화")
            chat.say(f"{k}번째")
        titles = chat.value(
            "[...document.querySelectorAll('#list .open')].map(one => one.textContent)"
        )
        assert len(titles) == 50
        assert "0번째" not in titles
        assert "50개" in chat.toast
        assert chat.value("Object.keys(localStorage).filter(k => k.includes('.c.')).length") == 50


def test_a_full_store_gives_up_the_oldest():
    with chatting() as chat:
        chat.say("오래된 대화")
        chat.click("새 대화")
        chat.value("localStorage.setItem('filler', 'x'.repeat(5 * 1024 * 1024 - 8000))")
        for k in range(4):
            chat.say(f"새 대화 {k} {'가' * 200}")
        titles = chat.value(
            "[...document.querySelectorAll('#list .open')].map(one => one.textContent)"
        )
        assert "오래된 대화" not in titles
        chat.value("localStorage.removeItem('filler')")


@pytest.mark.parametrize(
    "text", [PLANTED, "javascript:alert(1)", "[x](javascript:alert(1))", "${alert(1)}"]
)
def test_what_is_planted_does_nothing(text):
    engine = FakeEngine()
    engine.ending = text
    with chatting(engine, name=f"봄{PLANTED}") as chat:
        chat.say(text)
        assert chat.mine == [text]
        assert chat.replies == [text]
        chat.click("왜?")
        assert chat.value("document.images.length + document.links.length") == 0
        assert chat.value("document.scripts.length") == 1
        assert "run" not in chat.value("document.title").split()
        assert chat.value("document.querySelector('#name').textContent") == f"봄{PLANTED}"


def test_the_policy_stops_a_script_that_got_in():
    with served(FakeEngine()) as port, opened(f"http://127.0.0.1:{port}/") as page:
        page.value_of(
            "(() => { const s = document.createElement('script'); s.textContent = 'window.bad = 1';"
            " document.body.append(s); const d = document.createElement('div');"
            ' d.innerHTML = \'<img src=x onerror="window.bad=2"><p style="color:red">\';'
            " document.body.append(d); })()"
        )
        time.sleep(0.3)
        assert page.value_of("window.bad") is None
        blocked = page.value_of("fetch('https://example.com/').then(() => 'went', () => 'blocked')")
        assert blocked == "blocked"


def test_what_people_liked_goes_to_the_server(tmp_path):
    with chatting(save=tmp_path) as chat:
        chat.say("안녕")
        chat.click("다른 답")
        chat.value("document.querySelectorAll('.pick')[0].click()")
        chat.page.wait_for("!document.getElementById('toast').hidden")
        chat.click("좋아요")
        chat.page.wait_for("document.querySelector('[aria-pressed=true]')")
        kept = [tmp_path / "preferences.jsonl", tmp_path / "chats.jsonl"]
        deadline = time.monotonic() + 60
        while not all(one.exists() and one.read_text().endswith("\n") for one in kept):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        [entry] = [json.loads(one) for one in (tmp_path / "chats.jsonl").read_text().splitlines()]
        said = [one["utterance"] for one in entry["body"]["dialogue"]]
        assert said == ["안녕", *chat.replies]
        [line] = [
            json.loads(one) for one in (tmp_path / "preferences.jsonl").read_text().splitlines()
        ]
        assert line["prompt"] == [{"role": "user", "content": "안녕"}]
        assert line["chosen"][0]["content"] == chat.replies[0] != line["rejected"][0]["content"]


def test_a_download_is_what_the_server_would_write_and_build_reads_it(tmp_path):
    from corpus import build
    from corpus.chat.reply import Message
    from corpus.chat.save import dialogue_entry

    with chatting() as chat:
        chat.page.call(
            "Browser.setDownloadBehavior",
            behavior="allow",
            downloadPath=str(tmp_path / "raw"),
            browserContextId=chat.page.context,
        )
        (tmp_path / "raw").mkdir()
        chat.say("안녕")
        chat.say("3+4")
        chat.say("오늘 뭐 했어?")
        chat.click("좋아요")
        chat.say("그 뒤의 말")
        replies = chat.replies
        chat.click("저장")
        chat.click("대화 1개 (chats.jsonl)")
        deadline = time.monotonic() + 10
        path = tmp_path / "raw" / "chats.jsonl"
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        [entry] = [json.loads(one) for one in path.read_text().splitlines()]
    said = ["안녕", replies[0], "오늘 뭐 했어?", replies[2]]
    assert [one["utterance"] for one in entry["body"]["dialogue"]] == said
    messages = [Message(("user", "assistant")[k % 2], text) for k, text in enumerate(said)]
    from datetime import datetime

    ours = dialogue_entry(messages, now=datetime.now().astimezone())
    for one in (*ours["body"]["dialogue"], *entry["body"]["dialogue"]):
        del one["date"], one["time"]
    assert entry == ours
    manifest = build(tmp_path / "raw", tmp_path / "processed", tokenizer="builtin")
    assert manifest["broken"] == {}
    assert (tmp_path / "processed" / "train").exists() or (
        tmp_path / "processed" / "validation"
    ).exists()


def test_a_key_is_taken_from_the_address_or_asked_for():
    with chatting(key="열쇠", at="/#key=%EC%97%B4%EC%87%A0") as chat:
        chat.say("안녕")
        assert len(chat.replies) == 1
    engine = FakeEngine()
    with served(engine, key="열쇠") as port, opened(f"http://127.0.0.1:{port}/") as page:
        chat = Chat(page, engine)
        chat.say("안녕", wait=False)
        page.wait_for("document.getElementById('key').open")
        page.type("열쇠")
        page.press("Enter", text="\r", **ENTER)
        page.wait_for(
            "document.querySelector('#log .assistant .bubble') && !document.querySelector('.dots')"
        )
        assert len(chat.replies) == 1
        assert not [one for one in page.requested if "key" in one]


def test_a_busy_server_is_asked_again():
    with chatting() as chat:
        chat.value(
            "window.fetch_ = fetch; window.tries = 0; window.fetch = (...asked) => tries++ < 2 ?"
            " Promise.resolve(new Response('{}', {status: 503})) : fetch_(...asked)"
        )
        chat.say("안녕")
        assert chat.value("tries") == 3
        assert len(chat.replies) == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_all_of_it_fits_the_screen_and_can_be_read(width, theme):
    with chatting(mobile=width == 390) as chat:
        chat.page.show(width=width, theme=theme, mobile=width == 390)
        chat.say("안녕 " + "가" * 300)
        chat.say("dkssud")
        for name in (None, "왜?", "다른 답", "저장"):
            if name:
                chat.click(name)
            assert chat.value("document.documentElement.scrollWidth") <= width
            faint = chat.value(CONTRAST)
            assert faint == [], name
            chat.value("document.querySelector('dialog[open]')?.close()")
        small = (
            "[...document.querySelectorAll('main button')].filter(one => one.offsetParent && "
            "one.closest('.last, header, form') && one.offsetHeight < 32)"
            ".map(one => one.textContent)"
        )
        assert chat.value(small) == []


def test_tab_reaches_every_control_and_each_has_a_name():
    with chatting() as chat:
        chat.say("안녕")
        chat.say("dkssud")
        chat.value("document.body.tabIndex = -1; document.body.focus()")
        names = []
        for _ in range(60):
            chat.page.press("Tab", windowsVirtualKeyCode=9)
            name = chat.value(
                "(one => one === document.body ? null"
                " : one.getAttribute('aria-label') || one.textContent)"
                "(document.activeElement)"
            )
            outline = chat.value("getComputedStyle(document.activeElement).outlineStyle")
            if name is None:
                break
            assert name
            assert outline != "none", name
            names.append(name)
        shown = chat.value(
            "[...document.querySelectorAll('button, input, textarea')]"
            ".filter(one => !one.closest('dialog, [hidden]')"
            " && one.getClientRects().length)"
            ".map(one => one.getAttribute('aria-label') || one.textContent)"
        )
        assert sorted(names) == sorted(shown) or set(shown) <= set(names)


def test_the_other_language_is_one_press_away_and_stays():
    with chatting() as chat:
        chat.say("안녕")
        chat.click("English")
        assert chat.value("document.documentElement.lang") == "en"
        visible = chat.value(
            "document.querySelector('header').innerText + document.querySelector('.last').innerText"
        )
        assert "Clear" in visible
        assert not re.search(
            "[가-힣]",
            visible.replace("이랑", "").replace("한국어", "").replace(chat.replies[0], ""),
        )
        chat.page.reload()
        assert chat.value("document.documentElement.lang") == "en"
        assert chat.value("document.getElementById('box').placeholder") == "Message"


def test_motion_can_be_left_out():
    with chatting(FakeEngine(pause=0.3)) as chat:
        chat.page.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-reduced-motion", "value": "reduce"}],
        )
        chat.say("안녕", wait=False)
        chat.page.wait_for("document.querySelector('.dots i')")
        assert (
            chat.value("getComputedStyle(document.querySelector('.dots i')).animationName")
            == "none"
        )
        chat.wait()


def test_events_that_are_cut_at_every_byte_are_whole():
    with chatting() as chat:
        texts = chat.value(
            "import('/page.js').then(({EventLines}) => { const bytes = new TextEncoder().encode("
            '\'data: {"c":"안녕ㅠㅠ"}\\r\\n\\r\\n: waiting\\ndata:[DONE]\\n\\n\'); const all = [];'
            " for (let k = 0; k <= bytes.length; k++) { const lines = new EventLines();"
            " all.push([...lines.push(bytes.slice(0, k)), ...lines.push(bytes.slice(k))]); }"
            " const one = new EventLines();"
            " all.push([...bytes].flatMap(byte => one.push(new Uint8Array([byte]))));"
            " return [...new Set(all.map(JSON.stringify))]; })"
        )
        assert [json.loads(one) for one in texts] == [['{"c":"안녕ㅠㅠ"}', "[DONE]"]]


# Each order is that of one keyboard in one browser; what is sent, and how often.
COMPOSE = "Input.imeSetComposition"


def compose(page, text):
    page.call(COMPOSE, text=text, selectionStart=len(text), selectionEnd=len(text))


def process_key(page):
    page.call(
        "Input.dispatchKeyEvent",
        type="rawKeyDown",
        key="Process",
        code="Enter",
        windowsVirtualKeyCode=229,
    )
    page.call(
        "Input.dispatchKeyEvent", type="keyUp", key="Enter", code="Enter", windowsVirtualKeyCode=13
    )


def type_syllables(page, text):
    """Compose and commit all but the last syllable, and go on composing that."""
    for syllable in text[:-1]:
        compose(page, syllable)
        page.type(syllable)
    compose(page, text[-1])


def test_enter_while_composing_sends_once_as_chrome_on_windows_tells_it():
    with chatting() as chat:
        chat.focus()
        type_syllables(chat.page, "안녕하세요")
        process_key(chat.page)
        chat.page.type("요")
        chat.page.wait_for(
            "document.querySelector('#log .assistant .bubble') && !document.querySelector('.dots')"
        )
        assert chat.mine == ["안녕하세요"]
        time.sleep(0.3)
        assert chat.sent() == ["안녕하세요"]


def test_enter_while_composing_sends_once_as_chrome_on_macos_tells_it():
    with chatting() as chat:
        chat.focus()
        type_syllables(chat.page, "안녕하세요")
        process_key(chat.page)
        chat.page.type("요")
        chat.press_enter()  # macOS tells the Enter a second time
        chat.page.wait_for(
            "document.querySelector('#log .assistant .bubble') && !document.querySelector('.dots')"
        )
        time.sleep(0.3)
        assert chat.sent() == ["안녕하세요"]
        assert chat.value("document.getElementById('box').value") == ""


def test_enter_that_comes_after_the_composition_sends_once_as_safari_tells_it():
    with chatting() as chat:
        chat.focus()
        type_syllables(chat.page, "안녕하세요")
        chat.page.type("요")
        process_key(chat.page)  # 229, and nothing is being composed
        chat.page.wait_for(
            "document.querySelector('#log .assistant .bubble') && !document.querySelector('.dots')"
        )
        time.sleep(0.3)
        assert chat.sent() == ["안녕하세요"]


def test_enter_behind_latin_sends_once():
    with chatting() as chat:
        chat.focus()
        chat.page.type("hello there")
        chat.press_enter()
        chat.wait()
        assert chat.sent() == ["hello there"]


def test_enter_that_chooses_japanese_sends_nothing():
    with chatting() as chat:
        chat.focus()
        compose(chat.page, "にほん")
        compose(chat.page, "日本")
        process_key(chat.page)
        chat.page.type("日本")
        time.sleep(0.3)
        assert chat.sent() == []
        assert chat.value("document.getElementById('box').value") == "日本"
        process_key(chat.page)  # Safari: the Enter of the choice comes behind it
        time.sleep(0.3)
        assert chat.sent() == []
        chat.press_enter()
        chat.wait()
        assert chat.sent() == ["日本"]


def test_enter_that_chooses_a_hanja_sends_nothing():
    with chatting() as chat:
        chat.focus()
        compose(chat.page, "한")
        process_key(chat.page)
        chat.page.type("韓")
        time.sleep(0.3)
        assert chat.sent() == []
        assert chat.value("document.getElementById('box').value") == "韓"


def test_shift_and_enter_is_a_new_line_and_an_empty_box_sends_nothing():
    with chatting() as chat:
        chat.focus()
        chat.press_enter()
        chat.page.type("  ")
        chat.press_enter()
        assert chat.mine == []
        chat.value("document.getElementById('box').value = ''")
        chat.page.type("첫 줄")
        chat.press_enter(modifiers=8)
        chat.page.type("둘째 줄")
        chat.press_enter()
        chat.wait()
        assert chat.mine == ["첫 줄\n둘째 줄"]


def test_on_a_phone_enter_is_a_new_line_and_the_button_sends():
    with chatting(mobile=True) as chat:
        if not chat.value("matchMedia('(pointer: coarse)').matches"):
            pytest.skip("this Chromium emulates no coarse pointer")
        chat.focus()
        chat.page.type("안녕")
        chat.press_enter()
        chat.page.type("뭐해")
        assert chat.mine == []
        chat.click("보내기")
        chat.wait()
        assert chat.mine == ["안녕\n뭐해"]


# Of each element with text of its own: is its contrast to what is behind it 4.5 or more?
CONTRAST = """(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const behind = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) {
      const [r, g, b, a = 1] = channels(getComputedStyle(at).backgroundColor);
      layers.push([r, g, b, a]);
      if (a === 1) break;
    }
    return layers.reverse().reduce((under, [r, g, b, a]) =>
      [r, g, b].map((v, k) => v * a + under[k] * (1 - a)), [255, 255, 255]);
  };
  const faint = [];
  for (const one of document.querySelectorAll('body *')) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const dialog = document.querySelector('dialog[open]');
    if (!own || one.disabled || !one.getClientRects().length) continue;
    if (one.closest('.unseen, #toast') || (dialog && !dialog.contains(one))) continue;
    const style = getComputedStyle(one);
    const back = behind(one), [r, g, b] = channels(style.color);
    const [high, low] = [light([r, g, b]), light(back)].sort((x, y) => y - x);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < 4.5) faint.push(`${one.className} ${one.textContent.slice(0, 20)} ${contrast}`);
  }
  return faint;
})()"""
