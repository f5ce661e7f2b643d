"""Lacuna boards from Python: a thin layer over driver/lacuna.h, with the standard library alone.

    import lacuna
    with lacuna.Board("/dev/ttyUSB0") as board:
        model = board.load("kjv-8x.safetensors")
        outputs = board.run(vectors)                # one row of outputs a step, as the engine's integers
        text = board.generate("In the beginning ", 100)

Vectors are rows of the engine's integers (`model.quantise` makes them of real numbers); an array of NumPy gives an array
of NumPy back, anything else lists. Failures are exceptions below `lacuna.Error`, whose text says what to do. A board
belongs to one thread at a time.

The library liblacuna.so is that of the environment variable LACUNA_LIBRARY, of the installation that this file is part of,
of the build folder beside it, or the system's.
"""

import ctypes
import ctypes.util
import os
import pathlib
import sys

GENERATE, SCORE = 0, 1
_CHUNK = 256  # steps of one call into the library: Ctrl-C is heard between two


class Error(Exception):
    """Any failure: a file, a model that does not fit, or one of the kinds below."""


class LinkError(Error):
    """Any failure of the link."""


class PortError(LinkError):
    """The port cannot be opened, is in use, or went away."""


class NoAnswer(LinkError):
    """Nothing comes back; requests under way may have been executed or not."""


class NotLacuna(LinkError):
    """Something answers, but no Lacuna device."""


class ProtocolMismatch(LinkError):
    """A device of a protocol version that this driver does not speak."""


class Refused(LinkError):
    """The device refused a request; it executed nothing of it."""


class SessionLost(LinkError):
    """The device was reset, or taken over by another program: `reopen`, then set the state again."""


class StepsDiffer(LinkError):
    """The device counted other steps than were asked for."""


class VerifyError(LinkError):
    """The memories do not hold what was written."""


class Cancelled(LinkError):
    """The progress function said so; the device then has no model."""


_ERRORS = (None, Error, PortError, NoAnswer, NotLacuna, ProtocolMismatch, Refused, SessionLost, StepsDiffer, VerifyError, Cancelled,
           LinkError)


class Info(ctypes.Structure):
    """What the device is: LacunaInfo of driver/lacuna.h."""

    _fields_ = [("build", ctypes.c_uint64), ("model", ctypes.c_uint64)] + [
        (name, ctypes.c_uint32) for name in ("protocol", "clock_hz", "baud", "tiles", "ports", "activation_bits", "frame_bytes",
                                             "window", "steps")]


class Model(ctypes.Structure):
    """What the model takes and gives: LacunaModel of driver/lacuna.h."""

    _fields_ = [("input_scale", ctypes.c_double)] + [
        (name, ctypes.c_size_t) for name in ("inputs", "outputs", "units", "vocabulary")] + [
        ("activation_bits", ctypes.c_uint32), ("output_fraction", ctypes.c_uint32), ("characters", ctypes.c_uint8 * 256)]

    def quantise(self, vector):
        """Real inputs as the engine's integers: rounded, the ends of the range for what lies beyond."""
        most = 2 ** (self.activation_bits - 1) - 1
        return [max(-most - 1, min(most, round(value / self.input_scale))) for value in vector]

    def encode(self, text):
        """Tokens of a text; raises `Error` for a character that the vocabulary lacks."""
        codes = {self.characters[token]: token for token in range(self.vocabulary)}
        missing = sorted({byte for byte in text.encode() if byte not in codes})
        if missing:
            raise Error(f"not in the model's vocabulary: {bytes(missing)!r}")
        return bytes(codes[byte] for byte in text.encode())

    def decode(self, tokens):
        """The text of tokens."""
        return bytes(self.characters[token] for token in tokens).decode(errors="replace")


_PROGRESS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)


def _library():
    here = pathlib.Path(__file__).resolve().parent
    named = os.environ.get("LACUNA_LIBRARY")
    places = [named] if named else [
        *sorted(here.parents[1].glob("lib*/liblacuna.so")), *sorted(here.parents[1].glob("lib*/*/liblacuna.so")),
        *sorted(here.parent.glob("build/*/driver/liblacuna.so")), ctypes.util.find_library("lacuna")]
    problems = []
    for place in filter(None, places):
        try:
            library = ctypes.CDLL(str(place))
            break
        except OSError as error:
            problems.append(str(error))
    else:
        raise Error("liblacuna.so cannot be loaded: build it (`make build` or `make install`), or name it in LACUNA_LIBRARY"
                    + "".join(f"\n  {problem}" for problem in problems))
    board, size = ctypes.c_void_p, ctypes.c_size_t
    int16s, int32s, bytes_ = ctypes.POINTER(ctypes.c_int16), ctypes.POINTER(ctypes.c_int32), ctypes.POINTER(ctypes.c_uint8)
    for name, *arguments in (
            ("open", ctypes.c_char_p, ctypes.c_uint32, ctypes.POINTER(board)), ("reopen", board),
            ("info", board, ctypes.POINTER(Info)), ("counters", board, ctypes.POINTER(ctypes.c_uint32)),
            ("set_baud", board, ctypes.c_uint32), ("load", board, ctypes.c_char_p, _PROGRESS, ctypes.c_void_p),
            ("model", board, ctypes.POINTER(Model)), ("clear", board), ("read_state", board, int16s, int16s),
            ("write_state", board, int16s, int16s), ("run", board, ctypes.c_int, int16s, size, int32s),
            ("run_tokens", board, bytes_, size, int32s), ("generate", board, ctypes.c_uint8, size, bytes_)):
        function = getattr(library, "lacuna_" + name)
        function.argtypes = arguments
        function.restype = ctypes.c_int
    library.lacuna_close.argtypes, library.lacuna_close.restype = [board], None
    library.lacuna_message.argtypes, library.lacuna_message.restype = [], ctypes.c_char_p
    library.lacuna_counter_name.argtypes, library.lacuna_counter_name.restype = [size], ctypes.c_char_p
    return library


