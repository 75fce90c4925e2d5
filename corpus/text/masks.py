"""Star masks of source `topic`: a star stands for each syllable of what it hides.

Mostly that is a person's name, sometimes a place or a firm, and now and then a swear word, which no
name can stand for. What stands around the stars says which. How a name suits what follows it is
the names step's business.
"""

from corpus.records import (
    MASKED_FULL,
    MASKED_GIVEN,
    MASKED_PLACE,
    MASKED_STEM,
    MASKED_SURNAME,
)
from corpus.text.rule import Match, Rule
from corpus.text.tags import AT, MASK, STARS, TO_A_PLACE, becoming, whole

_PARTICLE = "에서|에|으로|로|은|는|이|가|을|를|도|의|까지|부터"
# Behind stars: the endings of a verb or an adjective, which no name has.
_OF_A_VERB = (
    "어(?![머르릴린학])|었|았|겠|패스|아요|아서|아도|을까|을게|을래|을걸|을지|을수록|은데|는데|는다"
    "|는구|는지|습니|했"
    "|해(?![가-힣]*님|수욕장|변|운대|안)|한(?![테텐])|할(?![머아매배])|함|하[는네게다면]"
    "|되[고게네]|된|됐"
    "|같[은네다아]|하고 ?(?:있네|앉았|자빠)"
    "|[고구] ?싶|맛있|맛없|비싸|춥|덥|추[워웠]|더[워웠]|배고"
    "|스[럽러]|맞은|맞게|새끼|놈|노무|년|자식|들(?![어었])|네요|던데(?![가-힣])|지마"
)
# Behind a blank: what is a thing or a quality, and never done by somebody.
_OF_A_THING = (
    "거|건|것|맛있|맛없|비싸|비쌈|더[워웠]|덥|추[워웠]|춥|매[워웠]|맵|배고|짜증(?! ?[내낸])"
    "|빡[치쳐침]|열 ?받|귀찮"
    "|피곤(?![가-힣]*[대겠])|졸[려리린려](?![가-힣]*[대겠])|심심(?![가-힣]*[대겠])|어이 ?없|미치겠"
    "|존나|졸라|조낸|망했|큰일"
    "|개(?:추|덥|웃|짜|맛|빡|힘|피|좋|비|어|귀|무|더|싫|쩔|이)"
    "|같은 (?:놈|새끼|년|것|인간|날씨|세상|경우|소리|일)"
    "|(?:새끼|놈)(?:[가는도들야네]|이[ 야네]|(?![가-힣]))"
    "|(?:(?:너무|진짜|완전|정말|되게|왤케|왜 이렇게|오늘|날씨|겁나) ){1,3}"
    "(?:더[워웠]|덥[네다]|추[워웠]|춥[네다]|배고|맛있|맛없|비싸[다네]|맵[네다]|매워)"
)
# Behind 나, which is then the end of an intensifier: 존나 힘들어.
_OF_A_QUALITY = (
    "힘들|아[프파팠]|좋|싫|많|예[쁘뻐뻤]|웃[기겨겼]|재[밌미]|길[다어]|[크컸]다?|무[섭서]|더[럽러]"
    "|시끄|바[쁘빠빴]"
    "|귀[엽여]|빠[르르]|느[리려]|멀[다어]|달[다아]|짜[다네]|쩐[다네]|쩔|못생|잘생|오래|슬[프퍼]"
    "|외[롭로]"
)
# 나 다음 달에 홍콩 출장 가, but 민준 출장 갔어
_TRIP = (
    r" (?=(?:출장|연수|파견|교환학생) ?(?:가|갔|간|갈|다녀|왔|와|중))"
    r"(?<=(?<![가-힣])(?:나|난|우리|저|전|저희|나는|저는) (?:[가-힣0-9]+ ){0,4}\*{2,3} )"
)
_BY_A_PLACE = "쪽|근처|앞|옆|인데|인가|였|랑|엔|사무소|주민"
_HALF = (
    rf"[동역구시읍](?:(?![가-힣])|{_PARTICLE}|{_BY_A_PLACE})|[구시군]청|시내(?![가-힣])"
    "|면(?:에서|사무소)|군에서?(?![가-힣])"
)
# Of a mask alone: where a person was tagged, 민준 여행 가 and 민준 놀러 왔어 are a person's.
_TO_GO = (
    " (?:여행|출신|시내(?![가-힣]*버스)|놀러 ?(?:가[자고요볼]|갈|갔다|갔었|간다)"
    "|가 ?(?:봤|본|보[고면])|(?:가자|갈까|갈래|가볼까|가볼래)(?![가-힣]*[대고]))"
    "| ?(?:살(?:아(?! ?[있계]|[났남])|[지죠았고던잖])|사(?:는(?! ?[중거게건])|[시세니])|산다)"
    "|(?<=타고 \\*{2,3}) ?가[는서자려]| 가는 (?:버스|기차|비행기|배편|배|표|ktx|KTX|지하철|노선)"
    "| ?(?:가봤|가본|가보[고면]|다녀[왔온올오]|갔다 ?[왔온올오])"
    "|[을를] ?방문|[은는이가도]?[?,.!~ ]{1,3}(?:거기|거긴|그 ?동네|그쪽은)(?! 누구)"
    "|도 (?:놀러 |여행 |한번 )?가(?:고 싶(?!대)|보고 싶(?!대)|서 살)"
)
# What only a place has, and what whoever speaks does there: ** 가려고, but 민준 간대.
_HAD_BY_A_PLACE = (
    " (?:날씨|기온|직항|집값|땅값|물가|토박이|사투리|당일치기|야경|관광|명소|핫플|특산물|항공권"
    "|비행기 ?표|지리(?![가-힣])|지역|방면|인근|일대|도심|앞바다|바닷가|해변|해수욕장"
    "|사람들[은이도]"
    "|벚꽃|단풍|야시장|올레|둘레길|골목(?![가-힣]*대장)|온천|(?:[가-힣]{1,4} )?축제(?! ?(?:갔|간"
    "|왔|와|나))"
    "|바다(?! ?(?:보|갔|간|가|좋아|놀))|살이(?![가-힣])|살기(?! ?싫)|온 지 (?:[0-9]+|몇) ?(?:년|달"
    "|개월)"
    "|(?:펜션|호텔|에어비앤비)(?:을|를)? ?(?:예약|잡|추천|어디)"
    "|왔는데 (?:바람|날씨|사람|비(?![가-힣])|눈|너무 (?:덥|춥|좋))"
    "|(?:내려|올라)(?:가(?=$|[ ?!.~려야요서])|갈 ?(?:거|건|게|예정))(?! ?(?:라고|래|는 중이래))"
    "|[1-9]박(?! ?자)|숙소(?:를|는)? ?(?:예약|잡|추천|구[했하])"
    "|가려(?:고|는|다가)(?! ?(?:한대|하더|했대|하나|했나))|가기로|갑니다|갈 (?:예정|계획|만한)"
    "|갈라고"
    "|가고 ?싶(?!대|나|은가)|갔을 ?때|갔다가|(?:눈|비) ?(?:가|는|이)? ?(?:와|온대|오네|오나|왔"
    "|내려))"
    "|[은는이가도] (?:눈|비) ?(?:가|는|이)? ?(?:와|온대|오네|오나|왔|내려)|[이가] 고향"
    "|[은는도] (?:지하철|공항|바다|온천|백화점)(?:이|가|은|는|도)? ?[없있]"
    "|사투리|쪽(?:으로|에|에서|이야|은)(?![가-힣])|점(?=$|[ ?!.~]|에서|으로|이야|인데|이 )"
    "|행 ?(?=기차|버스|비행기|열차|티켓|표|막차|배(?![가-힣])|(?i:ktx))|발 ?(?=기차|버스|비행기"
    "|열차|(?i:ktx))"
    "|(?:이나|나|도|은|는)? (?:어때|어떰|어떠세요|괜찮[아지대])[?,.!~ ]{1,3}(?:거기|거긴)"
)
_HOME = (
    "(?:고향|본가|처가|시댁|친정|외가|집|숙소|위치|목적지|여행지|댁|사는 ?(?:곳|데"
    "|동네))(?:[은는이가도])?"
)
_OF_A_PLACE = (
    rf"{AT}|{TO_A_PLACE}|{_TRIP}|{_TO_GO}|{_HAD_BY_A_PLACE}"
    rf"|(?<=(?<![*^])\*{{2,3}}에서 ?\*{{2,3}})(?:까지|으로|로)"
    r"|(?<=(?:나|난|저|전|우리|너|넌|나는|저는) \*{2,3}) ?(?:살[아았고]|사는|산다)"
    r"|(?<=(?:지금|방금|이제|나|우리) \*{2,3}) ?도착(?! ?[했하])"
    r"|(?<=(?:휴가|여행|출장|엠티|워크샵|소풍)(?:[은는로]|지로?)? \*{2,3})(?:[은는도])? ?(?:어때"
    r"|어떰|괜찮|좋)"
    r"|(?<=(?:버스|기차|지하철|열차|비행기)[가는도]? \*{2,3}) ?(?:안 |못 )?[가간갈]"
    rf"|(?<={_HOME} \*{{2,3}})(?:이?야|이에요|예요|이?요|인데|이?라|이?래|입니다|쪽|이?고|이?었|였)"
)
# Titles behind a surname.
_OF_A_SURNAME = (
    "교수|대리|과장|부장|차장|팀장|실장|사장|회장|소장|원장|점장|반장|이사(?!했|갔|간|온|하)|대표"
    "|주임"
    "|선생|쌤|샘|선배|기사님|감독|코치|매니저|변호사|작가|의원|간호사|박사|사원|여사|양(?![가-힣])"
    "|군(?![가-힣])"
)
_THREE_OR_TWO = r"(?<![*^])\*{2,3}(?!\*)"


