"""How people ask for a service: patterns of whole messages, without the call and the end marks.

A space in a pattern stands for a space that may be left out, as people leave it out (몇 시, 몇시).
Where several alternatives have a group of one kind, its name ends in underscores.
"""

import re

from corpus.chat.services.weather import DAYS


def _compiled(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives).replace(" ", " ?"))


_IS = "(?:이?(?:야|지|니|냐|죠|예요|에요|더라)|인가요?|인지|일까요?|입니까|임|이려나)"
_GIVE = "(?:줘요?|줘 봐|주라|주세요|줄래요?|주실래요|주시겠어요|줄 수 있어요?|주면 안 돼요?|달라고)"
_TELL = f"(?:좀 )?(?:알려|말해|가르쳐|보여) {_GIVE}"
_WHICH = f"(?:인지|인가) {_TELL}"
_NOW = "(?:지금|현재)"

_HOUR = "몇 시(?: 몇 분)?"
_BECOME = "됐(?:어요?|지|니|나)"
TIME = _compiled(
    f"{_NOW}(?:은|이)? {_HOUR}(?:쯤)? (?:{_IS}|{_BECOME}|{_WHICH})?",
    f"{_HOUR} (?:{_IS}|{_BECOME}|{_WHICH}) {_NOW}?",
    f"{_NOW}? (?:시간|시각)(?:이|은|을)? {_TELL}",
    f"{_NOW} (?:시간|시각)(?:이|은)? (?:(?:{_HOUR}|뭐) {_IS}|어떻게 돼요?)?",
)

_DAY = "오늘|내일|모레|어제|그저께|그제"
_DAY_ASKED = (
    "(?:무슨 요일|몇 월 (?:며칠|몇 일)|며칠|몇 일|(?:날짜|요일)(?:가|이|는|은)? (?:뭐|며칠))"
)
CALENDAR = _compiled(
    f"(?P<day>{_DAY})(?:은|는|이|가|의)? {_DAY_ASKED} (?:{_IS}|{_WHICH}|이?[었였][지어])?",
    f"(?P<day_>{_DAY})?(?:은|는|의)? (?:날짜|요일)(?:를|을|가|이)? {_TELL}",
    r"(?P<day__>오늘|내일|모레)(?:의)? (?:날짜|요일)",
    f"(?:올해|{_NOW})(?:는|가|은|이)? 몇 년도? {_IS}",
)

_LEFT = "남았(?:어요?|지요?|죠|니|냐|나요?|습니까|더라|는지 알려 줘)"
COUNTDOWN = _compiled(
    rf"(?P<goal>[가-힣0-9\s]{{1,20}}?)까지(?:는|은)? (?:며칠|몇 일)(?:이|이나)? {_LEFT}",
    "(?P<goal_>크리스마스|새해|어린이날|한글날|[0-9]{1,2}월 [0-9]{1,2}일) "
    f"(?:디데이|며칠 {_LEFT})",
)

# Words that stand before 날씨 and are no place.
_NO_PLACE = (
    "(?:요즘|요새|거기|여기|저기|[그이저]쪽|우리|너네|너희|니네|동네|밖|바깥|근데|그런데|그럼|그래서|혹시"
    "|[이그저]런|어떤|무슨|이번|다음|지난|이번주|다음주|지난주|주말|어제|그제|그저께|아침|점심|저녁|새벽|오전|오후"
    "|좋은|나쁜|추운|더운|봄|여름|가을|겨울|진짜|너무|역시|아까|나중|여행|회사|학교|집|제발|빨리|그냥|또|다시"
    "|이제|매일|항상|평소|그날|이날|당일|[월화수목금토일]요일|오늘|내일|모레|지금|현재"
    "|[가-힣]*(?:한테|에서|에게|까지|부터|인데|는데|지만))"
)
_PLACE = rf"(?P<place>(?:(?!{_NO_PLACE}(?:\s|은|는|의|날씨))[가-힣]{{2,8}}?\s?){{1,3}}?)"
_WHEN = f"(?:(?:{'|'.join(DAYS)}|지금|현재)(?:의|은|는)? )?"
_HOW = (
    "(?:어(?:때|떄|떰|떠니|떠냐|떨까|떤가)요?|어떻게 돼요?|어떨 것 같아|궁금해|뭐야"
    f"|(?:어떤지 )?{_TELL})"
)
_CITY = "(?:서울|부산|대구|인천|광주|대전|울산|세종|제주|수원|[가-힣]{1,5}[시군구동읍면리])"
WEATHER = _compiled(
    rf"{_WHEN}(?:{_PLACE}(?:은|는|의)? )??{_WHEN}날씨(?:은|는|가|를|도)? {_HOW}",
    rf"{_WHEN}(?P<place_>(?!{_NO_PLACE}(?:\s|날씨))(?:[가-힣]{{2,5}}\s)?{_CITY}) {_WHEN}날씨",
)

# Words that stand before 주가 and are no company.
_NO_SHARE = (
    "(?:요즘|요새|내일|모레|다음|어제|우리|너네|너희|니네|[내네니너나그이저산판]|무슨|어떤|좋은|[그이저]거|아무|추천"
    "|근데|그런데|그럼|혹시|오를|내릴)"
)
_SHARE = rf"(?!{_NO_SHARE}(?:\s|주))[가-힣A-Za-z0-9&](?:[가-힣A-Za-z0-9&]|\s(?!\s)){{1,19}}?"
_PRICE = f"(?:지금 )?(?:얼마|몇 원) (?:{_IS}|나? ?해)?"
STOCK = _compiled(
    f"(?:(?:오늘|{_NOW}) )?(?P<share>{_SHARE})(?:의)? (?:현재 )?(?:주가|주식(?: 가격)?)"
    f"(?:는|가|은|이|를|을)? (?:{_PRICE}|{_TELL})",
    f"(?:(?:오늘|{_NOW}) )?(?P<share_>{_SHARE}) 주가(?:는|가)? 어(?:때요?|떠니)",
)

_DRAW = f"(?:좀 )?(?:뽑아|추천해|추천|골라|알려|찍어|만들어|생성해|돌려) {_GIVE}"
LOTTO = _compiled(f"로또 (?:번호)?(?:를|을)? (?:{_DRAW}|추천|뽑기)", "로또 번호")
_THROW = f"(?:좀 )?(?:굴려|던져) {_GIVE}?"
DICE = _compiled(f"주사위(?:를|나)? (?:하나 |한 번 )?{_THROW}", "주사위 굴리기")
COIN = _compiled(f"동전(?:을|이나)? (?:하나 |한 번 )?{_THROW}", "동전 던지기")

_EXPRESSION = r"[-+*/×÷xX＊∙·−–＋（）().,0-9\s]{3,60}"
_RESULT = f"(?:(?:얼마|몇|뭐|답이? 뭐) {_IS}|얼마|계산(?:해)? (?:{_GIVE}|해 봐)?)"
SUM = _compiled(
    rf"(?P<asked>{_EXPRESSION}?) (?:(?:은|는|이|가|을|를)? {_RESULT}|은|는)",
    rf"(?P<alone>{_EXPRESSION})",
)
RESET = _compiled(f"(?:대화(?:를)? )?초기화(?: (?:해|하자|해 {_GIVE}))?")
HELP = _compiled(f"(?:도움말|명령어|사용법)(?:을|를|이)? (?:{_TELL}|뭐야)?")
