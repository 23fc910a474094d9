"""Reads a model's answer along as its bytes pass, and tells what was used. Held to packages/protocol/golden/streams.

A piece of a stream is known by names that only its kind of stream uses. Anthropic tells the input first and overwrites it
with each ``message_delta``; Gemini repeats a total in every piece, the last one holds; OpenAI and Ollama tell everything at
the end. Nothing is ever added up.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, Dict, List, Mapping, Optional

from .called_tools import CalledTool, CalledTools
from .usage import Row, read_usage

# Of an answer in one piece, of a line and of an event so many letters are kept; a longer one passes, and is not counted.
MOST_LETTERS = 8 * 1024 * 1024
_ANTHROPIC = ("message_start", "message_delta", "message_stop", "content_block_start", "content_block_delta", "content_block_stop")


def format_of(content_type: Optional[str]) -> Optional[str]:
    """``json``, ``sse`` or ``ndjson``; None for what tells no usage: pictures, sound, pages for people."""
    kind = (content_type or "").split(";")[0].strip().lower()
    if kind == "text/event-stream":
        return "sse"
    if re.fullmatch(r"application/(x-)?(ndjson|jsonl|json-lines)", kind):
        return "ndjson"
    return "json" if re.fullmatch(r"application/([\w.-]+\+)?json", kind) else None


class AnswerReader:
    """``feed`` it the decoded bytes, however they are cut, then ``end``."""

    def __init__(self, form: str) -> None:
        self._form = form
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._kept: List[str] = []
        self._letters = 0
        self._data: List[str] = []
        self._data_letters = 0
        self._tools = CalledTools()
        self._usage: Optional[Mapping[str, Any]] = None
        self._model: Optional[str] = None
        # Nothing about the usage will follow.
        self.is_complete = False
        # The answer was longer than what is kept of one.
        self.is_too_long = False

    def feed(self, piece: bytes) -> None:
        """The next bytes."""
        self._take_text(self._decoder.decode(piece))

    def end(self) -> None:
        """Nothing will follow: the answer is whole, or broke off."""
        self._take_text(self._decoder.decode(b"", True))
        if self._form == "json":
            self._take_whole()
        else:
            if self._letters:
                self._end_line()
            self._end_event()

    def row(self) -> Optional[Row]:
        """What was used, with the model; None when it was not told."""
        if self._usage is None:
            return None
        return read_usage({"model": self._model, "usage": self._usage})

    @property
    def provider(self) -> Optional[str]:
        """The gateway among OpenAI's likenesses that is known by its answer alone."""
        usage = self._usage
        return "openrouter" if usage is not None and ("cost_details" in usage or "is_byok" in usage) else None

    def tools(self) -> List[CalledTool]:
        """The tools that the answer asks to call."""
        return self._tools.take()

    # ---- text ------------------------------------------------------------------------------------------------

    def _take_text(self, text: str) -> None:
        if self._form == "json":
            self._keep(text)
            self.is_too_long = self._letters > MOST_LETTERS
            return
        first, *others = text.split("\n")
        self._keep(first)
        for part in others:
            self._end_line()
            self._keep(part)

    def _keep(self, text: str) -> None:
        self._letters += len(text)
        if self._letters <= MOST_LETTERS:
            self._kept.append(text)
        else:
            self._kept = []

    def _end_line(self) -> None:
        line = "".join(self._kept) if self._letters <= MOST_LETTERS else None
        self._kept, self._letters = [], 0
        if line is None:
            return
        line = line[:-1] if line.endswith("\r") else line
        if self._form == "ndjson":
            self._take(_parsed(line))
        elif line == "":
            self._end_event()
        elif line.startswith("data:"):
            data = line[6:] if line.startswith("data: ") else line[5:]
            self._data_letters += len(data)
            if self._data_letters <= MOST_LETTERS:
                self._data.append(data)

    def _end_event(self) -> None:
        data = "\n".join(self._data) if self._data_letters <= MOST_LETTERS else ""
        self._data, self._data_letters = [], 0
        if data == "[DONE]":
            self.is_complete = True
        elif data:
            self._take(_parsed(data))

    def _take_whole(self) -> None:
        answer = _parsed("".join(self._kept)) if not self.is_too_long else None
        self._kept = []
        # Gemini streams as one list of pieces to who does not ask for events.
        for piece in answer if isinstance(answer, list) else [answer]:
            self._take(piece)

    # ---- pieces ----------------------------------------------------------------------------------------------

    def _take(self, piece: object) -> None:
        if not isinstance(piece, dict):
            return
        kind = piece.get("type")
        if isinstance(kind, str) and kind.startswith("response."):
            self._responses_event(kind, piece)
        elif kind in _ANTHROPIC:
            self._anthropic_event(str(kind), piece)
        else:
            self._answer(piece)

    def _responses_event(self, kind: str, piece: Dict[str, Any]) -> None:
        response = _fields(piece.get("response"))
        self._learn(response.get("model"), response.get("usage"))
        item = _fields(piece.get("item"))
        if kind == "response.output_item.done" and item.get("type") == "function_call":
            self._tools.text(item.get("name"), item.get("arguments"))
        if kind in ("response.completed", "response.incomplete", "response.failed"):
            self.is_complete = True

    def _anthropic_event(self, kind: str, piece: Dict[str, Any]) -> None:
        place = str(piece.get("index"))
        block, delta = _fields(piece.get("content_block")), _fields(piece.get("delta"))
        if kind == "message_start":
            message = _fields(piece.get("message"))
            self._learn(message.get("model"), message.get("usage"))
        if kind == "message_delta":
            # A null in a later count takes nothing back.
            told = {name: value for name, value in _fields(piece.get("usage")).items() if value is not None}
            self._usage = {**(self._usage or {}), **told} if told else self._usage
        if block.get("type") == "tool_use":
            self._tools.piece(place, block.get("name"), "")
        if delta.get("type") == "input_json_delta":
            self._tools.piece(place, None, delta.get("partial_json"))
        if kind == "message_stop":
            self.is_complete = True

    def _answer(self, piece: Dict[str, Any]) -> None:
        """A whole answer of any kind, or a piece of OpenAI's chat, Gemini's or Ollama's streams, which look like one."""
        usage = piece.get("usage") or piece.get("usageMetadata") or _fields(piece.get("x_groq")).get("usage")
        if usage is None and ("prompt_eval_count" in piece or "eval_count" in piece):
            usage = piece  # Ollama keeps the counts beside everything else.
        self._learn(piece.get("model") or piece.get("modelVersion"), usage)
        for choice in _list(piece.get("choices")):
            self._message(_fields(choice.get("message")))
            for call in _list(_fields(choice.get("delta")).get("tool_calls")):
                made = _fields(call.get("function"))
                self._tools.piece(f"{choice.get('index')} {call.get('index')}", made.get("name"), made.get("arguments"))
        for candidate in _list(piece.get("candidates")):
            for part in _list(_fields(candidate.get("content")).get("parts")):
                call = _fields(part.get("functionCall"))
                if call:
                    self._tools.whole(call.get("name"), call.get("args") or {})
        for block in _list(piece.get("content")):
            if block.get("type") == "tool_use":
                self._tools.whole(block.get("name"), block.get("input"))
        for item in _list(piece.get("output")):
            if item.get("type") == "function_call":
                self._tools.text(item.get("name"), item.get("arguments"))
        self._message(_fields(piece.get("message")))
        if piece.get("done") is True:
            self.is_complete = True

    def _message(self, message: Dict[str, Any]) -> None:
        """The message of OpenAI's chat, or of Ollama, whose arguments are no text."""
        for call in _list(message.get("tool_calls")):
            made = _fields(call.get("function"))
            self._tools.text(made.get("name"), made.get("arguments"))

    def _learn(self, model: object, usage: object) -> None:
        if isinstance(model, str) and model:
            self._model = model
        if isinstance(usage, dict):
            self._usage = usage


def _fields(value: object) -> Dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> List[Dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # Not JSON, or only the first half of it: it tells nothing.
        return None
