"""Which mentions stand so near each other, or so much alike, that nobody takes them for one.

Of people: two tags side by side, two in one sentence, the same particle in one chain of clauses;
and whoever is named beside somebody else (`contrast`). Of places: two in one sentence.
"""

import re
from collections.abc import Sequence

from corpus.names.contrast import contrasted, is_other_ones
from corpus.names.mentions import Mention

FAR = 2  # utterances; what was said before is no longer what the talk is about
NEAR = 12  # at most so many characters between two tags of one utterance: they are two people
READ = 60  # characters of an utterance
CHAIN = 60  # so far back a list is looked for

# Between two mentions of one list: no sentence ends there.
_SENTENCE_END = re.compile(
    "[.?!~^ㄱ-ㆎ]|(?:[았었했갔왔줬됐봤셨겼났렸졌쳤켰탔샀][어다네지음]|(?<!필)(?<!중)요|거든|잖아"
    "|구나"
    "|[한간온된는산준난]대|[하가오되겠]네|[을할갈볼]까|[가하먹보]자|니다|니까)(?= )"
)
# What ends a sentence about a place: 사람 많아, 살아, 에서 봐.
_SAID = re.compile("(?:[아어해봐]|이야|[가-힣]지|비싸|멀다|좋다|[가-힣]네)(?= )|은 |는 ")
_AGAIN = re.compile("[아야이]?[!~]+ ?")  # 민준아! 민준아!
_NO = re.compile("(?:아니|아니야|아니요|아뇨|ㄴㄴ|노노)[ ,.~]+")
_NOT_THAT = re.compile("(?:(?:그건|그거|걔는|걘|쟤는) )?")
_IT_IS = re.compile(
    "이?(?:야|지|고|에요|예요|인데|던데|ㄹ)|일걸|일 ?거|였|이었|인 ?[거것]|입니다"
    "|(?: ?씨| ?님)?이?으?로 ?(?:바[뀌꼈]|변경)"
)
_HE_DOES = re.compile("(?: ?씨| ?님)?(?:이?[가만](?! ?(?:안|못|아직|없))|이?[ㄱ-ㆎ!.~ ]{0,20}$)")
_OBJECTS = re.compile("(?:^|[ ?!])왜(?! ?[?]$)|잖아|다며|라며|다더니|기로 했")
_SUBORDINATE = re.compile(
    "(?:데|니까|아서|어서|해서|와서|워서|면|더니|길래|지만|자마자|때|다가)(?= )"
)
_CLAUSE = re.compile(
    "(?:고|며|거나|려고|라고|다고|냐고|자고|[은는던을를]|[가-힣]게|[어아]서|니)(?= )|[,;]"
)
_OTHER_PLACE = re.compile(
    "(?:도|쪽도) (?:좋|괜찮|예[쁘뻐]|가고|가보|있[는잖고어])|[은는] 어[때떰떠]|[은는]요?[?]|말고"
    "|아니[고야]|대신"
)
_WHICH = re.compile(r"이?[?]+ ?(?!아니|아님|혹시|설마|그럼)[가-힣][가-힣0-9 ]{0,11}")
_ASKED = re.compile(r"이?[?]")
_BUT = re.compile(
    "이?(?:랑|가)?[!.~ㄱ-ㆎ ]{1,12}(?:근데|그런데|아니 근데) "
)  # 유림이랑! 근데 유림이
_CHOICE = re.compile("[까냐니][?, ]*$")
_ECHOED = re.compile(r"이?[?]+ ?")
_WHAT_OF_IT = re.compile("(?:이?가|이?는|이|은)? ?(?:왜|누구|또|뭐|무슨|어디|언제|그)|이?가 ")
_LISTED = {
    particle: plain
    for plain, particles in {
        "는": "이는 는 은",
        "도": "이도 도 이두 두",
        "가": "이가 가 이",
        "를": "이를 를 을",
        "랑": "이랑 랑 와 과 하고 이하고",
        "한테": "이한테 한테 이에게 에게",
        "만": "이만 만",
    }.items()
    for particle in particles.split()
}
_OBLIQUE = {particle for particle, plain in _LISTED.items() if plain in ("랑", "한테", "를")}


