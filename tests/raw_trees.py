"""Small raw trees of invented dialogues, in the shapes of AIHub, for the tests of a whole build."""

import json

# Options that change what a build does: the laws hold with them, too.
EVERYTHING = {"dedup": "near", "test_share": 0.3, "respell": "on"}


def summary_entry(dialogue_id, *messages, topic="여행"):
    """Return an entry of set 117 whose messages are ("A", "안녕") pairs."""
    lines = [
        {
            "utteranceID": f"U{k}",
            "turnID": f"T{k}",
            "participantID": who,
            "date": "2020-10-18",
            "time": "10:00:00",
            "utterance": text,
        }
        for k, (who, text) in enumerate(messages, 1)
    ]
    who = sorted({speaker for speaker, _ in messages})
    return {
        "header": {
            "dialogueInfo": {
                "numberOfParticipants": len(who),
                "numberOfUtterances": len(lines),
                "numberOfTurns": len(lines),
                "type": "일상 대화",
                "topic": topic,
                "dialogueID": dialogue_id,
            },
            "participantsInfo": [
                {
                    "age": "20대",
                    "residentialProvince": "서울특별시",
                    "gender": "여성",
                    "participantID": p,
                }
                for p in who
            ],
        },
        "body": {"dialogue": lines, "summary": "두 사람이 이야기한다."},
    }


def summary_document(*entries, declared=None):
    """Return the bytes of a document of set 117."""
    number = len(entries) if declared is None else declared
    return json.dumps({"numberOfItems": number, "data": list(entries)}, ensure_ascii=False).encode()


def sns_document(*entries):
    """Return the bytes of a document of set 114: the body is the list itself."""
    items = [entry | {"body": entry["body"]["dialogue"]} for entry in entries]
    return json.dumps({"numberOfItems": len(items), "data": items}, ensure_ascii=False).encode()


def topic_document(stem, *messages, subject="가족"):
    """Return the bytes of a document of set 543 whose messages are ("1", "안녕") pairs."""
    lines = [
        {
            "id": k,
            "text": f"{who} : {text}",
            "norm_text": text,
            "speaker": {"id": f"{who}번", "sex": "여성", "age": "20대"},
        }
        for k, (who, text) in enumerate(messages, 1)
    ]
    info = {
        "id": 1,
        "filename": f"{stem}.txt",
        "title": stem,
        "mediatype": "SNS",
        "medianame": "카카오톡",
        "category": "일상대화",
        "date": "2021-09-15",
        "size": 1,
        "annotations": {
            "subject": subject,
            "speaker_type": "1:1",
            "size": 1,
            "word_size": 1,
            "text": "\n".join(line["text"] for line in lines),
            "lines": lines,
        },
    }
    return json.dumps({"dataset": {"identifier": 1}, "info": [info]}, ensure_ascii=False).encode()


def task_document(stem, *messages, subject="AS문의", **speaker):
    """Return the bytes of a document of set 544 whose messages are ("A", "안녕하세요") pairs."""
    document = json.loads(topic_document(stem, *messages, subject=subject))
    for line, (who, text) in zip(
        document["info"][0]["annotations"]["lines"], messages, strict=True
    ):
        line["text"] = line["norm_text"] = f"{who}.{text}"
        line["speaker"] = {"id": who, "sex": "여성", "age": "30대"} | speaker
    return json.dumps(document, ensure_ascii=False).encode()


def write(folder, **documents):
    """Write documents as loose files; `a__b` names the file b.json in the folder a."""
    for name, content in documents.items():
        path = folder / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
