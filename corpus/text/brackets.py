"""What becomes of brackets: mostly they hold words of the sentence, which stay without them.

Of 66 real brackets 33 held words that the sentence needs, 6 a stage direction; the others held
signs or letters of a face.
"""

from corpus.text.rule import Rule

# What somebody does while speaking, as transcripts and chats note it.
_DIRECTIONS = (
    "웃음|미소|폭소|실소|코웃음|비웃음|쓴웃음|눈웃음|한숨|박수|침묵|정적|울음|오열|흐느낌|눈물|기침"
    "|헛기침|하품|재채기|트림|탄식|탄성|환호|함성|야유|휘파람|콧노래|노래|효과음|배경음악|음악"
    "|웃(?:으며|으면서|는다|고)|울(?:며|면서|먹이며|먹|고)|당황|깜짝|버럭|시무룩|글썽|울컥|뿌듯"
    "|으쓱|찡긋|윙크|꾸벅|훌쩍"
    "|(?:긁적|끄덕|절레|도리|소곤|속닥|쓰담|토닥|훌쩍|덜덜|부들|뻘뻘|짝|두근|뒤적|주섬|엉엉|흑흑"
    "|하하|호호|히히|후다닥){1,4}"
)
_GESTURES = (
    "정색|기절|심쿵|하트|뽀뽀|부끄|부끄부끄|머쓱|뻘쭘|엄지척|만세|놀람|발끈|찌릿|째릿|삐짐|콜록"
    "|크흠"
    "|에헴|손인사|손뼉|속삭|중얼|중얼중얼|(?:전화)?벨 ?소리|알림음|초인종|노크"
)
_WHOSE = (
    "(?:(?:큰|긴|깊은|작은|짧은|어색한|씁쓸한|함께|다같이|다 같이|모두|일동|크게|작게|잠시|잠깐"
    "|관객|청중) ?)?"
)
_DONE = (
    "(?:소리|중|터짐|이?(?:며|면서)|는다|거림|이는|침|쉼|지음|을? ?(?:쉬|치|짓|지으|참으|흘리|닦으"
    "|터뜨리)"
    "(?:며|면서|고|는 소리)"
    "|며|면서|하며|하면서|거리며|을 짓는다|짓는다|친다|쉰다)?"
)
_DIRECTION = rf"[ ~.]*{_WHOSE}(?:{_DIRECTIONS}|{_GESTURES}) ?{_DONE}[ ~.!?ㄱ-ㅣ^;,]*"
_SYLLABLE = r"가-힣\ue000-\uf8ff"
_NO_WORD = rf"[^()\n{_SYLLABLE}]*"
_EITHER = "이|가|은|는|을|를|와|과|으|아|야|이나|나|이랑|랑|이라|라|로|으로"
_ANY = "[도만요에의]|에서|에게|에는|에도|한테|까지|부터|처럼|보다|하고"  # fits every word
# Fits the word before it, which has none yet: 사과(는), but not 사과을(를) and 고양이(가).
_ONE_PARTICLE = (
    r"(?<=\p{Hangul_Syllable_Type=LVT})(?<![은는을를])\(([은을])\)(?![가-힣])"
    r"|(?<=\p{Hangul_Syllable_Type=LV})(?<!이)\(([는를가])\)(?![가-힣])"
)
_GLUED = (
    "(?:이|가|은|는|을|를|도|에|에서|에게|로|으로|랑|이랑|와|과|의|만|까지|부터|한테|하고|이나|나"
    "|라고"
    "|이라고|라는|이라는"
    "|인데|이야|야|입니다|이에요|예요|요|처럼|보다|이고|이면|이지|이랑은|에는|에도)(?![가-힣])"
)

ASIDE_RULES = (
    Rule(
        "whole_aside",
        r"^ *\(([^()\n]*)\) *$",
        r"\1",
        "brackets around the whole utterance: only they go",
        ("(웃음)", "웃음"),
    ),
    Rule(
        "aside_in_number",
        rf"(?<=[0-9])(?:\((?:{_DIRECTION}|{_NO_WORD})\))+(?=[0-9])",
        " ",
        "two numbers do not become one",
        ("1(웃음)2", "1 2"),
        repeated=True,
    ),
    Rule(
        "stage_direction",
        rf"\({_DIRECTION}\)",
        "",
        "what somebody does is no text",
        ("그래(웃음)", "그래"),
        repeated=True,
    ),
    Rule(
        "aside",
        rf"\({_NO_WORD}\)",
        "",
        "signs and faces, and no Hangul word",
        ("그래(?)(^^)", "그래"),
    ),
    Rule(
        "particle_for_closed",
        r"(?<=\p{Hangul_Syllable_Type=LVT})\((으|이)\)(?=[가-힣])",
        r"\1",
        "the half of a particle that stands behind a consonant",
        ("집(으)로", "집으로"),
    ),
    Rule(
        "syllable_in_brackets",
        rf"(?<=[{_SYLLABLE}])\((?:({_ANY})\)(?![가-힣])|([들님])\))|{_ONE_PARTICLE}",
        r"\1\2\3\4",
        "a syllable that belongs to the word before it",
        ("나(도) 밥(은) 친구(들)이랑", "나도 밥은 친구들이랑"),
    ),
    Rule(
        "other_particle",
        rf"(?<=[{_SYLLABLE}])(?:\((?:{_EITHER})\))+",
        "",
        "a particle for another word",
        ("사과을(를) 너(이)랑", "사과을 너랑"),
    ),
    Rule(
        "bracket_glued",
        rf"\(([^()\n]*[{_SYLLABLE}])\)(?={_GLUED})",
        r" \1",
        "words of the sentence stay, with the particle behind them",
        ("역(강남)에서", "역 강남에서"),
        repeated=True,
    ),
    Rule(
        "bracket",
        r"\(([^()\n]*)\)",
        r" \1 ",
        "words of the sentence stay",
        ("갔다 왔어 (비용은 내가 냄)", "갔다 왔어  비용은 내가 냄 "),
        repeated=True,
    ),
    Rule(
        "face",
        r"(?<![0-9a-zA-Z])[-=@+>](?:_{1,3}|\.)[-=@+<](?![0-9a-zA-Z])",
        " ",
        "-_- and >_< are faces",
        ("뭐야 -_-", "뭐야  "),
    ),
    Rule(
        "angle",
        r">\.<|[-=]{1,3}>|[<>]",
        " ",
        "no text can spell a control token; >< and >.< are faces, -> is an arrow",
        ("<usr> 좋아>.<", " usr  좋아 "),
    ),
)
