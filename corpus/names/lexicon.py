"""What stands for people, places and affiliations: names and how common they are.

Given names of people of whom nothing is known come from Faker's ko_KR lists, which no other module
imports; everything else is here. One given name of a list is as likely as another. All syllables
here are in KoGPT2's vocabulary of 1,995 (a test): none becomes `<unk>`.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import accumulate

from corpus.names.particles import Ending, Sex

# Thousands of people by surname as written in Hangul (정 is 鄭 + 丁): Statistics Korea, census of
# 2015, KOSIS table DT_1IN15SD, its 100 most common by Hanja less the one of two syllables: 99.1 %
# of 49.7 million. Faker's own weights repeat keys: 정 comes out at 0.6 %, not 4.8 %.
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

# Given names of those born in a decade: a modest choice of names that lead the rankings by year of
# birth published from the family registers (대법원 전자가족관계등록시스템; 1945, 1958, 1968, 1978,
# 1988, 1998, 2008 and since), less those in ㄹ and 자 (as below) and those of other than two
# syllables; where too few are left that end in a consonant, with some that were common beside them.
# It is not the ranking itself: neither its order nor its shares are used.
_BORN: Mapping[int, Mapping[Sex, str]] = {
    1940: {
        "male": "영수 영호 영식 영환 정수 정호 정식 종수 병호 광수 상수",
        "female": "정숙 영숙 명숙 경숙 순옥 정순 영순 옥순 영희 정희 순희 옥희",
    },
    1950: {
        "male": "영수 영호 영식 정식 영환 종환 정호 종수 성수 광수 경수",
        "female": "영숙 정숙 명숙 경숙 현숙 미숙 영순 순옥 영희 정희 순희 경희",
    },
    1960: {
        "male": "성호 영수 영호 정호 영진 진호 성수 재호 상훈 성진 영훈 종훈",
        "female": "미경 미숙 경숙 영숙 현숙 미영 혜숙 경희 정희 영미 은주 명희",
    },
    1970: {
        "male": "정훈 성훈 상훈 성진 지훈 성민 상현 영진 성호 정호 준호 민수",
        "female": "지영 은정 미영 현정 은영 선영 지연 혜진 수진 은경 은주 현주 은희 지혜",
    },
    1980: {
        "male": "지훈 성민 정훈 동현 준영 상현 성훈 현우 민수 준호 진우 민호",
        "female": "지은 수진 혜진 지영 지현 지연 보람 유진 은영 지혜 은지 민지 현주 은혜",
    },
    1990: {
        "male": "동현 지훈 성민 민석 준혁 준영 승현 재현 현우 준호 민수 상우",
        "female": "유진 수빈 지원 지현 지은 예진 수진 다은 민지 현지 은지 예지 혜지 유나",
    },
    2000: {
        "male": "민준 지훈 우진 예준 현준 도현 동현 승민 현우 준서 건우 민재",
        "female": "서연 수빈 지민 서현 예은 하은 예진 채원 민서 지우 윤서 은서 유나",
    },
    2010: {
        "male": "민준 서준 예준 도윤 주원 하준 도현 우진 시우 지호 지후 준우 준서 건우",
        "female": "서윤 서연 서현 하윤 하은 채원 지민 예은 지우 민서 지유 윤서 수아 지아",
    },
}

# What is put where a placeholder of each kind stood.
_WORDS = {
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
    # First halves that suit what was typed after them: 역삼동, 강남역, 송파구, 수원시, 봉담읍.
    "동": "역삼 논현 청담 대치 방배 합정 망원 연남 성수 자양 신림 사당 상도 화곡 공덕",
    "역": "강남 사당 합정 잠실 신촌 용산 신림 공덕 서현 판교 수원 부산 대전",
    "구": "강남 서초 송파 마포 종로 용산 성동 광진 노원 은평 관악 강서 양천",
    "시": "수원 성남 용인 안양 부천 안산 김포 파주 천안 청주 전주 포항 창원 춘천 원주",
    "읍": "화도 진접 와부 봉담 향남 조리 문산 통진 고촌 물금 진영 정관 언양 현풍 다사",
}

_LIEUL = 8  # ㄹ among the final consonants of a syllable; 0 is none


def final_consonant(word: str) -> int:
    """Return the number of a Hangul word's last 받침, 0 if it has none.

    >>> final_consonant("지우"), final_consonant("민준"), final_consonant("서울")
    (0, 4, 8)
    """
    return (ord(word[-1]) - ord("가")) % 28


def _by_ending(words: Iterable[str]) -> Mapping[Ending, tuple[str, ...]]:
    """Sort words by how they end. Those in ㄹ are free ones alone: 서울로, but 부산으로."""
    every = tuple(words)
    closed = tuple(word for word in every if final_consonant(word) not in (0, _LIEUL))
    return {
        "C": closed,
        "O": tuple(word for word in every if not final_consonant(word)),
        "any": every,
    }


WORDS: Mapping[str, Mapping[Ending, tuple[str, ...]]] = {
    kind: _by_ending(words.split()) for kind, words in _WORDS.items()
}


@cache
def names_of(decade: int) -> Mapping[Sex, Mapping[Ending, tuple[str, ...]]]:
    """Return given names of those born in a decade, or in the nearest that is known."""
    born = _BORN[min(max(decade, min(_BORN)), max(_BORN))]
    every = dict.fromkeys(name for names in born.values() for name in names.split())
    return {sex: _by_ending(names.split()) for sex, names in born.items()} | {
        "any": _by_ending(every)
    }


@cache
def given_names() -> Mapping[Sex, Mapping[Ending, tuple[str, ...]]]:
    """Return Faker's given names by sex and ending, all of two syllables.

    Left out are those in ㄹ, which take 로 like a vowel and 이 like a consonant, and those in 자
    (영자, 춘자): girls' names of the 1940s, hardly found in a chat, two of them other words too.
    """
    # 0.1 s, and only where a name is to be invented: `python -m corpus --help` stays fast
    from faker.providers.person.ko_KR import Provider  # noqa: PLC0415

    lists: Mapping[Sex, Iterable[str]] = {
        "male": Provider.first_names_male,
        "female": Provider.first_names_female,
        "any": Provider.first_names,
    }
    return {
        sex: _by_ending(
            name
            for name in sorted(set(names))
            if final_consonant(name) != _LIEUL and not name.endswith("자")
        )
        for sex, names in lists.items()
    }
