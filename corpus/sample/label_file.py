"""One label file of AIHub 543 or 544, as JSON with two spaces: both have the same keys."""

from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring as quote
from typing import NamedTuple

ESCAPED = "<>'&="  # by the JSON writer of these sets


class Line(NamedTuple):
    """One message of a label file."""

    number: int
    text: str
    norm_text: str
    speaker: str
    sex: str
    age: str


_LABEL = """{
  "dataset": {
    "identifier": %(identifier)d,
    "name": "%(stem)s_set",
    "src_path": "/dataset/%(stem)s_set/",
    "label_path": "/dataset/%(stem)s_set/",
    "category": 2,
    "type": 0
  },
  "licenses": {
    "name": "MIT License",
    "url": "https://opensource.org/license/mit"
  },
  "info": [
    {
      "id": %(identifier)d,
      "filename": "%(title)s.txt",
      "title": "%(title)s",
      "mediatype": "%(mediatype)s",
      "medianame": "%(medianame)s",
      "category": "%(category)s",
      "date": "2021-09-15",
      "size": %(size)d,
      "annotations": {
        "subject": "%(subject)s",
        "speaker_type": "%(speaker_type)s",
        "size": %(size)d,
        "word_size": %(word_size)d,
        "text": %(text)s,
        "lines": [
%(lines)s
        ]
      }
    }
  ]
}"""
_LINE = """\
          {
            "id": %d,
            "text": %s,
            "norm_text": %s,
            "speaker": {
              "id": "%s",
              "sex": "%s",
              "age": "%s"
            },
            "speechAct": "%s",
            "morpheme": ""
          }"""


def label_file(
    identifier: int,
    stem: str,
    subject: str,
    texts: Sequence[str],
    lines: Sequence[Line],
    about: Mapping[str, str],
) -> tuple[str, int]:
    """Return a label file, and how many characters its writer escaped.

    Args:
        identifier: of the dialogue.
        stem: of the file's name.
        subject: of the dialogue.
        texts: of all messages, each once.
        lines: the messages as they are listed, some files list each twice.
        about: `title`, `mediatype`, `medianame`, `category` and `speaker_type`.
    """
    whole = "\n".join(texts)
    listed = [
        _LINE
        % (
            line.number,
            quote(line.text),
            quote(line.norm_text),
            line.speaker,
            line.sex,
            line.age,
            _act(line.text),
        )
        for line in lines
    ]
    label = _LABEL % {
        "identifier": identifier,
        "stem": stem,
        "subject": subject,
        "size": len(whole),
        "word_size": len(whole.split()),
        "text": quote(whole),
        "lines": ",\n".join(listed),
        **about,
    }
    n_escapes = 0
    for mark in ESCAPED:
        n_escapes += label.count(mark)
        label = label.replace(mark, f"\\u{ord(mark):04x}")
    return label, n_escapes


def _act(text: str) -> str:
    return "(지시) 질문하기" if text.endswith("?") else "(단언) 진술하기"
