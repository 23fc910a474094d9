"""Meters one call: hears the bytes of its answer as they pass, and counts once when it is over, whichever way."""

from __future__ import annotations

from typing import Any, Callable, List, Optional

from .answer_reader import AnswerReader, format_of
from .called_tools import CalledTool
from .endpoint import Endpoint, endpoint_of
from .notes import note_once
from .unpacking import unpacker
from .usage import Row

# Where what was metered goes: the row, and the tools that the answer asks to call.
Counted = Callable[[Row, List[CalledTool]], None]


def meter_of(
    method: str, url: str, status: int, content_type: Optional[str], encoding: Optional[str], counted: Counted
) -> Optional["CallMeter"]:
    """None for what is no call of a model, or an answer that tells no usage."""
    endpoint = endpoint_of(method, url)
    form = format_of(content_type)
    if endpoint is None or form is None or not 200 <= status < 300:
        return None
    unpack = unpacker(encoding)
    if unpack is None:
        note_once(f"answers packed as {encoding} can't be read here, so they are not metered; install brotli or zstandard")
        return None
    return CallMeter(endpoint, form, unpack, counted)


class CallMeter:
    """Nothing in here raises: a fault costs the count of this call and nothing else."""

    def __init__(self, endpoint: Endpoint, form: str, unpack: Callable[[bytes], Any], counted: Counted) -> None:
        self._endpoint = endpoint
        self._reader = AnswerReader(form)
        self._unpack = unpack
        self._counted = counted
        self._is_over = False

    def chunk(self, piece: bytes) -> None:
        """Hears the next bytes."""
        if self._is_over:
            return
        try:
            for part in self._unpack(piece):
                self._reader.feed(part)
        except Exception:  # Damaged on the way, or packed otherwise than it says: the client will find out.
            self._is_over = True
        # Some clients read no further than the last event, and never say that they stopped.
        if self._reader.is_complete:
            self.end(True)

    def end(self, is_whole: bool) -> None:
        """The answer is over: read to its end, or broken off, or left by the client."""
        if self._is_over:
            return
        self._is_over = True
        try:
            self._tell(is_whole)
        except Exception as error:
            note_once(f"a call could not be metered ({type(error).__name__}); please report this")

    def _tell(self, is_whole: bool) -> None:
        self._reader.end()
        row = self._reader.row()
        if row is not None:
            provider = self._reader.provider or self._endpoint.provider
            if provider is not None:
                row["provider"] = provider
            if "model" not in row and self._endpoint.model is not None:
                row["model"] = self._endpoint.model
            self._counted(row, self._reader.tools())
        elif not self._endpoint.is_known:
            return
        elif self._reader.is_too_long:
            note_once("an answer of more than 8 MiB was not metered")
        elif not is_whole:
            note_once("an answer ended before it told its usage; what it used is not counted")
        else:
            note_once(
                "an answer does not tell its usage, so it is not counted; streams of OpenAI's chat tell it when asked: "
                'stream_options={"include_usage": True}'
            )
