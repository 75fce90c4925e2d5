"""Surnames and how common they are; places and affiliations.

All syllables here are in KoGPT2's vocabulary of 1,995 (a test): none becomes `<unk>`.
"""

from collections.abc import Iterable, Mapping
from itertools import accumulate

from corpus.names.particles import Ending

# Thousands of people by surname as written in Hangul (정 is 鄭 + 丁): Statistics Korea, census of
# 2015, KOSIS table DT_1IN15SD, its 100 most common by Hanja less the one of two syllables: 99.1 %
# of 49.7 million.
_CENSUS = (
    "김 10690 이 7307 박 4192 정 2396 최 2334 조 1454 강 1268 윤 1021 임 1015 장 1014 신 986 유 949"
    " 한 773 오 763 서 752 전 746 권 706 황 697 안 686 송 683 홍 559 양 530 고 471 문 464 손 457"
    " 배 401 백 382 허 327 노 315 남 276 심 272 주 232 하 230 곽 203 성 199 차 195 우 195 구 193"
    " 진 177 민 172 류 164 나 161 지 153 엄 144 변 139 채 132 원 130 방 128 천 122 공 92 현 89"
    " 함 81 여 81 염 69 추 60 도 57 소 52 석 49 선 43 설 43 마 39 길 38 연 35 위 31 표 31 명 29"
    " 기 29 반 28 라 26 왕 26 금 25 옥 25 육 23 인 22 맹 22 제 22 모 22 탁 21 국 21 어 19 은 17"
    " 편 17"
)
SURNAMES = tuple(_CENSUS.split()[::2])
SURNAME_STEPS = tuple(accumulate(map(int, _CENSUS.split()[1::2])))  # cumulative weights

# What is put where a placeholder of each kind stood.
_WORDS: dict[str, str] = {
    # Cities and districts that are called without 시 or 구 and mean nothing else (고양 is half a
    # cat, 오산 a mistake, 공주 a princess).
    "place": (
        "서울 부산 대구 인천 광주 대전 울산 수원 용인 성남 안양 안산 부천 김포 파주 의정부 천안"
        " 청주 전주 군산 목포 여수 순천 포항 창원 김해 춘천 원주 강릉 속초 제주 강남 서초 송파"
        " 마포 종로 용산 노원 은평 성북 도봉 강서 영등포 분당 일산 해운대"
    ),
    "affiliation": (
        "한국대 미래고 누리여고 새봄중학교 푸른초등학교 하늘유치원 미래학원 새봄병원 누리은행"
        " 누리전자 하늘건축 가람출판 독서모임 등산모임 축구동호회 농구동아리 합창단 봉사단"
    ),
    "university": "한국대 한빛대 새봄대 가람대 누리대 미래대학 은하대학 한결대학 다솜대학",
    "firm name": (
        "누리전자 하늘건축 가람출판 한빛식품 새봄유통 미래통신 은하무역 다솜가구 한결제약"
        " 누리쇼핑 햇살투어"
    ),
    # First halves that suit what was typed after them: 역삼동, 강남역, 송파구, 수원시, 봉담읍.
    "동": "역삼 논현 청담 대치 방배 합정 망원 연남 성수 자양 신림 사당 상도 화곡 공덕",
    "역": "강남 사당 합정 잠실 신촌 용산 신림 공덕 서현 판교 수원 부산 대전",
    "구": "강남 서초 송파 마포 종로 용산 성동 광진 노원 은평 관악 강서 양천",
    "시": "수원 성남 용인 안양 부천 안산 김포 파주 천안 청주 전주 포항 창원 춘천 원주",
    "읍": "화도 진접 와부 봉담 향남 조리 문산 통진 고촌 물금 진영 정관 언양 현풍 다사",
}

