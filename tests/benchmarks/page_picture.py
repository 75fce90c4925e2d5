"""The pictures in the README: `python tests/benchmarks/page_picture.py` makes them anew.

One is of the page of chat, one of the report on raw/sample. The replies are invented: the picture
shows the page, not what a model says. Needs Chromium.
"""

import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/chat")]

from browser import opened  # noqa: E402
from fake_engine import FakeEngine, served  # noqa: E402

import corpus  # noqa: E402
from corpus.chat.reply import Seen, Token  # noqa: E402
from corpus.records import REPORT  # noqa: E402

TALK = {
    "dkssud? 오늘 뭐 했어?": "안녕! 나 오늘 집에서 쉬었어 ㅎㅎ",
    "오 좋았겠다ㅋㅋㅋ 저녁은 먹었어?": "아직.. 떡볶이 먹을까 고민 중이야",
    "나도 끼워줘": "그래 그럼 7시에 역 앞에서 봐!",
}
PROBABLE = (0.62, 0.31, 0.88, 0.17, 0.54, 0.93, 0.4, 0.71)
RIVALS = ("응", "나는", "좋아", "아니", "그럼")


class Scripted(FakeEngine):
    """Says what is written above."""

    def reply(self, messages, draw, **how):
        return replace(super().reply(messages, draw, **how), first_message=0)

    def _candidate(self, messages, draw, k, n):
        from math import log

        one = super()._candidate(messages, draw, k, n)
        if k:
            return one
        text = [*TALK.values()][sum(one.role == "user" for one in messages) - 1]
        tokens = []
        for at, word in enumerate(text.split()):
            p = PROBABLE[at % len(PROBABLE)]
            rivals = [(word, 0, log(p))]
            rivals += [
                (f" {other}", 0, log((1 - p) / 2 ** (j + 1))) for j, other in enumerate(RIVALS)
            ]
            tokens.append(Token(f" {word}" if at else word, 0, log(p), tuple(rivals[:5])))
        return replace(one, text=text, tokens=tuple(tokens), score=-1.42)

    def read(self, text):
        if text.isascii():
            return super().read(text)
        return Seen(text, ("jamo_run",), tuple((f"▁{word}", 0, False) for word in text.split()))


def take(page, path):
    path.write_bytes(page.picture())
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


def size_of(page, width, height):
    page.call(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=False,
    )


def main():
    engine = Scripted(name="topic-all-sys")
    with served(engine) as port, opened(f"http://127.0.0.1:{port}/") as page:
        size_of(page, 1040, 640)
        page.call("Emulation.setTimezoneOverride", timezoneId="Asia/Seoul")
        for text in TALK:
            page.type(text)
            page.press("Enter", text="\r", windowsVirtualKeyCode=13)
            page.wait_for("document.getElementById('stop').hidden")
        take(page, ROOT / "corpus/chat/README.page.png")
    with TemporaryDirectory() as folder:
        corpus.build(ROOT / "raw/sample", Path(folder) / "out", tokenizer="builtin")
        with opened((Path(folder) / "out" / REPORT).as_uri()) as page:
            size_of(page, 1000, 620)
            take(page, ROOT / "corpus/report/README.page.png")


if __name__ == "__main__":
    main()
