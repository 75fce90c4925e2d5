"""How well 영타 is told from English, and how seldom a service takes talk for its request.

    python tests/benchmarks/chat_input.py --tokenizer tokenizer.json --messages korean.txt [--write]

Korean: each line of --messages that has no Latin letter is typed with the keyboard on English; the
share that comes back letter for letter is told. English: the words of SCOWL up to size 50 (Debian's
package `scowl`; it is free to copy), alone and in phrases drawn from them, and how many are taken
for Korean. --write makes `corpus/chat/english.txt` of those that would be, alone. Services: which
lines of --messages they would answer, each to be judged by a person.
"""

import argparse
import random
import re
import sys
from pathlib import Path

from hangulpy import convert_hangul_to_qwerty
from tokenizers import Tokenizer

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from corpus.chat.services import keyboard, table  # noqa: E402

SCOWL = Path("/usr/share/dict/scowl")
SIZES = range(51)
ABBREVIATIONS = {"dj", "dna", "fps", "sns", "sos"}  # in no list of words, but typed in chats


def words_of_scowl():
    words = set()
    for path in SCOWL.iterdir():
        name = re.fullmatch(r"(?:english|american|british)-words\.(\d+)", path.name)
        if name and int(name[1]) in SIZES:
            words |= set(path.read_text("latin-1").split())
    return sorted({word for word in words if re.fullmatch("[a-z]+", word)})


def share_found(messages, tokens_of):
    texts = [
        one for one in messages if re.search("[가-힣]", one) and not re.search("[A-Za-z]", one)
    ]
    typed = map(convert_hangul_to_qwerty, texts)
    found = [keyboard.convert(one, tokens_of).text for one in typed]
    return len(texts), sum(map(str.__eq__, found, texts)) / len(texts)


def misread(texts, tokens_of):
    return [text for text in texts if keyboard.convert(text, tokens_of).is_changed]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--messages", type=Path, required=True, help="Korean, one a line")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(args.tokenizer))

    def tokens_of(text):
        return tokenizer.encode(text, add_special_tokens=False).tokens

    words = words_of_scowl()
    laughs = {word for word in words if re.fullmatch(r"(.)\1+", word)}  # ss is always ㄴㄴ
    words = [word for word in words if word not in laughs]
    if args.write:
        keyboard.english_words = frozenset
        listed = sorted(ABBREVIATIONS | set(misread(words, tokens_of)))
        path = ROOT / "corpus" / "chat" / "english.txt"
        path.write_text("\n".join(listed) + "\n")
        sys.exit(f"{len(listed)} words written to {path.relative_to(ROOT)}.")
    n, share = share_found(args.messages.read_text().splitlines(), tokens_of)
    print(f"{n:,} Korean messages: {share:.1%} found")
    print(f"{len(words):,} English words alone: {len(misread(words, tokens_of))} misread")
    draw = random.Random(0)
    for k in (2, 3, 5):
        phrases = [" ".join(draw.sample(words, k)) for _ in range(9000)]
        print(f"9,000 phrases of {k} words: {len(misread(phrases, tokens_of))} misread")
    for message in args.messages.read_text().splitlines():
        if table.is_request(message):
            print(f"a service answers: {message}")


if __name__ == "__main__":
    main()