def _in_stars(match: Match) -> str:
    return MASKED_FULL if len(match[0]) == 3 else MASKED_GIVEN


MASK_RULES = (
    Rule(
        "times",
        r"(?<=[0-9])\*(?=[0-9])",
        "x",
        "a star between two numbers multiplies them",
        ("3*4", "3x4"),
    ),
    *(
        Rule(name, pattern, replacement, why, example, only="topic")
        for name, pattern, replacement, why, example in (
            (
                "masked_word",
                whole(
                    rf"{_THREE_OR_TWO}(?:(?:{_OF_A_VERB})| (?:{_OF_A_THING})"
                    rf"|[0-9]|[만천백] ?원|원(?![가-힣])|년생"
                    rf"|나 (?:{_OF_A_THING}|{_OF_A_QUALITY}))"
                    r"|(?<=[0-9\-])\*{2,3}(?!\*)"
                    # What begins alike stands together: so this takes half the time.
                    r"|(?<![가-힣])(?:(?:개|존나?|졸라?|씨|시|쌍|병)\*{2,3}(?!\*)"
                    r"|지\*\*(?= ?(?:하[는지고네]|떨|마(?![가-힣])))"
                    r"|(?:이런|저런|요런|미친|야 이|아 이|에라이) \*{2,3}[ㅋㅎㅠㅜ!?.~ ]*$"
                    r"|(?:아오|아으|아놔|어휴|에휴|미쳤다|미친|빡[쳐치침쳤]다?|짜증나네?|열받네?)"
                    r"[ ,.!~ㅋㅠ]* \*{2,3}(?![*가-힣^])"
                    r"|(?:그|이|저|뭔|무슨|웬) \*{2,3} ?같은)"
                ),
                STARS,
                "stars that hide no name but a word, mostly a swear word: the utterance is dropped",
                ("진짜 **어", ""),
            ),
            (
                "masked_becoming",
                _THREE_OR_TWO + becoming(r"\*{2,3}", "*"),
                _in_stars,
                "from one person or group to another, though 에서 stands behind the first",
                ("**에서 ***으로 바뀌었어", "#@이름#에서 ***으로 바뀌었어"),
            ),
            (
                "masked_place",
                f"{_THREE_OR_TWO}(?={_OF_A_PLACE})",
                MASKED_PLACE,
                "where somebody is, lives or goes can only be a place",
                ("**에서 만나", "#@주소#에서 만나"),
            ),
            (
                "masked_stem",
                rf"(?<![*^])\*\*(?={_HALF})",
                MASKED_STEM,
                "the stem of a place: 역삼동, 강남역",
                ("**동에 살아", "#@주소#동에 살아"),
            ),
            (
                "masked_full",
                r"(?<![*^])\*{3}(?![*^])",
                MASKED_FULL,
                "a star is a syllable: surname and given name",
                ("*** 밴드", "#@이름# 밴드"),
            ),
            (
                "masked_given",
                r"(?<![*^])\*\*(?![*^])",
                MASKED_GIVEN,
                "a given name",
                ("**가 왔어", "#@이름#가 왔어"),
            ),
            (
                "masked_surname",
                rf"(?<![*^])\*(?=씨|님|{_OF_A_SURNAME})",
                MASKED_SURNAME,
                "a surname, where a title follows",
                ("*씨 계세요", "#@이름#씨 계세요"),
            ),
            (
                "mask",
                whole(MASK),
                STARS,
                "any other star hides what nobody can guess: the utterance is dropped",
                ("* 잘 들어", ""),
            ),
        )
    ),
)
