"""How the chats of the bank are typed: no two people spell, laugh and press send alike.

What is changed here means the same and fits wherever it stands, so that a script may be told very
often before two tellings agree.
"""

import re
from collections.abc import Callable, Sequence

from corpus.sample.bank import Message, pick

DROPPED = 0.2  # of the laughs and tears that follow a word and end the message
OTHER_LAUGH = 0.1  # of the runs of ㅋ are ㅎ
OTHER_SMILE = 0.08  # of the runs of ㅎ are >< or an aside
OTHER_TEARS = 0.3  # of the runs of ㅠ are ㅜ
MISSPELT = 0.04  # of the words that many misspell
PAUSED = 0.4  # of the places where a writer may press send

HABITS = {  # at the start of a message; a word is as likely as it is often listed
    "응": ("응", "응", "어"),
    "헐": ("헐", "헐", "헉"),
    "오": ("오", "오", "오오"),
    "ㅇㅋ": ("ㅇㅋ", "오케이", "오키", "ㅇㅋㅇㅋ"),
    "오케이": ("ㅇㅋ", "오케이", "오키"),
    "오키": ("ㅇㅋ", "오케이", "오키"),
    "고마워": ("고마워", "고마워", "고마워", "고맙다"),
    "알았어": ("알았어", "알겠어"),
    "알겠어": ("알았어", "알겠어"),
    "그니까": ("그니까", "그러니까", "그러게"),
    "그치": ("그치", "그치", "맞아"),
    "그럼": ("그럼", "그럼", "그러면"),
    "네": ("네", "네", "넵", "네네"),
    "나는": ("나는", "난"),
    "너는": ("너는", "넌"),
}
WORDS = {  # anywhere
    "진짜": ("진짜", "진짜", "정말"),
    "너무": ("너무", "너무", "넘"),
    "엄청": ("엄청", "완전"),
    "이따": ("이따", "이따", "이따가"),
    "얼른": ("얼른", "빨리"),
    "거 같": ("거 같", "것 같"),
}
MISSPELLINGS = {
    "할게": "할께",
    "갈게": "갈께",
    "줄게": "줄께",
    "됐": "됬",
    "며칠": "몇일",
    "오랜만": "오랫만",
    "거야": "꺼야",
}

_HABIT = re.compile(
    r"^(?:(?:응|헐|ㅇㅋ|오케이|오키|고마워|알았어|알겠어|그니까)(?=$|[ ㅋㅎㅠ~!.])"
    r"|(?:오|그치|그럼|나는|너는)(?= )"
    r"|네(?= (?:감사|그럼|괜찮|좋아|저는|맞|안녕|알겠|조심)))",
    re.MULTILINE,
)
_WORD = re.compile(r"(?<![가-힣])(?:진짜|너무(?! 감사| 죄송)|엄청|이따|얼른)(?= )|거 같")
_SPELT = re.compile("|".join(MISSPELLINGS))
_ENDING = re.compile(r"(?:갈게|할게|살게|이따 봐|그때 봐|조심히 와|세요|봬요|게요)$", re.MULTILINE)
_RUN = re.compile(r"ㅋ{2,}|ㅎ{2,}|[ㅠㅜ]{2,}|\.{2,}|!{2,}|\?{2,}")
_PAUSE = re.compile(  # where a writer would press send
    r"(?<=[가-힣ㅋㅎㅠㅜ~.?!][?!ㅋㅎㅠㅜ~.]) "
    r"|(?<=는데|니까|거든|잖아|거야|했어|었어|았어|할게|갈게|줄게|을게|던데|더라|겠다|네요|어요) "
)


def type_out(
    messages: Sequence[Message], draw: Callable[[], float], *, laugh: str
) -> list[Message]:
    """Return `messages` as they were sent.

    `laugh` is what stands for ㅋ and ㅎ: these themselves, or 키 and 하 as AIHub 543 writes them.
    """

    def stretch(match: re.Match[str]) -> str:
        text, start, end = match.string, match.start(), match.end()
        follows_word = start > 0 and text[start - 1] not in "\n "
        ends_message = end == len(text) or text[end] == "\n"
        mark, length = match[0][0], 2 + int(4 * draw() ** 2)
        if mark in "ㅋㅎㅠ" and follows_word and ends_message and draw() < DROPPED:
            return ""
        if mark == "ㅠ" and draw() < OTHER_TEARS:
            return "ㅜ" * length
        if mark == "ㅋ" and draw() < OTHER_LAUGH:
            mark = "ㅎ"
        if mark == "ㅎ" and follows_word and draw() < OTHER_SMILE:
            return pick((" ><", "(웃음)"), draw)
        if mark == "ㅎ" and laugh[1] == "하":  # 좋아하하 would be another word
            return " " * follows_word + "하" * length
        return {"ㅋ": laugh[0], "ㅎ": laugh[1]}.get(mark, mark) * length

    typed = "\n".join(text for _, text in messages)
    typed = _HABIT.sub(lambda match: pick(HABITS[match[0]], draw), typed)
    typed = _WORD.sub(lambda match: pick(WORDS[match[0]], draw), typed)
    typed = _SPELT.sub(lambda m: MISSPELLINGS[m[0]] if draw() < MISSPELT else m[0], typed)
    typed = _ENDING.sub(lambda match: match[0] + pick(("", "", "~"), draw), typed)
    typed = _RUN.sub(stretch, typed)
    typed = _PAUSE.sub(lambda _: "\v" if draw() < PAUSED else " ", typed)
    return [
        (speaker, piece)
        for (speaker, _), text in zip(messages, typed.split("\n"), strict=True)
        for piece in text.split("\v")
    ]
