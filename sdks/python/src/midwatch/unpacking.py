"""Unpacks a copy of an answer's bytes as they pass. What can't be unpacked here is not counted; the client gets its bytes."""

from __future__ import annotations

import importlib
import zlib
from typing import Any, Callable, Iterator, Optional

# Unpacked in parts of this size, so that a small packed piece does not fill the memory.
_PART = 256 * 1024


def unpacker(encoding: Optional[str]) -> Optional[Callable[[bytes], Iterator[bytes]]]:
    """For a ``Content-Encoding``: None when it is not known, or needs a package that is not installed."""
    name = (encoding or "identity").strip().lower()
    if name in ("", "identity"):
        return lambda piece: iter((piece,))
    if name in ("gzip", "x-gzip", "deflate"):
        # Both headers are recognised; a bare deflate stream, which the standard does not mean, is not.
        return _zlib(zlib.decompressobj(zlib.MAX_WBITS | 32))
    if name == "br":
        module = _first("brotli", "brotlicffi")
        return None if module is None else _simple(module.Decompressor())
    if name == "zstd":
        module = _first("compression.zstd", "backports.zstd", "zstandard")
        if module is None:
            return None
        return _simple(module.ZstdDecompressor().decompressobj() if module.__name__ == "zstandard" else module.ZstdDecompressor())
    return None


def _zlib(state: Any) -> Callable[[bytes], Iterator[bytes]]:
    def unpack(piece: bytes) -> Iterator[bytes]:
        while piece:
            yield state.decompress(piece, _PART)
            piece = state.unconsumed_tail

    return unpack


def _simple(state: Any) -> Callable[[bytes], Iterator[bytes]]:
    step = state.process if hasattr(state, "process") else state.decompress

    def unpack(piece: bytes) -> Iterator[bytes]:
        yield step(piece)

    return unpack


def _first(*names: str) -> Any:
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None