# Whole words that stand in a bigger place, and first halves of affiliations before what was typed
# after them: 처인구 중앙동, 한빛대, 마케팅팀. None of them is a real one's name.
_WORDS |= {
    "inner": (
        "중앙동 신흥동 송정동 교동 남산동 삼성동 평화동 효자동 화정동 문화동 중동 상동 도원동"
        " 송현동 신촌동 사거리 삼거리"
    ),
    "school": "한빛 새봄 가람 누리 미래 푸른 하늘 은하 다솜 한결 새빛 예담",
    "kindergarten": "하늘 새싹 푸른 무지개 햇살 꿈나무 병아리 한빛",
    "hospital": "한마음 바른 사랑 미소 튼튼 새봄 가람 나눔 밝은 하나",
    "firm": "건설 무역 보험 제약 게임 광고 식품 전자 유통 출판 여행 화장품",
    "team": "마케팅 영업 기획 개발 홍보 인사 재무 총무 생산 관리",
    "subject": "경영 심리 국문 영문 수학 화학 전자 건축 간호 체육",
    "church": "은혜 사랑 소망 새빛 한빛 열린 하늘 믿음 샘물 은총",
    "bank": "누리 미래 한빛 새봄 가람 하늘",
    "club": "농구 축구 등산 사진 독서 합창 연극 영화 봉사 배드민턴",
    "shop": "햇살 새봄 누리 가람 하늘 푸른 은하 다솜",
    "works": "미래 누리 한빛 가람 새봄 하늘 은하 다솜",
    "office": "강남 서초 송파 마포 종로 성동 노원 은평 강서 양천 관악 용산",
    "city hall": "수원 성남 용인 안양 부천 안산 김포 파주 천안 청주 전주 창원",
    "site": "중앙 평화 신흥 송정 화정 동부 남부 도원 문화",
    "hill": "관악 청계 도봉 수락 계룡 속리 인왕 치악 소백",
    "군": "무주 양평 가평 홍천 횡성 평창 단양 괴산 부여 예산 태안 완주 고창 담양 해남 거창 남해",
    "면": "이서 남산 금곡 송정 신평 대산 청평 서종 옥천",
    "리": "신기 금곡 송정 신평 대곡 상동 남산 신촌 화정",
}

# What lies in a province or on an island that stands before the placeholder: 경기도 수원.
_IN_PROVINCES = {
    "경기": "수원 성남 용인 안양 부천 안산 김포 파주 의정부 평택",
    "강원": "춘천 원주 강릉 속초 동해",
    "충북": "청주 충주 제천",
    "충남": "천안 아산 서산 공주 부여",
    "충청": "청주 충주 천안 아산",
    "전북": "전주 군산 익산 정읍",
    "전남": "여수 순천 목포 광양",
    "전라": "전주 군산 여수 순천 목포",
    "경북": "포항 구미 경주 안동",
    "경남": "창원 김해 진주 거제",
    "경상": "포항 경주 창원 김해",
    "제주": "서귀포 애월 성산 중문 협재",
}
PROVINCES = tuple(_IN_PROVINCES)
# Kinds that are places; every other is an affiliation.
PLACES = frozenset({"place", "inner", "site", "hill", *"동역구시읍군면리", *PROVINCES})
# Where people say they go, that mean nothing else; with the places above.
_ABROAD = (
    "일본 중국 미국 태국 베트남 대만 홍콩 마카오 필리핀 사이판 하와이 호주 뉴질랜드 캐나다 영국"
    " 프랑스"
    " 독일 이탈리아 스페인 스위스 체코 터키 유럽 동남아 오사카 도쿄 후쿠오카 교토 삿포로 오키나와"
    " 방콕 다낭 나트랑 하노이 세부 보라카이 발리 싱가포르 파리 런던 로마 뉴욕 제주도 강원도 경기도"
    " 전라도"
    " 경상도 충청도 울릉도 거제도 강화도 경주 통영 남해 가평 양양 태안 안동 홍대 명동 이태원 성수"
    " 잠실"
    " 신촌 판교 동탄"
)
_WORDS |= _IN_PROVINCES

_LIEUL = 8  # ㄹ among the final consonants of a syllable; 0 is none


def final_consonant(word: str) -> int:
    """Return the number of a Hangul word's last 받침, 0 if it has none.

    >>> final_consonant("지우"), final_consonant("민준"), final_consonant("서울")
    (0, 4, 8)
    """
    return (ord(word[-1]) - ord("가")) % 28


def names_a_place(text: str) -> bool:
    """Say whether a place stands in a text by its name, with or without a particle.

    >>> names_a_place("부산은 어때?"), names_a_place("고양이 어때?")
    (True, False)
    """
    return any(
        word[:length] in _KNOWN for word in text.split(" ") for length in (2, 3, 4) if len(word) > 1
    )


def by_ending(words: Iterable[str]) -> Mapping[Ending, tuple[str, ...]]:
    """Sort words by how they end. Those in ㄹ are free ones alone: 서울로, but 부산으로."""
    every = tuple(words)
    closed = tuple(word for word in every if final_consonant(word) not in (0, _LIEUL))
    return {
        "C": closed,
        "O": tuple(word for word in every if not final_consonant(word)),
        "any": every,
    }


_KNOWN = frozenset(_WORDS["place"].split() + _ABROAD.split())
WORDS: Mapping[str, Mapping[Ending, tuple[str, ...]]] = {
    kind: by_ending(words.split()) for kind, words in _WORDS.items()
}