class Board:
    """A device on a serial port."""

    def __init__(self, port, baud=1000000):
        """Opens the port at the rate that the device has after reset, and finds the device."""
        self._board = ctypes.c_void_p()
        self._library = _library()
        self.model = None
        self._call("open", os.fsencode(port), baud, ctypes.byref(self._board), board=())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if hasattr(self, "_library"):
            self.close()

    def close(self):
        """Closes the port; the device keeps model and state."""
        self._library.lacuna_close(self._board)
        self._board = ctypes.c_void_p()

    def _call(self, name, *arguments, board=None):
        if board is None and not self._board:
            raise Error("this board was closed")
        result = getattr(self._library, "lacuna_" + name)(*((self._board,) if board is None else board), *arguments)
        if result != 0:
            text = self._library.lacuna_message().decode(errors="replace")
            raise _ERRORS[result if result < len(_ERRORS) else 1](text)

    def info(self):
        """What the device says of itself now."""
        info = Info()
        self._call("info", ctypes.byref(info))
        return info

    def counters(self):
        """The device's counters by name (docs/protocol.md)."""
        values = (ctypes.c_uint32 * 16)()
        self._call("counters", values)
        return {self._library.lacuna_counter_name(at).decode(): value for at, value in enumerate(values)}

    def set_baud(self, baud):
        """Changes the rate of the line on both sides."""
        self._call("set_baud", baud)

    def reopen(self):
        """After `SessionLost`: a new session with whatever model and state the device has now."""
        self._call("reopen")

    def load(self, path, progress=None):
        """Loads and verifies a model, unless the device holds it already, and zeroes the state. Returns the `Model`.

        progress(what, done, total) is told how far it is; when it raises, loading ends, and the exception goes on.
        """
        raised = []

        def tell(what, done, total, _):
            try:
                progress(what.decode(), done, total)
                return 0
            except BaseException as error:  # Ctrl-C too: it cannot pass through the library
                raised.append(error)
                return 1

        self.model = None
        try:
            self._call("load", os.fsencode(path), _PROGRESS(tell) if progress else _PROGRESS(), None)
        except Cancelled:
            if raised:
                raise raised[0] from None
            raise
        model = Model()
        self._call("model", ctypes.byref(model))
        self.model = model
        return model

    def _loaded(self):
        if self.model is None:
            raise Error("no model was loaded: call load first")
        return self.model

    def clear(self):
        """Zero state."""
        self._call("clear")

    def read_state(self):
        """(h, c): lists of the values of all layers, one layer after the other."""
        parts = [(ctypes.c_int16 * self._loaded().units)() for _ in range(2)]
        self._call("read_state", *parts)
        return tuple(list(part) for part in parts)

    def write_state(self, h, c):
        """Sets h and c, as `read_state` gives them; the count of steps begins anew."""
        units = self._loaded().units
        for name, values in (("h", h), ("c", c)):
            if len(values) != units:
                raise Error(f"{name} has {len(values)} values, expected {units}")
        self._call("write_state", (ctypes.c_int16 * units)(*h), (ctypes.c_int16 * units)(*c))

    def run(self, vectors, mode=SCORE):
        """Steps on input vectors from the present state: one row of outputs for each row of inputs."""
        model = self._loaded()
        bits = model.activation_bits
        rows = [[int(value) for value in row] for row in vectors]
        for number, row in enumerate(rows):
            if len(row) != model.inputs:
                raise Error(f"row {number} has {len(row)} values, expected {model.inputs}")
            if any(not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1) for value in row):
                raise Error(f"row {number} has values beyond {bits} bits; Model.quantise makes integers of real numbers")

        def steps(part, outputs):
            flat = (ctypes.c_int16 * (len(part) * model.inputs))(*(value for row in part for value in row))
            self._call("run", mode, flat, len(part), outputs)

        return self._in_chunks(rows, steps, vectors)

    def run_tokens(self, tokens):
        """Steps on tokens (`Model.encode`): one row of outputs for each."""
        tokens = bytes(tokens)
        return self._in_chunks(tokens, lambda part, outputs: self._call(
            "run_tokens", (ctypes.c_uint8 * len(part))(*part), len(part), outputs))

    def _in_chunks(self, items, steps, like=None):
        width = self._loaded().outputs
        rows = []
        for first in range(0, len(items), _CHUNK):
            part = items[first:first + _CHUNK]
            outputs = (ctypes.c_int32 * (len(part) * width))()
            steps(part, outputs)
            rows += [outputs[at:at + width] for at in range(0, len(outputs), width)]
        numpy = sys.modules.get("numpy")
        return numpy.array(rows, numpy.int32).reshape(-1, width) if numpy and isinstance(like, numpy.ndarray) else rows

    def generate(self, prompt, count):
        """Feeds a text, and goes on with the likeliest `count` characters."""
        model = self._loaded()
        tokens = model.encode(prompt)
        if not tokens:
            raise Error("the prompt is empty: one character at least begins a text")
        if len(tokens) > 1:
            self.run_tokens(tokens[:-1])
        made = b""
        while len(made) < count:
            part = (ctypes.c_uint8 * min(_CHUNK, count - len(made)))()
            self._call("generate", made[-1] if made else tokens[-1], len(part), part)
            made += bytes(part)
        return model.decode(made)
