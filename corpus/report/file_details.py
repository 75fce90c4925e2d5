"""What is wrong with a file or an entry of raw/, in Korean: pairs of a pattern and its words.

The English details are those of the modules of `corpus.reading`; of the JSON parser and of the
system the ones that they say most often.
"""

_N = "[0-9,]+"

FILE_FORMS = (
    (
        rf"(?P<n>{_N}) bytes; the limit is (?P<most>{_N})",
        r"\g<n>바이트. 한도는 \g<most>바이트입니다",
    ),
    (r"not an entry, between two", r"두 대화 사이에 대화가 아닌 것이 있습니다"),
    (r"not JSON, before the first entry", r"첫 대화 앞에 JSON이 아닌 것이 있습니다"),
    (r"the document ends behind an entry", r"문서가 대화 하나의 뒤에서 끊겼습니다"),
    (r"the document ends between two entries", r"문서가 두 대화 사이에서 끊겼습니다"),
    (r"a link to a folder above it", r"위쪽 폴더를 가리키는 링크입니다"),
    (r"an archive in a zip: unpack it first", r"zip 안의 압축 파일입니다. 먼저 압축을 푸세요"),
    (r"a tar in a tar: unpack it first", r"tar 안의 tar입니다. 먼저 압축을 푸세요"),
    (r"(?P<kind>\w+): unpack it first", r"\g<kind> 파일입니다. 먼저 압축을 푸세요"),
    (
        r"it is text and no archive: it begins with (?P<what>.+)",
        r"압축 파일이 아니라 글입니다. 이렇게 시작합니다: \g<what>",
    ),
    (r"it does not begin like an archive", r"압축 파일의 첫머리가 아닙니다"),
    (r"it is empty", r"비어 있습니다"),
    (
        rf"(?P<n>{_N}) raw texts, but no (?P<what>.+) beside them",
        r"원천데이터 \g<n>개가 있지만 곁에 \g<what> 라벨이 없습니다",
    ),
    (r"tar: it has no members", r"tar에 파일이 없습니다"),
    (r"tar: a header is damaged at (?P<at>.+)", r"tar의 \g<at> 위치 헤더가 깨졌습니다"),
    (r"tar: goes on behind its end at (?P<at>.+)", r"tar가 \g<at> 위치의 끝 뒤에도 이어집니다"),
    (
        r"tar: it ends inside a (?P<what>header|member), at (?P<at>.+)",
        r"tar가 \g<at> 위치에서 끊겼습니다 (\g<what>)",
    ),
    (r"the tar ends inside the member", r"tar가 이 파일 안에서 끊겼습니다"),
    (
        r"a link, a device or a sparse file in a tar",
        r"tar 안의 링크, 장치 또는 희소 파일입니다",
    ),
    (
        r"zip: it has no directory at its end: an unfinished download\?",
        r"zip의 끝에 목록이 없습니다. 내려받기가 끝나지 않았나요?",
    ),
    (
        r"zip: its directory ends at byte (?P<at>[0-9,]+) of (?P<n>[0-9,]+) and not at its end: .*",
        (
            r"zip의 목록이 끝이 아니라 \g<n>바이트 가운데 \g<at>에서 끝납니다."
            r" 조각을 다른 순서로 붙였나요? AIHub의 조각은 붙이지 말고 그대로 두세요"
        ),
    ),
    (
        r"a table of pandas by columns: write it with (?P<how>.+)",
        r"pandas가 열별로 쓴 표입니다. \g<how>로 다시 쓰세요",
    ),
    (r"its first keys: (?P<keys>.+)", r"첫 키: \g<keys>"),
    (r"it begins with (?P<what>.+)", r"이렇게 시작합니다: \g<what>"),
    (rf"(?P<n>{_N}) bytes of white space", r"빈칸 \g<n>바이트뿐입니다"),
    (
        rf"more than (?P<n>{_N}) bytes of white space stand before anything else",
        r"다른 글자보다 앞에 빈칸이 \g<n>바이트 넘게 있습니다",
    ),
    (
        rf"numberOfItems says (?P<n>{_N}), (?P<found>{_N}) were found",
        r"numberOfItems는 \g<n>인데 \g<found>개가 있습니다",
    ),
    (
        rf"(?P<n>{_N}) times (?P<key>.+) in one object",
        r"한 객체에 키 \g<key>가 \g<n>번 있습니다",
    ),
    (
        (
            rf"(?P<n>{_N}) more pieces from here on begin like an entry, each of fewer than"
            rf" (?P<k>{_N}) bytes, which no entry has"
        ),
        (
            r"여기서부터 대화처럼 시작하지만 \g<k>바이트가 안 되어 대화일 수 없는 조각이"
            r" \g<n>개 더 있습니다"
        ),
    ),
    (
        r"part(?P<at>[0-9]+) should be part(?P<end>[0-9]+)",
        r"part\g<at>이 아니라 part\g<end>여야 합니다",
    ),
    (r"part (?P<part>\.[0-9]+) is missing", r"\g<part> 조각이 없습니다"),
    (
        r"(?P<who>.+) are volumes of a split zip whose last one, \.zip, is missing",
        r"\g<who>: 나뉜 zip인데 마지막 .zip이 없습니다",
    ),
    (
        r"(?P<who>.+) belong to it; join them: (?P<how>.+)",
        r"\g<who>이 딸려 있습니다. 이렇게 합치세요: \g<how>",
    ),
    (rf"(?P<n>{_N}) bytes are missing", r"\g<n>바이트가 모자랍니다"),
    (r"its header is not where the directory says", r"헤더가 목록에 적힌 곳에 없습니다"),
    (
        rf"unpacks to (?P<n>{_N}) bytes, declared (?P<said>{_N})",
        r"풀면 \g<n>바이트인데 \g<said>바이트라고 적혀 있습니다",
    ),
    (
        r"its checksum is wrong: some bytes have changed",
        r"체크섬이 맞지 않습니다. 바뀐 바이트가 있습니다",
    ),
    (r"the beginning of the zip is missing", r"zip의 앞부분이 없습니다"),
    (
        r"zip: its directory lists nothing of what it holds",
        r"zip의 목록에 들어 있는 파일이 하나도 적혀 있지 않습니다",
    ),
    (r"the member needs a password", r"비밀번호가 걸려 있습니다"),
    (
        r"zip method (?P<how>[0-9]+); deflate is read",
        r"zip 방식 \g<how>는 읽지 않습니다. deflate만 읽습니다",
    ),
    (rf"(?P<n>{_N}) bytes unpack to (?P<all>{_N})", r"\g<n>바이트가 \g<all>바이트로 풀립니다"),
    (r"the member shares its bytes with another", r"다른 파일과 바이트가 겹칩니다"),
    (
        r"it took longer than --item-timeout, (?P<s>[0-9.e+]+) s(?P<more>.*)",
        r"--item-timeout(\g<s>초)보다 오래 걸렸습니다",
    ),
    (
        r"its worker process died \(exit code (?P<code>[-0-9]+)\)(?P<more>.*)",
        r"작업 프로세스가 죽었습니다 (종료 코드 \g<code>)",
    ),
    # the parser
    (
        r"Object missing required field `(?P<key>[^`]+)`(?: - at `(?P<at>.+)`)?",
        r"필요한 키 `\g<key>`가 없습니다",
    ),
    (
        r"Expected `(?P<what>[^`]+)`, got `(?P<got>[^`]+)`(?: - at `(?P<at>.+)`)?",
        r"`\g<what>`이어야 하는데 `\g<got>`입니다",
    ),
    (
        r"Expected `(?P<what>[^`]+)` of length (?P<n>.+?)(?: - at `(?P<at>.+)`)?",
        r"`\g<what>`의 길이가 \g<n>이어야 합니다",
    ),
    (r"Input data was truncated", r"내용이 중간에 끊겼습니다"),
    (
        r"JSON is malformed: (?P<why>.+) \(byte (?P<at>[0-9]+)\)",
        r"JSON이 \g<at>바이트에서 잘못되었습니다 (\g<why>)",
    ),
    (r"Invalid UTF-8 encoding|'utf-8' codec can't decode .*", r"UTF-8이 아닌 바이트가 있습니다"),
    # the system
    (r"Permission denied", r"읽을 권한이 없습니다"),
    (r"No such file or directory", r"그런 파일이나 폴더가 없습니다"),
    (r"Input/output error", r"디스크를 읽지 못했습니다"),
    # problems of a whole document or of all of raw/
    (
        (
            r"(?P<quirk>\w+) in (?P<share>[0-9.%]+) of (?P<n>[0-9,]+) dialogues; in AIHub's files"
            r" it is in (?:about )?(?P<rate>[0-9.%]+): .*"
        ),
        (
            r"대화 \g<n>개 가운데 \g<share>에 \g<quirk>가 나타납니다."
            r" AIHub의 파일에서는 \g<rate>입니다."
            r" 다른 데이터인가요, 누가 고쳤나요?"
        ),
    ),
    (
        rf"(?P<n>{_N}) of (?P<all>{_N}) utterances lost most of their letters: wrong encoding\?",
        r"발화 \g<all>개 가운데 \g<n>개가 글자 대부분을 잃었습니다. 인코딩이 다른가요?",
    ),
    (
        r"(?P<share>[0-9.]+%) of the tokens are <unk>, .*",
        (
            r"토큰의 \g<share>가 <unk>입니다. 한국어 채팅에서는 1 %가 안 됩니다."
            r" 한국어인가요, 인코딩은 맞나요, 한국어 토크나이저인가요?"
        ),
    ),
    # remarks on all of raw/
    (
        rf"no path tells the split of (?P<n>{_N}) dialogues of (?P<source>\w+): drawn by a hash",
        r"\g<source> 대화 \g<n>개는 경로로 분할을 알 수 없어 해시로 나누었습니다",
    ),
    (
        rf"validation is larger than train in (?P<source>\w+): (?P<n>{_N}) to (?P<train>{_N}); .*",
        r"\g<source>는 validation(\g<n>)이 train(\g<train>)보다 큽니다. train을 다 받았나요?",
    ),
    (
        (
            rf"(?P<n>{_N}) dialogues have the id of another one and another text; a newer folder"
            r" wins: (?P<newer>.+); show --reason other_version lists them"
        ),
        (
            r"대화 \g<n>개가 다른 대화와 id는 같고 내용이 다릅니다. 새 폴더의 것을 남겼습니다:"
            r" \g<newer>. show --reason other_version으로 볼 수 있습니다"
        ),
    ),
    (
        (
            rf"(?P<n>{_N}) dialogues have the id of another one and another text;"
            r" show --reason other_version lists them"
        ),
        (
            r"대화 \g<n>개가 다른 대화와 id는 같고 내용이 다릅니다."
            r" show --reason other_version으로 볼 수 있습니다"
        ),
    ),
)
