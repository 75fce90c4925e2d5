"""Messages that no person typed: links, and what the messenger says of a picture or a deletion."""

from corpus.text.rule import Rule
from corpus.text.tags import SYSTEM, URL

LINK_TRIGGERS = r"://|/|www\."
# What has none of these is no message of a messenger, nor what a link has become by the end.
LAST_TRIGGERS = ("습니다", "지입니다", "deleted", "이스톡", r"www\.")
_TLD = "(?:com|net|org|kr|io|me|ly|be|gl|co|app|link|page|shop|tv|gg|cc|us|site|xyz|dev|ai)"
_LINK = rf"www\.[a-z0-9][a-z0-9\-]*\.[a-z]|[a-z0-9]\.{_TLD}/[a-z0-9가-힣]"
_SENT = (
    "사진|동영상|영상|이모티콘|스티커|파일|음성 ?메시지|음성 ?파일|연락처|지도|위치|움짤|gif"
    "|선물"
    "|링크|문서|일정|투표|송금"
    "|송금봉투|봉투|프로필|음악|카드|묶음 ?사진|라이브톡|메시지|쿠폰|기프티콘"
)
_MESSAGES = (
    "(?:this|the) message was deleted|you deleted this message"
    "|삭제(?:된|한) 메(?:시|세)지입니다"
    "|메(?:시|세)지[가를] 삭제(?:되었습니다|됐습니다|했습니다|하였습니다)"
    "|(?:관리자가 |방장이 )?(?:가려진|가린|숨긴|숨겨진) 메(?:시|세)지입니다"
    "|이 메(?:시|세)지[는가] (?:삭제|취소|회수)(?:되었습니다|됐습니다)"
    "|(?:채팅방 )?(?:관리자|방장)가? 메(?:시|세)지를 가렸습니다"
    "|(?:취소|회수)된 메(?:시|세)지입니다"
    rf"|(?:[^\n]{{1,20}}님[이께서]{{1,2}} )?(?:카카오톡 )?(?:{_SENT})(?: ?[0-9]{{1,3}} ?[장개])?"
    "[을를] ?(?:보냈습니다|전송했습니다|전송하였습니다|공유했습니다|보내셨습니다|전달했습니다)"
    r"|[^\n]{1,20}님이 (?:들어왔습니다|나갔습니다|입장했습니다|입장하셨습니다"
    "|퇴장했습니다|퇴장하셨습니다)"
    r"|[^\n]{1,20}님이 [^\n]{1,40}님을 (?:초대했습니다|초대하였습니다|내보냈습니다)"
    "|(?:보이스톡|페이스톡) 해요|(?:보이스톡|페이스톡) [0-9]{1,2}:[0-9]{2}"
    "|(?:라이브톡|보이스톡|페이스톡|보이스룸|그룹콜|통화)[을를가이]? ?"
    "(?:시작|종료|연결)(?:했습니다|하였습니다|되었습니다|됐습니다)"
    "|(?:보이스톡|페이스톡) (?:부재중|취소|종료|응답 ?없음|연결 ?실패)"
    "|송금[을이] 완료(?:했습니다|되었습니다|됐습니다)|받기를? 완료(?:했습니다|되었습니다)"
    "|(?:투표|일정|공지|할 일)[가이] (?:등록|종료|마감|변경)(?:되었습니다|됐습니다)"
    "|(?:취소된|부재중|응답 없는) (?:보이스톡|페이스톡)"
)

LINK_RULES = (
    Rule(
        "bare_url",
        rf"^.*?(?i:(?:https?|ftp)://|{_LINK}).*$",
        URL,
        "a link is no text: the utterance is dropped, as that with #@URL# is",
        ("https://example.com/a 봐", ""),
    ),
)
LAST_RULES = (
    Rule(
        "url_left",
        rf"^.*?(?:{_LINK}).*$",
        URL,
        "a link as the rules above have left it, or twice would not be once",
        ("www.example.com 봐", ""),
    ),
    Rule(
        "system_message",
        rf"^(?:{_MESSAGES})[.! ]*$",
        SYSTEM,
        "the messenger's words, and nobody's: the utterance is dropped",
        ("사진을 보냈습니다.", ""),
    ),
)