def people_apart(
    mentions: Sequence[Mention], speakers: Sequence[str], texts: Sequence[str]
) -> list[tuple[int, int]]:
    """Return the places of mentions of which nobody takes two for the same person.

    They stand near each other, in one sentence, or with the same particle in one chain of clauses:
    민준이는 따라오고 나는 총무하고 지훈이는 운전.

    Args:
        mentions: in the order of the dialogue.
        speakers: who wrote each text.
        texts: with placeholders.
    """
    if len(mentions) == 1:
        return []
    pairs = sorted(contrasted(mentions, speakers, texts))
    for place, mention in enumerate(mentions):
        for before in range(place - 1, -1, -1):
            other = mentions[before]
            if other.utterance != mention.utterance or mention.start - other.start > CHAIN:
                break
            text = texts[mention.utterance]
            between = text[other.start + 1 : mention.start]
            if _is_repeated(mentions, before, place, texts):
                continue
            if (
                len(between) <= NEAR
                or _is_one_sentence(between)
                or _is_alternative(between, text[mention.start + 1 :])
                or _is_listed(other.particle, mention.particle, between)
            ):
                pairs.append((before, place))
        if _is_corrected(mention, texts[mention.utterance]):
            pairs += [
                (before, place)
                for before in _said_before(mentions, place)
                if mentions[before].particle not in _OBLIQUE
                or _IT_IS.match(texts[mention.utterance], mention.start + 1)
            ]
            if _is_objected(mentions, place, texts):
                pairs.append((place, place + 1))
    return pairs


def _is_repeated(
    mentions: Sequence[Mention], before: int, place: int, texts: Sequence[str]
) -> bool:
    """Say whether a name is said twice in a row: 민준아! 민준아!, or 민준이? 민준이가 왜."""
    other, mention = mentions[before], mentions[place]
    text = texts[mention.utterance]
    between = text[other.start + 1 : mention.start]
    if _AGAIN.fullmatch(between) and text.startswith(between.rstrip(), mention.start + 1):
        return True
    if _BUT.fullmatch(between):
        return True
    if other.bounds.surname and other.bounds.surname == mention.bounds.surname:
        return True
    is_echo = before > 0 and mentions[before - 1].utterance == mention.utterance - 1
    end = mention.start + 1
    return is_echo and bool(
        (_ECHOED.fullmatch(between) and _WHAT_OF_IT.match(text, end))
        or (_WHICH.fullmatch(between) and _ASKED.match(text, end))
    )


def _is_alternative(between: str, behind: str) -> bool:
    """Say whether the same is asked of two: 서면에서 볼까 해운대에서 볼까."""
    return _CHOICE.search(between) is not None and behind.startswith(between.rstrip(" ,?"))


def _is_one_sentence(between: str) -> bool:
    return not (
        _SENTENCE_END.search(between) or _SUBORDINATE.search(between) or _CLAUSE.search(between)
    )


def _is_corrected(mention: Mention, text: str) -> bool:
    """Say whether somebody is named instead of whom the other one has named: 아니 민준일걸."""
    no, end = _NO.match(text, 0, mention.start), mention.start + 1
    if no is None or not _NOT_THAT.fullmatch(text, no.end(), mention.start):
        return False
    return bool(_IT_IS.match(text, end) or _HE_DOES.match(text, end))


def _is_objected(mentions: Sequence[Mention], place: int, texts: Sequence[str]) -> bool:
    """Say whether whoever was corrected comes back to the first: 왜? 민준이 하기로 했잖아."""
    if place + 1 == len(mentions):
        return False
    mention, reply = mentions[place], mentions[place + 1]
    is_next = reply.utterance == mention.utterance + 1
    other = reply.bounds.speaker != mention.bounds.speaker
    return is_next and other and _OBJECTS.search(texts[reply.utterance][:READ]) is not None


def _said_before(mentions: Sequence[Mention], place: int) -> list[int]:
    """Return the last place before one at which another speaker named somebody, just before."""
    mention = mentions[place]
    for before in range(place - 1, -1, -1):
        other = mentions[before]
        if other.utterance < mention.utterance - 1:
            break
        if other.bounds.speaker != mention.bounds.speaker:
            return [before]
    return []


def _is_listed(one: str, other: str, between: str) -> bool:
    plain = _LISTED.get(one)
    if plain is None or plain != _LISTED.get(other) or _SENTENCE_END.search(between):
        return False
    return plain in "는도" or not _SUBORDINATE.search(between)


def places_apart(mentions: Sequence[Mention], texts: Sequence[str]) -> list[tuple[int, int]]:
    """Return the places of mentions that are two places.

    They stand near each other and no sentence ends between, or one is named beside the other:
    여수도 좋지 않아?
    """
    pairs = [
        (place - 1, place)
        for place, mention in enumerate(mentions)
        if place
        and 0 < mention.utterance - mentions[place - 1].utterance <= FAR
        and (
            _OTHER_PLACE.match(texts[mention.utterance], mention.start + 1)
            or is_other_ones(
                texts[mentions[place - 1].utterance], texts[mention.utterance][: mention.start]
            )
        )
    ]
    for place, mention in enumerate(mentions):
        for before in range(place - 1, -1, -1):
            other = mentions[before]
            if other.utterance != mention.utterance or mention.start - other.start - 1 > NEAR:
                break
            between = texts[mention.utterance][other.start + 1 : mention.start]
            if _is_alternative(between, texts[mention.utterance][mention.start + 1 :]) or not (
                _SENTENCE_END.search(between) or _SAID.search(between)
            ):
                pairs.append((before, place))
    return pairs
