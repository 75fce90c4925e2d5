"""Why a reply is as it is: what the model read, what it drew, and what it thought of it."""

import math

from corpus.chat.conversation import Exchange

REASONS = {
    "empty": "글자가 없음",
    "dropped": "개인정보",
    "bad_word": "나쁜 말",
    "parrot": "따라 말함",
    "again": "했던 말",
    "unfinished": "끝맺지 못함",
    "twin": "같은 대답",
}


def why_lines(exchange: Exchange) -> list[str]:
    """Tell of an answer what is known about it."""
    reply = exchange.reply
    if exchange.service:
        return [f"모델이 아니라 '{exchange.service}' 기능의 대답이에요."]
    if reply is None:
        return ["멈춘 대답이라 알 수 없어요."]
    lines = []
    if exchange.asked != exchange.typed:
        lines.append(f"한글로 바꾼 것: {exchange.asked} ({exchange.typed})")
    lines.append(f"읽은 것: {reply.seen[-1] or '(없음)'}")
    if reply.cut_characters:
        lines.append(f"앞의 {reply.cut_characters}자는 모델이 읽지 못했어요.")
    lines.append(f"모델이 받은 토큰: {reply.window_tokens}개, 모르는 글자(<unk>) {reply.unknown}개")
    if reply.first_message:
        lines.append(f"처음의 메시지 {reply.first_message}개는 자리가 없어 읽지 않았어요.")
    for k, one in enumerate(reply.candidates, 1):
        out = f" ({REASONS[one.out]})" if one.out else ""
        lines.append(f"{k}. {one.score:+.2f} {one.text}{out}")
    if reply.chosen >= 0:
        for token in reply.candidates[reply.chosen].tokens:
            rivals = " ".join(f"{text.strip()}:{_share(p)}" for text, _, p in token.rivals)
            lines.append(f"   {token.text.strip()} {_share(token.logprob)}   [{rivals}]")
    if reply.copies is not None:
        lines.append(
            f"이 대답은 학습 대화에 {reply.copies}번 그대로 있어요."
            if reply.copies
            else "이 대답은 학습 대화에 그대로는 없어요."
        )
    return lines


def _share(log_p: float) -> str:
    return f"{math.exp(log_p):.0%}"
